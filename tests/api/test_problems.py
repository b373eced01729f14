"""What goes wrong is told as RFC 9457 says, whichever part of the server notices it; lists come in pages."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from supportbot.chat.sorting import Label
from supportbot.workspaces.models import Workspace
from tests.api.conftest import Machine, a_conversation


def problem(answer: Any) -> tuple[int, str]:
    """Status and code, once the rest is as it should be."""
    told = answer.json()
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert told["status"] == answer.status_code and told["type"] == "about:blank" and told["title"] and told["detail"]
    return answer.status_code, told["code"]


def test_every_kind_of_mistake_is_a_problem(robot: Machine) -> None:
    assert problem(robot.get("nothing/here")) == (404, "not_found")
    assert problem(Client().get("/api/")) == (404, "not_found")
    wrong = robot.ask("PATCH", "labels")
    assert problem(wrong) == (405, "method_not_allowed") and set(wrong.headers["Allow"].split(", ")) == {"GET", "POST"}
    assert problem(robot.get("labels?limit=1000")) == (422, "invalid")
    assert problem(robot.get("labels?cursor=nonsense")) == (422, "bad_cursor")
    assert problem(robot.get("contacts?email=%00")) == (422, "invalid")


def test_what_is_wrong_with_a_body_is_said_place_by_place(robot: Machine) -> None:
    answer = robot.post("labels", {"name": "", "colour": "gold", "size": 3})
    assert problem(answer) == (422, "invalid")
    assert {fault["pointer"] for fault in answer.json()["errors"]} == {"/body/name", "/body/colour", "/body/size"}
    unknown = robot.post("canned-responses", {"code": "hi", "title": "Hi", "body": "Hello {{customer}}"})
    assert problem(unknown) == (422, "invalid")
    assert "There is no variable {{customer}}." in unknown.json()["detail"]


@pytest.mark.parametrize(
    "body", ["{", "[" * 100_000, '{"name": NaN}', '{"name": "\\u0000"}', '{"name": "\\ud800"}', "3"]
)
def test_a_body_that_can_t_be_read_is_a_problem(robot: Machine, body: str) -> None:
    client = Client(headers={"Authorization": f"Bearer {robot.secret}"})
    answer = client.post("/api/v1/labels", body, content_type="application/json")
    assert problem(answer) in ((400, "bad_json"), (422, "invalid"))


def test_a_body_that_is_too_large_is_a_problem(robot: Machine) -> None:
    assert problem(robot.post("labels", {"name": "x" * 3_000_000})) == (413, "too_large")


def test_a_fault_of_ours_is_a_problem_without_details(robot: Machine) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE chat_label RENAME COLUMN colour TO color")
    answer = robot.get("labels")
    assert answer.json() | {"title": ""} == {
        "type": "about:blank",
        "title": "",
        "status": 500,
        "detail": "Something went wrong on our side. It has been logged; please try again.",
        "code": "failed",
    }


def test_pages_hold_every_row_once_while_others_come(robot: Machine, workspace: Workspace) -> None:
    begun = [a_conversation(workspace) for _ in range(5)]
    workspace.conversations.update(active_at=begun[0].active_at)
    seen: list[str] = []
    path = "conversations?limit=2"
    while path:
        page = robot.get(path).json()
        seen += [row["id"] for row in page["data"]]
        a_conversation(workspace, "Hello, I came later")
        path = f"conversations?limit=2&cursor={page['next']}" if page["next"] else ""
    assert sorted(seen) == sorted(str(one.id) for one in begun)


def test_the_document_is_openapi_with_webhooks(workspace: Workspace) -> None:
    told = Client().get("/api/v1/openapi.json").json()
    assert told["openapi"] == "3.1.0"
    assert told["webhooks"]["message.created"]["post"]["requestBody"]
    names = set(told["components"]["schemas"])
    used = {part.split('"')[0] for part in json.dumps(told).split('"#/components/schemas/')[1:]}
    assert used <= names


def test_labels_are_told_apart_by_their_letters_alone(robot: Machine) -> None:
    first = robot.post("labels", {"name": "VIP"})
    assert first.status_code == 201
    assert robot.post("labels", {"name": " vip "}).json() == first.json()
    assert Label.objects.count() == 1
