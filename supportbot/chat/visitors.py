"""A customer's session: the public key of a workspace and a token that the browser made, in which the shop may have
signed the customer in. No contact is stored before the first message; of the token only its SHA-256 is."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.db import transaction
from django.utils import timezone

from supportbot.chat import profile, sign_in
from supportbot.chat.announcements import Event, announce
from supportbot.chat.models import Browser, Contact, Conversation
from supportbot.chat.profile import About
from supportbot.chat.refusals import Refused
from supportbot.chat.words import LANGUAGES
from supportbot.workspaces.models import Workspace

TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
PAGE_LIMIT = 500
SEEN_EVERY = timedelta(hours=1)


@dataclass(frozen=True)
class Visitor:
    """Somebody in front of a widget. With an external id the shop vouches for who it is."""

    workspace: Workspace
    token_hash: str
    external_id: str = ""
    page: str = field(default="", compare=False)
    language: str = field(default="", compare=False)
    about: About = field(default=About(), compare=False)

    def contact(self) -> Contact | None:
        """The contact, once the visitor has written, here or, being verified, anywhere."""
        rows = Contact.objects.in_workspace(self.workspace)
        if self.external_id:
            return rows.filter(external_id=self.external_id).first()
        further = rows.filter(browsers__token_hash=self.token_hash, external_id="")
        return rows.filter(token_hash=self.token_hash).first() or further.first()

    def conversation(self) -> Conversation | None:
        """The visitor's conversation, once there is one."""
        rows = Conversation.objects.in_workspace(self.workspace).select_related("workspace", "contact", "assignee")
        return rows.filter(contact=self.contact()).order_by("created_at").last()

    @transaction.atomic
    def begin(self) -> Conversation:
        """The visitor's conversation; the first time it is made, together with the contact."""
        self.demand_identity()
        contact = self._locked_contact()
        told = {name: value for name, value in (("page", self.page), ("language", self.language)) if value}
        if any(getattr(contact, name) != value for name, value in told.items()):
            Contact.objects.filter(id=contact.id).update(**told)
        if conversation := self.conversation():
            return conversation
        conversation = begin_with(contact)
        profile.keep(conversation, self.about)
        return conversation

    def demand_identity(self) -> None:
        """Refuse whom the shop does not vouch for, or no longer; as of now, not as of `resume`."""
        rows = Workspace.objects.open().filter(id=self.workspace.id)
        requires_identity = rows.values_list("requires_identity", flat=True).first()
        if requires_identity is None:
            raise Refused("unknown_workspace", "This chat is closed.")
        if sign_in.signed_in(self.workspace, self.token_hash) != self.external_id:
            raise Refused("session_changed", "You signed in or out elsewhere.")
        if not self.external_id and Browser.objects.in_workspace(self.workspace).filter(
            token_hash=self.token_hash, contact__external_id__gt=""
        ):
            raise Refused("session_expired", "Sign in to see this conversation, or begin a new one.")
        if not self.external_id and requires_identity:
            raise Refused("identity_required", "Please sign in to chat with us.")

    def _demand_details(self) -> None:
        missing = [name for name in self.workspace.asked_before if not getattr(self.about, name)]
        if missing and self.workspace.demands_before:
            raise Refused("details_required", "Please tell us who you are first.")

    def _locked_contact(self) -> Contact:
        """Whoever waits here for a merge may have another contact after it."""
        rows = Contact.objects.select_for_update()
        return rows.filter(id=self._own_contact().id).first() or rows.get(id=self._own_contact().id)

    def _own_contact(self) -> Contact:
        if self.external_id:
            return sign_in.contact_of(self.workspace, self.external_id)
        if contact := self.contact():
            return contact
        self._demand_details()
        return Contact.objects.get_or_create(workspace=self.workspace, token_hash=self.token_hash)[0]


def begin_with(contact: Contact, **fields: Any) -> Conversation:
    """The first conversation of a contact."""
    conversation = Conversation.objects.create(workspace=contact.workspace, contact=contact, **fields)
    announce(Event.CONVERSATION_CREATED, conversation)
    return conversation


def identify(
    key: str,
    token: str,
    *,
    origin: str | None,
    host: str,
    page: str = "",
    language: str = "",
    identity: str = "",
) -> Visitor:
    """Who is there, if the key, the page's origin and the token are right.

    The page is where the widget stands; it is kept without its query, and only if it is one of that origin. The
    language is what the widget speaks there, `identity` a token that the shop has signed.
    """
    workspace = Workspace.objects.open().filter(key=key).first()
    if workspace is None:
        raise Refused("unknown_workspace", "This chat is not set up: the page names an unknown workspace.")
    place = _place(origin, page, host)
    if place is not None and not may_embed(workspace, place, host):
        raise Refused("origin_refused", "This chat may not be used on this page.")
    if not token:
        raise Refused("session_token_required", "The session token is missing.")
    if not TOKEN.fullmatch(token):
        raise Refused("session_token_invalid", "The session token is not valid.")
    is_of_place = bool(place) and page.startswith(f"{place}/") and len(page) <= PAGE_LIMIT
    own_page = urlsplit(page)._replace(query="", fragment="").geturl() if is_of_place else ""
    spoken = language if language in LANGUAGES else ""
    token_hash = hashlib.sha256(token.encode()).hexdigest()
    external_id = sign_in.sign_in(workspace, identity, token_hash) if identity else ""
    external_id = external_id or sign_in.signed_in(workspace, token_hash)
    visitor = Visitor(workspace, token_hash, external_id, own_page, spoken)
    visitor.demand_identity()
    if contact := visitor.contact():
        _keep_alive(contact)
    return visitor


def allows(key: str, origin: str, host: str) -> bool:
    """Whether a page of this origin may use the workspace's chat."""
    workspace = Workspace.objects.open().filter(key=key).first()
    return workspace is not None and may_embed(workspace, origin, host)


def _keep_alive(contact: Contact) -> None:
    if contact.is_expired():
        raise Refused("session_expired", "This conversation has expired. You can begin a new one.")
    now = timezone.now()
    Contact.objects.filter(id=contact.id, seen_at__lt=now - SEEN_EVERY).update(seen_at=now)


def may_embed(workspace: Workspace, origin: str, host: str) -> bool:
    """Whether pages of this origin may show the workspace's chat, which is served under this host."""
    allowed = workspace.allowed_origins
    return "*" in allowed or origin in allowed or (not allowed and urlsplit(origin).netloc == host)


def _place(origin: str | None, page: str, host: str) -> str | None:
    """The origin of the page in which the widget stands; our own frame speaks for that page, if it names one."""
    if urlsplit(origin or "").netloc != host:
        return origin
    there = urlsplit(page)
    return f"{there.scheme}://{there.netloc}" if there.netloc else None
