"""The assistant of a workspace behind OpenAI's chat protocol. Which conversation goes on, `answering` says.

Of what a client sends only the last message of the customer is new; instructions and sampling are the workspace's own.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Sequence
from typing import Any, Literal
from uuid import UUID

from django.http import HttpResponseBase, StreamingHttpResponse
from ninja import Router, Schema
from pydantic import Field

from supportbot.api.access import Call, needs
from supportbot.api.answering import Answer, Turn, answer_to, ask, remember
from supportbot.api.idempotency import named
from supportbot.api.models import Scope
from supportbot.api.problems import Problem
from supportbot.api.schemas import SourceOut
from supportbot.chat.models import Message
from supportbot.chat.socket import in_thread

router = Router(tags=["Chat"])
MODEL = "supportbot"
PIECE = re.compile(r"\S+\s*")
LATE = "There is no answer yet. It will stand in the conversation; send the same request again to wait for it."


class TextPart(Schema):
    """A part of a message that is text."""

    type: Literal["text"]
    text: str


class ChatMessage(Schema):
    """One thing said."""

    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[TextPart]

    @property
    def text(self) -> str:
        """All of it."""
        return self.content if isinstance(self.content, str) else "\n".join(part.text for part in self.content)


class ChatMetadata(Schema):
    """What only this server knows."""

    conversation: UUID | None = Field(default=None, description="Of an answer before, to go on with it")


class ChatIn(Schema):
    """As OpenAI's clients send it; what else they send has no effect."""

    model: str = MODEL
    messages: list[ChatMessage] = Field(min_length=1, max_length=500)
    stream: bool = False
    user: str = Field("", max_length=128, description="The customer; the same one goes on with the same conversation")
    metadata: ChatMetadata | None = None


class Said(Schema):
    """The assistant's message."""

    role: Literal["assistant"] = "assistant"
    content: str


class Choice(Schema):
    """There is one."""

    index: int = 0
    message: Said
    finish_reason: Literal["stop"] = "stop"


class Usage(Schema):
    """Tokens, where the model wrote the answer."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class About(Schema):
    """What OpenAI's protocol has no place for."""

    conversation: UUID
    message: UUID | None = Field(description="Null: people have the conversation, and have not answered yet")
    handed_over: bool = Field(description="People answer: read the conversation, or hear of it by a webhook")
    sources: list[SourceOut]


class Completion(Schema):
    """An answer in OpenAI's form."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str = MODEL
    choices: list[Choice]
    usage: Usage
    supportbot: About


class Model(Schema):
    """What may be named as the model."""

    id: str = MODEL
    object: Literal["model"] = "model"
    created: int
    owned_by: str


class Models(Schema):
    """The one that there is."""

    object: Literal["list"] = "list"
    data: list[Model]


@router.get("/models", response=Models, operation_id="list_models", **needs(Scope.CHAT))
def list_models(request: Call) -> Models:
    """The assistant of the key's workspace, as clients look for it."""
    workspace = request.auth.workspace
    return Models(data=[Model(created=int(workspace.created_at.timestamp()), owned_by=workspace.slug)])


@router.post("/chat/completions", response=Completion, operation_id="complete_chat", **needs(Scope.CHAT))
async def complete_chat(request: Call, given: ChatIn) -> Completion | HttpResponseBase:
    """Ask the assistant as a customer; with `stream` the answer comes as server-sent events."""
    turns = _turns(given.messages)
    named_one = given.metadata.conversation if given.metadata else None
    asked = await in_thread(ask)(request.auth, turns, user=given.user, conversation=named_one, once=named(request))
    if given.stream:
        events = StreamingHttpResponse(_events(asked, turns), content_type="text/event-stream")
        events["X-Accel-Buffering"] = "no"
        return events
    answer = await _answered(asked, turns)
    prompt, written = answer.tokens
    return Completion(
        **_names(asked),
        choices=[Choice(message=Said(content=answer.text))],
        usage=Usage(prompt_tokens=prompt, completion_tokens=written, total_tokens=prompt + written),
        supportbot=_about(asked, answer),
    )


def _turns(messages: Sequence[ChatMessage]) -> list[Turn]:
    turns: list[Turn] = [(one.role, one.text) for one in messages if one.role in ("user", "assistant")]
    if not turns or turns[-1][0] != "user":
        raise Problem(422, "no_question", "The last message has to be the user's.")
    return turns


async def _answered(asked: Message, turns: Sequence[Turn]) -> Answer:
    answer = await answer_to(asked)
    if answer is None:
        raise Problem(503, "answer_late", LATE, retry_after=5, conversation=str(asked.conversation_id))
    await in_thread(remember)(asked, turns, answer)
    return answer


async def _events(asked: Message, turns: Sequence[Turn]) -> AsyncIterator[str]:
    """The answer in pieces, once it is certain."""
    yield _event(asked, {"role": "assistant", "content": ""})
    try:
        answer = await _answered(asked, turns)
    except Problem as problem:
        yield f"data: {json.dumps({'error': {'message': problem.detail, 'code': problem.code}})}\n\n"
        return
    for piece in PIECE.findall(answer.text):
        yield _event(asked, {"content": piece})
    yield _event(asked, {}, "stop", supportbot=_about(asked, answer).model_dump(mode="json"))
    yield "data: [DONE]\n\n"


def _event(asked: Message, delta: dict[str, str], finish: str | None = None, **more: Any) -> str:
    choices = [{"index": 0, "delta": delta, "finish_reason": finish}]
    chunk = {**_names(asked), "object": "chat.completion.chunk", "model": MODEL, "choices": choices, **more}
    return f"data: {json.dumps(chunk)}\n\n"


def _names(asked: Message) -> dict[str, Any]:
    return {"id": f"chatcmpl-{asked.id}", "created": int(asked.created_at.timestamp())}


def _about(asked: Message, answer: Answer) -> About:
    message = answer.message
    sources = [SourceOut(title=one["title"], url=one["url"]) for one in message.sources] if message else []
    return About(
        conversation=asked.conversation_id,
        message=message.id if message else None,
        handed_over=answer.handed_over,
        sources=sources,
    )
