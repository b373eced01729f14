"""Whom a workspace's provider lets in, and what else such an account may do.

Whoever runs a provider can sign in as anybody it vouches for. So it opens accounts of people who work in that workspace
alone, and an account that it has opened joins no other one until it is released.
"""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.db import transaction

from supportbot.workspaces import limits, logins
from supportbot.workspaces.models import AuditEntry, Member, SignOn, User

NOT_HERE = "{name} says you are {email}, who does not work at {workspace}. Ask its administrators for an invitation."
ELSEWHERE = "{email} also works elsewhere. Please sign in with your password or passkey."
NO_ADDRESS = "{name} did not tell us your e-mail address. Ask whoever looks after it to release the claim “email”."
NO_SEAT = "All seats of {workspace} are taken. Ask its administrators to make room."
UNVERIFIED = "{name} has not verified that {email} is yours."


class NotLetIn(Exception):
    """Who comes from the provider is not let in; the message says why, in the user's words."""


def known(sign_on: SignOn, user: User) -> User:
    """The account that the provider has opened before. NotLetIn if it belongs there no longer."""
    if not _works_there_alone(user, sign_on):
        raise NotLetIn(_words(NOT_HERE if not user.memberships.exists() else ELSEWHERE, sign_on, user.email))
    return user


@transaction.atomic
def newcomer(sign_on: SignOn, email: str, name: str, *, is_unverified: bool) -> User:
    """The account of who comes for the first time, made if the workspace takes people of this domain. NotLetIn."""
    email = email.strip().lower()
    if not email:
        raise NotLetIn(_words(NO_ADDRESS, sign_on, email))
    if is_unverified:
        raise NotLetIn(_words(UNVERIFIED, sign_on, email))
    found = User.objects.filter(email=email).first()
    if found:
        return known(sign_on, found)
    if email.rpartition("@")[2] not in sign_on.domains:
        raise NotLetIn(_words(NOT_HERE, sign_on, email))
    if limits.objection(sign_on.workspace, limits.Kind.SEATS):
        raise NotLetIn(_words(NO_SEAT, sign_on, email))
    user = User.objects.create_user(email=email, password=None, name=name[:100])
    Member.objects.create(workspace=sign_on.workspace, user=user)
    entry = {"action": "member.signed_on", "target": str(user.pk), "details": {"email": email}}
    AuditEntry.objects.create(workspace=sign_on.workspace, actor=user, **entry)
    return user


def required_of(user: User) -> SignOn | None:
    """The provider at which the user has to sign in; None for who may do so here."""
    places = list(user.memberships.all()[:2])
    if user.is_superuser or len(places) != 1 or places[0].role == Member.Role.OWNER:
        return None
    return SignOn.objects.filter(workspace=places[0].workspace_id, enabled=True, is_required=True).first()


def objection(user: User) -> str:
    """Why this account may join no other workspace; empty if nothing is in the way."""
    if not SocialAccount.objects.filter(user=user).exists():
        return ""
    place = user.memberships.select_related("workspace").first()
    where = f" of {place.workspace}" if place else ""
    return f"{user.email} signs in by the single sign-on{where}, and such an account works there alone."


@transaction.atomic
def release(user: User) -> None:
    """The provider opens the account no longer; nor does any key, password or session of the time in which it did."""
    if not SocialAccount.objects.filter(user=user).delete()[0]:
        return
    Authenticator.objects.filter(user=user).delete()
    user.set_unusable_password()
    user.save(update_fields=["password"])
    logins.end(user, by=user)


def release_all(instance: SignOn, **_: Any) -> None:
    """Release everybody whom the provider has let in."""
    for user in User.objects.filter(socialaccount__provider=instance.reference).distinct():
        release(user)


def release_leaver(instance: Member, **_: Any) -> None:
    """Release who no longer works in the workspace."""
    release(instance.user)


def _works_there_alone(user: User, sign_on: SignOn) -> bool:
    places = [member.workspace_id for member in user.memberships.all()]
    return user.is_active and not user.is_superuser and places == [sign_on.workspace_id]


def _words(words: str, sign_on: SignOn, email: str) -> str:
    return words.format(name=sign_on.name, email=email, workspace=sign_on.workspace)
