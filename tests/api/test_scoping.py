"""Every route of the API's document, tried with a key of another workspace, with a lesser one, and with none."""

from __future__ import annotations

import re
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

import pytest

from supportbot.api.site import api
from supportbot.knowledge.models import Order
from supportbot.workspaces.models import Workspace
from tests.api.conftest import ALL, Machine, a_shop, machine, rows_of

FIGURES = re.compile(r"/models$|/analytics/|/usage$")  # have no rows; test_analytics.py and billing look at them
SENT = {"string": "text", "integer": 1, "number": 1, "boolean": True, "array": [], "object": {}}


class Route(NamedTuple):
    """One operation of the document."""

    method: str
    path: str
    scope: str
    body: Any

    def at(self, rows: dict[str, Any]) -> str:
        """Its address for these rows."""
        return re.sub(r"{(\w+)}", lambda match: str(rows[match[1]]), self.path).removeprefix("/api/v1/")


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document."""
    return dict(api.get_openapi_schema())


def routes() -> list[Route]:
    """All of them; a new one is tried without being named here."""
    return [
        Route(method.upper(), path, operation["security"][0]["Bearer"][0], _body(operation))
        for path, methods in document()["paths"].items()
        for method, operation in methods.items()
    ]


def _body(operation: dict[str, Any]) -> Any:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    return _example(content["schema"]) if content else None


def _example(schema: dict[str, Any]) -> Any:
    """The least that a schema takes."""
    if "$ref" in schema:
        return _example(document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    if "anyOf" in schema:
        return _example(schema["anyOf"][0])
    if "enum" in schema or "const" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    if schema.get("type") == "object":
        return {name: _example(schema["properties"][name]) for name in schema.get("required", ())}
    if schema.get("type") == "array":
        return [_example(schema["items"])] * schema.get("minItems", 0)
    formats = {"date": "2030-01-31", "date-time": "2030-01-31T09:00:00Z", "uuid": str(UUID(int=1))}
    return formats.get(schema.get("format", "")) or SENT[schema["type"]]


WITH_ROW = [route for route in routes() if "{" in route.path and (route.method, route.scope) != ("PUT", "orders:write")]


@pytest.fixture
def stranger(db: None) -> Machine:
    """A machine that may do everything in another shop."""
    return machine(a_shop("other"))


def test_every_route_is_tried() -> None:
    assert len(routes()) > 40
    assert {route.scope for route in routes()} == set(ALL)


def test_another_workspace_s_key_finds_nothing(workspace: Workspace, stranger: Machine) -> None:
    rows = rows_of(workspace)
    for route in WITH_ROW:
        answer = stranger.ask(route.method, route.at(rows), route.body)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), route
    assert stranger.put("orders/10023", _order()).status_code == 201
    assert Order.objects.in_workspace(workspace).get().items == "a kettle", "the other shop has one of its own now"


def test_rows_of_another_workspace_can_t_be_named_in_a_body(workspace: Workspace, stranger: Machine) -> None:
    theirs, own = rows_of(workspace), rows_of(stranger.key.workspace)
    talk, articles = f"conversations/{own['conversation_id']}", {"slug": "a", "title": "A", "body": "A"}
    tried = [
        stranger.put(f"{talk}/assignee", {"agent": theirs["agent_id"]}),
        stranger.put(f"{talk}/team", {"team": theirs["team_id"]}),
        stranger.ask("PUT", f"{talk}/labels/{theirs['label_id']}"),
        stranger.post(f"{talk}/notes", {"body": "Look", "mentions": [theirs["agent_id"]]}),
        stranger.post("articles", {**articles, "collection": theirs["collection_id"]}),
        stranger.post("chat/completions", _question(theirs["conversation_id"])),
    ]
    assert [answer.status_code for answer in tried] == [404] * len(tried)


def test_lists_hold_the_own_workspace_s_rows_alone(workspace: Workspace, robot: Machine, stranger: Machine) -> None:
    rows_of(workspace)
    for route in routes():
        if route.method == "GET" and "{" not in route.path and not FIGURES.search(route.path):
            own = robot.get(route.at({})).json()["data"]
            others = stranger.get(route.at({})).json()["data"]
            named = [[row.get("id", row.get("number")) for row in page] for page in (own, others)]
            assert own or route.path.endswith("/audit-log"), route
            assert not set(named[0]) & set(named[1]), route


def test_a_key_without_the_scope_is_refused_and_without_a_key_everybody_is(workspace: Workspace) -> None:
    rows, nobody = rows_of(workspace), Machine(machine(workspace).key, "sk_guessed")
    before = workspace.conversations.get().updated_at
    for scope in ALL:
        lesser = machine(workspace, [other for other in ALL if other != scope], per_minute=1000)
        for route in (route for route in routes() if route.scope == scope):
            refused = lesser.ask(route.method, route.at(rows), route.body)
            assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing"), route
            unknown = nobody.ask(route.method, route.at(rows), route.body)
            assert (unknown.status_code, unknown.json()["code"]) == (401, "no_key"), route
            assert unknown.headers["WWW-Authenticate"] == "Bearer"
    assert workspace.conversations.get().updated_at == before


def _order() -> dict[str, Any]:
    days = {"placed_on": "2030-01-01", "due_on": "2030-01-05"}
    return {"state": "shipped", **days, "items": "a lamp", "total": "39.90", "invoice_number": "FM-1"}


def _question(conversation: Any) -> dict[str, Any]:
    words = [{"role": "user", "content": "And when?"}]
    return {"messages": words, "metadata": {"conversation": str(conversation)}}
