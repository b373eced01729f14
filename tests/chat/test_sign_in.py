"""Identity verification: who the shop vouches for is known on every device, and nobody else gets in by claiming it."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import uuid4

import jwt
import pytest
from django.test import Client
from pytest_django import Settings

from supportbot.chat import context, events, organising, profile, services, sign_in
from supportbot.chat.models import Contact, Conversation, Message, SignIn
from supportbot.chat.refusals import Refused
from supportbot.chat.visitors import Visitor, identify
from supportbot.knowledge.models import Order
from supportbot.workspaces.models import AuditEntry, Member, User, Workspace

Sign = Callable[..., str]
PARTS = ("proactive_messages", "opening_times", "holidays", "hidden_patterns")  # of a workspace's page in the admin


@pytest.fixture
def workspace(db: None) -> Workspace:
    """A shop that signs its customers' tokens."""
    shop = Workspace.objects.create(name="Fennmoor", slug="fennmoor")
    shop.renew_identity_secret()
    return shop


@pytest.fixture
def sign(workspace: Workspace) -> Sign:
    """The shop's server: a token for a customer."""

    def make(sub: str = "7", secret: str = "", algorithm: str = "HS256", **claims: Any) -> str:
        now = int(time.time())
        said = {"sub": sub, "iat": now, "exp": now + 300, "jti": secrets.token_hex(8), "name": "Nora Quinn", **claims}
        said = {name: value for name, value in said.items() if value is not None}
        return jwt.encode(said, "" if algorithm == "none" else secret or workspace.identity_secret, algorithm)

    return make


Enter = Callable[..., Visitor]


@pytest.fixture
def enter(workspace: Workspace) -> Enter:
    """Somebody opens the chat in a browser of his own, or in one that has been here."""

    def open_chat(identity: str = "", token: str = "", shop: Workspace | None = None, **about: Any) -> Visitor:
        key, token = (shop or workspace).key, token or secrets.token_urlsafe(32)
        visitor = identify(key, token, origin=None, host="", identity=identity)
        return replace(visitor, about=profile.read(visitor.workspace, about)[0])

    return open_chat


def write(visitor: Visitor, body: str = "hello") -> Message:
    """The visitor writes."""
    return services.post_message(conversation_id=visitor.begin().id, body=body, client_id=uuid4())


def code_of(enter: Enter, *args: Any, **kwargs: Any) -> str:
    """Why the chat does not open."""
    with pytest.raises(Refused) as refused:
        enter(*args, **kwargs)
    return refused.value.code


def test_who_is_blocked_stays_so_when_the_shop_vouches_for_him(enter: Enter, sign: Sign, workspace: Workspace) -> None:
    token = secrets.token_urlsafe(32)
    conversation = write(enter(token=token)).conversation
    agent = User.objects.create_user("maya@fennmoor.example")
    organising.block(conversation_id=conversation.id, agent=agent, on=True)
    verified = enter(sign(), token)
    row = events.summary_frame(Conversation.objects.get(), "")["conversation"]
    assert row["contact"] == {"name": "Nora Quinn", "page": "", "verified": True, "blocked": True}
    assert row["updated_at"] > conversation.updated_at.isoformat()
    with pytest.raises(Refused) as refused:
        write(verified)
    assert refused.value.code == "blocked"


def test_order_of_a_verified_address_is_the_customers_and_no_other(
    enter: Enter, sign: Sign, workspace: Workspace
) -> None:
    days = {"placed_on": date(2026, 11, 1), "due_on": date(2026, 11, 5)}
    fields = {"state": "placed", "items": "one kettle", "total": "40.00", **days}
    for number, email in (("10021", "nora@home.example"), ("10022", "tom@home.example")):
        Order.objects.create(workspace=workspace, number=number, email=email, **fields)
    claimed = write(enter(email="nora@home.example"), "order 10021").conversation
    verified = write(enter(sign(email="Nora@home.example")), "order 10021").conversation
    assert not context.read(claimed, []).is_proven and context.read(verified, []).is_proven
    write(enter(sign()), "and order 10022")
    assert not context.read(verified, []).is_proven


