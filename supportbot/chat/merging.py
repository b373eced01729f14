"""Two conversations, of one contact or of two who are the same person, become one.

What was said moves, in the order of its time, into a conversation that takes the place of both: its id is new, so
whoever has an old one, with numbers of messages that no longer hold, asks again from the beginning. Old ids lead there.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from functools import partial
from heapq import merge as in_order
from uuid import UUID

from django.db import transaction
from django.db.models import ManyToOneRel, OneToOneRel, Q
from django.utils import timezone

from supportbot.actions.models import ActionCall
from supportbot.chat import drafts, events, tasks, transcript
from supportbot.chat.announcements import Event, announce
from supportbot.chat.models import (
    AgentDraft,
    Browser,
    Contact,
    Conversation,
    MergedConversation,
    Message,
    Milestone,
    Participant,
    Rating,
    Remark,
    TranscriptMail,
)
from supportbot.chat.refusals import NotYours, Refused
from supportbot.workspaces.models import AuditEntry, User

Status, Handler, Priority = Conversation.Status, Conversation.Handler, Conversation.Priority
STRENGTH = (Handler.BOT, Handler.QUEUE, Handler.AGENT)
BATCH = 200
IN_THEIR_WAY = (Message, Remark, Milestone, Participant, AgentDraft, Rating, MergedConversation)
Numbers = dict[UUID, list[int]]  # of each old conversation, by its old numbers from 0: the new ones


@transaction.atomic
def merge(*, conversation_id: UUID, other_id: UUID, agent: User) -> Conversation:
    """Make one conversation of two; the first one's contact stays, unless only the other is verified."""
    first, second = _both(conversation_id, other_id)
    _demand_mergeable(first, second, agent)
    for one in (first, second):
        transcript.silence_bot(one, "taken_over")
    contact = _one_contact(first.contact, second.contact)
    made = _joined(first, second, contact)
    said = _move_messages(made, first, second)
    _move_remarks(made, said, first, second)
    _move_milestones(made, said, first, second)
    _move_rest(made, first, second)
    count = Message.objects.filter(conversation=made).count()
    _settle(made)
    body = f"{agent.get_short_name()} merged the conversation of {second.contact} into this one"
    transcript.note_activity(made, body, agent)
    _replace(made, first, second)
    details = {"conversations": [str(first.id), str(second.id)], "messages": count}
    details["contacts"] = sorted({first.contact_id, second.contact_id})
    where = {"workspace": made.workspace, "target": str(made.id)}
    AuditEntry.objects.create(**where, actor=agent, action="conversation.merged", details=details)
    transcript.save(made)
    announce(Event.CONVERSATION_MERGED, made)
    transcript.show_anew(contact.conversations.exclude(id=made.id))
    transaction.on_commit(partial(_tell, made, (first.id, second.id)))
    return made


def _both(first_id: UUID, second_id: UUID) -> tuple[Conversation, Conversation]:
    """Locked, with their contacts, each kind in one order so that two merges never wait for each other."""
    ids = Conversation.objects.filter(id__in=[first_id, second_id]).values_list("contact_id", flat=True)
    contacts = {one.pk: one for one in Contact.objects.select_for_update().filter(id__in=list(ids)).order_by("id")}
    rows = Conversation.objects.select_for_update(of=("self",)).select_related("workspace", "contact")
    found = {row.id: row for row in rows.filter(id__in=[first_id, second_id]).order_by("id")}
    if len(found) != 2 or any(row.contact_id not in contacts for row in found.values()):
        raise Refused("not_found", "One of the two is gone or was merged meanwhile. Choose another.")
    for row in found.values():
        row.contact = contacts[row.contact_id]
    return found[first_id], found[second_id]


def _demand_mergeable(first: Conversation, second: Conversation, agent: User) -> None:
    if first.workspace_id != second.workspace_id:
        raise Refused("not_found", "There is no such conversation.")
    ids = {one.contact.external_id for one in (first, second)} - {""}
    if len(ids) > 1:
        raise Refused("forbidden", "Your site knows these two as different customers, so they stay apart.")
    for one in (first, second):
        if one.assignee_id not in (None, agent.pk):
            raise NotYours
        if one.is_spam:
            raise Refused("forbidden", "One of the two is marked as spam. Take it out of the spam first.")
        if one.action_calls.filter(state=ActionCall.State.CONFIRMED).exists():
            raise Refused("forbidden", "Something is being done for the customer right now. Try again in a moment.")


