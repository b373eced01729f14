"""Topics: messages of which the routing does not fit their category, put together by meaning once a day."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from supportbot.analytics import alike
from supportbot.analytics.models import Topic
from supportbot.chat.masking import Rules, anonymous
from supportbot.chat.models import Message, Routed
from supportbot.knowledge.retrieval import Embed
from supportbot.workspaces.models import AuditEntry, User, Workspace

WINDOW = timedelta(days=90)
MOST = 600  # strays that are looked at, the newest
SHOWN = 20
AGREED = 0.6  # of a group is routed like one category: then it is likely that one
SAME = 0.5  # of a dismissed group's messages in another one: then it is the same
GROWN = 1.5  # times its size: then it comes back


@dataclass(frozen=True)
class Shown:
    """A topic with the messages that are still there, each with its text masked."""

    topic: Topic
    messages: list[tuple[Message, str]]

    @property
    def is_mislabelled(self) -> bool:
        """Whether most of it is routed like one and the same category."""
        return self.topic.agreeing >= AGREED * self.topic.size

    @property
    def labels(self) -> list[tuple[str, int]]:
        """What triage called them, the most frequent first."""
        return Counter(message.category for message, _ in self.messages).most_common()


def find(workspace: Workspace, embed: Embed) -> None:
    """Replace the workspace's open topics by those of its last 90 days; what was dismissed stays so unless it grew."""
    rows = Routed.objects.in_workspace(workspace).filter(
        is_stray=True, generation__created_at__gte=timezone.now() - WINDOW
    )
    rows = rows.filter(generation__in_reply_to__conversation__is_spam=False).order_by("-generation")
    fields = ("nearest", "generation__in_reply_to__body", "generation__in_reply_to__language")
    latest = rows.select_related("generation__in_reply_to").only(*fields)[:MOST]
    strays = [row for row in latest if alike.says_enough(row.generation.in_reply_to.body)]
    said = [row.generation.in_reply_to for row in strays]
    groups = alike.groups(embed([message.body for message in said])) if strays else []
    made = []
    for own in groups:
        inside = [said[index] for index in own]
        others = [message for index, message in enumerate(said) if index not in set(own.tolist())]
        nearest, agreeing = Counter(strays[index].nearest for index in own).most_common(1)[0]
        ids = [str(message.id) for message in inside]
        name = alike.name_of(inside, others)
        made.append(
            Topic(workspace=workspace, size=len(own), messages=ids, name=name, nearest=nearest, agreeing=agreeing)
        )
    with transaction.atomic():
        ours = Topic.objects.in_workspace(workspace)
        ours.filter(is_dismissed=False).delete()
        Topic.objects.bulk_create(topic for topic in made if not _is_dismissed(topic, list(ours)))


def shown(workspace: Workspace) -> list[Shown]:
    """The largest open topics; one of which too few messages are left is none."""
    rows = list(Topic.objects.in_workspace(workspace).filter(is_dismissed=False)[:SHOWN])
    rules = Rules.of(workspace)
    found = alike.still_there(workspace, rows)
    filled = [Shown(row, [(m, anonymous(m.body, rules)) for m in own]) for row, own in zip(rows, found, strict=True)]
    return [one for one in filled if one.messages]


@transaction.atomic
def dismiss(topic: Topic, by: User) -> None:
    """Not to be shown again, unless it grows."""
    topic.is_dismissed = True
    topic.save(update_fields=["is_dismissed"])
    details = {"messages": topic.size, "name": topic.name}
    AuditEntry.objects.create(
        workspace=topic.workspace, actor=by, action="topic.dismissed", target=str(topic.pk), details=details
    )


def _is_dismissed(topic: Topic, dismissed: list[Topic]) -> bool:
    own = set(topic.messages)
    before = [other for other in dismissed if len(own & set(other.messages)) >= SAME * other.size]
    return any(topic.size < GROWN * other.size for other in before)
