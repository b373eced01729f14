"""Making categories from messages, and giving messages the category that they belong to. The audit log has both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from supportbot.chat.categories.models import TEXT_LIMIT, Category, Example
from supportbot.chat.corrections.models import CATEGORY
from supportbot.chat.experts import installed
from supportbot.chat.masking import Rules, anonymous
from supportbot.chat.models import Conversation, Message, Routed
from supportbot.chat.refusals import Refused
from supportbot.workspaces.models import AuditEntry, User, Workspace

LEAST = 3  # examples from which a category is recognised at all
NAME_LIMIT = 40


def known(workspace: Workspace) -> list[str]:
    """All categories that a message of the workspace may have."""
    own = Category.objects.in_workspace(workspace).values_list("name", flat=True)
    return sorted({*installed(workspace).categories, *own})


@transaction.atomic
def make(workspace: Workspace, name: str, messages: Sequence[Message], by: User) -> Category:
    """A new category with these messages, masked, as its examples; from now on they have it. Refused as it says."""
    name = name.strip().lower().replace(" ", "_").replace("-", "_")
    if not CATEGORY.match(name) or len(name) > NAME_LIMIT:
        raise Refused("bad_name", f"Name it with letters a to z, digits and spaces, at most {NAME_LIMIT}.")
    if name in known(workspace):
        raise Refused("taken", f"There is a category {name} already: choose it under “Belongs to”.")
    if len(messages) < LEAST:
        raise Refused("too_few", f"Keep at least {LEAST} examples; from fewer nothing can be recognised.")
    category = Category.objects.create(workspace=workspace, name=name)
    rules = Rules.of(workspace)
    texts = [(message, anonymous(message.body, rules)[:TEXT_LIMIT]) for message in messages]
    Example.objects.bulk_create(Example(category=category, message=message, text=text) for message, text in texts)
    _file(messages, name)
    _audit(workspace, by, "category.made", name, messages)
    return category


@transaction.atomic
def relabel(workspace: Workspace, name: str, messages: Sequence[Message], by: User) -> None:
    """They belong to a category that is known already."""
    if name not in known(workspace):
        raise Refused("unknown", "Choose a category.")
    _file(messages, name)
    _audit(workspace, by, "messages.relabelled", name, messages)


def _file(messages: Sequence[Message], name: str) -> None:
    """The intent that was read belonged to the other category; a conversation has that of its last message."""
    ids = [message.id for message in messages]
    Message.objects.filter(id__in=ids).exclude(category=name).update(category=name, intent="")
    Routed.objects.filter(generation__in_reply_to__in=ids).update(is_stray=False)
    for conversation in Conversation.objects.filter(id__in={message.conversation_id for message in messages}):
        last = conversation.messages.filter(author=Message.Author.CUSTOMER).exclude(category="").order_by("seq").last()
        if last and last.id in ids:
            Conversation.objects.filter(id=conversation.id).update(category=name)


def _audit(workspace: Workspace, by: User, action: str, name: str, messages: Sequence[Message]) -> None:
    details: dict[str, Any] = {"messages": len(messages)}
    AuditEntry.objects.create(workspace=workspace, actor=by, action=action, target=name, details=details)
