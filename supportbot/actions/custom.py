"""A workspace's own actions: an HTTPS call signed as Standard Webhooks says, to a public address, within its time.

The call's id is sent as `webhook-id` with every try, so that the other side does once what it is asked twice.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, field
from typing import Any

import httpx

from supportbot.actions.models import ActionCall, CustomAction
from supportbot.actions.parameters import Invalid, Schema
from supportbot.actions.registry import Action, Case, Refused, Said
from supportbot.workspaces import outgoing, signing

ANSWER_LIMIT = 64 * 1024  # bytes
TEXT_LIMIT = 500  # characters of an answer's text
PAUSE = 0.3  # seconds before the first repetition, doubled before each next
BUDGET = 18.0  # seconds for all tries, below the deadline of a reply


class CallFailed(Exception):
    """The address did not say that it is done. What it has done is not known."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.tries[-1].error)
        self.tries = answer.log()


@dataclass
class Try:
    """One request, for the log."""

    seconds: float = 0.0
    status: int | None = None
    error: str = ""


@dataclass
class Answer:
    """What the other side said in the end, and all tries until then."""

    tries: list[Try] = field(default_factory=list)
    done: bool = False
    text: str = ""

    def log(self) -> list[dict[str, Any]]:
        """The tries as JSON."""
        return [asdict(attempt) for attempt in self.tries]


def action(own: CustomAction) -> Action:
    """The workspace's action beside the built-in ones."""
    return Action(
        own.name,
        own.title,
        own.description,
        Schema(own.schema),
        lambda case: _perform(own, case),
        propose=lambda case: _proposal(own, case),
        use=own.use,
        changes=own.changes,
        needs_identity=own.needs_identity,
        needs_order=False,
        calls_out=True,
        intents=own.intents,
    )


def example(own: CustomAction) -> dict[str, Any]:
    """Arguments to try the action out with: of each required property its first example or allowed value."""
    schema = Schema(own.schema)
    rules = {name: schema.schema["properties"][name] for name in schema.names}
    found = {name: [*rule.get("examples", ()), *rule.get("enum", ())] for name, rule in rules.items()}
    if missing := [name for name, values in found.items() if not values]:
        raise Invalid(f'To try it, give these properties "examples": {", ".join(missing)}.')
    return {name: values[0] for name, values in found.items()}


def post(own: CustomAction, call: ActionCall, customer_email: str = "") -> Answer:
    """Call the address until it answers, as often and as long as the action allows; CallFailed if it never does."""
    answer, end = Answer(), time.monotonic() + BUDGET
    body = json.dumps(_payload(own, call, customer_email)).encode()
    for index in range(own.retries + 1):
        left = end - time.monotonic() - (PAUSE * 2**index if index else 0)
        if left <= 0:
            break
        if index:
            time.sleep(PAUSE * 2 ** (index - 1))
        attempt, again = _try(own, call, body, min(own.time_out, left), answer)
        answer.tries.append(attempt)
        if not attempt.error:
            return answer
        if not again:
            break
    raise CallFailed(answer)


def _payload(own: CustomAction, call: ActionCall, customer_email: str) -> dict[str, Any]:
    return {
        "type": f"action.{own.name}",
        "timestamp": call.created_at.isoformat(),
        "data": {
            "arguments": Schema(own.schema).check(call.arguments),
            "conversation": str(call.conversation_id) if call.conversation_id else None,
            "by": call.by,
            "test": call.is_test,
            "customer": {"email": customer_email or None, "verified": call.is_verified},
        },
    }


def _try(own: CustomAction, call: ActionCall, body: bytes, seconds: float, answer: Answer) -> tuple[Try, bool]:
    """One request; whether another may follow."""
    begun, headers = time.monotonic(), signing.headers(own.secret, str(call.id), body)
    attempt, again = Try(), True
    try:
        with (
            outgoing.client(timeout=seconds) as http,
            http.stream("POST", own.address, content=body, headers=headers) as response,
        ):
            attempt.status = response.status_code
            again = response.status_code >= 500 or response.status_code == httpx.codes.TOO_MANY_REQUESTS
            _read(response, begun + seconds, answer)
    except outgoing.Refused as error:
        attempt.error, again = str(error), False
    except (httpx.HTTPError, ValueError) as error:
        attempt.error = str(error) or type(error).__name__
    attempt.seconds = round(time.monotonic() - begun, 3)
    return attempt, again


def _read(response: httpx.Response, end: float, answer: Answer) -> None:
    """Take `{"done": true or false, "text": ...}`; ValueError for anything else."""
    if response.status_code != httpx.codes.OK:
        raise ValueError(f"It answered with {response.status_code}.")
    content = b""
    for piece in response.iter_bytes():
        content += piece
        if len(content) > ANSWER_LIMIT:
            raise ValueError("Its answer is too long.")
        if time.monotonic() > end:
            raise ValueError("Its answer took too long.")
    said = json.loads(content)
    if not isinstance(said, dict) or not isinstance(said.get("done"), bool):
        raise ValueError('Its answer has no "done".')
    answer.done, answer.text = said["done"], str(said.get("text") or "")[:TEXT_LIMIT]


def _perform(own: CustomAction, case: Case) -> Said:
    answer = post(own, case.call, case.customer_email)
    case.call.result = {"tries": answer.log()}
    if not answer.done:
        raise Refused(Said("custom.refused", {"title": own.title}, answer.text))
    return Said("custom.done", {"title": own.title}, answer.text)


def _proposal(own: CustomAction, case: Case) -> Said:
    parameters = Schema(own.schema)
    named = [f"{parameters.title(name)}: {case.arguments[name]}" for name in parameters.names]
    details = "; ".join(named) + "." if named else ""
    return Said("custom.propose", {"title": own.title, "description": own.description, "details": details})
