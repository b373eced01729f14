"""How long `retrieval.find` takes among 10,000 articles, on both databases: `python -m benchmarks.retrieval`.

The articles are mixed from sentences of the public texts (docs/model.md), or of the corpus' own articles without them.
Their vectors are mixed, too, from those of real sentences with noise, for to embed them all would take an hour; the
questions and their vectors are real. Each database is measured in a process of its own. Recall is the share of the
nearest passages, as comparing with every vector finds them, that the search by meaning finds.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import time
from collections.abc import Callable, Iterator
from datetime import date
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks import machine
from benchmarks.databases import DATABASES, in_its_own_process
from benchmarks.table import spread, table
from training import corpus, sources

if TYPE_CHECKING:
    from supportbot.workspaces.models import Workspace

ARTICLES, QUESTIONS, WARM = 10_000, 200, 10
SENTENCES = 4_000  # to mix articles from
REAL = 300  # sentences that are embedded
OWN, OTHER, NOISE = 0.7, 0.4, 0.5  # weights of a passage's vector
NEAREST = (3, 40)
GOAL = 30  # milliseconds, p95


def report(articles: int = ARTICLES) -> str:
    """The table for both databases."""
    rows = [
        row
        for database in DATABASES
        for row in in_its_own_process("benchmarks.retrieval", database, "--articles", str(articles))
    ]
    heads = ["", "p50, ms", "p95, ms", *(f"recall@{count}" for count in NEAREST)]
    return table(f"Retrieval among {articles:,} articles (goal of `find`: p95 at most {GOAL} ms)", heads, rows)


def _measure(database: str, articles: int) -> list[list[str]]:
    """Rows of this process's database: the halves, the fused search, and all with the question embedded."""
    import django  # noqa: PLC0415  (its settings come from the environment of this process)

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "supportbot.settings")
    django.setup()
    from inference.encoder import shared_encoder  # noqa: PLC0415
    from supportbot.knowledge import retrieval  # noqa: PLC0415
    from supportbot.knowledge.index import postgres, sqlite  # noqa: PLC0415

    torch.set_num_threads(1)  # as the engine does in a worker
    embed = shared_encoder().embed
    workspace = _fill(articles, embed)
    index = sqlite if database == "sqlite" else postgres
    asked = _questions()
    vectors = dict(zip(asked, embed(asked), strict=True))
    ready = lambda texts: np.stack([vectors[text] for text in texts])  # noqa: E731
    parts: dict[str, Callable[[str], object]] = {
        "words": lambda text: index.by_words(workspace, text, "en", ["public"], retrieval.CANDIDATES),
        "meaning": lambda text: index.by_meaning(workspace, vectors[text], "en", ["public"], retrieval.CANDIDATES),
        "fused, with the passages": lambda text: retrieval.find(workspace, text, embed=ready),
        "`find`, the question embedded": lambda text: retrieval.find(workspace, text, embed=embed),
    }
    found = [index.by_meaning(workspace, vectors[text], "en", ["public"], max(NEAREST)) for text in asked]
    recalls = {"meaning": _recalls(workspace, np.stack([vectors[text] for text in asked]), found)}
    return [
        [*spread(f"{DATABASES[database]}: {name}", _timed(part, asked)), *recalls.get(name, [""] * len(NEAREST))]
        for name, part in parts.items()
    ]


def _recalls(workspace: Workspace, asked: NDArray[np.float32], found: list[list[int]]) -> list[str]:
    """The mean share of the nearest passages that were found, for each count of `NEAREST`."""
    from supportbot.knowledge.models import Passage  # noqa: PLC0415

    passages = Passage.objects.in_workspace(workspace).order_by("id").values_list("id", "embedding")
    ids, rows = zip(*passages, strict=True)
    exact = np.array(ids)[np.argsort(-(asked @ np.stack(rows).T), axis=1)[:, : max(NEAREST)]]
    shares = (
        np.mean(
            [
                len({*own[:count]} & {*nearest[:count]}) / count
                for own, nearest in zip(found, exact.tolist(), strict=True)
            ]
        )
        for count in NEAREST
    )
    return [f"{share:.1%}" for share in shares]


def _timed(part: Callable[[str], object], asked: list[str]) -> list[float]:
    seconds = []
    for text in [*asked[:WARM], *asked]:
        begun = time.perf_counter()
        part(text)
        seconds.append(time.perf_counter() - begun)
    return seconds[WARM:]


def _fill(count: int, embed: Callable[[list[str]], NDArray[np.float32]]) -> Workspace:
    """A workspace of that many published articles with their passages."""
    from django.core.management import call_command  # noqa: PLC0415
    from django.db import connection  # noqa: PLC0415

    from supportbot.knowledge.models import Article, Passage  # noqa: PLC0415
    from supportbot.knowledge.passages import cut  # noqa: PLC0415
    from supportbot.workspaces.models import Workspace  # noqa: PLC0415

    call_command("migrate", verbosity=0, interactive=False)
    workspace = Workspace.objects.create(name="Benchmark", slug="benchmark")
    sentences = list(islice(_sentences(), SENTENCES))
    mixed, draw = _Vectors(embed(sentences[:REAL])), random.Random(0)
    for start in range(0, count, 500):
        rows = [
            Article(
                workspace=workspace,
                slug=f"article-{number}",
                title=draw.choice(sentences)[:80],
                body="\n\n".join(" ".join(draw.choices(sentences, k=5)) for _ in range(draw.randint(1, 4))),
                status="published",
                index_due=None,
            )
            for number in range(start, min(start + 500, count))
        ]
        passages = [
            Passage(
                workspace=workspace,
                article=article,
                position=position,
                language="en",
                audience="public",
                heading=piece.heading,
                text=piece.text,
                embedding=mixed.next(),
            )
            for article in Article.objects.bulk_create(rows)
            for position, piece in enumerate(cut(article.title, article.body))
        ]
        Passage.objects.bulk_create(passages, batch_size=500)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return workspace


class _Vectors:
    """Unit vectors between those of real sentences."""

    def __init__(self, real: NDArray[np.float32]) -> None:
        self._real, self._draw = real, np.random.default_rng(0)

    def next(self) -> NDArray[np.float32]:
        own, other = self._real[self._draw.integers(len(self._real), size=2)]
        noise = self._draw.standard_normal(own.size) / np.sqrt(own.size)
        vector = OWN * own + OTHER * other + NOISE * noise
        return np.asarray(vector / np.linalg.norm(vector), np.float32)


def _sentences() -> Iterator[str]:
    from supportbot.knowledge.passages import sentences  # noqa: PLC0415  (needs Django's settings)

    texts = [str(row.get("text") or "") for row in islice(sources.rows("text.train"), SENTENCES)]
    ours = [f"{article.title}.\n{article.body}" for article in corpus.articles()]
    found = dict.fromkeys(one for text in (*texts, *ours) for one in sentences(text) if 5 <= len(one.split()) <= 40)
    drawn = list(found)
    random.Random(0).shuffle(drawn)
    yield from drawn


def _questions() -> list[str]:
    said = [text for texts in corpus.held_out().values() for text in texts]
    return random.Random(0).sample(said, QUESTIONS)


def main() -> None:
    """Print the table, or measure for it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=ARTICLES)
    parser.add_argument("--inside", choices=DATABASES, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.inside:
        print(json.dumps(_measure(given.inside, given.articles)))
        return
    print(f"Machine: {machine.describe()}; {date.today():%d %B %Y}.\n")
    print(report(given.articles))


if __name__ == "__main__":
    main()
