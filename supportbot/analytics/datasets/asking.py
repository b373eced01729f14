"""A question in words to a query over a dataset: the rules of *Ask your data*, with the dataset's own words.

Where two readings are possible the asker chooses; words that nothing knows are said. No model takes part.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import date

from supportbot.analytics import lexicon
from supportbot.analytics.asking import BY, LONGEST, Left, first, period_of
from supportbot.analytics.datasets.columns import Column, forms
from supportbot.analytics.datasets.declared import CONTACTED, ROWS, TIME, Declared
from supportbot.analytics.datasets.query import MOST, Query
from supportbot.analytics.measures import DIMENSIONS

AGGREGATES = {
    "sum": "total, sum, sum of, altogether, in all, overall, turnover of",
    "avg": "average, mean, avg, on average, typical",
    "median": "median",
    "min": "minimum, smallest, min, cheapest, shortest",
    "max": "maximum, largest, biggest, max, longest",
}
CONTACTS = {
    CONTACTED: "contact rate, contacted us, contact us, wrote to us, wrote in, write to us, with a conversation, "
    "have a conversation, had a conversation, lead to a conversation, led to a conversation, lead to conversations, "
    "led to conversations, cause a conversation, caused a conversation"
}
COUNTS = {ROWS: "how many, number of, count of, count"}
TOP = re.compile(r"\b(?:the )?(top|best|highest|largest|biggest|worst|lowest|smallest|bottom) (\d{1,2})\b")
LOWEST = re.compile(r"\b(?:worst|lowest|smallest|bottom|least|fewest)\b")
OVER = r"(?:is |are |was |were |of )?(over|above|more than|at least|from|exceeding|under|below|less than|up to|at most)"
DIFFERENT = r"\b(?:how many|number of|count of|count)?\s*(?:different|distinct|unique) {}\b"
IS = r"\b(?:{} (?:is |was |= )?)?{}\b"
NO_NAME = lexicon.FILLERS | {"yes", "no", "true", "false"}


@dataclass
class Read:
    """What a question asks for: a query, or what to choose from; `unknown` are its words that nothing knows."""

    query: Query | None = None
    choices: list[Query] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


def understand(question: str, declared: Declared, today: date) -> Read:
    """Read a question about one dataset; without a query and without choices it names no figure."""
    left = Left(_amounts(question[:LONGEST]))
    query = Query(declared, declared.figures[ROWS], period=period_of(left, today))
    if match := left.take(TOP):
        query = replace(query, top=min(MOST - 1, max(1, int(match[2]))), lowest=bool(LOWEST.fullmatch(match[1])))
    query = replace(query, ranges=_ranges(left, declared))
    different = _different(left, declared)
    is_top_of = _leading(left, declared) if query.top != MOST else ""
    query = replace(query, by=_split(left, declared) or is_top_of, filters=_values(left, declared))
    figures = [different] if different else _figures(left, declared)
    query = replace(query, filters=query.filters | _of_conversations(left, declared, query.filters))
    if not query.lowest and query.by and LOWEST.search(left.text):
        query = replace(query, lowest=True)
    read = Read(unknown=left.words())
    if len(figures) == 1:
        read.query = _sensible(replace(query, figure=declared.figures[figures[0]]))
    elif figures:
        read.choices = [_sensible(replace(query, figure=declared.figures[key])) for key in figures]
    elif query.filters or query.by or query.ranges:
        read.query = _sensible(query)
    return read


def _amounts(question: str) -> str:
    """Amounts as plain numbers, so that no separator is lost: `£1,200.50` as `1200.5`."""
    found = re.sub(r"[£$€](?=\d)", "", question)
    found = re.sub(r"(?<=\d),(?=\d{3}\b)", "", found)
    return re.sub(r"(?<=\d)\.(?=\d)", "_", found)


def _sensible(query: Query) -> Query:
    """Days of conversations can be asked for without days of rows; of nothing else."""
    has_days = query.declared.has_time or query.figure.of_conversations
    return query if has_days else replace(query, period=None, by="" if query.by == TIME else query.by)


def _phrases(column: Column) -> list[str]:
    return [phrase for phrase, _ in lexicon.phrases({"": column.phrases})]


def _any(column: Column) -> str:
    return f"(?:{'|'.join(map(re.escape, _phrases(column)))})"


def _ranges(left: Left, declared: Declared) -> dict[str, tuple[float | None, float | None]]:
    found: dict[str, tuple[float | None, float | None]] = {}
    for key, column in declared.numbers.items():
        name = _any(column)
        if match := left.take(rf"\b{name} between (\d[\d_]*) and (\d[\d_]*)\b"):
            found[key] = (_plain(match[1]), _plain(match[2]))
        elif match := left.take(rf"\b{name} {OVER} (\d[\d_]*)\b"):
            is_low = match[1] in ("over", "above", "more than", "at least", "from", "exceeding")
            found[key] = (_plain(match[2]), None) if is_low else (None, _plain(match[2]))
    return found


def _plain(text: str) -> float:
    return float(text.replace("_", ".", 1).replace("_", ""))


def _different(left: Left, declared: Declared) -> str:
    for key, split in declared.splits.items():
        if split.column and left.take(DIFFERENT.format(_any(split.column))):
            return f"distinct:{key}"
    return ""


def _split_phrases(declared: Declared) -> list[tuple[str, str]]:
    """Those of the dataset's columns first, then those of conversations."""
    own = {key: split.column.phrases for key, split in declared.splits.items() if split.column}
    time = {TIME: lexicon.DIMENSIONS["time"]}
    shared = {f"conv:{key}": words for key, words in lexicon.DIMENSIONS.items() if f"conv:{key}" in declared.splits}
    return [*lexicon.phrases(own), *lexicon.phrases(time | shared)]


