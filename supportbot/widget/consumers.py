"""The customer's websocket: checks the shape of a frame and calls one service."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import ClassVar
from uuid import UUID

from django.db import transaction

from supportbot.chat import erasing, events, feedback, profile, services, transcript_mail
from supportbot.chat.attachments.service import limits
from supportbot.chat.events import Frame
from supportbot.chat.models import Contact, Conversation, Message
from supportbot.chat.promise import hours_line
from supportbot.chat.refusals import Refused
from supportbot.chat.sign_in import sign_out
from supportbot.chat.snapshot import snapshot
from supportbot.chat.socket import ChatSocket, flag_of, in_thread, seq_of, text_of, uuid_of, uuids_of
from supportbot.chat.visitors import Visitor, identify

TYPING_EVERY = 1.0  # seconds


class CustomerConsumer(ChatSocket):
    """One open panel of one visitor."""

    side: ClassVar[str] = "customer"
    commands: ClassVar[dict[str, str]] = {
        "resume": "resume",
        "describe": "describe",
        "session.end": "end_session",
        "message.post": "post_message",
        "agent.request": "request_agent",
        "answer.judge": "judge_answer",
        "contact.email": "leave_email",
        "transcript.send": "send_transcript",
        "data.erase": "erase",
        "conversation.received": "mark_received",
        "conversation.read": "mark_seen",
        "rating.post": "rate",
        "typing": "type",
        "ping": "pong",
    }
    visitor: Visitor | None = None
    conversation_id: UUID | None = None
    typed_at = 0.0

    async def resume(self, frame: Frame) -> None:
        """Say who is there, and get what was missed."""
        self.visitor = await self._identify(frame)
        await self._hear_about(frame)
        await self.join(events.visitors_group(self.visitor.workspace.id))
        conversation = await in_thread(self.visitor.conversation)()
        await self._follow(conversation)
        for missed in await in_thread(_answer)(self.visitor, seq_of(frame)):
            await self.send_frame(missed)

    async def describe(self, frame: Frame) -> None:
        """The page or the customer says more of the customer or the conversation."""
        self._known()
        await self._hear_about(frame)

    async def end_session(self, frame: Frame) -> None:
        """The customer has signed out: this browser's token opens nothing any more."""
        visitor = self._known()
        await in_thread(sign_out)(visitor.workspace, visitor.token_hash)
        await self._leave_all()
        self.visitor = self.conversation_id = None

    async def post_message(self, frame: Frame) -> None:
        """Save what the customer wrote."""
        client_id, body, files = uuid_of(frame, "client_id"), text_of(frame, "body"), uuids_of(frame, "attachments")
        message = await in_thread(_post)(self._known(), body, client_id, files)
        await self._acknowledge(message, client_id)

    async def request_agent(self, frame: Frame) -> None:
        """Pass the conversation to people."""
        client_id = uuid_of(frame, "client_id")
        message = await in_thread(_request_agent)(self._known(), client_id)
        await self._acknowledge(message, client_id)

    async def judge_answer(self, frame: Frame) -> None:
        """An answer helped, or did not."""
        client_id, seq, helped = uuid_of(frame, "client_id"), seq_of(frame, "seq"), flag_of(frame, "helped")
        await in_thread(feedback.judge_answer)(
            conversation_id=self._begun(), seq=seq, helped=helped, client_id=client_id
        )
        await self.send_done(frame)

    async def leave_email(self, frame: Frame) -> None:
        """Keep an address for the answer."""
        email = text_of(frame, "email").strip()
        await in_thread(services.leave_email)(conversation_id=self._begun(), email=email)
        await self.send_done(frame)

    async def rate(self, frame: Frame) -> None:
        """Save what the customer thinks of the conversation."""
        score, comment = seq_of(frame, "score"), text_of(frame, "comment")
        await in_thread(feedback.rate)(conversation_id=self._begun(), score=score, comment=comment)
        await self.send_done(frame)

    async def send_transcript(self, frame: Frame) -> None:
        """Send the conversation to the customer's address."""
        client_id, email = uuid_of(frame, "client_id"), text_of(frame, "email").strip()
        await in_thread(transcript_mail.ask)(conversation_id=self._begun(), client_id=client_id, email=email)
        await self.send_done(frame)

    async def erase(self, frame: Frame) -> None:
        """Delete all that is known of the customer."""
        visitor = self._known()
        await self._leave_all()
        await in_thread(erasing.erase)(visitor)
        self.conversation_id = None
        await self.send_done(frame)

    async def mark_received(self, frame: Frame) -> None:
        """The customer's browser has the conversation up to here."""
        await in_thread(services.mark_received)(conversation_id=self._begun(), seq=seq_of(frame))

    async def mark_seen(self, frame: Frame) -> None:
        """The customer has seen the conversation up to here."""
        await in_thread(services.mark_seen)(conversation_id=self._begun(), seq=seq_of(frame))

    async def type(self, frame: Frame) -> None:
        """Show the agents that the customer writes."""
        on = frame.get("on") is True
        if self.conversation_id is None or (on and time.monotonic() - self.typed_at < TYPING_EVERY):
            return
        self.typed_at = time.monotonic()
        typing = events.typing_frame(self.conversation_id, Message.Author.CUSTOMER, "", on)
        await in_thread(events.publish)(events.conversation_group(self.conversation_id), typing)

    async def refresh(self) -> None:
        """Send the state, from which the client sees whether it has missed something."""
        if self.visitor:
            await in_thread(self.visitor.demand_identity)()
        if self.visitor and (conversation := await in_thread(self.visitor.conversation)()):
            await self._follow(conversation)
            await self.send_frame(await in_thread(events.state_frame)(conversation))

    async def _identify(self, frame: Frame) -> Visitor:
        headers = {name: value.decode("latin-1") for name, value in self.scope["headers"]}
        token, page, language, identity = (
            value if isinstance(value := frame.get(name), str) else ""
            for name in ("token", "page", "language", "identity")
        )
        visitor: Visitor = await in_thread(identify)(
            text_of(frame, "workspace"),
            token,
            origin=headers.get(b"origin"),
            host=headers.get(b"host", ""),
            page=page,
            language=language,
            identity=identity,
        )
        if self.visitor and visitor != self.visitor:
            await self._leave_all()
        return visitor

    async def _leave_all(self) -> None:
        for group in list(self.groups_joined):
            await self.leave(group)

    async def _hear_about(self, frame: Frame) -> None:
        """Keep what the page says, if there is a contact already; what can't be kept is an error and no obstacle."""
        about, refusals = await in_thread(profile.read)(self._known().workspace, frame.get("about"))
        self.visitor = visitor = replace(self._known(), about=about)
        for refusal in refusals:
            await self._send_error(refusal.code, str(refusal), {})
        if conversation := await in_thread(visitor.conversation)():
            await in_thread(profile.keep)(conversation, about)

    def _known(self) -> Visitor:
        if self.visitor is None:
            raise Refused("session_token_required", "Send resume first.")
        return self.visitor

    def _begun(self) -> UUID:
        self._known()
        if self.conversation_id is None:
            raise Refused("not_found", "There is no conversation yet.")
        return self.conversation_id

    async def _follow(self, conversation: Conversation | None) -> None:
        self.conversation_id = conversation.id if conversation else None
        if conversation and (group := events.conversation_group(conversation.id)) not in self.groups_joined:
            await self.join(group)

    async def _acknowledge(self, message: Message, client_id: UUID) -> None:
        await self._follow(message.conversation)
        await self.send_ack(message, client_id)


