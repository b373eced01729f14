"""Conversations over the API: every change is what an agent's would be."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from supportbot.api.models import ApiChat
from supportbot.api.webhooks.models import Delivery, Endpoint
from supportbot.chat import feedback, services
from supportbot.chat.models import Attachment, Conversation, Milestone
from supportbot.chat.sorting import Label
from supportbot.workspaces.models import Team, User, Workspace
from tests.api.conftest import Machine, a_conversation, now


@pytest.fixture
def path(conversation: Conversation) -> str:
    """The conversation's address."""
    return f"conversations/{conversation.id}"


def test_a_conversation_is_told_with_all_that_was_said(robot: Machine, path: str, maya: User) -> None:
    told = robot.get(path).json()
    assert (told["status"], told["handler"], told["assignee"], told["spam"]) == ("pending", "bot", None, False)
    assert told["contact"]["name"].startswith("Visitor ") and told["contact"]["verified"] is False
    sent = robot.post(f"{path}/messages", {"body": "Hello, this is Maya."})
    assert sent.status_code == 201
    assert sent.json()["agent"] == {"id": maya.pk, "name": "Maya Brandt"}
    said = robot.get(f"{path}/messages").json()["data"]
    assert [(one["seq"], one["author"]) for one in said] == [(1, "customer"), (2, "system"), (3, "agent")]
    assert said[0]["body"] == "Where is order 10023?" and said[0]["outcome"] == "by_agent"
    assert [one["seq"] for one in robot.get(f"{path}/messages?after=2").json()["data"]] == [3]
    assert robot.get(path).json()["assignee"]["id"] == maya.pk


def test_a_reply_is_refused_in_words_while_another_agent_has_it(
    robot: Machine, conversation: Conversation, path: str
) -> None:
    services.take(conversation_id=conversation.id, agent=User.objects.get(email="ada@fennmoor.example"))
    refused = robot.post(f"{path}/messages", {"body": "Hello"})
    assert (refused.status_code, refused.json()["code"]) == (409, "already_taken")
    assert robot.post(f"{path}/resolve").json()["code"] == "not_yours"


def test_a_conversation_is_kept_in_order(robot: Machine, workspace: Workspace, path: str, maya: User) -> None:
    label = Label.objects.create(workspace=workspace, name="vip")
    team = Team.objects.create(workspace=workspace, name="Warehouse")
    until = timezone.now() + timedelta(days=1)
    assert robot.put(f"{path}/priority", {"priority": "urgent"}).json()["priority"] == "urgent"
    assert robot.ask("PUT", f"{path}/labels/{label.pk}").json()["labels"][0]["name"] == "vip"
    assert robot.ask("DELETE", f"{path}/labels/{label.pk}").json()["labels"] == []
    assert robot.put(f"{path}/team", {"team": team.pk}).json()["handler"] == "queue", "the assistant had it"
    assert robot.put(f"{path}/assignee", {"agent": maya.pk}).json()["assignee"]["id"] == maya.pk
    assert robot.put(f"{path}/assignee", {"agent": None}).json()["assignee"] is None
    snoozed = robot.put(f"{path}/snooze", {"until": until.isoformat()}).json()
    assert snoozed["status"] == "snoozed" and snoozed["snoozed_until"]
    assert robot.put(f"{path}/snooze", {"until": "2001-01-01T00:00:00Z"}).json()["code"] == "bad_time"
    assert robot.ask("DELETE", f"{path}/snooze").json()["status"] == "open"
    assert robot.put(f"{path}/spam", {"spam": True}).json()["spam"] is True
    assert robot.post(f"{path}/reopen").json()["code"] == "forbidden", "spam is taken out of the spam first"
    assert robot.put(f"{path}/spam", {"spam": False}).json()["status"] == "open"
    assert robot.post(f"{path}/resolve").json()["status"] == "resolved"
    assert robot.post(f"{path}/reopen").json()["status"] == "open"
    done = [line["body"] for line in robot.get(f"{path}/notes").json()["data"]]
    assert "Maya set the priority to urgent" in done and done[-1] == "Maya reopened the conversation"


