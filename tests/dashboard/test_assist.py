"""The assistant's dialog: other words as a difference, a summary, labels, a follow-up; every decision is kept."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest

from supportbot.actions.models import Task
from supportbot.chat import notes, suggested
from supportbot.chat.authoring import wording
from supportbot.chat.models import Conversation, Label, Message, SuggestionUse
from supportbot.workspaces.models import User, Workspace
from tests.dashboard.test_views import signed_in

STIFF = (
    "Hello Iris, I just wanted to let you know that we have received your request. In order to return the chair, "
    "please print the label and drop the parcel at any post office within 30 days. We apologise for the inconvenience. "
    "We will refund £40 to your card. Please do not hesitate to contact us if you have any further questions."
)


def posted(agent: User, talk: Conversation, **given: object) -> str:
    """What the dialog says then."""
    return signed_in(agent).post(f"/inbox/{talk.id}/assist/", given).content.decode()


def test_an_agent_takes_changes_and_rejects_what_is_proposed(maya: User, waiting: Conversation) -> None:
    talk = waiting
    assert "Write something first" in posted(maya, talk, kind="shorter", body=" ")
    page = posted(maya, talk, kind="shorter", body=STIFF)
    use = SuggestionUse.objects.get()
    assert "removed: " in page and "30 days" in use.text and "£40" in use.text and len(use.text) < len(STIFF)
    done = posted(maya, talk, proposal=use.pk, take="1")
    assert "data-done" in done and 'data-mode="same"' in done
    assert "decided before" in posted(maya, talk, proposal=use.pk, take="1")
    sent = Message.objects.create(conversation=talk, seq=90, author="agent", user=maya, body=f"{use.text} Bye")
    suggested.follow_up(sent, maya)
    use.refresh_from_db()
    assert use.message == sent and use.distance == 1 and 0 < (use.changed or 0) < 0.1
    posted(maya, talk, kind="formal", body="Hey! We can't do that.")
    other = SuggestionUse.objects.latest("pk")
    assert other.text == "Hello. We cannot do that."
    posted(maya, talk, proposal=other.pk, leave="1")
    other.refresh_from_db()
    assert other.rejected_at and not other.inserted_at
    german = "Das geht leider nicht, wir haben geschlossen."
    assert "no better way" in posted(maya, talk, kind="formal", body=german)


def test_summary_labels_and_follow_up(workspace: Workspace, maya: User, waiting: Conversation) -> None:
    talk = waiting
    Message.objects.create(conversation=talk, seq=50, author="customer", body="The invoice of my order 99 is wrong")
    Message.objects.create(conversation=talk, seq=51, author="agent", body="Sorry. I will call the warehouse at 9:30.")
    label = Label.objects.create(workspace=workspace, name="invoice")
    Label.objects.create(workspace=workspace, name="vip guest")
    page = posted(maya, talk, kind="summary")
    use = SuggestionUse.objects.latest("pk")
    assert "Agents said: I will call the warehouse at 9:30." in use.text and "added: " in page
    posted(maya, talk, proposal=use.pk, take="1")
    notes.post_note(conversation_id=talk.id, agent=maya, body=use.text, client_id=uuid4())
    use.refresh_from_db()
    assert use.changed == 0
    posted(maya, talk, kind="labels")
    use = SuggestionUse.objects.latest("pk")
    assert not talk.labels.exists() and use.text == "invoice"
    posted(maya, talk, proposal=use.pk, take="1")
    assert [*talk.labels.all()] == [label]
    posted(maya, talk, kind="follow_up")
    posted(maya, talk, proposal=SuggestionUse.objects.latest("pk").pk, take="1")
    task = Task.objects.get()
    assert "I will call the warehouse at 9:30." in task.title and task.owner == maya and task.due_at


@pytest.mark.parametrize("way", wording.WAYS)
def test_no_rewrite_loses_or_adds_a_fact(way: str) -> None:
    made = wording.reworded(STIFF, way, name="Iris Keller", asked="How do I return it?")
    assert made != STIFF or way == "formal"
    assert set(re.findall(r"\d+", made)) == {"30", "40"} and "£40" in made and "Iris" in made
    assert not wording.says_the_same("We do not ship there.", "We ship there.")
    assert not wording.says_the_same("It costs £4.", "It costs £5.")
