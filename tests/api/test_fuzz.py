"""Schemathesis asks every route for things that nobody thinks of; `python -m benchmarks.fuzz` asks for many more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from supportbot.workspaces.models import Workspace
from tests.api.conftest import Machine, machine, rows_of

EXAMPLES = 3  # of each route, for each of valid and invalid requests
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
PATH = "/api/v1/openapi.json"


@pytest.fixture(autouse=True)
def one_connection() -> Iterator[None]:
    """The test's transaction lasts longer than a request."""
    ends = (request_started, request_finished)
    for signal in ends:
        signal.disconnect(close_old_connections)
    yield
    for signal in ends:
        signal.connect(close_old_connections)


def test_no_request_makes_the_api_fail(workspace: Workspace) -> None:
    schema = schemathesis.openapi.from_wsgi(PATH, get_wsgi_application())
    asked, robot = 0, machine(workspace, per_minute=10_000)
    for operation in (result.ok() for result in schema.get_all_operations()):
        if operation.path.endswith("/chat/completions"):
            continue  # waits for a worker
        rows = rows_again(workspace)
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            asked += _ask(operation, mode, robot, rows)
    assert asked > 200


def rows_again(workspace: Workspace) -> dict[str, Any]:
    """Something that can be found, made anew where an earlier request has deleted it."""
    workspace.conversations.all().delete()
    for kept in ("labels", "teams", "canned_responses", "articles", "collections", "orders"):
        getattr(workspace, kept).all().delete()
    return rows_of(workspace)


def _ask(operation: Any, mode: GenerationMode, robot: Machine, rows: dict[str, Any]) -> int:
    """Ask a route some times; half of the paths name a row that there is."""
    count = 0

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Case) -> None:
        nonlocal count
        count += 1
        if count % 2 and case.path_parameters:
            known = {name: rows[name] for name in case.path_parameters if name in rows}
            case.path_parameters = {**case.path_parameters, **{name: str(value) for name, value in known.items()}}
        case.call_and_validate(headers={"Authorization": f"Bearer {robot.secret}"}, checks=CHECKS)

    ask()
    return count
