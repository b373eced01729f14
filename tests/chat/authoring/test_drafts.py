"""Article drafts: written from what agents said, reviewed by a person, and articles that may have become wrong."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from inference.engine import Engine
from supportbot.chat.authoring import tasks
from supportbot.chat.authoring.general import general
from supportbot.chat.masking import Rules
from supportbot.chat.models import ArticleDraft, Contact, Conversation, Correction, Generation, Message
from supportbot.knowledge.models import Article, ArticleFeedback
from supportbot.workspaces.models import AuditEntry, Member, User, Workspace
from tests.chat.conftest import Publish, person

QUESTIONS = (
    "Hi, how do I assemble the garden chair?",
    "Is there a way to assemble my garden chair without tools?",
    "Can you tell me how the garden chair is put together?",
)
REPLIES = (
    "Hello Iris! Unfold the chair on a flat floor. Then push the seat down until it clicks. "
    "No tools are needed for the garden chair. Your order 10023 is on its way. Best wishes, Maya",
    "Hi Iris. No tools are needed for the garden chair. Unfold the chair on a flat floor. "
    "Write to iris@web.example if a screw is missing. I have just sent you a new seat.",
    "No tools are needed for the garden chair, Iris. The chair holds 120 kg. Which chair is it?",
)
Pages = tuple[Client, ArticleDraft]


@pytest.fixture
def ada(workspace: Workspace) -> User:
    """An administrator."""
    ada = person(workspace, "Ada Moor")
    Member.objects.filter(user=ada).update(role=Member.Role.ADMIN)
    return ada


@pytest.fixture
def browser(ada: User) -> Client:
    """Hers."""
    client = Client()
    client.force_login(ada)
    return client


def resolved(workspace: Workspace, maya: User, said: Sequence[tuple[str, str]]) -> Conversation:
    """A conversation that went so, with a customer called Iris."""
    contact = Contact.objects.create(workspace=workspace, name="Iris", token_hash=uuid4().hex)
    talk = Conversation.objects.create(workspace=workspace, contact=contact, status="resolved", last_seq=len(said))
    for seq, (author, body) in enumerate(said, 1):
        by = maya if author == "agent" else None
        Message.objects.create(conversation=talk, seq=seq, author=author, body=body, user=by, category="product")
    return talk


def asked(browser: Client, talk: Conversation) -> ArticleDraft:
    """A draft of it, written."""
    browser.post(f"/admin/drafts/of/{talk.id}/")
    draft = ArticleDraft.objects.latest("pk")
    tasks.write(draft.pk)
    draft.refresh_from_db()
    return draft


def test_an_article_is_drafted_reviewed_and_published(
    workspace: Workspace, maya: User, ada: User, browser: Client, bot: Engine, knowledge: Publish
) -> None:
    there = knowledge("How the garden chair is assembled", "Assemble the garden chair on a floor.", language="en")
    pairs = zip(QUESTIONS, REPLIES, strict=True)
    talks = [resolved(workspace, maya, [("customer", asks), ("agent", says)]) for asks, says in pairs]
    draft = asked(browser, talks[0])
    ids = [str(talk.messages.get(seq=1).id) for talk in talks]
    ArticleDraft.objects.filter(pk=draft.pk).update(asked=ids, state="writing")
    tasks.write(draft.pk)
    draft.refresh_from_db()
    said = [line["text"] for line in draft.lines]
    assert draft.title == "How do I assemble the garden chair?"
    assert "1. Unfold the chair on a flat floor.\n2. Then push the seat down until it clicks." in draft.body
    assert sum("No tools are needed" in text for text in said) == 1
    assert not any(word in draft.body for word in ("Iris", "10023", "Maya", "web.example", "just sent", "Which chair"))
    once = next(line for line in draft.lines if "No tools" in line["text"])
    assert {source["id"] for source in once["sources"]} == {str(talk.id) for talk in talks}
    page = browser.get(f"/admin/drafts/{draft.pk}/").content.decode()
    assert page.index("You may already have this") < page.index("The text, as it would be published")
    assert there.title in page and f"/admin/chat/conversation/{talks[0].id}/change/" in page
    browser.post(f"/admin/drafts/{draft.pk}/", {"what": "into", "into": there.pk})
    draft.refresh_from_db()
    assert draft.article == there and draft.body.startswith(f"{there.body}\n\n## How do I assemble")
    assert "<ins>" in browser.get(f"/admin/drafts/{draft.pk}/").content.decode()
    browser.post(f"/admin/drafts/{draft.pk}/", {"what": "alone"})
    draft.refresh_from_db()
    form = {"title": draft.title, "body": draft.body.replace("flat floor", "dry floor")}
    assert "<del>" in browser.post(f"/admin/drafts/{draft.pk}/", {**form, "what": "show"}).content.decode()
    assert browser.post(f"/admin/drafts/{draft.pk}/", {**form, "body": " ", "what": "approve"}).status_code == 422
    assert not Article.objects.filter(title=draft.title).exists()
    browser.post(f"/admin/drafts/{draft.pk}/", {**form, "what": "approve"})
    article = Article.objects.public().get(title=draft.title)
    draft.refresh_from_db()
    assert "dry floor" in article.body and article.versions.get().author == ada
    assert (draft.state, draft.reviewer, draft.published) == ("approved", ada, article)
    assert 0 < (draft.distance or 0) < 1
    assert browser.post(f"/admin/drafts/{draft.pk}/", {"what": "reject", "reason": "no"}).status_code == 422
    entries = AuditEntry.objects.filter(action__startswith="article_draft.", actor=ada).values_list("action", flat=True)
    assert [*entries.order_by("id")] == [f"article_draft.{done}" for done in ("asked", "moved", "moved", "approved")]
    Contact.objects.all().delete()
    assert draft.title in browser.get("/admin/drafts/").content.decode() and not mail.outbox


def test_what_rests_on_nothing_is_not_written(
    workspace: Workspace, maya: User, browser: Client, bot: Engine, knowledge: Publish
) -> None:
    said = [("customer", "Where is my order 10023?"), ("agent", "I have looked. Your order is on its way, Iris.")]
    talk = resolved(workspace, maya, said)
    draft = asked(browser, talk)
    assert (draft.state, draft.body) == ("empty", "")
    assert "nothing to write from" in browser.get(f"/admin/drafts/{draft.pk}/").content.decode()
    open_talk = resolved(workspace, maya, said)
    Conversation.objects.filter(pk=open_talk.pk).update(status="open")
    assert browser.post(f"/admin/drafts/of/{open_talk.id}/").status_code == 404


def test_an_agent_asks_for_a_draft_beside_a_resolved_conversation(workspace: Workspace, maya: User) -> None:
    agent = Client()
    agent.force_login(maya)
    talk = resolved(workspace, maya, [("customer", QUESTIONS[0]), ("agent", REPLIES[0])])
    assert "An administrator reviews it" in agent.post(f"/inbox/{talk.id}/article/").content.decode()
    assert ArticleDraft.objects.get().requested_by == maya
    assert agent.get("/admin/drafts/").headers["Location"].startswith("/admin/login/")


def test_articles_that_may_be_wrong_are_listed_with_a_change(
    workspace: Workspace, maya: User, ada: User, browser: Client, knowledge: Publish, bot: Engine
) -> None:
    old = knowledge("Returns", "You can return unused goods within 14 days of delivery. Keep the box.")
    new = knowledge("Our promise", "You can return unused goods within 30 days of delivery.")
    chair = knowledge("The chair", "The garden chair holds 100 kg. It folds.")
    Article.objects.filter(pk=old.pk).update(updated_at=timezone.now() - timedelta(days=90))
    talk = resolved(workspace, maya, [("customer", "What does it hold?"), ("bot", "The garden chair holds 100 kg.")])
    first, answer = talk.messages.order_by("seq")
    Message.objects.filter(pk=answer.pk).update(sources=[{"title": chair.title, "url": chair.get_absolute_url()}])
    Generation.objects.create(in_reply_to=first, message=answer, act="answer", reason="found")
    right = "The garden chair holds 120 points. Cushions are sold apart, Iris."
    Correction.objects.create(message=answer, act="answer", category="product", reply=right, author=maya)
    for _ in range(3):
        ArticleFeedback.objects.create(article=new, visitor=uuid4().hex, helpful=False, comment="What of used goods?")
    tasks.look(workspace.pk)
    tasks.look(workspace.pk)  # proposes nothing twice
    found = {draft.origin: draft for draft in ArticleDraft.objects.all()}
    assert len(found) == ArticleDraft.objects.count() == 3
    against = found["contradiction"]
    assert (against.article, against.body.count("30 days"), against.body.count("14 days")) == (old, 1, 0)
    assert "Cushions are sold apart." in found["correction"].body and found["correction"].article == chair
    tasks.write(found["rating"].pk)
    page = browser.get(f"/admin/drafts/{found['rating'].pk}/").content.decode()
    assert "What of used goods?" in page and "No change could be worked out" in page
    page = browser.get(f"/admin/drafts/{against.pk}/").content.decode()
    assert new.title in page and "<del>" in page and "14 " in page
    old.refresh_from_db()
    old.body += " Ask us."
    old.save(by=ada)
    form = {"title": against.title, "body": against.body}
    answered = browser.post(f"/admin/drafts/{against.pk}/", {**form, "what": "approve"})
    assert answered.status_code == 422 and "was changed meanwhile" in answered.content.decode()
    browser.post(f"/admin/drafts/{against.pk}/", {**form, "what": "save"})
    browser.post(f"/admin/drafts/{against.pk}/", {**form, "what": "approve"})
    old.refresh_from_db()
    assert old.body == "You can return unused goods within 30 days of delivery. Keep the box.\n"
    assert old.versions.first().author == ada  # type: ignore[union-attr]
    browser.post(f"/admin/drafts/{found['correction'].pk}/", {"what": "reject", "reason": "She was wrong"})
    tasks.look(workspace.pk)
    assert not ArticleDraft.objects.filter(origin="correction", state="waiting").exists()
    assert "She was wrong" in browser.get("/admin/drafts/").content.decode()


@pytest.mark.parametrize(
    ("said", "plain"),
    [
        ("Hi Iris Miller,", "Hi,"),
        ("Please send it back, Iris.", "Please send it back."),
        ("Enter your order number 10023 on the page.", "Enter your order number on the page."),
        ("It goes to 12 Elm Road, Leeds LS1 4AB.", "It goes to your address."),
        ("Call +44 20 7946 0958 or iris@web.example.", "Call your telephone number or your e-mail address."),
        ("Write to help@shop.example.", "Write to help@shop.example."),
        ("Er wohnt in der Ahornstraße 5, 80331 München.", "Er wohnt in der your address."),
    ],
)
def test_what_belongs_to_one_customer_becomes_general(said: str, plain: str) -> None:
    assert general(said, Rules(), "Iris Miller", lambda words: words == "help@shop.example").text == plain
