"""How many questions in words over datasets become the right query: of `datasets_questions.jsonl`.

Whoever wrote the rules wrote the questions, for three invented tables, before the rules were first tried on them; the
rules and their words were not changed for them. `right` lists the queries that count, null where only a question back,
or that it can't be answered, is right. What is not right is either said (asked back, refused, words named that were
left out) or, worst, told without a word.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.table import table

if TYPE_CHECKING:
    from supportbot.analytics.datasets.declared import Declared

QUESTIONS = Path(__file__).with_name("datasets_questions.jsonl")
TODAY = date(2026, 11, 27)
USED = {"sum": "number", "average": "number", "split": "text", "hidden": "text"}
TABLES: dict[str, tuple[str, dict[str, tuple[str, str, list[str]]]]] = {
    "orders": (
        "order",
        {
            "number": ("Order number", "hidden", []),
            "day": ("Ordered on", "date", []),
            "country": ("Country", "split", ["Germany", "France", "Spain", "United Kingdom", "Italy"]),
            "product": ("Product", "split", ["Brisk kettle", "Fell pan", "Moss towels", "Tarn rug", "Wick lantern"]),
            "carrier": ("Carrier", "split", ["DHL", "Hermes", "Royal Mail"]),
            "payment": ("Payment method", "split", ["Card", "PayPal", "Invoice"]),
            "amount": ("Amount", "sum", []),
            "quantity": ("Quantity", "sum", []),
            "discount": ("Discount", "sum", []),
            "delivery": ("Delivery days", "average", []),
            "returned": ("Returned", "split", ["false", "true"]),
        },
    ),
    "products": (
        "product",
        {
            "name": ("Name", "hidden", []),
            "day": ("Launched on", "date", []),
            "collection": ("Collection", "split", ["Kitchen", "Living", "Bedroom"]),
            "supplier": ("Supplier", "split", ["Northmill", "Hafen", "Oreto"]),
            "price": ("Price", "average", []),
            "stock": ("Stock", "sum", []),
            "rating": ("Rating", "average", []),
        },
    ),
    "releases": (
        "date",
        {
            "day": ("Released on", "date", []),
            "version": ("Version", "split", ["2.0", "2.1", "3.0"]),
            "platform": ("Platform", "split", ["Web", "iOS", "Android"]),
            "team": ("Team", "split", ["Core", "Growth"]),
            "bugs": ("Bugs fixed", "sum", []),
            "changes": ("Changes", "sum", []),
        },
    ),
}


def report() -> str:
    """Shares with Wilson's 95 % interval."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "supportbot.settings")
    import django  # noqa: PLC0415  (the product's settings are needed for its models alone)

    django.setup()
    from supportbot.evaluation.score import wilson  # noqa: PLC0415

    asked = [json.loads(line) for line in QUESTIONS.read_text().splitlines()]
    outcomes = Counter(outcome(one) for one in asked)
    rows = []
    for name in ("right", "said", "told wrong"):
        low, high = wilson(outcomes[name], len(asked))
        share = outcomes[name] / len(asked)
        rows.append([name, str(outcomes[name]), f"{share:.0%}", f"{low:.0%} to {high:.0%}"])
    return table(f"Questions in words over datasets, {len(asked)}", ["", "questions", "share", "95 % interval"], rows)


def outcome(asked: dict[str, Any]) -> str:
    """`right`; `said`, if it is not but the asker is told; else `told wrong`."""
    from supportbot.analytics.datasets.asking import understand  # noqa: PLC0415

    read = understand(asked["question"], declared(asked["table"]), TODAY)
    right = [one for one in asked["right"] if one is None or "choices" not in one]
    offered = [set(one["choices"]) for one in asked["right"] if one and "choices" in one]
    if read.query is None:
        is_right = None in right or {one.figure.key for one in read.choices} in offered
    else:
        is_right = {key: value for key, value in read.query.asked.items() if value not in ("", "all")} in right
    if is_right:
        return "right"
    return "said" if read.unknown or read.query is None else "told wrong"


def declared(name: str) -> Declared:
    """One of the tables."""
    from supportbot.analytics.datasets.columns import Column  # noqa: PLC0415
    from supportbot.analytics.datasets.declared import Declared  # noqa: PLC0415
    from supportbot.analytics.models import Dataset  # noqa: PLC0415

    key, columns = TABLES[name]
    described = [
        Column(short, label, USED.get(use, "date"), "hidden" if use == "date" else use, values=values)
        for short, (label, use, values) in columns.items()
    ]
    own = {"key": key, "key_column": next(iter(columns))}
    return Declared(Dataset(name=name, columns=[column.kept for column in described], **own))
