"""Search on PostgreSQL: full-text search for words, pgvector for meaning.

`ts_rank` knows nothing of how rare a word is, so each word's rank is weighted by that here, as BM25 does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from django.db import connection, transaction
from django.db.models import QuerySet
from numpy.typing import NDArray
from pgvector.django import CosineDistance

from supportbot.knowledge.models import Passage
from supportbot.workspaces.models import Workspace

CONFIGS = {
    "en": "english",
    "es": "spanish",
    "fr": "french",
    "de": "german",
    "pt": "portuguese",
    "it": "italian",
}
OTHER = "simple"


def _words(config: str) -> str:
    return f"setweight(to_tsvector('{config}', heading), 'B') || setweight(to_tsvector('{config}', text), 'C')"


BY_LANGUAGE = " ".join(f"WHEN '{code}' THEN {_words(config)}" for code, config in CONFIGS.items())
SCHEMA = (
    "ALTER TABLE knowledge_passage ADD COLUMN words tsvector"
    f" GENERATED ALWAYS AS (CASE language {BY_LANGUAGE} ELSE {_words(OTHER)} END) STORED",
    "CREATE INDEX knowledge_passage_words ON knowledge_passage USING gin (words)",
    "CREATE INDEX knowledge_passage_embedding ON knowledge_passage USING hnsw (embedding vector_cosine_ops)",
)
BY_WORDS = """
    WITH asked AS (
        SELECT lexeme, quote_literal(lexeme)::tsquery AS query FROM unnest(to_tsvector(%(config)s::regconfig, %(text)s))
        UNION ALL SELECT begun || '*', (quote_literal(begun) || ':*')::tsquery
            FROM (SELECT nullif(%(begun)s::text, '') AS begun) AS last
    ), found AS (
        SELECT asked.lexeme, passage.id, ts_rank(passage.words, asked.query) AS rank
        FROM asked JOIN knowledge_passage AS passage ON passage.words @@ asked.query
        WHERE passage.workspace_id = %(workspace)s AND passage.language = %(language)s
            AND passage.audience = ANY(%(audiences)s)
    ), rare AS (
        SELECT lexeme, ln(1 + (%(total)s - count(*) + 0.5) / (count(*) + 0.5)) AS weight FROM found GROUP BY lexeme
    )
    SELECT id FROM found JOIN rare USING (lexeme) GROUP BY id ORDER BY sum(rank * weight) DESC, id LIMIT %(limit)s
"""


def by_words(
    workspace: Workspace, text: str, language: str, audiences: Sequence[str], limit: int, begun: str = ""
) -> list[int]:
    """Passages that have the text's words, or one that begins as `begun` does; rare ones count for more."""
    values: dict[str, Any] = {
        "config": CONFIGS.get(language, OTHER),
        "text": text,
        "begun": begun,
        "workspace": workspace.pk,
        "language": language,
        "audiences": list(audiences),
        "total": _scope(workspace, language, audiences).count(),
        "limit": limit,
    }
    with connection.cursor() as cursor:
        cursor.execute(BY_WORDS, values)
        return [row[0] for row in cursor.fetchall()]


def by_meaning(
    workspace: Workspace, vector: NDArray[np.float32], language: str, audiences: Sequence[str], limit: int
) -> list[int]:
    """The passages whose vectors are nearest."""
    nearest = _scope(workspace, language, audiences).order_by(CosineDistance("embedding", vector))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL hnsw.iterative_scan = strict_order")  # go on until enough are of this workspace
        return list(nearest.values_list("id", flat=True)[:limit])


def _scope(workspace: Workspace, language: str, audiences: Sequence[str]) -> QuerySet[Passage]:
    return Passage.objects.in_workspace(workspace).filter(language=language, audience__in=audiences)