def _one_contact(first: Contact, second: Contact) -> Contact:
    """The contact that stays, with what only the other knew; the browsers of the other lead to it."""
    if first.pk == second.pk:
        return first
    kept, gone = (second, first) if second.is_verified and not first.is_verified else (first, second)
    for name in ("name", "email", "page", "language"):
        setattr(kept, name, getattr(kept, name) or getattr(gone, name))
    kept.attributes = {**gone.attributes, **kept.attributes}
    kept.created_at, kept.seen_at = min(kept.created_at, gone.created_at), max(kept.seen_at, gone.seen_at)
    kept.blocked_at = kept.blocked_at or gone.blocked_at
    kept.save()
    gone.browsers.update(contact=kept)
    if gone.token_hash:
        leads = Browser.objects.update_or_create
        leads(workspace=kept.workspace, token_hash=gone.token_hash, defaults={"contact": kept})
    gone.conversations.update(contact=kept)
    Contact.objects.filter(id=gone.pk).delete()
    return kept


def _joined(first: Conversation, second: Conversation, contact: Contact) -> Conversation:
    """A new row: who has the turn as in the one that people are further with, the rest from both."""
    base, other = sorted((first, second), key=lambda one: (one.status != Status.RESOLVED, _strength(one)))[::-1]
    latest = max((base, other), key=lambda one: one.active_at)
    kept = {field.attname: getattr(base, field.attname) for field in Conversation._meta.concrete_fields}
    made = Conversation(**{**kept, "id": Conversation._meta.pk.get_default(), "contact_id": contact.pk})
    made.contact, made.workspace = contact, first.workspace
    made.claim = made.claimed_until = None
    if base.status == Status.SNOOZED and other.status not in (Status.SNOOZED, Status.RESOLVED):
        made.wake()
    made.team_id = base.team_id or other.team_id
    made.priority = max((base.priority, other.priority), key=Priority.values.index)
    made.category, made.spoken = latest.category, latest.spoken
    for name in ("waiting_since", "with_people_since"):
        setattr(made, name, min((at for one in (base, other) if (at := getattr(one, name))), default=None))
    made.summary, made.note = base.summary or other.summary, base.note or other.note
    made.attributes = {**other.attributes, **base.attributes}
    made.active_at = latest.active_at
    made.save(force_insert=True)
    Conversation.objects.filter(id=made.id).update(created_at=min(first.created_at, second.created_at))
    made.created_at = min(first.created_at, second.created_at)
    made.labels.set({*first.labels.all(), *second.labels.all()})
    return made


def _strength(conversation: Conversation) -> int:
    return STRENGTH.index(Handler(conversation.handler))


def _move_messages(made: Conversation, *old: Conversation) -> list[Message]:
    """All of them, numbered anew in the order of their time; none overtakes another of its conversation."""
    rows = [list(one.messages.order_by("seq").only("seq", "created_at", "in_reply_to", "conversation")) for one in old]
    said = list(in_order(*rows, key=lambda message: message.created_at))
    numbers: Numbers = {one.id: [0] * (one.last_seq + 1) for one in old}
    for seq, message in enumerate(said, 1):
        numbers[message.conversation_id][message.seq] = seq
    counts = [(numbers[one.id], one) for one in old]
    made.last_seq = len(said)
    made.context_seq = max(new[one.context_seq] for new, one in counts)
    made.read_seq = min((_before(new, one.read_seq, len(said)) for new, one in counts))
    made.received_seq = min((_before(new, one.received_seq, len(said)) for new, one in counts))
    made.seen_seq = min((_before(new, one.seen_seq, len(said)) for new, one in counts))
    for seq, message in enumerate(said, 1):
        answered = message.in_reply_to
        message.in_reply_to = numbers[message.conversation_id][answered] if answered else None
        message.seq, message.conversation = seq, made
    Message.objects.bulk_update(said, ["seq", "conversation", "in_reply_to"], batch_size=BATCH)
    return said


def _before(new: Sequence[int], seen: int, last: int) -> int:
    """Up to where all was seen: to before the first of this conversation that was not."""
    return next((number - 1 for number in new[seen + 1 :] if number), last)