def test_verified_customer_goes_on_at_another_device(enter: Enter, sign: Sign) -> None:
    message = write(enter(sign(email="nora@home.example")))
    elsewhere = enter(sign())
    assert elsewhere.conversation() == message.conversation
    contact = Contact.objects.get()
    assert (contact.name, contact.is_verified, contact.external_id) == ("Nora Quinn", True, "7")


def test_nothing_of_the_customer_is_stored_as_contact_before_the_first_message(enter: Enter, sign: Sign) -> None:
    enter(sign())
    assert not Contact.objects.exists()


def test_visitor_whom_the_shop_then_signs_in_keeps_what_he_wrote(enter: Enter, sign: Sign) -> None:
    token = secrets.token_urlsafe(32)
    message = write(enter(token=token, name="N."))
    assert enter(sign(), token=token).conversation() == message.conversation
    assert Contact.objects.get().name == "Nora Quinn"


def test_claimed_name_and_address_open_nothing_of_anybody(enter: Enter, sign: Sign) -> None:
    write(enter(sign(email="nora@home.example")), "a secret")
    stranger = enter(name="Nora Quinn", email="nora@home.example")
    assert stranger.conversation() is None
    write(stranger)
    contact = Contact.objects.get(external_id="")
    assert (contact.email, contact.is_verified, contact.verified_email) == ("nora@home.example", False, "")


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"secret": "ids_of-somebody-else-who-guesses-it-00000000"}, "identity_invalid"),
        ({"algorithm": "none"}, "identity_invalid"),
        ({"algorithm": "HS512"}, "identity_invalid"),
        ({"sub": None}, "identity_invalid"),
        ({"sub": ""}, "identity_invalid"),
        ({"jti": None}, "identity_invalid"),
        ({"iat": None}, "identity_invalid"),
        ({"exp": None}, "identity_invalid"),
        ({"email": "no address"}, "identity_invalid"),
        ({"iat": 1_000_000_000, "exp": 1_000_000_300}, "identity_expired"),
        ({"exp": int(time.time()) + 90_000}, "identity_too_long"),
    ],
)
def test_token_that_is_not_right_is_refused_with_its_reason(
    enter: Enter, sign: Sign, changed: dict[str, Any], code: str
) -> None:
    assert code_of(enter, sign(**changed)) == code
    assert not SignIn.objects.exists()


def test_clocks_may_differ_a_little(enter: Enter, sign: Sign) -> None:
    now = int(time.time())
    assert enter(sign(iat=now + 10, exp=now + 100)).external_id == "7"
    assert enter(sign(iat=now - 100, exp=now - 10)).external_id == "7"


def test_token_that_was_used_in_one_browser_opens_nothing_in_another(enter: Enter, sign: Sign) -> None:
    stolen, own = sign(), secrets.token_urlsafe(32)
    assert enter(stolen, token=own).external_id == enter(stolen, token=own).external_id == "7"
    assert code_of(enter, stolen) == "identity_replayed"


def test_another_customer_needs_a_new_session_of_the_browser(enter: Enter, sign: Sign) -> None:
    own = secrets.token_urlsafe(32)
    write(enter(sign(), token=own), "a secret")
    other = sign("8")
    assert code_of(enter, other, token=own) == "identity_changed"
    assert enter(other).conversation() is None


def test_signed_out_browser_opens_nothing_any_more(enter: Enter, sign: Sign, workspace: Workspace) -> None:
    own, used = secrets.token_urlsafe(32), sign()
    visitor = enter(used, token=own)
    write(visitor)
    sign_in.sign_out(workspace, visitor.token_hash)
    assert code_of(enter, token=own) == "session_expired"
    assert code_of(enter, used, token=own) == "identity_replayed"
    with pytest.raises(Refused):
        visitor.begin()
    assert not SignIn.objects.exclude(external_id="").exists()


