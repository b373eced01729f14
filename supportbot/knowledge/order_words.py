"""How the state of an order is said to a customer: phrases and whole sentences. Knows states and dates, no database.

Money is spoken of in `refund` alone: the rest may be said to whoever knows the order's number.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

STATE = {
    "placed": "confirmed and waiting to be packed",
    "packing": "being packed in our warehouse",
    "shipped": "on its way to you",
    "late": "on its way to you, but later than planned",
    "delivered": "delivered",
    "cancelled": "cancelled",
    "refund_pending": "returned to us",
    "refund_paid": "returned to us",
}

SEND_BACK = "so it can't be changed any more; you can send it back within {return_days} of delivery."
NEXT = {
    "placed": "We pack it next, and it should reach you by {day}.",
    "packing": "It leaves us within one working day and should reach you by {day}.",
    "shipped": "It should reach you by {day}.",
    "late": "It was due on {day}. Sorry for the wait; once it is {late_days} overdue, the carrier looks for it.",
    "delivered": "It was handed over on {day}.",
    "cancelled": "It was cancelled on {day}, so nothing will be sent.",
    "refund_pending": "The parcel came back to us on {day}, so nothing more is on its way.",
    "refund_paid": "The parcel came back to us, so nothing more is on its way.",
}

CHANGE = {
    "placed": "It can still be cancelled or changed under My orders until we start to pack it.",
    "packing": f"It is being packed, {SEND_BACK}",
    "shipped": f"It is already on its way, {SEND_BACK}",
    "late": f"It is already on its way, {SEND_BACK}",
    "delivered": f"It has been delivered, {SEND_BACK}",
    "cancelled": "It is cancelled already, so there is nothing more to do.",
    "refund_pending": "It has come back to us already, so there is nothing left to change.",
    "refund_paid": "It has come back to us already, so there is nothing left to change.",
}

REFUND = {
    "cancelled": "It was cancelled on {day}, and what you had paid goes back the way you paid within {refund_days}.",
    "refund_pending": "The parcel reached us on {day}, and the refund arrives within {refund_days} of that day.",
    "refund_paid": "The refund was paid on {day}, the way you had paid.",
}
NO_REFUND = "No refund is open for it: we have no return of this order yet."

# Letters and digits with what stands between them in a phrase; no telephone number, address, markup or second sentence.
PHRASE = re.compile(r"(?!.*\d[\d ()/-]{6,}\d)(?:[^\W_]|[ ,;&'’\"“”()/+×%°-]|(?<=\d)\.(?=\d))+")
GOODS = "the items of this order"


def goods(items: str) -> str:
    """What was ordered, as a phrase; where the shop's system holds more than a phrase, that stays unsaid."""
    return items if PHRASE.fullmatch(items) else GOODS


def day(date_: date) -> str:
    """A date as '18 November'."""
    return f"{date_.day} {date_:%B}"


def next_step(state: str, due_on: date, settings: Mapping[str, str]) -> str:
    """What comes next, as a sentence."""
    return _fill(NEXT[state], due_on, settings)


def change(state: str, settings: Mapping[str, str]) -> str:
    """Whether it can still be cancelled or changed, as a sentence."""
    return _fill(CHANGE[state], None, settings)


def refund(state: str, due_on: date, settings: Mapping[str, str]) -> str:
    """Where its refund stands, as a sentence."""
    return _fill(REFUND.get(state, NO_REFUND), due_on, settings)


def _fill(sentence: str, due_on: date | None, settings: Mapping[str, str]) -> str:
    defaults = {"late_days": "a few days", "refund_days": "a few days", "return_days": "the time for returns"}
    return sentence.format_map({**defaults, **settings, "day": day(due_on) if due_on else ""})
