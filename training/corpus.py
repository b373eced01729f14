"""The project's own corpus: reads it, checks it, and judges whether a reply is right for an intent.

`python -m training.corpus` checks `corpus/` and prints what it holds. Nothing here reads a held-out
message unless `held_out()` or `held_out_sentiments()` is called, which training never does.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from scipy.sparse import csr_array

ROOT = Path(__file__).resolve().parent.parent / "corpus"
CATEGORIES = (
    "account",
    "order",
    "delivery",
    "returns",
    "payment",
    "invoice",
    "subscription",
    "product",
    "technical",
    "promotions",
    "feedback",
    "contact",
)
OFF_TOPIC = "off_topic"
SENTIMENTS = ("calm", "unhappy", "angry")
SLOT = re.compile(r"\{\{(\w+)\}\}")
NEAR_DUPLICATE = 0.8
ROWS_AT_ONCE = 512


@dataclass(frozen=True)
class Intent:
    """One thing that customers want, with what they say and what we answer."""

    category: str
    name: str
    description: str
    needs_order: bool
    messages: tuple[str, ...]
    replies: tuple[str, ...]
    ask: tuple[str, ...]
    must: tuple[tuple[str, ...], ...]
    ask_must: tuple[tuple[str, ...], ...]

    def accepts(self, reply: str, *, asking: bool = False, slots: Mapping[str, str] | None = None) -> bool:
        """Whether `reply` is right for this intent; its slots are not yet filled unless their values are given."""
        text, values = reply.lower(), slots or {}
        groups = self.ask_must if asking else self.must
        return all(any(_fill(option, values).lower() in text for option in group) for group in groups)


def _fill(text: str, values: Mapping[str, str]) -> str:
    return SLOT.sub(lambda match: values.get(match[1], match[0]), text)


@dataclass(frozen=True)
class Article:
    """One help-centre article, slots not yet filled."""

    slug: str
    title: str
    category: str
    intents: tuple[str, ...]
    body: str


@dataclass(frozen=True)
class Turn:
    """One side's words in a conversation; `intent` is known for the customer's turns only."""

    role: str
    text: str
    intent: str | None = None


@dataclass(frozen=True)
class Dialogue:
    """A conversation of several turns; `ends` is resolved, handoff or left."""

    id: str
    category: str
    ends: str
    turns: tuple[Turn, ...]


@cache
def shop() -> dict[str, Any]:
    """The demo shop: settings, slots, products."""
    data: dict[str, Any] = json.loads((ROOT / "shop.json").read_text("utf-8"))
    return data


@cache
def slots() -> frozenset[str]:
    """Every slot that a reply or an article may use."""
    data = shop()
    return frozenset(data["settings"]) | frozenset(data["order_slots"]) | frozenset(data["contact_slots"])


def intents() -> list[Intent]:
    """Every intent of every category, in the order of the categories."""
    return list(_intents())


def _intents() -> Iterator[Intent]:
    for category in (*CATEGORIES, OFF_TOPIC):
        path = ROOT / "intents" / f"{category}.json"
        if not path.exists():
            continue
        for row in json.loads(path.read_text("utf-8"))["intents"]:
            yield Intent(
                category=category,
                name=row["name"],
                description=row["description"],
                needs_order=row["needs_order"],
                messages=tuple(row["messages"]),
                replies=tuple(row["replies"]),
                ask=tuple(row["ask"]),
                must=tuple(map(tuple, row["must"])),
                ask_must=tuple(map(tuple, row["ask_must"])),
            )


def held_out() -> dict[str, list[str]]:
    """Customer messages that training never reads, by intent. For evaluation only."""
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "held_out").glob("*.json")):
        found.update(json.loads(path.read_text("utf-8"))["intents"])
    return found


def sentiments() -> dict[str, list[str]]:
    """Customer messages by how they sound, for training."""
    return _sentiments("train")


def held_out_sentiments() -> dict[str, list[str]]:
    """Others, which training never reads. For evaluation only."""
    return _sentiments("held_out")


def _sentiments(part: str) -> dict[str, list[str]]:
    data: dict[str, list[str]] = json.loads((ROOT / "sentiment" / f"{part}.json").read_text("utf-8"))
    return data


def articles() -> list[Article]:
    """Every help-centre article."""
    found = []
    for path in sorted((ROOT / "articles").glob("*/*.md")):
        head, _, body = path.read_text("utf-8").removeprefix("---\n").partition("\n---\n")
        meta = dict(line.split(": ", 1) for line in head.splitlines())
        names = tuple(name.strip() for name in meta["intents"].split(","))
        found.append(Article(path.stem, meta["title"], meta["category"], names, body.strip()))
    return found


def dialogues() -> list[Dialogue]:
    """Every multi-turn conversation."""
    found = []
    for path in sorted((ROOT / "conversations").glob("*.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            row = json.loads(line)
            turns = tuple(Turn(t["role"], t["text"], t.get("intent")) for t in row["turns"])
            found.append(Dialogue(row["id"], row["category"], row["ends"], turns))
    return found


def problems() -> list[str]:
    """What is wrong with the corpus, in words; empty when all is well."""
    found: list[str] = []
    known = slots()
    everything = intents()
    for intent in everything:
        found += _intent_problems(intent, known)
    names = [intent.name for intent in everything]
    found += [f"intent {name} stands twice" for name in set(names) if names.count(name) > 1]
    kept = held_out()
    for intent in everything:
        if len(kept.get(intent.name, [])) < 10:
            found.append(f"{intent.name}: fewer than 10 held-out messages")
    found += [f"held out: unknown intent {name}" for name in kept if name not in names]
    for article in articles():
        found += _article_problems(article, known, names)
    for dialogue in dialogues():
        found += _dialogue_problems(dialogue, known, names)
    said = [(f"{i.name}: {m}", m) for i in everything for m in i.messages]
    said += [(f"{name} (held out): {m}", m) for name, rows in kept.items() for m in rows]
    found += [f"near-duplicates: {a!r} and {b!r}" for a, b in near_duplicates(said)]
    found += _sentiment_problems([(f"{name} (held out): {m}", m) for name, rows in kept.items() for m in rows])
    replies = [(f"{i.name}: {r}", r) for i in everything for r in (*i.replies, *i.ask)]
    return found + [f"near-duplicate replies: {a!r} and {b!r}" for a, b in near_duplicates(replies)]


def _intent_problems(intent: Intent, known: frozenset[str]) -> Iterator[str]:
    least = {
        "messages": 25 if intent.category == OFF_TOPIC else 40,
        "replies": 8,
        "ask": 4 * intent.needs_order,
        "must": 1,
    }
    for part, count in least.items():
        if len(getattr(intent, part)) < count:
            yield f"{intent.name}: fewer than {count} of '{part}'"
    if bool(intent.ask) != intent.needs_order:
        yield f"{intent.name}: 'ask' goes with 'needs_order'"
    for reply in (*intent.replies, *intent.ask):
        yield from (f"{intent.name}: {wrong}: {reply!r}" for wrong in _reply_problems(intent, reply, known))


def _reply_problems(intent: Intent, reply: str, known: frozenset[str]) -> Iterator[str]:
    used, asking = set(SLOT.findall(reply)), reply in intent.ask
    if used - known or reply.count("{{") != len(SLOT.findall(reply)):
        yield "an unknown or broken slot"
    if used & set(shop()["order_slots"]) and (asking or not intent.needs_order):
        yield "an order slot where no order is known"
    if re.search(r"\d", SLOT.sub("", reply)):
        yield "a number that is no slot"
    if not intent.accepts(reply, asking=asking):
        yield "its own check refuses it"


def _sentiment_problems(kept: list[tuple[str, str]]) -> Iterator[str]:
    """Of the messages by sentiment, which must resemble none of those that are `kept` from training either."""
    said = []
    for part, least in (("train", 300), ("held_out", 80)):
        rows = _sentiments(part)
        if tuple(rows) != SENTIMENTS or min(map(len, rows.values())) < least:
            yield f"sentiment, {part}: not at least {least} messages each of {', '.join(SENTIMENTS)}"
        said += [(f"{name} ({part}): {m}", m) for name, texts in rows.items() for m in texts]
    own = {label for label, _ in said}
    for a, b in near_duplicates(kept + said):
        if {a, b} & own:
            yield f"near-duplicates: {a!r} and {b!r}"


def _article_problems(article: Article, known: frozenset[str], names: list[str]) -> Iterator[str]:
    words = len(article.body.split())
    if not 150 <= words <= 500:
        yield f"article {article.slug}: {words} words"
    if set(SLOT.findall(article.body)) - known:
        yield f"article {article.slug}: unknown slot"
    if article.category not in CATEGORIES or set(article.intents) - set(names):
        yield f"article {article.slug}: unknown category or intent"


def _dialogue_problems(dialogue: Dialogue, known: frozenset[str], names: list[str]) -> Iterator[str]:
    roles = [turn.role for turn in dialogue.turns]
    if len(roles) < 3 or roles != ["customer", "agent"] * (len(roles) // 2) + ["customer"] * (len(roles) % 2):
        yield f"conversation {dialogue.id}: turns do not alternate, or too few"
    if dialogue.ends not in ("resolved", "handoff", "left"):
        yield f"conversation {dialogue.id}: ends {dialogue.ends!r}"
    if dialogue.ends == "handoff" and roles[-1] != "agent":
        yield f"conversation {dialogue.id}: a hand-off is the agent's last turn"
    for turn in dialogue.turns:
        if turn.role == "customer" and turn.intent not in names:
            yield f"conversation {dialogue.id}: unknown intent {turn.intent!r}"
        if set(SLOT.findall(turn.text)) - known:
            yield f"conversation {dialogue.id}: unknown slot in {turn.text!r}"


def near_duplicates(
    rows: list[tuple[str, str]], overlap: float = NEAR_DUPLICATE, *, known: Sequence[tuple[str, str]] = ()
) -> list[tuple[str, str]]:
    """Pairs of labels whose texts overlap by `overlap` or more (Jaccard of character 4-grams).

    Rows are compared with each other and with what is `known`, which is not compared with itself.
    """
    everything = [*known, *rows]
    held = _grams_held([text for _, text in everything])
    sizes, found = held.sum(axis=1), []
    for begin in range(len(known), len(everything), ROWS_AT_ONCE):
        shared = (held[begin : begin + ROWS_AT_ONCE] @ held.T).tocoo()
        one, other = shared.row + begin, shared.col
        near = (other < one) & (shared.data >= overlap * (sizes[one] + sizes[other] - shared.data))
        found += [(everything[b][0], everything[a][0]) for a, b in sorted(zip(one[near], other[near], strict=True))]
    return found


def _grams_held(texts: Sequence[str]) -> csr_array:
    """Which character 4-grams each text has: 1 in [text, gram]."""
    numbers: dict[str, int] = {}
    grams = [[numbers.setdefault(gram, len(numbers)) for gram in _grams(text)] for text in texts]
    from scipy.sparse import csr_array  # noqa: PLC0415 - the GPU job runs where SciPy is not installed

    ends = np.cumsum([0, *map(len, grams)])
    columns = np.fromiter(chain.from_iterable(grams), np.int32, ends[-1])
    return csr_array((np.ones(ends[-1], np.int32), columns, ends), shape=(len(texts), len(numbers)))


def _grams(text: str) -> set[str]:
    plain = " ".join(re.sub(r"[^\w ]", "", text.lower()).split()) or text
    padded = f" {plain} "
    return {padded[i : i + 4] for i in range(max(1, len(padded) - 3))}


def check_rates() -> tuple[float, float]:
    """How often a check accepts its own intent's replies, and another intent's."""
    everything = intents()
    own = [intent.accepts(reply) for intent in everything for reply in intent.replies]
    others = [a.accepts(r) for a in everything for b in everything if a.name != b.name for r in b.replies]
    return sum(own) / len(own), sum(others) / max(1, len(others))


def main() -> int:
    """Check the corpus; print what is wrong, or what it holds."""
    wrong = problems()
    for line in wrong:
        print(line)
    everything, own_other = intents(), check_rates()
    print(
        f"{len({i.category for i in everything})} categories, {len(everything)} intents, "
        f"{sum(len(i.messages) for i in everything)} messages, {sum(len(i.replies) for i in everything)} replies, "
        f"{sum(map(len, held_out().values()))} held out, {len(articles())} articles, {len(dialogues())} conversations"
    )
    trained, kept = (sum(map(len, rows.values())) for rows in (sentiments(), held_out_sentiments()))
    print(f"{trained} messages by sentiment, {kept} held out")
    print(f"checks accept {own_other[0]:.1%} of their own replies and {own_other[1]:.2%} of the others'")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
