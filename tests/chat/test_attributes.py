"""What a page says of a customer: typed, limited, masked, and shown to agents as they read it."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from supportbot.chat import attributes, profile, services
from supportbot.chat.masking import Rules
from supportbot.chat.models import Contact, Conversation
from supportbot.chat.refusals import Refused
from supportbot.chat.visitors import identify
from supportbot.dashboard.facts import facts_of
from supportbot.workspaces.models import User, Workspace


def test_values_are_shown_to_agents_as_people_read_them() -> None:
    given = {"plan": "Plus", "orders": 4, "is_member": True, "since": "2024-05-01", "seen": "2024-05-01T10:30:00.000Z"}
    shown = attributes.shown(attributes.checked(given, Rules()))  # type: ignore[arg-type]
    assert dict(shown) == {
        "Plan": "Plus",
        "Orders": "4",
        "Is member": "Yes",
        "Since": "1 May 2024",
        "Seen": "1 May 2024, 10:30",
    }


@pytest.mark.parametrize(
    "given",
    [
        ["a", "list"],
        {"list": ["a"]},
        {"object": {}},
        {"not a number": float("nan")},
        {"long": "x" * 501},
        {"": "no name"},
        {"x" * 41: "long name"},
        {"<b>": "markup"},
        {f"name{number}": number for number in range(31)},
    ],
)
def test_what_is_no_attribute_is_refused(given: Any) -> None:
    with pytest.raises(Refused, match=r"\w"):
        attributes.checked(given, Rules())


@pytest.mark.parametrize("card", ["4111 1111 1111 1111", 4111111111111111])
def test_attributes_are_masked_like_messages(card: object) -> None:
    assert attributes.checked({"card": card}, Rules()) == {"card": "[card number hidden]"}


def test_attributes_of_many_calls_are_limited_together_and_null_takes_one_away() -> None:
    kept = {f"name{number}": number for number in range(30)}
    assert len(attributes.merged(kept, {"name0": None, "new": "x"})) == 30
    with pytest.raises(Refused):
        attributes.merged(kept, {"one_more": 1})


def test_attributes_stand_beside_the_conversation_and_of_no_other_workspace(transactional_db: None) -> None:
    shop, other = (Workspace.objects.create(name=name, slug=name.lower()) for name in ("Fennmoor", "Harbour"))
    token = secrets.token_urlsafe(32)
    about = {"attributes": {"plan": "Plus"}, "conversation": {"basket": 74.9}}
    visitor = replace(identify(shop.key, token, origin=None, host=""), about=profile.read(shop, about)[0])
    said = profile.read(other, {"attributes": {"plan": "None"}})[0]
    stranger = replace(identify(other.key, token, origin=None, host=""), about=said)
    for one in (visitor, stranger):
        services.post_message(conversation_id=one.begin().id, body="hello", client_id=uuid4())
    conversation = Conversation.objects.in_workspace(shop).get()
    profile.keep(conversation, profile.read(shop, {"attributes": {"orders": 4}})[0])
    agent = User.objects.create_user("maya@fennmoor.example", name="Maya")
    facts = facts_of(Conversation.objects.in_workspace(shop).get(), agent)
    assert facts.contact_attributes == [("Orders", "4"), ("Plan", "Plus")]
    assert facts.conversation_attributes == [("Basket", "74.9")]
    assert Contact.objects.in_workspace(other).get().attributes == {"plan": "None"}
