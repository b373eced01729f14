"""What was sent twice under one idempotency key was done once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connections

from supportbot.api.models import StoredAnswer
from supportbot.chat import erasing, services
from supportbot.chat.models import Message
from supportbot.workspaces.models import User, Workspace
from tests.api.conftest import Machine, a_conversation, a_shop, machine

HELLO = {"body": "Hello, Maya here."}


def test_a_repetition_gets_the_first_answer(robot: Machine, workspace: Workspace) -> None:
    path = f"conversations/{a_conversation(workspace).id}/messages"
    first, second = (robot.post(path, HELLO, Idempotency_Key="one") for _ in range(2))
    assert first.status_code == second.status_code == 201
    assert second.json() == first.json() and second.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    assert Message.objects.filter(author="agent").count() == 1
    assert robot.post(path, HELLO, Idempotency_Key="two").json()["id"] != first.json()["id"]


def test_another_request_under_the_same_key_is_refused(robot: Machine, workspace: Workspace) -> None:
    path = f"conversations/{a_conversation(workspace).id}/messages"
    robot.post(path, HELLO, Idempotency_Key="one")
    other = robot.post(path, {"body": "Something else"}, Idempotency_Key="one")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert robot.post(path, HELLO, Idempotency_Key="x" * 300).json()["code"] == "bad_idempotency_key"
    same_name = machine(workspace).post(path, {"body": "Of another machine"}, Idempotency_Key="one")
    assert same_name.status_code == 201


def test_what_was_refused_may_be_tried_again(robot: Machine, workspace: Workspace) -> None:
    talk = a_conversation(workspace)
    ada = User.objects.get(email="ada@fennmoor.example")
    services.take(conversation_id=talk.id, agent=ada)
    path = f"conversations/{talk.id}/messages"
    refused = robot.post(path, HELLO, Idempotency_Key="one")
    assert (refused.status_code, refused.json()["detail"]) == (409, "Ada has taken this conversation.")
    assert not StoredAnswer.objects.exists()
    services.release(conversation_id=talk.id, agent=ada)
    assert robot.post(path, HELLO, Idempotency_Key="one").status_code == 201


def test_what_was_answered_of_an_erased_contact_is_erased_too(robot: Machine, workspace: Workspace) -> None:
    erased, kept = a_conversation(workspace), a_conversation(workspace)
    for number, talk in enumerate((erased, kept)):
        robot.post(f"conversations/{talk.id}/notes", HELLO, Idempotency_Key=str(number))
    erasing.erase_contact(erased.contact)
    assert [stored.name for stored in StoredAnswer.objects.all()] == ["1"]


def test_of_many_at_the_same_moment_one_is_done(transactional_db: None) -> None:
    shop = a_shop("fennmoor")
    robot, path = machine(shop), f"conversations/{a_conversation(shop).id}/notes"

    def ask(_: int) -> Any:
        try:
            return robot.post(path, HELLO, Idempotency_Key="one")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(ask, range(4)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert shop.conversations.get().last_remark == 1
