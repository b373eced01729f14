"""A customer's session: the public key of a workspace and a token that the browser made. Nothing is stored before the
first message; of the token only its SHA-256 is."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlsplit

from django.db import transaction
from django.utils import timezone

from supportbot.chat.models import Contact, Conversation
from supportbot.chat.refusals import Refused
from supportbot.chat.words import LANGUAGES
from supportbot.workspaces.models import Workspace

TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
PAGE_LIMIT = 500
SEEN_EVERY = timedelta(hours=1)


@dataclass(frozen=True)
class Visitor:
    """Somebody in front of a widget."""

    workspace: Workspace
    token_hash: str
    page: str = field(default="", compare=False)
    language: str = field(default="", compare=False)

    def contact(self) -> Contact | None:
        """The contact, once the visitor has written."""
        return Contact.objects.in_workspace(self.workspace).filter(token_hash=self.token_hash).first()

    def conversation(self) -> Conversation | None:
        """The visitor's conversation, once there is one."""
        rows = Conversation.objects.in_workspace(self.workspace).select_related("workspace", "contact", "assignee")
        return rows.filter(contact__token_hash=self.token_hash).order_by("created_at").last()

    @transaction.atomic
    def begin(self) -> Conversation:
        """The visitor's conversation; the first time it is made, together with the contact."""
        contact, _ = Contact.objects.get_or_create(workspace=self.workspace, token_hash=self.token_hash)
        Contact.objects.select_for_update().get(id=contact.id)
        told = {name: value for name, value in (("page", self.page), ("language", self.language)) if value}
        if any(getattr(contact, name) != value for name, value in told.items()):
            Contact.objects.filter(id=contact.id).update(**told)
        return self.conversation() or Conversation.objects.create(workspace=self.workspace, contact=contact)


def identify(key: str, token: str, *, origin: str | None, host: str, page: str = "", language: str = "") -> Visitor:
    """Who is there, if the key, the page's origin and the token are right.

    The page is where the widget stands; it is kept without its query, and only if it is one of that origin. The
    language is what the widget speaks there.
    """
    workspace = Workspace.objects.filter(key=key).first()
    if workspace is None:
        raise Refused("unknown_workspace", "This chat is not set up: the page names an unknown workspace.")
    if origin is not None and not _is_allowed(origin, workspace.allowed_origins, host):
        raise Refused("origin_refused", "This chat may not be used on this page.")
    if not token:
        raise Refused("session_token_required", "The session token is missing.")
    if not TOKEN.fullmatch(token):
        raise Refused("session_token_invalid", "The session token is not valid.")
    is_of_origin = bool(origin) and page.startswith(f"{origin}/") and len(page) <= PAGE_LIMIT
    own_page = urlsplit(page)._replace(query="", fragment="").geturl() if is_of_origin else ""
    spoken = language if language in LANGUAGES else ""
    visitor = Visitor(workspace, hashlib.sha256(token.encode()).hexdigest(), own_page, spoken)
    if contact := visitor.contact():
        _keep_alive(contact)
    return visitor


def _keep_alive(contact: Contact) -> None:
    if contact.is_expired():
        raise Refused("session_expired", "This conversation has expired. You can begin a new one.")
    now = timezone.now()
    Contact.objects.filter(id=contact.id, seen_at__lt=now - SEEN_EVERY).update(seen_at=now)


def _is_allowed(origin: str, allowed: list[str], host: str) -> bool:
    if "*" in allowed or origin in allowed:
        return True
    return not allowed and urlsplit(origin).netloc == host