def test_browser_that_signs_in_is_not_anonymous_in_its_other_tab(enter: Enter, sign: Sign) -> None:
    own = secrets.token_urlsafe(32)
    tab = enter(token=own)
    enter(sign(), token=own)
    with pytest.raises(Refused) as refused:
        tab.begin()
    assert refused.value.code == "session_changed"


def test_new_secret_ends_what_the_old_one_signed(enter: Enter, sign: Sign, workspace: Workspace) -> None:
    own, old = secrets.token_urlsafe(32), sign()
    enter(sign(), token=own)
    workspace.renew_identity_secret()
    assert code_of(enter, old) == "identity_invalid"
    assert code_of(enter, token=own) == "session_expired"


def test_secret_that_cannot_be_read_any_more_is_said_so(enter: Enter, sign: Sign, settings: Settings) -> None:
    token = sign()
    settings.SECRET_KEY = "another" * 8
    assert code_of(enter, token) == "identity_invalid"


def test_where_only_the_verified_may_chat_others_are_told_so(enter: Enter, sign: Sign, workspace: Workspace) -> None:
    open_before = enter()
    Workspace.objects.update(requires_identity=True)
    assert code_of(enter) == "identity_required"
    with pytest.raises(Refused) as refused:
        write(open_before)
    assert refused.value.code == "identity_required"
    write(enter(sign()))


def test_token_of_one_workspace_is_worth_nothing_in_another(enter: Enter, sign: Sign) -> None:
    write(enter(sign()))
    other = Workspace.objects.create(name="Other", slug="other")
    assert code_of(enter, sign(), shop=other) == "identity_invalid"
    other.renew_identity_secret()
    assert code_of(enter, sign(), shop=other) == "identity_invalid"
    assert enter(sign(secret=other.identity_secret), shop=other).conversation() is None


def test_address_typed_by_a_verified_customer_is_not_a_verified_one(enter: Enter, sign: Sign) -> None:
    visitor = enter(sign(email="nora@home.example"), email="mallory@evil.example")
    message = write(visitor)
    assert Contact.objects.get().has_verified_email
    services.leave_email(conversation_id=message.conversation_id, email="other@home.example")
    contact = Contact.objects.get()
    assert (contact.email, contact.verified_email) == ("other@home.example", "nora@home.example")
    assert not contact.has_verified_email


def test_administrator_makes_a_secret_that_is_shown_once_and_noted(client: Client, db: None) -> None:
    shop = Workspace.objects.create(name="Harbour", slug="harbour")
    ada = User.objects.create_user("ada@harbour.example", name="Ada")
    Member.objects.create(workspace=shop, user=ada, role=Member.Role.ADMIN)
    client.force_login(ada)
    path = f"/admin/workspaces/workspace/{shop.pk}/change/"
    empty = {f"{part}-{count}": "0" for part in PARTS for count in ("TOTAL_FORMS", "INITIAL_FORMS")}
    fields = {"name": "Harbour", "slug": "harbour", "key": shop.key, "language": "en", "colour": "#1c2420"}
    fields |= {
        "settings": "{}",
        "allowed_origins": "[]",
        "reserved": "[]",
        "time_zone": "UTC",
        "assignment": "off",
        "routing_days_kept": "90",
        **empty,
    }
    refused = client.post(path, {**fields, "requires_identity": "on"}).content.decode()
    assert "Make an identity secret first" in refused
    page = client.post(path, {**fields, "workspaces_workspace_make_identity_secret": "1"}, follow=True).content.decode()
    shop.refresh_from_db()
    assert shop.identity_secret in page and shop.identity_secret not in client.get(path).content.decode()
    assert shop.identity_secret not in shop.sealed_identity_secret
    entry = AuditEntry.objects.get(action="identity.secret_renewed")
    assert (entry.workspace, entry.actor) == (shop, ada) and shop.identity_secret not in str(entry.details)
    client.post(path, {**fields, "requires_identity": "on"})
    shop.refresh_from_db()
    assert shop.requires_identity
