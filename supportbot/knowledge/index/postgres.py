"""Search on PostgreSQL: full-text search for words, pgvector for meaning.

`ts_rank` knows nothing of how rare a word is, so each word's rank is weighted by that here, as BM25 does. All of a
question's words rank a passage, but only its rarest ones make it a candidate (`ENOUGH`), for ranking is what costs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray
from pgvector.django import CosineDistance

from supportbot.knowledge.index.words import ENOUGH
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
# The scope is a word, so that the index itself leaves out other workspaces' passages; no text has one with blanks.
SCOPE = "array_to_tsvector(ARRAY['w ' || workspace_id || ' ' || language || ' ' || audience])"
SCHEMA = (
    # MAIN keeps the words in the row: to fetch them from beside it would take longer than to rank them.
    "ALTER TABLE knowledge_passage ADD COLUMN words tsvector STORAGE MAIN"
    f" GENERATED ALWAYS AS ({SCOPE} || CASE language {BY_LANGUAGE} ELSE {_words(OTHER)} END) STORED",
    "CREATE INDEX knowledge_passage_words ON knowledge_passage USING gin (words)",
    "CREATE INDEX knowledge_passage_embedding ON knowledge_passage USING hnsw (embedding vector_cosine_ops)",
)
BY_WORDS = """
    WITH scope AS MATERIALIZED (
        SELECT %(scope)s::tsquery AS query, count(*) AS total FROM knowledge_passage
        WHERE workspace_id = %(workspace)s AND language = %(language)s AND audience = ANY(%(audiences)s)
    ), asked AS (
        SELECT quote_literal(lexeme)::tsquery AS query FROM unnest(to_tsvector(%(config)s::regconfig, %(text)s))
        UNION ALL SELECT (quote_literal(begun) || ':*')::tsquery
            FROM (SELECT nullif(%(begun)s::text, '') AS begun) AS last WHERE begun IS NOT NULL
    ), counted AS MATERIALIZED (
        SELECT asked.query, total,
            (SELECT count(*) FROM knowledge_passage WHERE words @@ (scope.query && asked.query)) AS found
        FROM asked, scope
    ), weighted AS MATERIALIZED (
        SELECT query, ln(1 + (total - found + 0.5) / (found + 0.5)) AS weight,
            sum(found) OVER (ORDER BY found, query) - found AS by_rarer
        FROM counted WHERE found > 0
    )
    SELECT id FROM knowledge_passage
    WHERE words @@ (
        (SELECT query FROM scope)
        && (SELECT string_agg(query::text, ' | ')::tsquery FROM weighted WHERE by_rarer < %(enough)s)
    )
    ORDER BY (SELECT sum(ts_rank(words, query) * weight) FROM weighted) DESC, id LIMIT %(limit)s
"""
NEAREST = "SET LOCAL hnsw.iterative_scan = strict_order"  # go on until enough are of this workspace
CAREFUL = "SET LOCAL hnsw.ef_search = 200"  # with the 40 that it is by itself, a quarter of the nearest are missed


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
        "scope": _any(f"w {workspace.pk} {language} {audience}" for audience in audiences),
        "enough": ENOUGH,
        "limit": limit,
    }
    with connection.cursor() as cursor:
        cursor.execute(BY_WORDS, values)
        return [row[0] for row in cursor.fetchall()]


def _any(words: Iterable[str]) -> str:
    """A query for any of the words, whatever signs are in them."""
    return " | ".join("'{}'".format(re.sub(r"['\\]", " ", word)) for word in words)


def by_meaning(
    workspace: Workspace, vector: NDArray[np.float32], language: str, audiences: Sequence[str], limit: int
) -> list[int]:
    """The passages whose vectors are nearest."""
    scope = Passage.objects.in_workspace(workspace).filter(language=language, audience__in=audiences)
    nearest = scope.order_by(CosineDistance("embedding", vector)).values_list("id", flat=True)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"{NEAREST}; {CAREFUL}")
        return list(nearest[:limit])