def _answer(visitor: Visitor, last_seq: int) -> list[Frame]:
    """The frames that answer `resume`: the state first, which also describes the workspace."""
    workspace = visitor.workspace
    conversation = visitor.conversation()
    none = Conversation(workspace=workspace, contact=Contact(workspace=workspace))
    frames = snapshot(conversation, last_seq) if conversation else [{**events.state_frame(none), "conversation": None}]
    described = {name: getattr(workspace, name) for name in ("name", "greeting", "colour", "language")}
    described |= {"files": limits()}
    described |= {"form": _form(visitor), "hours": hours_line(workspace, visitor.language or workspace.language)}
    state = {**frames[0], "signed_in": bool(visitor.external_id), "workspace": described}
    return [state, events.presence_frame(workspace), *frames[1:]]


def _form(visitor: Visitor) -> Frame | None:
    """What the visitor is asked before the chat; nothing if the shop vouches for him, or he has written already."""
    asked = visitor.workspace.asked_before
    if not asked or visitor.external_id or visitor.contact():
        return None
    return {"fields": asked, "required": visitor.workspace.demands_before}


@transaction.atomic
def _post(visitor: Visitor, body: str, client_id: UUID, files: list[UUID]) -> Message:
    """The first message makes the conversation, in one transaction."""
    return services.post_message(
        conversation_id=visitor.begin().id, body=body, client_id=client_id, files=files, token_hash=visitor.token_hash
    )


@transaction.atomic
def _request_agent(visitor: Visitor, client_id: UUID) -> Message:
    return services.request_agent(conversation_id=visitor.begin().id, client_id=client_id)
