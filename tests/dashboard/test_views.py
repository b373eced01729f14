"""The inbox's pages: signing in, the views of the list, what stands beside a conversation."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from supportbot.chat import services, suggested
from supportbot.chat.models import Conversation, Correction, Generation, Message, SuggestionUse
from supportbot.chat.refusals import Refused
from supportbot.chat.visitors import identify
from supportbot.knowledge.models import Order
from supportbot.workspaces.models import Member, User, Workspace
from tests.dashboard.conftest import said


def signed_in(user: User) -> Client:
    """Their browser."""
    client = Client()
    client.force_login(user)
    return client


def rows(user: User, view: str) -> list[str]:
    """The conversations that a view shows."""
    answer = signed_in(user).get("/inbox/conversations/", {"view": view}).json()
    assert answer["counts"][view] == len(answer["rows"])
    return [row["id"] for row in answer["rows"]]


def test_an_agent_signs_in_with_e_mail_and_password(maya: User, client: Client) -> None:
    assert client.get("/inbox/").headers["Location"] == "/login/?next=/inbox/"
    wrong = client.post("/login/", {"login": "maya@fennmoor.example", "password": "guessed"})
    assert "not correct" in wrong.content.decode()
    right = {"login": "Maya@Fennmoor.example", "password": "maya-loves-tea", "next": "/inbox/"}
    answer = client.post("/login/", right, follow=True)
    assert answer.redirect_chain == [("/inbox/", 302)]
    assert "Maya Brandt" in answer.content.decode()


def test_guessing_passwords_is_stopped_in_plain_words(maya: User, client: Client) -> None:
    for spelling in ["maya@fennmoor.example", "Maya@Fennmoor.Example"] * 5:
        answer = client.post("/login/", {"login": spelling, "password": "guessed"})
    assert answer.status_code == 429
    assert "Too many attempts" in answer.content.decode()
    right = {"login": "maya@fennmoor.example", "password": "maya-loves-tea"}
    assert client.post("/login/", right).status_code == 429


@pytest.mark.parametrize("path", ["", "conversations/", "counts/", f"{UUID(int=1)}/", f"{UUID(int=1)}/facts/"])
def test_every_page_demands_a_login(workspace: Workspace, client: Client, path: str) -> None:
    answer = client.get(f"/inbox/{path}")
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/login/?next=")


def test_somebody_without_a_workspace_is_told_so(transactional_db: None) -> None:
    answer = signed_in(User.objects.create_user("new@fennmoor.example")).get("/inbox/")
    assert answer.status_code == 403
    assert "You are in no workspace yet" in answer.content.decode()


def test_the_views_show_who_has_what(maya: User, tom: User, workspace: Workspace) -> None:
    with_bot, waiting, mine, toms, done = (begin(workspace) for _ in range(5))
    services.request_agent(conversation_id=waiting.id, client_id=uuid4())
    services.take(conversation_id=mine.id, agent=maya)
    services.take(conversation_id=toms.id, agent=tom)
    services.resolve(conversation_id=done.id, agent=maya)
    assert rows(maya, "unassigned") == [str(waiting.id)]
    assert rows(maya, "mine") == [str(mine.id)]
    assert rows(maya, "all") == [str(row.id) for row in (toms, mine, waiting, with_bot)], "the newest change first"
    assert rows(maya, "resolved") == [str(done.id)]


def test_the_longest_waiting_customer_stands_first(maya: User, workspace: Workspace) -> None:
    first, second = begin(workspace), begin(workspace)
    for conversation in (first, second, first):
        services.request_agent(conversation_id=conversation.id, client_id=uuid4())
    assert rows(maya, "unassigned") == [str(first.id), str(second.id)]


def test_an_unknown_view_is_not_found(maya: User) -> None:
    assert signed_in(maya).get("/inbox/conversations/", {"view": "everything"}).status_code == 404


def test_an_agent_of_another_workspace_finds_nothing(stranger: User, waiting: Conversation) -> None:
    assert rows(stranger, "all") == []
    client = signed_in(stranger)
    assert client.get(f"/inbox/{waiting.id}/").status_code == 404
    assert client.get(f"/inbox/{waiting.id}/facts/").status_code == 404
    assert client.get("/inbox/", {"workspace": "fennmoor"}).status_code == 403


def test_with_several_workspaces_one_chooses(stranger: User, waiting: Conversation) -> None:
    assert 'id="switch"' not in signed_in(stranger).get("/inbox/").content.decode()
    Member.objects.create(workspace=waiting.workspace, user=stranger)
    client = signed_in(stranger)
    assert 'id="switch"' in client.get("/inbox/").content.decode()
    answer = client.get("/inbox/conversations/", {"view": "unassigned", "workspace": "fennmoor"})
    assert len(answer.json()["rows"]) == 1


def test_the_facts_tell_the_order_and_why_the_bot_did_so(maya: User, ada: User, waiting: Conversation) -> None:
    make_order(waiting.workspace)
    explain(waiting)
    page = signed_in(maya).get(f"/inbox/{waiting.id}/facts/").content.decode()
    for words in ("10023", "A Brisk kettle", "On its way to you", "Track order", "48 %", "below what this"):
        assert words in page
    assert "Earlier conversations" not in page and "Actions" not in page
    waiting.workspace.action_calls.create(
        conversation=waiting, action="cancel_order", arguments={"order_number": "10023"}, state="done"
    )
    other = Conversation.objects.create(workspace=waiting.workspace, contact=waiting.contact, status="resolved")
    page = signed_in(maya).get(f"/inbox/{waiting.id}/facts/").content.decode()
    assert f"/inbox/{other.id}/" in page and "Cancel order 10023" in page
    routing = f"/admin/routing/{waiting.id}/"
    assert routing not in page
    assert routing in signed_in(ada).get(f"/inbox/{waiting.id}/facts/").content.decode()


def test_what_becomes_of_a_suggestion_is_kept(maya: User, waiting: Conversation) -> None:
    where = {"conversation_id": waiting.id, "agent": maya}
    with pytest.raises(Refused):
        suggested.judge(**where, helpful=True)
    reply = {"text": "Open My orders and choose Return.", "title": "Returns", "url": "/help/"}
    Conversation.objects.filter(id=waiting.id).update(summary={**waiting.summary, "reply": reply})
    services.take(**where)
    suggested.judge(**where, helpful=False)
    suggested.judge(**where, helpful=True)
    suggested.insert(**where)
    page = signed_in(maya).get(f"/inbox/{waiting.id}/facts/").content.decode()
    assert 'data-judges="yes" aria-pressed="true"' in page
    for body in ("Please open My orders and choose Return, Kim.", "Anything else?"):
        services.post_message(**where, body=body, client_id=uuid4())
    kept = SuggestionUse.objects.get()
    assert (kept.user, kept.helpful, kept.text) == (maya, True, reply["text"])
    assert kept.message and kept.message.body.startswith("Please") and kept.distance == 4


def test_a_reply_is_explained_and_corrected(maya: User, ada: User, stranger: User, waiting: Conversation) -> None:
    explain(waiting)
    reply = Generation.objects.get().message
    page = f"/inbox/{waiting.id}/replies/{reply.seq}/"
    told = signed_in(maya).get(page).content.decode()
    for words in ("Handed off", "Track order", "48 %", "3f9c21ab", "below what this", "fixed words of the system"):
        assert words in told
    assert "/admin/routing/" not in told and "/admin/routing/" in signed_in(ada).get(page).content.decode()
    assert signed_in(stranger).get(page).status_code == 404
    form = {"act": "answer", "category": "delivery", "reply": "  ", "note": "It was known"}
    refused = signed_in(maya).post(page, form)
    assert refused.status_code == 422 and 'value="It was known"' in refused.content.decode()
    form["reply"] = "It is on its way."
    assert "Kept. It waits" in signed_in(maya).post(page, form).content.decode()
    kept = Correction.objects.get()
    assert (kept.author, kept.act, kept.reply) == (maya, "answer", "It is on its way.")
    assert "It is on its way." in signed_in(maya).get(page).content.decode()


def test_an_order_that_does_not_exist_is_named_as_such(maya: User, with_bot: Conversation) -> None:
    page = signed_in(maya).get(f"/inbox/{with_bot.id}/facts/").content.decode()
    assert "names order 10023, which this shop does not have" in page


def test_names_are_shown_as_text(maya: User, waiting: Conversation) -> None:
    waiting.contact.name = "<script>alert(1)</script>"
    waiting.contact.save()
    page = signed_in(maya).get(f"/inbox/{waiting.id}/facts/").content.decode()
    assert "&lt;script&gt;" in page
    assert "<script>" not in page


def test_the_page_carries_no_inline_script_or_style(maya: User, waiting: Conversation) -> None:
    answer = signed_in(maya).get(reverse("inbox-conversation", args=[waiting.id]))
    page = answer.content.decode()
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert "<style" not in page
    assert " style=" not in page
    assert page.count("<script") == page.count('<script type="module" src=')


def begin(workspace: Workspace) -> Conversation:
    """Another customer's conversation, with the bot."""
    return said(identify(workspace.key, f"{uuid4().hex}{uuid4().hex}"[:43], origin=None, host="testserver"), "Hello")


def make_order(workspace: Workspace) -> None:
    """Order 10023, on its way."""
    today = timezone.localdate()
    facts = {"placed_on": today, "due_on": today, "items": "a Brisk kettle", "total": "54.00", "invoice_number": "FM-1"}
    Order.objects.create(workspace=workspace, number="10023", state=Order.State.SHIPPED, **facts)


def explain(conversation: Conversation) -> None:
    """Record why the bot handed the first message off."""
    asked = conversation.messages.get(seq=1)
    Message.objects.filter(id=asked.id).update(category="delivery", intent="track_order", confidence=0.48)
    reply = conversation.messages.get(author=Message.Author.BOT)
    made = {"act": Generation.Act.HAND_OFF, "reason": "unsure", "model_version": "3f9c21ab"}
    Generation.objects.create(in_reply_to=asked, message=reply, **made)
