"""The way of a message from the websocket to the worker and back, and what it adds to the engine's own time.

On the embedded run, and on web, Celery worker, beat, Redis and PostgreSQL as the services of docker-compose.yml.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from uuid import UUID

from benchmarks import engine
from benchmarks.questions import CONCURRENT, MODEL, questions
from benchmarks.table import ratio, spread, table
from benchmarks.visitor import Exchange, Visitor
from tests.stack import EmbeddedStack, Row, ServicesStack

SAMPLES = 32
ROUNDS = 2
RECORDS = (
    "SELECT asked.client_id, made.wait_s, made.read_s, made.first_token_s, made.total_s, made.completion_tokens"
    " FROM chat_generation made JOIN chat_message asked ON asked.id = made.in_reply_to_id"
)


@dataclass(frozen=True)
class Answer:
    """An exchange as the visitor saw it, and the product's own record of it."""

    exchange: Exchange
    record: Row

    def engine_s(self, per_token_s: float) -> float:
        """What triage and generation take without everything around them."""
        further = max(0, self.record["completion_tokens"] - 1) * per_token_s
        return float(self.record["read_s"] + self.record["first_token_s"] + further)


@dataclass(frozen=True)
class Way:
    """Answers one at a time, how many conversations went to people, and tokens per second by conversations at once."""

    answers: list[Answer]
    handed_off: int
    aggregate: dict[int, float]


def measure(stack: EmbeddedStack | ServicesStack) -> Way:
    """Start the product, use it, end it."""
    try:
        stack.start()
        asked = [question.text for question in questions(SAMPLES)]
        _at_once(stack.url, asked[:2])  # loads the engine
        single = [_at_once(stack.url, [text]) for text in asked]
        together = {count: [_at_once(stack.url, _texts(count)) for _ in range(ROUNDS)] for count in CONCURRENT[1:]}
        records = {UUID(str(row["client_id"])): row for row in stack.rows(RECORDS)}
    finally:
        stack.stop()
    exchanges = [exchange for round_ in single for exchange in round_.exchanges]
    answers = [Answer(e, records[e.client_id]) for e in exchanges if e.first_chunk_s is not None]
    rounds = {1: single, **together}
    return Way(
        answers,
        len(exchanges) - len(answers),
        {
            count: sum(r.tokens(records) for r in rounds[count]) / sum(r.seconds for r in rounds[count])
            for count in rounds
        },
    )


@dataclass(frozen=True)
class Round:
    """Some conversations at once, and the time until the last had its answer."""

    exchanges: list[Exchange]
    seconds: float

    def tokens(self, records: dict[UUID, Row]) -> int:
        """What the engine wrote in it."""
        return sum(int(records[exchange.client_id]["completion_tokens"]) for exchange in self.exchanges)


def _rate(rounds: list[Round], records: dict[UUID, Row]) -> float:
    return sum(round_.tokens(records) for round_ in rounds) / sum(round_.seconds for round_ in rounds)


def _texts(count: int) -> list[str]:
    return [question.text for question in questions(count)]


def _at_once(url: str, texts: list[str]) -> Round:
    """Ask each text in a conversation of its own; the visitors are connected before the clock runs."""
    with ExitStack() as panels, ThreadPoolExecutor(len(texts)) as pool:
        visitors = [panels.enter_context(Visitor(url)) for _ in texts]
        begun = time.perf_counter()
        exchanges = list(pool.map(Visitor.ask, visitors, texts))
        return Round(exchanges, time.perf_counter() - begun)


def report() -> str:
    """The tables of this part."""
    alone = engine.ours()
    settings = {"SUPPORTBOT_MODEL": str(MODEL)}
    ways = {
        "embedded": measure(EmbeddedStack(settings)),
        "services": measure(ServicesStack(settings)),
    }
    parts = [_overhead(name, way, alone.per_token_s) for name, way in ways.items()]
    heads = ["conversations at once", "engine alone", *(part for name in ways for part in (name, f"{name} / engine"))]
    rows = [[str(count), *_rates(ways, alone.aggregate[count], count)] for count in CONCURRENT]
    return "\n".join([*parts, table("Tokens per second through the whole way", heads, rows)])


def _rates(ways: dict[str, Way], alone: float, count: int) -> list[str]:
    shown = [f"{alone:.0f}"]
    for way in ways.values():
        shown += [f"{way.aggregate[count]:.0f}", ratio(way.aggregate[count], alone)]
    return shown


def _overhead(name: str, way: Way, per_token_s: float) -> str:
    firsts = [(a.exchange.first_chunk_s or 0.0, a.record) for a in way.answers]
    posted = [(a.exchange.posted_s, a) for a in way.answers]
    rows = [
        spread("first piece of the answer, as the customer sees it", [seen for seen, _ in firsts]),
        spread("- over the engine", [seen - r["read_s"] - r["first_token_s"] for seen, r in firsts]),
        spread("saved answer, as the customer sees it", [seen for seen, _ in posted]),
        spread("- over the engine", [seen - a.engine_s(per_token_s) for seen, a in posted]),
        spread("- outside the worker", [seen - a.record["total_s"] for seen, a in posted]),
        spread("message accepted until the worker begins", [a.record["wait_s"] for a in way.answers]),
    ]
    title = f"The way, {name}: milliseconds of {len(way.answers)} answers, one at a time ({way.handed_off} handed over)"
    return table(title, ["", "p50", "p95"], rows)