def test_two_conversations_become_one_to_which_both_ids_lead(
    robot: Machine, workspace: Workspace, conversation: Conversation, path: str, maya: User
) -> None:
    Endpoint.objects.create(workspace=workspace, address="https://shop.example/", events=["conversation.merged"])
    services.request_agent(conversation_id=conversation.id, client_id=uuid4())
    other = a_conversation(workspace, "And where is order 10024?")
    chat = ApiChat.objects.create(workspace=workspace, conversation=conversation, user="u1")
    file = Attachment.objects.create(
        workspace=workspace, conversation=other, user=maya, name="a.png", kind="image", content_type="image/png", size=1
    )
    made = robot.post(f"{path}/merge", {"other": str(other.id)}).json()
    assert set(made["merged"]) == {str(conversation.id), str(other.id)}
    assert robot.get(path).json() == robot.get(f"conversations/{other.id}").json() == made
    said = robot.get(f"{path}/messages").json()["data"]
    assert [one["author"] for one in said] == ["customer", "bot", "customer"]
    assert {one["conversation"] for one in said} == {made["id"]}
    assert robot.get(f"{path}/notes").json()["data"][-1]["body"].startswith("Maya merged")
    for row in (chat, file):
        row.refresh_from_db()
        assert str(row.conversation_id) == made["id"]
    (handed_off,) = Milestone.objects.filter(kind="handed_off")
    assert (str(handed_off.conversation_id), handed_off.after) == (made["id"], 2), "after the sentence that says so"
    (told,) = Delivery.objects.all()
    assert told.payload["data"]["conversation"]["id"] == made["id"]
    again = robot.post(f"conversations/{other.id}/merge", {"other": str(conversation.id)})
    assert again.status_code == 404, "they are one already"


def test_notes_are_for_agents_alone(robot: Machine, path: str, conversation: Conversation) -> None:
    ada = User.objects.get(email="ada@fennmoor.example")
    note = robot.post(f"{path}/notes", {"body": "Please look, Ada", "mentions": [ada.pk]})
    assert note.status_code == 201 and note.json()["mentions"] == [{"id": ada.pk, "name": "Ada Lindqvist"}]
    assert len(robot.get(f"{path}/messages").json()["data"]) == 1


def test_a_blocked_contact_is_refused(robot: Machine, path: str, conversation: Conversation) -> None:
    robot.put(f"{path}/block", {"blocked": True})
    assert robot.get(f"contacts/{conversation.contact_id}").json()["blocked"] is True
    robot.put(f"{path}/block", {"blocked": False})
    assert now(conversation).contact.blocked_at is None


def test_conversations_are_found_by_what_they_are(robot: Machine, workspace: Workspace, maya: User) -> None:
    label = Label.objects.create(workspace=workspace, name="vip")
    vip, spam, mine, plain = (a_conversation(workspace) for _ in range(4))
    vip.labels.add(label)
    robot.put(f"conversations/{spam.id}/spam", {"spam": True})
    services.take(conversation_id=mine.id, agent=maya)
    later = (timezone.now() + timedelta(days=1)).isoformat().replace("+", "%2B")

    def found(query: str) -> set[str]:
        return {row["id"] for row in robot.get(f"conversations?{query}").json()["data"]}

    assert found("") == {str(one.id) for one in (vip, mine, plain)}
    assert found(f"label={label.pk}") == {str(vip.id)}
    assert found("spam=true") == {str(spam.id)}
    assert found(f"assignee={maya.pk}&status=open&handler=agent") == {str(mine.id)}
    assert found(f"contact={plain.contact_id}&priority=medium") == {str(plain.id)}
    assert found(f"active_after={later}") == set()


def test_ratings_are_listed(robot: Machine, conversation: Conversation, maya: User) -> None:
    services.resolve(conversation_id=conversation.id, agent=maya)
    feedback.rate(conversation_id=conversation.id, score=4, comment="Quick")
    (rating,) = robot.get("ratings").json()["data"]
    assert (rating["score"], rating["comment"], rating["conversation"]) == (4, "Quick", str(conversation.id))


def test_calls_of_actions_are_listed(robot: Machine, conversation: Conversation) -> None:
    assert robot.get(f"action-calls?conversation={conversation.id}&action=cancel_order").json()["data"] == []
    assert robot.get(f"action-calls?conversation={uuid4()}").json() == {"data": [], "next": None}
