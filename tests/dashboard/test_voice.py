"""The voice of a workspace: settled by administrators, followed by suggested replies, hinted at while agents write."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from supportbot.chat import services, suggested
from supportbot.chat.models import Conversation, SuggestionUse, Voice
from supportbot.knowledge.models import Article
from supportbot.workspaces.models import AuditEntry, User, Workspace
from tests.dashboard.test_views import signed_in

PAGE = "/admin/voice/"
WORDS = [
    ["package", "parcel"],
    ["an item", "a product"],
    ["item", "product"],
    ["sign up", "register"],
    ["Paket", "Sendung"],
    ["ups", "sorry"],
    ["cheap", ""],
]
PUT_RIGHT = {
    "Your package is here.": "Your parcel is here.",
    "Package and PACKAGE and packages": "Parcel and PARCEL and packages",
    "An item, or an item of items": "A product, or a product of items",
    "Sign\nup here, or sign up there": "Register here, or register there",
    "Das Paket ist da": "Das Sendung ist da",
    "😀 the package": "😀 the parcel",
}
LEFT_ALONE = [
    'You wrote "my package", and “the package”, and „ein Paket“.',
    "> where is my package\nIt is here.",
    "See https://shop.example/package and package.shop.example, or mail package@shop.example",
    "The code is package-10, PACKAGE10 or `package`, your tag #package",
    "We sell the Package Guard, and UPS brings it.",
    "Package Guard is what it is called. Dear Mr Package,",
    "{{package}}",
]


def settled(workspace: Workspace, **fields: Any) -> Voice:
    """A voice, with the words above."""
    return Voice.objects.create(workspace=workspace, **{"words": WORDS, **fields})


def looked_over(user: User, conversation: Conversation, text: str) -> dict[str, Any]:
    """What an agent is told of a reply."""
    told: dict[str, Any] = signed_in(user).post(f"/inbox/{conversation.id}/voice/", {"text": text}).json()
    return told


def saved(client: Client, **fields: str) -> str:
    """Fill in the page; the page that follows."""
    filled = {"tone": "neutral", "opening": "", "closing": "", "preferred": "", "avoided": "", **fields}
    return client.post(PAGE, filled, follow=True).content.decode()


def test_words_are_put_right_and_what_is_nobodys_to_reword_is_left_alone(maya: User, waiting: Conversation) -> None:
    settled(waiting.workspace)
    client, page = signed_in(maya), f"/inbox/{waiting.id}/voice/"
    for text, wanted in {**PUT_RIGHT, **dict(zip(LEFT_ALONE, LEFT_ALONE, strict=True))}.items():
        assert client.post(page, {"text": text}).json()["text"] == wanted
    waiting.contact.name = "Ann package"
    waiting.contact.save()
    assert client.post(page, {"text": "Thank you, package"}).json()["slips"] == [], "a customer's name"


def test_hints_name_the_word_its_place_and_what_is_too_long(maya: User, waiting: Conversation) -> None:
    settled(waiting.workspace, longest_sentence=5, longest_reply=20)
    told = looked_over(maya, waiting, "😀 Your package is cheap. " + "It is one two three four. " * 3)
    assert told["slips"] == [
        {"said": "package", "instead": "parcel", "start": 8, "end": 15},
        {"said": "cheap", "instead": "", "start": 19, "end": 24},
    ]
    assert told["advice"] == [
        "A sentence has 6 words. Try to stay below 6.",
        "This reply has 23 words. Try to stay below 21.",
    ]


def test_suggested_reply_and_rewritten_one_have_the_lines_of_the_workspace(maya: User, waiting: Conversation) -> None:
    settled(waiting.workspace, opening="Hi {{contact.first_name}},", closing="{{agent.name}}, {{contact.name|nobody}}")
    reply = {"text": "Open your package.", "title": "Returns", "url": "/help/"}
    Conversation.objects.filter(id=waiting.id).update(summary={**waiting.summary, "reply": reply})
    offered = "Hi,\n\nOpen your parcel.\n\nMaya, nobody"
    page = signed_in(maya).get(f"/inbox/{waiting.id}/facts/").content.decode()
    assert f'data-suggestion dir="auto">{offered}</p>' in page
    waiting.contact.name = "Kim Rowe"
    waiting.contact.save()
    assert looked_over(maya, waiting, "Here.")["text"] == "Hi Kim,\n\nHere.\n\nMaya, Kim Rowe"
    for text in ("Hello Kim, here it is.\n\nmaya, kim rowe", "Hi Kim,\n\nHere.\n\nMaya, Kim Rowe"):
        assert looked_over(maya, waiting, text)["text"] == text, "it greets, and ends so, already"

    where = {"conversation_id": waiting.id, "agent": maya}
    services.take(**where)
    suggested.insert(**where)
    services.post_message(**where, body="Hi Kim,\n\nOpen your parcel now.\n\nMaya, Kim Rowe", client_id=uuid4())
    use = SuggestionUse.objects.get()
    assert (use.text, use.distance) == (reply["text"], 2), "counted from what was offered"
    assert looked_over(maya, waiting, "And there.")["text"] == "And there.\n\nMaya, Kim Rowe", "greeted once"


def test_without_a_voice_nothing_changes_and_only_colleagues_are_told(
    maya: User, stranger: User, waiting: Conversation
) -> None:
    assert looked_over(maya, waiting, "Your package") == {"slips": [], "advice": [], "text": "Your package"}
    assert 'id="voice"' not in signed_in(maya).get("/inbox/").content.decode()
    settled(waiting.workspace)
    assert 'id="voice"' in signed_in(maya).get("/inbox/").content.decode()
    assert signed_in(stranger).post(f"/inbox/{waiting.id}/voice/", {"text": "package"}).status_code == 404
    assert signed_in(maya).get(f"/inbox/{waiting.id}/voice/").status_code == 405


def test_administrator_settles_the_voice_and_the_audit_log_tells_who_did(
    ada: User, maya: User, workspace: Workspace
) -> None:
    Article.objects.create(workspace=workspace, title="Boxes", slug="b", body="A cheap package.", status="published")
    Article.objects.create(
        workspace=workspace, title="Learnt", slug="l", body="cheap", status="published", kind="reply"
    )
    client = signed_in(ada)
    form = {
        "tone": "formal",
        "preferred": "package =  parcel \r\n\r\nshop = store",
        "avoided": "cheap",
        "longest_reply": "90",
    }
    page = saved(client, **form, opening="Dear {{contact.name|customer}},")
    voice = Voice.objects.get()
    assert (voice.workspace, voice.tone, voice.longest_reply) == (workspace, "formal", 90)
    assert voice.words == [["package", "parcel"], ["shop", "store"], ["cheap", ""]]
    assert "The voice was saved." in page and "Boxes" in page and "Learnt" not in page and "“cheap”, “package”" in page
    entry = AuditEntry.objects.get(action="voice.changed")
    assert entry.actor == ada and entry.details["changed"][0] == "tone" and "avoided" in entry.details["changed"]
    form["preferred"] = "package = parcel\r\nshop = store"
    assert "Nothing was changed." in saved(client, **form, opening="Dear {{contact.name|customer}},")
    tried = saved(client, **form, closing="{{agent.name}}", sample="Our shop is cheap.", **{"try": "yes"})
    assert "Our store is cheap.<br><br>Ada" in tried and "we never write “cheap”" in tried
    assert Voice.objects.get().closing == "", "tried, not saved"
    assert signed_in(maya).get(PAGE).status_code in (302, 403)


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"preferred": "package"}, "Line 1: write it as “package = parcel”."),
        ({"preferred": "a = b", "avoided": "A"}, "“A” stands there twice."),
        ({"preferred": "a = b\nb = c"}, "“b” has a word that is avoided itself."),
        ({"avoided": "x" * 61}, "is longer than 60 characters."),
        ({"avoided": "\n".join(map(str, range(201)))}, "These are 201 words; 200 are kept at most."),
        ({"opening": "Hi {{contact.nickname}}"}, "There is no variable {{contact.nickname}}."),
        ({"closing": "A cheap day", "avoided": "cheap"}, "It says “cheap”, which you avoid."),
        ({"longest_reply": "1"}, "greater than or equal to 20"),
        ({"tone": "rude"}, "Select a valid choice"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_lost(
    ada: User, workspace: Workspace, fields: dict[str, str], complaint: str
) -> None:
    page = saved(signed_in(ada), **fields)
    assert complaint in page and "Not saved." in page and not Voice.objects.exists()
    kept = next(iter(fields.values()))
    assert kept in page or kept == "rude"
