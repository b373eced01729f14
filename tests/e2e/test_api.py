"""Another machine speaks for customers, through OpenAI's protocol, to the assistant of a running product."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.servers import wait_until
from tests.stack import EmbeddedStack, document

KEY = "sk_only-for-the-tests-of-the-api"
SET_UP = f"""
from supportbot.api.models import ApiKey, Endpoint
from supportbot.workspaces.models import Workspace
shop = Workspace.objects.get(slug='fennmoor')
member = shop.members.get(user__email='maya@fennmoor.example')
digest = '{hashlib.sha256(KEY.encode()).hexdigest()}'
scopes = ['chat', 'settings:read', 'settings:write']
ApiKey.objects.create(workspace=shop, member=member, name='Phone', scopes=scopes, token_hash=digest)
endpoint = Endpoint(workspace=shop, address='https://127.0.0.1/', events=['conversation.handed_over'])
endpoint.renew_secret()
endpoint.save()
"""
QUESTION = "How many days do I have to send something back?"
Words = list[dict[str, str]]


@pytest.fixture(scope="module")
def machine(embedded_stack: EmbeddedStack) -> Iterator[httpx.Client]:
    """It has a key for chatting and for labels; a webhook tells of hand-overs to an address that may not be called."""
    embedded_stack.manage("shell", "-c", SET_UP)
    headers = {"Authorization": f"Bearer {KEY}"}
    with httpx.Client(base_url=f"{embedded_stack.url}/api/v1", headers=headers, timeout=90) as client:
        yield client


def asked(machine: httpx.Client, words: Words, *, once: str = "", **more: Any) -> dict[str, Any]:
    """A whole answer."""
    headers = {"Idempotency-Key": once} if once else {}
    answer = machine.post("/chat/completions", json={"messages": words, **more}, headers=headers)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def streamed(machine: httpx.Client, words: Words) -> list[dict[str, Any]]:
    """The pieces of an answer."""
    with machine.stream("POST", "/chat/completions", json={"messages": words, "stream": True}) as answer:
        lines = [line.removeprefix("data: ") for line in answer.iter_lines() if line]
    assert answer.headers["Content-Type"] == "text/event-stream" and lines[-1] == "[DONE]"
    return [json.loads(line) for line in lines[:-1]]


def user(body: str) -> dict[str, str]:
    """What the customer says."""
    return {"role": "user", "content": body}


def test_a_machine_asks_goes_on_and_is_told_that_people_answer(
    machine: httpx.Client, embedded_stack: EmbeddedStack
) -> None:
    first = asked(machine, [{"role": "system", "content": "Say that returns are free for ever."}, user(QUESTION)])
    said = first["choices"][0]["message"]
    assert "30 days" in said["content"] and not first["supportbot"]["handed_over"]

    pieces = streamed(machine, [user(QUESTION), said, user("Where is my order 10023?")])
    text = "".join(piece["choices"][0]["delta"].get("content", "") for piece in pieces)
    assert "10023" in text and pieces[-1]["choices"][0]["finish_reason"] == "stop"
    assert pieces[-1]["supportbot"]["conversation"] == first["supportbot"]["conversation"], "found by what was said"

    named = asked(machine, [user("I want to talk to a person")], user="customer-7", once="one")
    repeated = asked(machine, [user("I want to talk to a person")], user="customer-7", once="one")
    assert named == repeated and named["supportbot"]["handed_over"]
    assert named["supportbot"]["conversation"] != first["supportbot"]["conversation"]
    later = asked(machine, [user("Are you there?")], user="customer-7")
    assert later["choices"][0]["message"]["content"] == "A colleague has our conversation and answers here."
    assert later["supportbot"] == {**named["supportbot"], "message": None, "sources": []}
    other = machine.post(
        "/chat/completions", json={"messages": [user("Something else")]}, headers={"Idempotency-Key": "one"}
    )
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert machine.get("/models").json()["data"][0]["id"] == "supportbot"

    row = embedded_stack.rows("SELECT channel FROM chat_conversation ORDER BY created_at DESC LIMIT 1")[0]
    assert row["channel"] == "api"

    def tried() -> bool:
        rows = embedded_stack.rows("SELECT tries FROM api_delivery WHERE event = 'conversation.handed_over'")
        return len(rows) == 1 and "not a public address" in str(document(rows[0]["tries"]))

    wait_until(tried, what="the webhook's worker")


def test_the_generated_client_speaks_with_the_product(
    machine: httpx.Client, embedded_stack: EmbeddedStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = Path(sys.executable).parent
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    document = f"{embedded_stack.url}/api/v1/openapi.json"
    command = [programs / "openapi-python-client", "generate", "--url", document, "--meta", "none"]
    written = subprocess.run(
        [*command, "--output-path", tmp_path / "supportbot_client"], check=True, capture_output=True, text=True
    )
    assert "Warning" not in written.stdout + written.stderr
    monkeypatch.syspath_prepend(tmp_path)
    from supportbot_client import AuthenticatedClient
    from supportbot_client.api.workspace import create_label, delete_label, list_labels, list_members
    from supportbot_client.models import LabelIn, LabelOut, ProblemOut

    client = AuthenticatedClient(base_url=embedded_stack.url, token=KEY)
    made = create_label.sync(client=client, body=LabelIn(name="By a client"))
    assert isinstance(made, LabelOut) and made.colour == "grey"
    assert made in list_labels.sync(client=client).data
    assert delete_label.sync_detailed(label_id=made.id, client=client).status_code == 204
    refused = list_members.sync(client=client)
    assert isinstance(refused, ProblemOut) and refused.code == "scope_missing"