def _move_remarks(made: Conversation, said: list[Message], *old: Conversation) -> None:
    """Each below the message that was the last of both when it was made."""
    rows = [list(one.remarks.order_by("number")) for one in old]
    remarks = list(in_order(*rows, key=lambda remark: remark.created_at))
    times = [message.created_at for message in said]
    for number, remark in enumerate(remarks, 1):
        remark.number, remark.after = number, bisect_right(times, remark.created_at)
        remark.conversation = made
    Remark.objects.bulk_update(remarks, ["number", "after", "conversation"], batch_size=BATCH)
    made.last_remark = len(remarks)


def _move_milestones(made: Conversation, said: list[Message], *old: Conversation) -> None:
    times = [message.created_at for message in said]
    rows = list(Milestone.objects.filter(conversation__in=old))
    for milestone in rows:
        milestone.after, milestone.conversation = bisect_right(times, milestone.at), made
    Milestone.objects.bulk_update(rows, ["after", "conversation"], batch_size=BATCH)


def _move_rest(made: Conversation, first: Conversation, second: Conversation) -> None:
    """What has no number of its own; of two drafts by one agent one is made, of two ratings the later counts."""
    of_both = Q(conversation__in=[first.id, second.id])
    ActionCall.objects.filter(of_both).update(turn=None)
    TranscriptMail.objects.filter(of_both).update(last_seq=made.last_seq)
    _move_whatever_else(made, of_both)
    people = Participant.objects.filter(of_both).values_list("user", flat=True)
    joined = [Participant(conversation=made, user_id=user_id) for user_id in dict.fromkeys(people)]
    Participant.objects.bulk_create(joined)
    for draft in AgentDraft.objects.filter(of_both).order_by("pk"):
        twin = AgentDraft.objects.filter(conversation=made, user=draft.user_id, kind=draft.kind).first()
        body = f"{twin.body}\n\n{draft.body}" if twin else draft.body
        AgentDraft.objects.update_or_create(
            conversation=made, user_id=draft.user_id, kind=draft.kind, defaults={"body": body}
        )
    for older in list(Rating.objects.filter(of_both).order_by("-updated_at"))[1:]:
        transcript.note_activity(made, f"Rated {older.score} of 5 before. {older.comment}".strip())
        older.delete()
    Rating.objects.filter(of_both).update(conversation=made)


def _move_whatever_else(made: Conversation, of_both: Q) -> None:
    """Rows of every part of the product that belong to a conversation; where it has one at most, the newest."""
    for relation in Conversation._meta.get_fields(include_hidden=True):
        model = relation.related_model if isinstance(relation, ManyToOneRel) else None
        if model is None or model in IN_THEIR_WAY or model._meta.auto_created:
            continue
        rows = model._default_manager.filter(of_both)
        if isinstance(relation, OneToOneRel):
            rows = model._default_manager.filter(pk__in=list(rows.order_by("-pk").values_list("pk", flat=True)[:1]))
        rows.update(conversation=made)


def _settle(made: Conversation) -> None:
    """What waits for the assistant gets its answer, or waits for people where they have the turn."""
    waiting = made.messages.filter(outcome=Message.Outcome.PENDING)
    if made.handler == Handler.BOT:
        if last := waiting.order_by("seq").last():
            transaction.on_commit(partial(tasks.queue_reply, last.id))
    elif transcript.settle(made, Message.Outcome.BY_AGENT):
        made.waiting_since = made.waiting_since or timezone.now()


def _replace(made: Conversation, *old: Conversation) -> None:
    """The old rows are gone; their ids, and those that led to them, lead to the new one."""
    ids = [one.id for one in old]
    MergedConversation.objects.filter(into__in=ids).update(into=made)
    MergedConversation.objects.bulk_create(MergedConversation(id=id_, into=made) for id_ in ids)
    Conversation.objects.filter(id__in=ids).delete()


def _tell(made: Conversation, old: Sequence[UUID]) -> None:
    for id_ in old:
        drafts.forget(id_)
        events.publish(events.inbox_group(made.workspace_id), events.merged_frame(id_, made.id))
        events.publish(events.conversation_group(id_), events.moved_frame(id_))
