"""An e-mail to agents who are away: what waits for them, where colleagues mention them, and which tasks are due.

At most once in the time that the agent has chosen, and only if something is new since the last one. An error is tried
again a little later; what a dead worker was sending is left to the next time.
"""

from __future__ import annotations

from datetime import timedelta
from email.utils import formataddr
from typing import Any

import structlog
from django.conf import settings
from django.core import signing
from django.core.mail import EmailMessage
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from supportbot.actions.models import Task
from supportbot.chat import events
from supportbot.chat.mail import name_in_mail, own_address
from supportbot.chat.models import Conversation, Mention
from supportbot.chat.refusals import Refused
from supportbot.workspaces.models import Member, User, Workspace

log = structlog.get_logger(__name__)
AFTER = timedelta(minutes=15)  # that something has waited, and that the agent has not been at the inbox
AGAIN = timedelta(minutes=10)  # after an error
PERIODS = {Member.Digest.HOURLY: timedelta(hours=1), Member.Digest.DAILY: timedelta(days=1)}
DUE = timedelta(hours=12)  # before its time a task is told
SHOWN = 20
SALT = "supportbot.digest"


def choose(*, workspace: Workspace, agent: User, digest: str) -> None:
    """How often the agent wants it; the inboxes are told."""
    if digest not in Member.Digest.values:
        raise Refused("bad_frame", f"A digest is one of: {', '.join(Member.Digest.values)}.")
    members = Member.objects.in_workspace(workspace).filter(user=agent)
    members.update(digest=digest, digest_due_at=None)
    for member in members.select_related("workspace"):
        events.publish(events.agent_group(workspace.pk, agent.pk), events.own_presence_frame(member))


def token_of(member: Member) -> str:
    """What turns this member's digest off, whoever has it."""
    return signing.dumps(member.pk, salt=SALT)


def member_of(token: str) -> Member | None:
    """Whose digest a token turns off."""
    try:
        return Member.objects.select_related("workspace", "user").filter(pk=signing.loads(token, salt=SALT)).first()
    except signing.BadSignature:
        return None


def due() -> list[int]:
    """The members to whom one goes out now."""
    now = timezone.now()
    since = Coalesce(OuterRef("digest_at"), OuterRef("user__date_joined"))
    waiting = _waiting(OuterRef("workspace"), OuterRef("user")).filter(waiting_since__gt=since)
    called = _called(OuterRef("workspace"), OuterRef("user")).filter(remark__created_at__gt=since)
    members = Member.objects.in_open_workspaces().exclude(digest=Member.Digest.OFF)
    free = members.filter(_is_free(now), user__is_active=True)
    away = free.filter(Q(seen_at=None) | Q(seen_at__lt=now - AFTER))
    tasks = _due(OuterRef("workspace"), OuterRef("user"))
    news = Exists(waiting) | Exists(called) | Exists(tasks)
    return list(away.filter(news).values_list("pk", flat=True)[:100])


def send(member_id: int) -> None:
    """Send one, if no other worker does."""
    now = timezone.now()
    member = Member.objects.select_related("workspace", "user").filter(pk=member_id).first()
    if member is None or member.digest not in PERIODS:
        return
    mine = Member.objects.filter(_is_free(now), pk=member_id, digest=member.digest)
    if not mine.update(digest_due_at=now + PERIODS[Member.Digest(member.digest)]):
        return
    tasks = list(_due(member.workspace, member.user).select_related("conversation__contact")[:SHOWN])
    try:
        _email(member, tasks).send()
    except Exception as error:
        log.warning("digest not sent", member=member_id, error=repr(error))
        Member.objects.filter(pk=member_id).update(digest_due_at=now + AGAIN)
    else:
        Member.objects.filter(pk=member_id).update(digest_at=now)
        Task.objects.filter(pk__in=[task.pk for task in tasks]).update(reminded_at=now)