def _split(left: Left, declared: Declared) -> str:
    """That of `by country`, `per week`, `which carrier`."""
    for phrase, key in _split_phrases(declared):
        if left.take(BY.format(re.escape(phrase))):
            return key
    for phrase in ("over time", "trend", "daily", "weekly", "monthly"):
        if left.take(rf"\b{phrase}\b"):
            return TIME
    return ""


def _leading(left: Left, declared: Declared) -> str:
    """That of `top 5 products by revenue`: the split stands before what it is ranked by."""
    for phrase, key in _split_phrases(declared):
        if left.take(rf"\b{re.escape(phrase)}\b"):
            return key
    return ""


def _values(left: Left, declared: Declared) -> dict[str, str]:
    """Values of the dataset's columns that stand in the question."""
    columns = {key: split.column for key, split in declared.splits.items() if split.column}
    known = [(value, key, column) for key, column in columns.items() for value in column.values]
    found: dict[str, str] = {}
    for value, key, column in sorted(known, key=lambda one: -len(one[0])):
        text = " ".join(re.sub(r"[^\w\s'’-]+", " ", value.lower()).split())
        if key in found or not text:
            continue
        is_bare = len(text) > 1 and text not in NO_NAME and not text.isdigit()
        pattern = IS if is_bare else r"\b{} (?:is |was |= )?{}\b"
        if left.take(pattern.format(_any(column), re.escape(text))):
            found[key] = value
    return found


def _figures(left: Left, declared: Declared) -> list[str]:
    """The figure that it names; several where it leaves open which."""
    said = first(left, AGGREGATES)
    numbers = [key for key, column in _by_length(declared) if left.take(rf"\b{_any(column)}\b")]
    named = "" if numbers else _named(left, declared)
    rows = {ROWS: ", ".join(_nouns(declared.dataset.name.lower()))}
    counted = [first(left, rows), first(left, COUNTS)]  # read in any case: a dataset's name is no category
    if numbers:
        usual = {key: "avg" if declared.numbers[key].use == "average" else "sum" for key in numbers}
        return [f"{said or usual[key]}:{key}" for key in numbers]
    if named or (any(counted) and not said):
        return [named or ROWS]
    return [f"{said}:{key}" for key in declared.numbers] if said else []


def _nouns(name: str) -> list[str]:
    """What its rows are called: of `orders of the shop` and of `shop orders` also `orders`."""
    head = re.split(r" (?:of|from|in|for|with) ", name)[0]
    return [
        form for noun in dict.fromkeys((name, head, head.split()[-1] if head.split() else head)) for form in forms(noun)
    ]


def _by_length(declared: Declared) -> list[tuple[str, Column]]:
    return sorted(declared.numbers.items(), key=lambda pair: -len(pair[1].phrases.split(",")[0]))


def _named(left: Left, declared: Declared) -> str:
    """A figure that is of no column of numbers."""
    if not declared.dataset.is_joined:
        return ""
    if first(left, CONTACTS):
        return CONTACTED
    allowed = {key: words for key, words in lexicon.MEASURES.items() if f"conv:{key}" in declared.figures}
    if key := first(left, allowed):
        return f"conv:{key}"
    words = {"conversations": "conversations, conversation, chats, tickets, ticket"}
    return "conv:conversations" if first(left, words) else ""


def _of_conversations(left: Left, declared: Declared, known: dict[str, str]) -> dict[str, str]:
    """Values of the joined conversations' dimensions."""
    if not declared.dataset.is_joined:
        return {}
    tables = {"category": lexicon.CATEGORIES, "handler": lexicon.HANDLERS, "language": lexicon.LANGUAGES}
    tables["category"] = {key: f"about {key}, {words}" for key, words in lexicon.CATEGORIES.items()}
    found = {f"conv:{key}": value for key, table in tables.items() if (value := first(left, table))}
    return {key: value for key, value in found.items() if key not in known and key.split(":")[1] in DIMENSIONS}
