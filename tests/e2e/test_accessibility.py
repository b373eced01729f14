"""No page of the product breaks a rule of WCAG 2.2 AA that axe-core can check, in light and dark, wide and narrow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.customer import Customer
from tests.e2e.axe import DESKTOP, PHONE, violations
from tests.e2e.pages import PATIENCE, open_chat, said, say, sign_in, thread, visit
from tests.stack import EmbeddedStack

STILL = {"reduced_motion": "reduce"}
HELP = "help/fennmoor"
HELP_PAGES = {
    "help centre": f"{HELP}/",
    "collection": f"{HELP}/topics/delivery/",
    "article": f"{HELP}/articles/locked-out/",
    "search": f"{HELP}/search/?q=refund",
    "nothing found": f"{HELP}/search/?q=zzyzx",
    "missing page": f"{HELP}/nowhere/",
    "sign-in": "login/",
    "forgotten password": "login/forgotten/",
}
ADMIN_PAGES = {
    "admin": "admin/",
    "analytics": "admin/analytics/",
    "ask": "admin/analytics/ask/?q=csat+by+category",
    "quality": "admin/analytics/quality/",
    "agents and teams": "admin/analytics/people/",
    "counted conversations": "admin/analytics/conversations/",
    "evaluation": "admin/evaluation/",
    "who may use actions": "admin/actions/uses/",
    "voice": "admin/voice/",
    "new rule": "admin/rules/new/?example=angry",
    "new action": "admin/actions/customaction/add/",
    "new API key": "admin/api/apikey/add/",
    "new webhook": "admin/api/endpoint/add/",
    "translation": "admin/chat/translator/",
    "new translator": "admin/chat/translator/add/",
    "corrections": "admin/chat/correction/",
    "article drafts": "admin/drafts/",
    "suggested replies": "admin/chat/suggestionuse/",
    "imports": "admin/knowledge/import/",
    "new import": "admin/knowledge/import/add/",
    "models": "admin/models/",
    "routing": "admin/routing/",
    "routing of all conversations": "admin/routing/overall/",
    "topics": "admin/routing/topics/",
    "experts": "admin/routing/experts/",
    "an expert": "admin/routing/experts/3/",
    "plan and usage": "admin/plan/",
    "new invitation": "admin/workspaces/invitation/add/",
    "second factor": "account/second-factor/",
    "export and deletion": "admin/data/",
    "deletion of the workspace": "admin/data/fennmoor/delete/",
    "closed workspaces": "closed/",
}
ROWS = """
from supportbot.analytics.models import Topic
from supportbot.chat.models import ArticleDraft, Conversation
from supportbot.knowledge.models import Article
own = Conversation.objects.get(pk="%s")
ids = [str(message.pk) for message in own.messages.filter(author="customer")]
fields = dict(name="send something", size=len(ids), messages=ids, nearest="returns", agreeing=1)
Topic.objects.create(workspace=own.workspace, **fields)
article = Article.objects.in_workspace(own.workspace).public().first()
said = [{"text": "It folds.", "sources": [{"kind": "conversation", "id": str(own.pk)}], "otherwise": ["It bends."]}]
change = dict(article=article, before=article.body, title=article.title, body=article.body + " It folds.", lines=said)
near = [{"id": article.pk, "nearness": 0.7}]
ArticleDraft.objects.create(workspace=own.workspace, key="1", state="waiting", origin="gap", near=near, **change)
"""
DIALOGS = ("Snooze", "Edit labels", "Filter", "Hand back to the bot", "? Shortcuts", "Ctrl K Commands")


class Talk(NamedTuple):
    """A conversation that an agent has taken, and who looks at it."""

    id: str
    agent: Page


@pytest.fixture(scope="module")
def talk(browser: Browser, embedded_stack: EmbeddedStack) -> Iterator[Talk]:
    """The bot has answered, called people, and the administrator has taken over."""
    with Customer(embedded_stack.url) as customer:
        customer.accepted(customer.write("How do I send something back?"))
        customer.until(lambda: customer.complete > 1, what="the answer")
        customer.accepted(customer.write("My order is 10023, please. I want to talk to a person."))
        customer.until(lambda: customer.state["handler"] == "queue", what="the hand-off")
        assert customer.conversation
        with visit(browser, f"{embedded_stack.url}/inbox/{customer.conversation}/?view=all", **STILL) as page:
            sign_in(page, "admin")
            thread(page).get_by_role("button", name="Take over").click()
            expect(page.get_by_label("Your reply")).to_be_focused()
            yield Talk(customer.conversation, page)


def test_the_shop_with_the_widget_closed_and_open(browser: Browser, embedded_stack: EmbeddedStack) -> None:
    with visit(browser, f"{embedded_stack.url}/demo/", **STILL) as page:
        found = violations(page, "shop")
        open_chat(page)
        found += violations(page, "widget")
        say(page, "How do I send something back?")
        expect(said(page, "bot")).to_have_count(1, timeout=PATIENCE)
        found += violations(page, "widget with an answer")
        page.add_init_script("window.supportbotSettings = { frame: true }")
        page.goto(f"{embedded_stack.url}/demo/")  # where the chat is open again, as it was
        chat = page.frame_locator("supportbot-widget iframe")
        expect(chat.get_by_role("textbox", name="Your message")).to_be_visible()
        found += violations(page, "widget in a frame")
    assert found == []


def test_the_help_centre_and_signing_in(browser: Browser, embedded_stack: EmbeddedStack) -> None:
    with visit(browser, embedded_stack.url, **STILL) as page:
        assert list(_each(page, embedded_stack.url, HELP_PAGES)) == []


def test_the_inbox_its_conversation_and_its_dialogs(talk: Talk) -> None:
    page, found = talk.agent, violations(talk.agent, "conversation")
    page.set_viewport_size(PHONE)
    page.get_by_role("button", name="Details", exact=True).click()
    expect(page.get_by_role("heading", name="Contact")).to_be_visible()
    found += violations(page, "details")
    page.set_viewport_size(PHONE)
    page.get_by_role("button", name="Close details").click()
    page.set_viewport_size(DESKTOP)
    page.get_by_role("button", name="Why did the bot say this?").first.click()
    reply = page.get_by_role("dialog", name="Why did the bot say this?")
    expect(reply.get_by_text("What it rests on")).to_be_visible()
    found += violations(page, "why the bot said this")
    reply.get_by_label("Right reply").fill("Send it back within 31 days.")
    reply.get_by_role("button", name="Send for review").click()
    expect(reply.get_by_text("Kept. It waits")).to_be_visible()
    page.keyboard.press("Escape")
    expect(thread(page).get_by_text("Ada corrected the bot")).to_be_visible()
    for name in DIALOGS:
        page.get_by_role("button", name=name, exact=True).click()
        expect(page.get_by_role("dialog")).to_be_visible()
        found += violations(page, f"dialog {name}")
        page.keyboard.press("Escape")
    page.get_by_role("button", name="Assistant", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Summary").click()
    expect(page.get_by_role("dialog", name="Summary").locator("ins")).to_be_visible()
    found += violations(page, "summary")
    page.keyboard.press("Escape")
    page.get_by_label("New task").fill("Look for the parcel")
    page.get_by_label("New task").press("Enter")
    page.get_by_role("button", name="Look for the parcel", exact=True).click()
    expect(page.get_by_role("dialog", name="Task")).to_be_visible()
    found += violations(page, "task")
    page.keyboard.press("Escape")
    assert found == []


def test_the_inbox_while_one_searches_chooses_and_writes(talk: Talk) -> None:
    page, found = talk.agent, []
    page.get_by_role("button", name="Canned responses").click()
    expect(page.get_by_role("option").first).to_be_visible()
    found += violations(page, "canned responses in a reply")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Private note").click()
    found += violations(page, "private note")
    page.get_by_role("button", name="Choose several").click()
    found += violations(page, "several chosen")
    page.get_by_role("searchbox").fill("order")
    expect(page.locator("#results")).to_be_visible()
    found += violations(page, "search results")
    assert found == []


def test_the_pages_of_administrators(talk: Talk, embedded_stack: EmbeddedStack) -> None:
    own = {
        "canned responses": "inbox/canned/",
        "tasks": "inbox/tasks/?whose=all",
        "board of tasks": "inbox/tasks/?whose=all&shape=board",
        "empty inbox": "inbox/?view=spam",
        "conversation in the admin": f"admin/chat/conversation/{talk.id}/change/",
        "routing of a conversation": f"admin/routing/{talk.id}/",
    }
    correction = embedded_stack.rows("SELECT id FROM chat_correction")[0]["id"]
    own["correction"] = f"admin/chat/correction/{correction}/change/"
    embedded_stack.manage("shell", "-c", ROWS % talk.id)
    draft = embedded_stack.rows("SELECT id FROM chat_articledraft")[0]["id"]
    own["article draft"] = f"admin/drafts/{draft}/"
    with talk.agent.context.new_page() as page:
        assert list(_each(page, embedded_stack.url, {**own, **ADMIN_PAGES})) == []


def _each(page: Page, root: str, places: dict[str, str]) -> Iterator[str]:
    """What is wrong with any of these pages."""
    for what, path in places.items():
        page.goto(f"{root}/{path}")
        yield from violations(page, what, anew=path.startswith("admin/"))
