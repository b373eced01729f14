"""Content gaps: questions that no article answered, put together by meaning. A worker looks for them once a day.

A question counts if the bot gave it to people because it knew no answer, or if its answer did not help.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import numpy as np
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Sum
from django.utils import timezone
from numpy.typing import NDArray

from supportbot.analytics import alike
from supportbot.analytics.models import Case, Gap, Preferences
from supportbot.chat.models import Generation, Message
from supportbot.knowledge import retrieval
from supportbot.knowledge.models import Article
from supportbot.knowledge.retrieval import Embed
from supportbot.workspaces.models import Workspace

WINDOW = timedelta(days=90)
EVERY = timedelta(days=1)
MOST = 600  # questions that are looked at, the newest
UNKNOWN = ("unsure", "unsupported", "unknown_order")


@dataclass(frozen=True)
class Shown:
    """A gap with the questions that are still there, the most typical first, and the seconds that agents gave them."""

    gap: Gap
    questions: list[Message]
    agent_seconds: int


def unanswered(workspace: Workspace) -> QuerySet[Message]:
    """The questions, the newest first."""
    judged = Message.objects.filter(conversation=OuterRef("conversation"), in_reply_to=OuterRef("seq"))
    failed = Exists(judged.filter(verdict=Message.Verdict.DID_NOT_HELP))
    given_up = Exists(Generation.objects.filter(in_reply_to=OuterRef("pk"), act="hand_off", reason__in=UNKNOWN))
    asked = Message.objects.in_workspace(workspace).filter(
        author=Message.Author.CUSTOMER, created_at__gte=timezone.now() - WINDOW, conversation__is_spam=False
    )
    return asked.filter(failed | given_up).order_by("-created_at")


def due() -> list[int]:
    """The workspaces in which nobody has looked for a day."""
    return list(_waiting().values_list("workspace_id", flat=True))


def claim(workspace_id: int) -> bool:
    """Whether it is still to be done; from now on it counts as done, so that one worker does it."""
    return bool(_waiting().filter(workspace=workspace_id).update(gaps_at=timezone.now()))


def _waiting() -> QuerySet[Preferences]:
    """Without those whose articles are still being indexed: the nearest could not be found."""
    unread = Article.objects.filter(workspace=OuterRef("workspace"), index_due__isnull=False)
    overdue = Q(gaps_at=None) | Q(gaps_at__lt=timezone.now() - EVERY)
    return Preferences.objects.filter(overdue & ~Exists(unread))


def find(workspace: Workspace, embed: Embed) -> None:
    """Replace the workspace's gaps by those of its last 90 days."""
    asked = unanswered(workspace).only("id", "body", "language")[:MOST]
    questions = [question for question in asked if alike.says_enough(question.body)]
    made = []
    if len(questions) >= alike.SMALLEST:
        vectors = embed([question.body for question in questions])
        made = [_gap(workspace, questions, vectors, own, embed) for own in alike.groups(vectors)]
    with transaction.atomic():
        Gap.objects.in_workspace(workspace).delete()
        Gap.objects.bulk_create(made)


def shown(workspace: Workspace, limit: int, *, costly_first: bool = False) -> list[Shown]:
    """The largest gaps, or those that take agents most time; one whose questions were all erased is none."""
    gaps = list(Gap.objects.in_workspace(workspace).select_related("article"))
    found = list(zip(gaps, alike.still_there(workspace, gaps), strict=True))
    took = _agent_seconds(workspace, [message for _, own in found for message in own])
    filled = [Shown(gap, own, sum(took[c] for c in {m.conversation_id for m in own})) for gap, own in found if own]
    if costly_first:
        filled.sort(key=lambda one: -one.agent_seconds)
    return filled[:limit]


def _agent_seconds(workspace: Workspace, messages: Sequence[Message]) -> Counter[UUID]:
    """How long agents worked on each message's conversation since the earliest of the messages."""
    if not messages:
        return Counter()
    since = min(message.created_at for message in messages).date() - timedelta(days=1)  # wherever the workspace is
    own = Case.objects.in_workspace(workspace).filter(day__gte=since)
    cases = own.filter(conversation_id__in={message.conversation_id for message in messages})
    return Counter(dict(cases.values_list("conversation_id").annotate(Sum("agent_seconds"))))


def _gap(
    workspace: Workspace,
    questions: Sequence[Message],
    vectors: NDArray[np.float32],
    own: NDArray[np.int64],
    embed: Embed,
) -> Gap:
    typical = questions[own[0]]
    hits = retrieval.find(workspace, typical.body, embed=embed, language=typical.language[:2] or "en")
    nearest = max(hits, key=lambda hit: hit.cosine, default=None)
    return Gap(
        workspace=workspace,
        size=len(own),
        messages=[str(questions[index].id) for index in own],
        article=nearest.passage.article if nearest else None,
        nearness=nearest.cosine if nearest else None,
    )
