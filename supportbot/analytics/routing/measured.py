"""How far the installed checkpoint's experts specialise, as `training.specialise` stored it beside the weights."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass

from supportbot.chat.experts import Checkpoint, Expert

FILE = "specialisation.json"
POOL = "25"  # percent of the experts
FLOOR = 0.001  # nats a token; a lower rise is not told from none


@dataclass(frozen=True)
class Own:
    """A category's own expert: its lift over chance, and what a reply loses without it, in nats a token."""

    category: str
    expert: Expert
    lift: float
    own: float
    others: float

    @property
    def ratio(self) -> float:
        """The loss of the category's own replies by that of the others'."""
        return self.own / max(self.others, FLOOR)


@dataclass(frozen=True)
class Measured:
    """On `messages` held-out messages; information from 0 to 1, losses in percent."""

    messages: int
    words: float
    replies: float
    lift: float
    ratio: float
    pool: float
    wrong_pool: float
    rows: list[Own]


@dataclass(frozen=True)
class Loss:
    """What a category's replies lose without an expert, in nats a token; `part` of a workspace's messages are its."""

    category: str
    rise: float
    part: float

    @property
    def times(self) -> float:
        """By how much each token of the right reply becomes less likely."""
        return math.exp(self.rise)

    @property
    def is_real(self) -> bool:
        """Whether it is told from nothing."""
        return self.rise >= FLOOR


def losses(checkpoint: Checkpoint, expert: int, mix: Mapping[str, float]) -> list[Loss]:
    """What each category loses without an expert, the most first; empty where nothing was measured of these weights."""
    try:
        data = json.loads((checkpoint.directory / FILE).read_text("utf-8"))
        if data["version"] != checkpoint.version:
            return []
        rises = zip(data["categories"], data["knock_out"][expert], strict=True)
        found = [Loss(str(name), float(rise), mix.get(name, 0.0)) for name, rise in rises]
        return sorted(found, key=lambda loss: -loss.rise)
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return []


def measured(checkpoint: Checkpoint) -> Measured | None:
    """None where nothing was measured of these very weights."""
    try:
        data = json.loads((checkpoint.directory / FILE).read_text("utf-8"))
        if data["version"] != checkpoint.version:
            return None
        rises, experts = data["knock_out"], checkpoint.experts(len(data["knock_out"]))
        rows = [
            Own(
                category,
                experts[own],
                data["lifts"][index]["value"],
                rises[own][index],
                (sum(rises[own]) - rises[own][index]) / (len(rises[own]) - 1),
            )
            for index, (category, own) in enumerate(zip(data["categories"], data["own"], strict=True))
        ]
        return Measured(
            messages=data["messages"],
            words=data["words"]["mean"]["value"],
            replies=data["replies"]["mean"]["value"],
            lift=data["lift"]["value"],
            ratio=data["ratio"]["value"],
            pool=data["kept"][POOL]["value"],
            wrong_pool=data["wrong_pool"]["value"],
            rows=rows,
        )
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return None
