"""Identity verification: a shop vouches for its customer by a short-lived token that it signs (JWT, HS256).

A token signs in one browser, once: its `jti` belongs to the browser that used it first. The browser then stays signed
in for a day by its own token, until it signs out or the workspace's secret changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from hmac import compare_digest

import jwt
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from supportbot.chat import transcript
from supportbot.chat.models import Browser, Contact, SignIn
from supportbot.chat.refusals import Refused
from supportbot.workspaces.models import Workspace
from supportbot.workspaces.sealing import Unsealable

ALGORITHM = "HS256"
LEEWAY = timedelta(seconds=30)  # by which two clocks may differ
LONGEST = timedelta(hours=1)  # that a token may live
LASTS = timedelta(hours=24)  # that a browser stays signed in
ID_LIMIT = 128
NAME_LIMIT = 100


@dataclass(frozen=True)
class Person:
    """Who the shop says is there."""

    external_id: str
    jti: str
    name: str = ""
    email: str = ""


def read(workspace: Workspace, token: str) -> Person:
    """What a token says, if the shop has signed it and it is fresh."""
    try:
        claims = jwt.decode(
            token,
            _secret(workspace),
            algorithms=[ALGORITHM],
            leeway=LEEWAY,
            options={"require": ["sub", "jti", "iat", "exp"], "verify_aud": False},
        )
    except jwt.ExpiredSignatureError:
        raise Refused("identity_expired", "The identity token has expired.") from None
    except jwt.InvalidTokenError as error:
        raise Refused("identity_invalid", f"The identity token is not valid: {error}") from None
    if int(claims["exp"]) - int(claims["iat"]) > LONGEST.total_seconds():
        raise Refused("identity_too_long", "The identity token lives too long: sign one for an hour at most.")
    return Person(
        _text(claims, "sub", ID_LIMIT) or _refuse("sub is empty."),
        _text(claims, "jti", ID_LIMIT) or _refuse("jti is empty."),
        _text(claims, "name", NAME_LIMIT),
        _email(claims),
    )


@transaction.atomic
def sign_in(workspace: Workspace, token: str, token_hash: str) -> str:
    """Sign a browser in; the customer's external id.

    A browser that another customer is signed in to has to make a new token of its own first (`identity_changed`).
    """
    person = read(workspace, token)
    if signed_in(workspace, token_hash, strictly=False) not in ("", person.external_id):
        raise Refused("identity_changed", "Another customer was signed in here.")
    now, rows = timezone.now(), SignIn.objects.in_workspace(workspace)
    rows.filter(until__lt=now - LASTS).delete()  # the tokens themselves have expired long since
    fields = {"external_id": person.external_id, "name": person.name, "email": person.email}
    until = now + LASTS
    row, is_new = rows.get_or_create(
        workspace=workspace, jti=person.jti, defaults={**fields, "token_hash": token_hash, "until": until}
    )
    if not compare_digest(row.token_hash, token_hash) or row.external_id != person.external_id:
        raise Refused("identity_replayed", "The identity token was used already. Sign a new one for each sign-in.")
    if not is_new:
        rows.filter(id=row.id).update(until=until)
    _introduce(workspace, person, token_hash)
    return person.external_id


def signed_in(workspace: Workspace, token_hash: str, *, strictly: bool = True) -> str:
    """The external id of the customer who is signed in to this browser, or nothing.

    Strictly, a browser in which somebody was signed in and no longer is has to begin anew.
    """
    row = SignIn.objects.in_workspace(workspace).filter(token_hash=token_hash).order_by("until", "id").last()
    if row is None:
        return ""
    renewed_at = Workspace.objects.values_list("identity_secret_at", flat=True).get(id=workspace.id)
    is_void = renewed_at is not None and row.created_at < renewed_at
    if row.external_id and row.until > timezone.now() and not is_void:
        return row.external_id
    if strictly:
        raise Refused("session_expired", "You are no longer signed in. You can begin a new conversation.")
    return ""


def sign_out(workspace: Workspace, token_hash: str) -> None:
    """The browser's token opens nothing any more, and neither does any token that signed it in."""
    forget(SignIn.objects.in_workspace(workspace).filter(token_hash=token_hash))


def forget(rows: QuerySet[SignIn]) -> None:
    """Keep that these tokens were used, and nothing of the customer."""
    rows.update(external_id="", name="", email="")


def contact_of(workspace: Workspace, external_id: str) -> Contact:
    """The customer's contact; the first time it is made, with what the shop said at the last sign-in."""
    said = SignIn.objects.in_workspace(workspace).filter(external_id=external_id).order_by("created_at", "id").last()
    about = {"name": said.name, "email": said.email, "verified_email": said.email} if said else {}
    return Contact.objects.get_or_create(workspace=workspace, external_id=external_id, defaults=about)[0]


def _introduce(workspace: Workspace, person: Person, token_hash: str) -> None:
    """Bring the contact up to date; a visitor whom the shop did not know before becomes this customer."""
    rows = Contact.objects.in_workspace(workspace).select_for_update(of=("self",))
    contact = rows.filter(external_id=person.external_id).first() or rows.filter(token_hash=token_hash).first()
    contact = contact or rows.filter(browsers__token_hash=token_hash, external_id="").first()
    if contact is None:
        return
    if contact.token_hash not in ("", token_hash):  # of a browser that nobody has signed in
        Browser.objects.create(workspace=workspace, token_hash=contact.token_hash, contact=contact)
    contact.browsers.filter(token_hash=token_hash).delete()
    shown = str(contact), contact.is_verified
    if not contact.email or not contact.is_verified or contact.has_verified_email:
        contact.email = person.email or contact.email
    contact.external_id, contact.token_hash, contact.verified_email = person.external_id, "", person.email
    contact.name = person.name or contact.name
    contact.save(update_fields=["external_id", "token_hash", "verified_email", "email", "name"])
    if (str(contact), contact.is_verified) != shown:
        transcript.show_anew(contact.conversations.all())


def _secret(workspace: Workspace) -> str:
    try:
        return workspace.identity_secret or _refuse("This workspace has no identity secret yet.")
    except Unsealable as error:
        return _refuse(str(error))


def _text(claims: dict[str, object], name: str, limit: int) -> str:
    value = claims.get(name, "")
    if not isinstance(value, str) or len(value) > limit or "\x00" in value:
        _refuse(f"{name} must be text of at most {limit} characters.")
    return str(value).strip()


def _email(claims: dict[str, object]) -> str:
    email = _text(claims, "email", 254)
    try:
        if email:
            validate_email(email)
    except ValidationError:
        _refuse("email is not an address.")
    return email


def _refuse(why: str) -> str:
    raise Refused("identity_invalid", f"The identity token is not valid: {why}")
