"""Thresholds from what customers said of the assistant's answers: risk against coverage (El-Yaniv & Wiener 2010).

An answer counts as helpful by its own "Did this answer your question?", else by the rating of its conversation.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Q

from supportbot.chat.models import Generation, Message, Rating
from supportbot.evaluation.score import Figure, figure
from supportbot.workspaces.models import Workspace

STEP = 0.05
STEPS = tuple(round(step * STEP, 2) for step in range(20))
FEWEST = 20  # judged answers that a threshold is proposed from
DISLIKED = 2  # a rating of so much or less
VERDICTS = {Message.Verdict.HELPED: True, Message.Verdict.DID_NOT_HELP: False}


@dataclass(frozen=True)
class Judged:
    """How sure the assistant was of an answer, from 0 to 1, and whether it helped."""

    sureness: float
    helped: bool


@dataclass(frozen=True)
class Point:
    """A threshold: which share of the judged answers it lets through, and which share of these did not help."""

    threshold: float
    coverage: float
    risk: Figure


def judged(workspace: Workspace) -> dict[str, list[Judged]]:
    """The workspace's judged answers, by the name of the threshold that let them through."""
    found: dict[str, list[Judged]] = {"hand_off_below": [], "quote_from": []}
    answers = Generation.objects.in_workspace(workspace).filter(act=Generation.Act.ANSWER)
    said = Q(message__verdict__in=VERDICTS) | Q(message__conversation__rating__of=Rating.Of.BOT)
    rows = answers.filter(said).select_related("message__conversation__rating")
    for made in rows.defer("reading", "routing", "categories").iterator():
        helped = _helped(made.message)
        sureness = made.sureness if made.quoted else made.message.confidence
        if helped is not None and sureness is not None:
            found["quote_from" if made.quoted else "hand_off_below"].append(Judged(sureness, helped))
    return found


def curve(answers: Sequence[Judged]) -> list[Point]:
    """Risk and coverage at each threshold that stops one answer more than the step before.

    It begins at the least sure answer: of what a lower threshold would let through, nothing is known.
    """
    points: list[Point] = []
    least = min((answer.sureness for answer in answers), default=0.0)
    for threshold in (step for step in STEPS if step > round(least - STEP, 4)):
        through = [answer for answer in answers if answer.sureness >= threshold]
        if through and (not points or len(through) < points[-1].risk.count):
            risk = figure(not answer.helped for answer in through)
            points.append(Point(threshold, len(through) / len(answers), risk))
    return points


def proposed(points: Iterable[Point], risk: float) -> Point | None:
    """The lowest threshold with no more than this risk; None where too few answers, or none, say so."""
    enough = (point for point in points if point.risk.count >= FEWEST and point.risk.value <= risk)
    return min(enough, key=lambda point: point.threshold, default=None)


def _helped(message: Message) -> bool | None:
    """What the customer said of it, if anything."""
    if message.verdict in VERDICTS:
        return VERDICTS[Message.Verdict(message.verdict)]
    rating: Rating | None = getattr(message.conversation, "rating", None)
    if rating is None or rating.of != Rating.Of.BOT or DISLIKED < rating.score < Rating.POSITIVE:
        return None
    return rating.score >= Rating.POSITIVE
