"""What a page and the customer say of themselves: name, address, attributes. Nobody has verified any of it.

It never finds a contact, and never touches the name or the address of one for whom the shop vouches.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from supportbot.chat import transcript
from supportbot.chat.attributes import Value, checked, merged
from supportbot.chat.masking import Rules, mask
from supportbot.chat.models import Contact, Conversation
from supportbot.chat.refusals import Refused
from supportbot.chat.storable import storable
from supportbot.workspaces.models import Workspace

NAME_LIMIT = 100


@dataclass(frozen=True)
class About:
    """As it came, checked and masked; it waits with the visitor until there is a contact."""

    name: str = ""
    email: str = ""
    attributes: Mapping[str, Value | None] = field(default_factory=dict)
    conversation: Mapping[str, Value | None] = field(default_factory=dict)


def read(workspace: Workspace, given: object) -> tuple[About, list[Refused]]:
    """What a frame says, as far as it can be kept, and why the rest can't."""
    if not isinstance(given, Mapping):
        return About(), []
    rules = Rules.of(workspace)
    readers: dict[str, Callable[[], Any]] = {
        "name": lambda: mask(_text(given, "name")[:NAME_LIMIT], rules),
        "email": lambda: _email(given),
        "attributes": lambda: checked(given.get("attributes") or {}, rules),
        "conversation": lambda: checked(given.get("conversation") or {}, rules),
    }
    parts, refusals = {}, []
    for name, part in readers.items():
        try:
            parts[name] = part()
        except Refused as refusal:
            refusals.append(refusal)
    return About(**parts), refusals


@transaction.atomic
def keep(conversation: Conversation, about: About) -> None:
    """Write it down; whoever looks at the conversation is told, if it was news."""
    if about == About():
        return
    row = transcript.locked(conversation.id)
    contact = Contact.objects.select_for_update().get(id=row.contact_id)
    news = _changes(contact, about)
    for name, value in news.items():
        setattr(contact, name, value)
    contact.save(update_fields=list(news))
    attributes = merged(row.attributes, about.conversation)
    if news or attributes != row.attributes:
        row.attributes, row.contact = attributes, contact
        transcript.save(row)


@transaction.atomic
def describe(contact_id: int, about: About) -> Contact:
    """Write down what the shop's server says of a contact, and show it in the inbox."""
    contact = Contact.objects.select_for_update().get(id=contact_id)
    news = _changes(contact, about)
    for name, value in news.items():
        setattr(contact, name, value)
    contact.save(update_fields=list(news))
    if news:
        transcript.show_anew(contact.conversations.all())
    return contact


def _changes(contact: Contact, about: About) -> dict[str, Any]:
    said: dict[str, Any] = {"attributes": merged(contact.attributes, about.attributes)}
    if not contact.is_verified:
        said |= {"name": about.name, "email": about.email}
    keeps = {"attributes"}
    return {name: value for name, value in said.items() if (value or name in keeps) and value != getattr(contact, name)}


def _text(given: Mapping[str, Any], name: str) -> str:
    value = given.get(name) or ""
    if not isinstance(value, str):
        raise Refused("bad_frame", f"{name} must be text.")
    return " ".join(storable(value).split())


def _email(given: Mapping[str, Any]) -> str:
    email = _text(given, "email")
    try:
        if email:
            validate_email(email)
    except ValidationError:
        raise Refused("bad_email", "This is not an e-mail address. Please check it.") from None
    return email
