"""Signing up: who opens the link that was sent to their address gets a workspace of their own, once for each link."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.core.mail import EmailMessage
from django.db import transaction
from django.urls import reverse
from django.utils.text import slugify

from supportbot.workspaces.models import AuditEntry, Member, User, Workspace

SALT = "supportbot.sign-up"
LASTS = timedelta(days=1)
ACTION = "workspace.signed_up"


@dataclass(frozen=True)
class SignUp:
    """What somebody asked for; whether the address is theirs, the link shows."""

    email: str
    company: str
    number: str  # which tells one link from another


def send_link(email: str, company: str) -> None:
    """Send it; nothing is kept until it is opened. OSError or SMTPException if the mail server does not take it."""
    asked = [email.strip().lower(), " ".join(company.split()), secrets.token_hex(16)]
    address = settings.SITE_ADDRESS + reverse("sign-up-link", args=[signing.dumps(asked, salt=SALT)])
    text = (
        f"Hello,\n\nopen this within a day, and {asked[1]} has a chat for its customers:\n\n{address}\n\n"
        "If it was not you who asked for it, do nothing.\n"
    )
    EmailMessage("Your chat at Supportbot", text, to=[asked[0]]).send()


def sign_up_of(token: str) -> SignUp | None:
    """What a link stands for; None if it is forged, too old or used."""
    try:
        asked = SignUp(*signing.loads(token, salt=SALT, max_age=LASTS))
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return None if AuditEntry.objects.filter(action=ACTION, target=asked.number).exists() else asked


@transaction.atomic
def make_workspace(asked: SignUp, owner: User) -> Workspace:
    """The workspace, with its owner, before whom the first steps lie."""
    User.objects.select_for_update(no_key=True).get(pk=owner.pk)
    if used := AuditEntry.objects.filter(action=ACTION, target=asked.number).select_related("workspace").first():
        return used.workspace
    workspace = Workspace.objects.create(name=asked.company, slug=_free_slug(asked.company), has_first_steps=True)
    Member.objects.create(workspace=workspace, user=owner, role=Member.Role.OWNER)
    AuditEntry.objects.create(workspace=workspace, actor=owner, action=ACTION, target=asked.number)
    return workspace


def _free_slug(company: str) -> str:
    base = slugify(company)[:40].strip("-") or "workspace"
    taken = set(Workspace.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    return base if base not in taken else f"{base}-{secrets.token_hex(4)}"
