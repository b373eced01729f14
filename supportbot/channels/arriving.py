"""What all channels do alike with what a customer sent: whose it is, which files are taken, how long it may be."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

from supportbot.chat.attachments import service as attachments
from supportbot.chat.attachments.service import Uploader
from supportbot.chat.composing import BODY_LIMIT
from supportbot.chat.models import Contact
from supportbot.chat.refusals import Refused
from supportbot.workspaces.models import Workspace

File = tuple[str, Callable[[], bytes]]  # its name, and how it is got: Refused if it can't be


def token_hash(sender: str) -> str:
    """Of no token that a browser could have; the sender is `email:…` or `telegram:…`."""
    return hashlib.sha256(sender.encode()).hexdigest()


def known_contact(workspace: Workspace, sender_hash: str) -> Contact | None:
    """The sender's; never one for whom the shop vouches."""
    rows = Contact.objects.in_workspace(workspace).filter(external_id="")
    return rows.filter(token_hash=sender_hash).first() or rows.filter(browsers__token_hash=sender_hash).first()


def contact_of(workspace: Workspace, sender_hash: str, **about: Any) -> Contact:
    """The same; the first time it is made, with what is known `about` it."""
    known = known_contact(workspace, sender_hash)
    return known or Contact.objects.get_or_create(workspace=workspace, token_hash=sender_hash, defaults=about)[0]


def keep(uploader: Uploader, files: Iterable[File], what: str) -> tuple[list[UUID], list[str]]:
    """Upload what may be sent; the rest as lines for agents, which begin with `what`."""
    attachments.remove(uploader)  # what an attempt that ended halfway has left
    kept: list[UUID] = []
    refused = []
    for name, load in files:
        try:
            if len(kept) == attachments.MOST:
                raise Refused("too_many_files", f"A message may have {attachments.MOST} files.")
            kept.append(attachments.upload(uploader, name, load()).id)
        except Refused as refusal:
            refused.append(f"{what} {name} was not taken: {refusal}")
    return kept, refused


def shortened(body: str) -> str:
    """As much of it as a message may have."""
    return body if len(body) <= BODY_LIMIT else f"{body[: BODY_LIMIT - 1]}…"
