"""What a customer has a right to: all that is known of him is erased; that it was remains, without his data."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from supportbot.chat import drafts, events, sign_in, transcript
from supportbot.chat.announcements import Event, announce
from supportbot.chat.attachments import service as attachments
from supportbot.chat.attachments.service import Uploader
from supportbot.chat.models import ArticleDraft, Contact, Conversation, Message, SignIn
from supportbot.chat.visitors import Visitor
from supportbot.workspaces.models import AuditEntry, User, Workspace

ERASED = "contact.erased"


@transaction.atomic
def erase(visitor: Visitor) -> None:
    """Delete the visitor's contact and unsent files, on the own wish."""
    attachments.remove(Uploader(visitor.workspace, token_hash=visitor.token_hash))
    if contact := visitor.contact():
        erase_contact(contact)


@transaction.atomic
def erase_contact(contact: Contact, *, by: User | None = None) -> None:
    """Delete a contact with every conversation and file, and tell whoever looks on; without `by` the customer asks."""
    ids = _locked(contact)
    count = Message.objects.filter(conversation__in=ids).count()
    workspace = contact.workspace
    if contact.is_verified:
        sign_in.forget(SignIn.objects.in_workspace(workspace).filter(external_id=contact.external_id))
    details = {"by": "agent" if by else "customer", "conversations": [str(id_) for id_ in ids], "messages": count}
    AuditEntry.objects.create(workspace=workspace, actor=by, action=ERASED, target=str(contact.pk), details=details)
    announce(Event.CONTACT_ERASED, contact)
    own = ArticleDraft.objects.in_workspace(workspace).filter(key__in=[f"conversation:{id_}" for id_ in ids])
    own.exclude(state=ArticleDraft.State.APPROVED).delete()
    _delete(contact, ids)
    _unquote(workspace, {str(conversation_id) for conversation_id in ids})


@transaction.atomic
def erase_with_workspace(contact: Contact) -> tuple[list[UUID], dict[str, int]]:
    """The same for one whose whole workspace goes: nobody is told but who looks on. Conversations, rows by model."""
    ids = _locked(contact)
    return ids, _delete(contact, ids)


def erased_since(workspace: Workspace, at: datetime) -> list[str]:
    """The ids of the conversations that are gone, for who has missed the event."""
    entries = AuditEntry.objects.in_workspace(workspace).filter(action=ERASED, created_at__gte=at)
    return [id_ for ids in entries.values_list("details__conversations", flat=True) for id_ in ids]


def _locked(contact: Contact) -> list[UUID]:
    ids = list(contact.conversations.order_by("id").values_list("id", flat=True))
    for conversation_id in ids:
        transcript.locked(conversation_id)
    return ids


def _delete(contact: Contact, ids: list[UUID]) -> dict[str, int]:
    workspace_id = contact.workspace_id
    transaction.on_commit(lambda: _tell(workspace_id, ids))
    return contact.delete()[1]


def _unquote(workspace: Workspace, ids: set[str]) -> None:
    """Summaries of other conversations quote a sentence of those that were alike."""
    for other in Conversation.objects.in_workspace(workspace).exclude(summary={}).only("summary").iterator():
        similar = other.summary.get("similar") or []
        kept = [one for one in similar if one["id"] not in ids]
        if len(kept) != len(similar):
            Conversation.objects.filter(id=other.id).update(summary={**other.summary, "similar": kept})


def _tell(workspace_id: int, ids: list[UUID]) -> None:
    for conversation_id in ids:
        drafts.forget(conversation_id)
        frame = events.erased_frame(conversation_id)
        events.publish(events.conversation_group(conversation_id), frame)
        events.publish(events.inbox_group(workspace_id), frame)
