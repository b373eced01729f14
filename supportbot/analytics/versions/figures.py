"""How each version does with real customers: the latest replies of all workspaces, by the checkpoint that read them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median
from typing import Any
from uuid import UUID

from django.utils import timezone

from supportbot.analytics.models import Case, Outcome
from supportbot.chat.models import Generation, Message
from supportbot.workspaces.models import Workspace

DAYS = 7
MOST = 20_000  # replies; so the page costs the same on a large installation


@dataclass
class Figures:
    """One version's. A conversation counts for the version that answered it last."""

    conversations: set[UUID] = field(default_factory=set)
    seconds: list[float] = field(default_factory=list)
    helped: int = 0
    did_not_help: int = 0
    resolved: int = 0
    handed_over: int = 0

    @property
    def count(self) -> int:
        """How many conversations."""
        return len(self.conversations)

    @property
    def resolved_share(self) -> float:
        """Resolved by the bot, in percent."""
        return 100 * self.resolved / self.count

    @property
    def handed_share(self) -> float:
        """Handed over, in percent."""
        return 100 * self.handed_over / self.count

    @property
    def median_s(self) -> float:
        """From the customer's message to the reply."""
        return median(self.seconds)


def by_version(since: datetime | None = None) -> dict[str, Figures]:
    """Figures of the last days, or of the time since a canary began, by version."""
    begin = max(since or timezone.now() - timedelta(days=DAYS), timezone.now() - timedelta(days=DAYS))
    everybody = Workspace.objects.all()
    rows = Generation.objects.in_workspaces(everybody).filter(created_at__gte=begin).exclude(model_version="")
    names = ("model_version", "message__conversation_id", "message__verdict", "wait_s", "total_s")
    found: dict[str, Figures] = defaultdict(Figures)
    last: dict[UUID, str] = {}
    for name, conversation, verdict, wait_s, total_s in rows.order_by("-id").values_list(*names)[:MOST]:
        version = name.partition("+")[0]
        figures = found[version]
        figures.seconds.append(wait_s + total_s)
        figures.helped += verdict == Message.Verdict.HELPED
        figures.did_not_help += verdict == Message.Verdict.DID_NOT_HELP
        found[last.setdefault(conversation, version)].conversations.add(conversation)
    _settle(found, last, everybody, begin)
    return {version: figures for version, figures in found.items() if figures.count}


def _settle(found: dict[str, Figures], last: dict[UUID, str], everybody: Any, begin: datetime) -> None:
    """How the conversations ended, by the cases of analytics; of a conversation with several, the latest one."""
    cases = Case.objects.in_workspaces(everybody).filter(day__gte=begin.date() - timedelta(days=1))
    named = ("conversation_id", "outcome", "handed_off")
    ends = {
        conversation: (outcome, handed_off)
        for conversation, outcome, handed_off in cases.order_by("number").values_list(*named)
        if conversation in last
    }
    for conversation, (outcome, handed_off) in ends.items():
        figures = found[last[conversation]]
        figures.resolved += outcome in (Outcome.CONFIRMED, Outcome.ASSUMED)
        figures.handed_over += bool(handed_off)
