"""A customer for whom another machine speaks: which conversation goes on, and the wait for what is answered in it.

The answer is the chat's own, with the same checks and the same hand-over. It is handed on once it is saved, for what
was told over HTTP can't be taken back.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from channels.layers import get_channel_layer
from django.conf import settings
from django.db import transaction

from supportbot.api.idempotency import reused
from supportbot.api.models import ApiChat, ApiKey, StoredAnswer
from supportbot.api.pages import one
from supportbot.api.problems import Problem
from supportbot.chat import events, services
from supportbot.chat.models import Contact, Conversation, Generation, Message
from supportbot.chat.socket import in_thread
from supportbot.chat.visitors import begin_with
from supportbot.chat.words import say
from supportbot.workspaces.models import Workspace

LOOK_EVERY = 1.0  # seconds between two looks into the database, should an event get lost
QUEUED = 30.0  # seconds that a message may wait for a worker, beyond the reply's own deadline
CHANNEL = "api"
Turn = tuple[str, str]  # who (user or assistant), and what was said


@dataclass(frozen=True)
class Answer:
    """What the customer is told."""

    text: str
    message: Message | None  # None: it is with people, who have not said anything yet
    handed_over: bool
    tokens: tuple[int, int]  # of prompt and completion, where the model wrote


@transaction.atomic
def ask(key: ApiKey, turns: Sequence[Turn], *, user: str, conversation: UUID | None, once: str) -> Message:
    """Save what the customer says last; with an idempotency key (`once`) a repetition finds the same message."""
    if not once:
        return _post(key.workspace, turns, user, conversation)
    fingerprint = _fingerprint([("for", f"{user}/{conversation}"), *turns])
    stored, is_new = StoredAnswer.objects.get_or_create(key=key, name=once, defaults={"fingerprint": fingerprint})
    if stored.fingerprint != fingerprint:
        raise reused()
    if not is_new:
        return Message.objects.in_workspace(key.workspace).get(id=json.loads(stored.body)["message"])
    message = _post(key.workspace, turns, user, conversation)
    stored.body = json.dumps({"conversation": str(message.conversation_id), "message": str(message.id)})
    stored.save(update_fields=["body"])
    return message


async def answer_to(asked: Message) -> Answer | None:
    """Wait until a message has its outcome; None if that takes too long, and then it is still answered."""
    end = time.monotonic() + settings.REPLY_DEADLINE + QUEUED
    async with _news_of(asked.conversation_id) as news:
        while True:
            if answer := await in_thread(_answer)(asked.id):
                return answer
            if time.monotonic() > end:
                return None
            with suppress(TimeoutError):
                await asyncio.wait_for(news(), LOOK_EVERY)


def remember(asked: Message, turns: Sequence[Turn], answer: Answer) -> None:
    """A client that sends all that was said finds the conversation by it the next time."""
    said = _fingerprint([*turns, ("assistant", answer.text)])
    ApiChat.objects.filter(conversation=asked.conversation_id, user="").update(said=said)


def _post(workspace: Workspace, turns: Sequence[Turn], user: str, conversation: UUID | None) -> Message:
    chat = _chat(workspace, turns[:-1], user, conversation)
    ApiChat.objects.filter(pk=chat.pk).update(said="")  # another client with the same words begins one of its own
    return services.post_message(conversation_id=chat.conversation_id, body=turns[-1][1], client_id=uuid4())


def _chat(workspace: Workspace, earlier: Sequence[Turn], user: str, conversation: UUID | None) -> ApiChat:
    """The conversation that is named, the customer's, the one in which all of this was said, or a new one."""
    chats = ApiChat.objects.in_workspace(workspace).select_for_update()
    if conversation:
        return one(chats, "conversation of this channel", conversation=conversation)
    Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)  # of two first messages one begins it
    if user:
        found = chats.filter(user=user).first()
    else:
        is_known = any(who == "assistant" for who, _ in earlier)
        found = chats.filter(said=_fingerprint(earlier)).order_by("-pk").first() if is_known else None
    return found or _begun(workspace, user)


def _begun(workspace: Workspace, user: str) -> ApiChat:
    secret = hashlib.sha256(f"{CHANNEL}:{uuid4()}".encode()).hexdigest()
    contact = Contact.objects.create(workspace=workspace, token_hash=secret, name=user[:100])
    conversation = begin_with(contact, channel=Conversation.Channel.API, attributes={"channel": CHANNEL})
    return ApiChat.objects.create(workspace=workspace, conversation=conversation, user=user)


def _fingerprint(turns: Sequence[Turn]) -> str:
    digest = hashlib.sha256()
    for who, said in turns:
        digest.update(f"{who}\x1f{' '.join(said.split())}\x1e".encode("utf-8", "replace"))
    return digest.hexdigest()


@asynccontextmanager
async def _news_of(conversation_id: UUID) -> AsyncIterator[Any]:
    """What returns as soon as something happens in the conversation."""
    layer, group = get_channel_layer(), events.conversation_group(conversation_id)
    channel = await layer.new_channel()
    await layer.group_add(group, channel)
    try:
        yield lambda: layer.receive(channel)
    finally:
        await layer.group_discard(group, channel)


def _answer(message_id: UUID) -> Answer | None:
    rows = Message.objects.select_related("conversation__contact", "conversation__workspace")
    asked = rows.filter(id=message_id).first()
    if asked is None:
        raise Problem(409, "erased", "This conversation has been erased meanwhile.")
    if asked.outcome == Message.Outcome.PENDING:
        return None
    conversation = asked.conversation
    reply = conversation.messages.filter(author=Message.Author.BOT, seq__gt=asked.seq).order_by("seq").first()
    if reply is None or asked.outcome == Message.Outcome.BY_AGENT:
        return Answer(say("with_people", conversation.language), None, True, (0, 0))
    made = Generation.objects.filter(message=reply).first()
    tokens = (made.prompt_tokens, made.completion_tokens) if made else (0, 0)
    return Answer(reply.body, reply, asked.outcome == Message.Outcome.HANDED_OFF, tokens)
