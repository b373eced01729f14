"""What happened to a conversation is kept with its time, also after its row has forgotten it."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from supportbot.chat import breaches, feedback, organising, services
from supportbot.chat.models import Conversation, Message, SlaPolicy
from supportbot.workspaces.models import User, Workspace
from tests.chat.conftest import Write, now


def steps(conversation: Conversation) -> list[str]:
    """The milestones in order."""
    return [str(milestone) for milestone in conversation.milestones.all()]


def test_hand_over_sla_and_resolution(workspace: Workspace, write: Write, maya: User) -> None:
    SlaPolicy.objects.create(workspace=workspace, first_minutes=30, resolution_minutes=60, in_business_hours=False)
    conversation = write("Hello").conversation
    services.request_agent(conversation_id=conversation.id, client_id=uuid4())
    services.take(conversation_id=conversation.id, agent=maya)
    services.post_message(conversation_id=conversation.id, body="Hello", client_id=uuid4(), agent=maya)
    row = now(conversation)
    row.with_people_since -= timedelta(hours=2)  # type: ignore[operator]
    row.resolution_due_at -= timedelta(hours=2)  # type: ignore[operator]
    row.save()
    breaches.raise_alarms()
    services.resolve(conversation_id=conversation.id, agent=maya)
    assert steps(conversation) == ["handed_off asked", "kept reply", "missed resolution", "resolved"]


def test_taken_from_the_bot_and_given_back(write: Write, maya: User) -> None:
    conversation = write("Hello").conversation
    services.take(conversation_id=conversation.id, agent=maya)
    services.release(conversation_id=conversation.id, agent=maya)
    organising.assign(conversation_id=conversation.id, agent=maya, to_id=None)
    assert steps(conversation) == ["handed_off taken", "released", "handed_off assigned"]


def test_the_customer_says_that_it_helped(write: Write) -> None:
    conversation = write("Hello").conversation
    answer = conversation.messages.create(seq=2, author="bot", body="Hi", verdict=Message.Verdict.ASKED)
    Conversation.objects.filter(id=conversation.id).update(last_seq=2)
    feedback.judge_answer(conversation_id=conversation.id, seq=answer.seq, helped=True, client_id=uuid4())
    assert steps(conversation) == ["confirmed"]