def _is_free(now: Any) -> Q:
    return Q(digest_due_at=None) | Q(digest_due_at__lte=now)


def _waiting(workspace: Any, user: Any) -> QuerySet[Conversation]:
    """What the agent has and has not answered for a while."""
    rows = Conversation.objects.filter(workspace=workspace, assignee=user, is_spam=False)
    open_ = rows.filter(status=Conversation.Status.OPEN, handler=Conversation.Handler.AGENT)
    return open_.filter(waiting_since__lte=timezone.now() - AFTER).order_by("waiting_since")


def _called(workspace: Any, user: Any) -> QuerySet[Mention]:
    """Where the agent is mentioned and has not looked for a while."""
    rows = Mention.objects.filter(conversation__workspace=workspace, user=user, seen_at=None)
    return rows.filter(remark__created_at__lte=timezone.now() - AFTER).order_by("remark__created_at")


def _due(workspace: Any, user: Any) -> QuerySet[Task]:
    """The agent's tasks that are due soon or overdue, and of which no mail has told."""
    rows = Task.objects.filter(workspace=workspace, owner=user, reminded_at=None).alive()
    return rows.filter(due_at__lte=timezone.now() + DUE).order_by("due_at")


def _email(member: Member, tasks: list[Task]) -> EmailMessage:
    place, name = member.workspace, name_in_mail(member.workspace)
    waiting = list(_waiting(place, member.user).select_related("contact")[:SHOWN])
    called = list(_called(place, member.user).select_related("remark__user", "conversation__contact")[:SHOWN])
    parts = [f"Hello {member.user.get_short_name()},"]
    if waiting:
        lines = [f"{one.contact}, since {_time(place, one.waiting_since)}\n{_link(place, one)}" for one in waiting]
        parts.append("\n\n".join(["These customers wait for your answer:", *lines]))
    if called:
        lines = [
            f"{one.remark.user or 'Somebody'}, of {one.conversation.contact}\n{_link(place, one.conversation)}"
            for one in called
        ]
        parts.append("\n\n".join(["Colleagues mention you:", *lines]))
    if tasks:
        parts.append("\n\n".join(["These tasks of yours are due:", *(_task(place, task) for task in tasks)]))
    leave = settings.SITE_ADDRESS + reverse("inbox-digest", args=[token_of(member)])
    parts.append(f"You get this {member.digest} while you are away. To get it no more: {leave}")
    headers = {"List-Unsubscribe": f"<{leave}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    subject = f"{name}: {_count(len(waiting), 'customer')} waiting, {_count(len(called), 'mention')}"
    subject += f", {_count(len(tasks), 'task')} due" if tasks else ""
    sender = formataddr((name, own_address()))
    return EmailMessage(subject, "\n\n\n".join(parts), sender, [member.user.email], headers=headers)


def _link(place: Workspace, conversation: Conversation) -> str:
    page = reverse("inbox-conversation", args=[conversation.pk])
    return f"{settings.SITE_ADDRESS}{page}?{urlencode({'workspace': place.slug})}"


def _task(place: Workspace, task: Task) -> str:
    """What the bot made has the customer's words in it, which no mail tells."""
    name = "A task" if task.maker == Task.Maker.BOT else task.title
    whose = f", of {task.conversation.contact}" if task.conversation else ""
    page = (
        f"{settings.SITE_ADDRESS}{reverse('inbox-tasks')}?{urlencode({'workspace': place.slug, 'task': str(task.pk)})}"
    )
    return f"{name}{whose}, {'overdue since' if task.is_overdue else 'due'} {_time(place, task.due_at)}\n{page}"


def _time(place: Workspace, at: Any) -> str:
    return f"{at.astimezone(place.zone):%d %B, %H:%M}"


def _count(count: int, word: str) -> str:
    many = f"{SHOWN} or more" if count >= SHOWN else str(count)
    return f"{many} {word}{'' if count == 1 else 's'}"
