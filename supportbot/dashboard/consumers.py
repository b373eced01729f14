"""The agent's websocket: checks the shape of a frame, finds the conversation at this desk, and calls one service."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import parse_qs
from uuid import UUID, uuid4

from django.utils import timezone

from supportbot.chat import digest, events, macros, notes, organising, sending, services, suggested
from supportbot.chat.events import Frame
from supportbot.chat.models import Conversation, Message
from supportbot.chat.refusals import NotYours, Refused
from supportbot.chat.snapshot import snapshot
from supportbot.chat.socket import ChatSocket, day_of, flag_of, ids_of, in_thread, seq_of, text_of, uuid_of, uuids_of
from supportbot.dashboard import choices
from supportbot.dashboard.changes import CHANGES, bulk_of, change_all, change_of
from supportbot.dashboard.desk import Desk, find_desk
from supportbot.workspaces.models import User

SIGNED_OUT = 4401
LOOKING = ("conversation.open", "conversation.close", "digest.set", "ping")  # what a viewer may do
BY_ITSELF = ("conversation.read", "mentions.read", "typing")  # what a page sends while one looks
TYPING_EVERY = 1.0  # seconds


class AgentConsumer(ChatSocket):
    """One open inbox of one agent."""

    side: ClassVar[str] = "agent"
    commands: ClassVar[dict[str, str]] = {
        "conversation.open": "open",
        "conversation.close": "close_conversation",
        "conversation.read": "mark_read",
        "conversation.take": "take",
        "conversation.release": "release",
        **dict.fromkeys(CHANGES, "change"),
        "bulk": "change_all",
        "label.add": "add_label",
        "filter.save": "save_filter",
        "filter.delete": "delete_filter",
        "message.post": "post_message",
        "message.undo": "undo_message",
        "draft.save": "save_draft",
        "macro.run": "run_macro",
        "suggestion.judge": "judge_suggestion",
        "suggestion.insert": "insert_suggestion",
        "note.post": "post_note",
        "mentions.read": "see_mentions",
        "typing": "type",
        "presence.set": "set_presence",
        "digest.set": "set_digest",
        "ping": "pong",
    }
    desk: Desk | None = None
    me: User
    window: str
    looks_at: set[UUID]
    seen_at: datetime
    typed_at = 0.0

    async def connect(self) -> None:
        """Sit down at the desk; somebody who has none is told so."""
        await super().connect()
        self.window, self.looks_at = uuid4().hex, set()
        self.desk = await self._find_desk()
        if self.desk is None:
            await self._turn_away()
            return
        self.me = self.desk.user
        await self.join(events.inbox_group(self.desk.workspace.id))
        await self.join(events.agent_group(self.desk.workspace.id, self.desk.user.pk))
        await self._give_sign_of_life()

    async def disconnect(self, code: int) -> None:
        """Leave the desk."""
        for conversation_id in list(self.looks_at):
            await self._look_away(conversation_id)
        await super().disconnect(code)
        if self.desk:
            await in_thread(self.desk.mark_unseen_since)(self.seen_at)

    async def refresh(self) -> None:
        """Still signed in, still a member, still there."""
        self.desk = await self._find_desk()
        if self.desk is None:
            await self._turn_away()
        else:
            await self._give_sign_of_life()

    async def _obey(self, frame: Frame) -> None:
        """Of who only looks, do only that."""
        if self.desk and self.desk.is_viewer and frame["type"] not in LOOKING:
            if frame["type"] in BY_ITSELF:
                return
            self.desk.demand_hands()
        await super()._obey(frame)

    async def open(self, frame: Frame) -> None:
        """Follow a conversation, and get what was missed of it."""
        conversation = await self._conversation(frame)
        if (asked := uuid_of(frame, "conversation")) != conversation.id:
            await self.send_frame(events.merged_frame(asked, conversation.id))
            return
        await self.join(events.conversation_group(conversation.id))
        await self._look(conversation.id)
        for missed in await in_thread(_snapshot)(self._at_desk(), frame):
            await self.send_frame(missed)

    async def close_conversation(self, frame: Frame) -> None:
        """Follow it no longer."""
        conversation_id = uuid_of(frame, "conversation")
        await self.leave(events.conversation_group(conversation_id))
        await self._look_away(conversation_id)

    async def mark_read(self, frame: Frame) -> None:
        """The agent has seen a conversation up to here."""
        conversation = await self._conversation(frame)
        await in_thread(_mark_read)(conversation, seq_of(frame))

    async def take(self, frame: Frame) -> None:
        """Take the turn."""
        conversation = await self._conversation(frame)
        await in_thread(services.take)(conversation_id=conversation.id, agent=self._at_desk().user)

    async def release(self, frame: Frame) -> None:
        """Give the turn back to the assistant."""
        conversation, note = await self._conversation(frame), text_of({"note": "", **frame}, "note")
        await in_thread(services.release)(conversation_id=conversation.id, agent=self._at_desk().user, note=note)

    async def change(self, frame: Frame) -> None:
        """Resolve, snooze, label and what else is in `CHANGES`."""
        conversation, change = await self._conversation(frame), change_of(frame, self._at_desk().user)
        await in_thread(change)(conversation.id)

    async def add_label(self, frame: Frame) -> None:
        """Define a label of the workspace."""
        name, colour, workspace = text_of(frame, "name"), text_of(frame, "colour"), self._at_desk().workspace
        await in_thread(organising.add_label)(workspace=workspace, name=name, colour=colour)
        await self._tell_choices()

    async def change_all(self, frame: Frame) -> None:
        """The same for many conversations."""
        client_id, (ids, change) = uuid_of(frame, "client_id"), bulk_of(frame)
        done = await in_thread(change_all)(self._at_desk(), ids, change)
        await self.send_frame({**done, "client_id": str(client_id)})

    async def save_filter(self, frame: Frame) -> None:
        """Keep a view with its filters."""
        asked = {name: text_of(frame, name) for name in ("name", "view", "query")}
        await in_thread(choices.save_filter)(self._at_desk(), **asked, is_shared=flag_of(frame, "shared"))
        await self._tell_choices()

    async def delete_filter(self, frame: Frame) -> None:
        """Forget a saved filter."""
        await in_thread(choices.delete_filter)(self._at_desk(), seq_of(frame, "filter"))
        await self._tell_choices()

    async def post_message(self, frame: Frame) -> None:
        """Save what the agent wrote, at once or after the moment in which it can be taken back."""
        client_id, body, files = uuid_of(frame, "client_id"), text_of(frame, "body"), uuids_of(frame, "attachments")
        is_held, conversation = flag_of({"hold": False, **frame}, "hold"), await self._conversation(frame)
        post = sending.hold_message if is_held else services.post_message
        saved = await in_thread(post)(
            conversation_id=conversation.id, body=body, client_id=client_id, agent=self._at_desk().user, files=files
        )
        if isinstance(saved, Message):
            await self.send_ack(saved, client_id)
        else:
            await self.send_frame(await in_thread(sending.answer)(saved))

    async def undo_message(self, frame: Frame) -> None:
        """Take back what is not yet sent."""
        client_id, conversation = uuid_of(frame, "client_id"), await self._conversation(frame)
        take_back = in_thread(sending.take_back)
        agent = self._at_desk().user
        await self.send_frame(await take_back(conversation_id=conversation.id, client_id=client_id, agent=agent))

    async def save_draft(self, frame: Frame) -> None:
        """Keep what the agent writes."""
        client_id, kind, body = uuid_of(frame, "client_id"), text_of(frame, "kind"), text_of(frame, "body")
        conversation, agent = await self._conversation(frame), self._at_desk().user
        await in_thread(sending.save_draft)(
            conversation=conversation, agent=agent, kind=kind, body=body, client_id=client_id
        )

    async def run_macro(self, frame: Frame) -> None:
        """Do all that a macro says."""
        client_id, macro_id = uuid_of(frame, "client_id"), seq_of({"macro": "", **frame}, "macro")
        conversation, agent = await self._conversation(frame), self._at_desk().user
        macro = await in_thread(macros.run_macro)(
            conversation_id=conversation.id, agent=agent, macro_id=macro_id, client_id=client_id
        )
        done = {"type": "macro.done", "conversation": str(conversation.id), "client_id": str(client_id)}
        await self.send_frame({**done, "name": macro.name, "steps": macro.steps})

    async def judge_suggestion(self, frame: Frame) -> None:
        """Whether the suggested reply helps."""
        helpful, conversation = flag_of(frame, "helpful"), await self._conversation(frame)
        agent = self._at_desk().user
        await in_thread(suggested.judge)(conversation_id=conversation.id, agent=agent, helpful=helpful)

    async def insert_suggestion(self, frame: Frame) -> None:
        """The suggested reply was put where the agent writes."""
        conversation = await self._conversation(frame)
        await in_thread(suggested.insert)(conversation_id=conversation.id, agent=self._at_desk().user)

    async def post_note(self, frame: Frame) -> None:
        """Save what the agent writes to colleagues."""
        client_id, body, mentions = uuid_of(frame, "client_id"), text_of(frame, "body"), ids_of(frame, "mentions")
        conversation, agent = await self._conversation(frame), self._at_desk().user
        await in_thread(notes.post_note)(
            conversation_id=conversation.id, agent=agent, body=body, client_id=client_id, mentions=mentions
        )
        await self.send_done(frame)

    async def see_mentions(self, frame: Frame) -> None:
        """The agent has seen the notes that mention them."""
        conversation = await self._conversation(frame)
        await in_thread(notes.see_mentions)(conversation_id=conversation.id, agent=self._at_desk().user)

    async def type(self, frame: Frame) -> None:
        """Show that the agent writes: to the customer and colleagues, or, of a note, to colleagues alone."""
        on = frame.get("on") is True
        if on and time.monotonic() - self.typed_at < TYPING_EVERY:
            return
        self.typed_at = time.monotonic()
        conversation, agent = await self._conversation(frame), self._at_desk().user
        is_note = frame.get("note") is True
        if not is_note and conversation.assignee_id != agent.id:
            raise NotYours
        group = events.agents_group if is_note else events.conversation_group
        typing = events.typing_frame(conversation.id, Message.Author.AGENT, agent.get_short_name(), on)
        typing["window"] = self.window
        await in_thread(events.publish)(group(conversation.id), typing)

    async def set_presence(self, frame: Frame) -> None:
        """Be away, or there again."""
        on, back_on = flag_of(frame, "away"), day_of(frame, "back_on")
        await in_thread(self._at_desk().set_away)(on=on, back_on=back_on)

    async def set_digest(self, frame: Frame) -> None:
        """How often the agent wants an e-mail of what waits."""
        desk = self._at_desk()
        await in_thread(digest.choose)(workspace=desk.workspace, agent=desk.user, digest=text_of(frame, "digest"))

    async def frame(self, event: dict[str, Any]) -> None:
        """Forward what was published, but for the agent's own doings; a newcomer is told who is there already."""
        frame = event["frame"]
        if frame["type"] == "typing" and frame.get("window") == self.window:
            return
        if frame["type"] != "looking":
            await super().frame(event)
        elif frame["user"] != self.me.pk:
            await super().frame(event)
            if frame.get("asks"):
                await self._tell_looking(UUID(frame["conversation"]), on=True)

    async def _look(self, conversation_id: UUID) -> None:
        """Say so with every sign of life, and ask who else is there at the first."""
        await self.join(events.agents_group(conversation_id))
        asks = conversation_id not in self.looks_at
        self.looks_at.add(conversation_id)
        await self._tell_looking(conversation_id, on=True, asks=asks)

    async def _look_away(self, conversation_id: UUID) -> None:
        if conversation_id in self.looks_at:
            self.looks_at.discard(conversation_id)
            await self.leave(events.agents_group(conversation_id))
            await self._tell_looking(conversation_id, on=False)

    async def _tell_looking(self, conversation_id: UUID, **doing: bool) -> None:
        looking = events.looking_frame(conversation_id, self.window, self.me, **doing)
        await in_thread(events.publish)(events.agents_group(conversation_id), looking)

    async def _tell_choices(self) -> None:
        """Every inbox asks again for what can be chosen."""
        group = events.inbox_group(self._at_desk().workspace.id)
        await in_thread(events.publish)(group, {"type": "choices.changed"})

    async def _find_desk(self) -> Desk | None:
        session, user = self.scope["session"], self.scope["user"]
        if not user.is_authenticated or not await session.aexists(session.session_key):
            return None
        slug = parse_qs(self.scope["query_string"].decode("latin-1")).get("workspace", [""])[0]
        desk: Desk | None = await in_thread(find_desk)(user.pk, slug)
        return desk

    async def _turn_away(self) -> None:
        await self._send_error("forbidden", "Please sign in to the inbox.", {})
        await self.close(SIGNED_OUT)

    async def _give_sign_of_life(self) -> None:
        desk, self.seen_at = self._at_desk(), timezone.now()
        await in_thread(desk.mark_seen)(self.seen_at)
        await self.send_frame(await in_thread(events.presence_frame)(desk.workspace))
        await self.send_frame(await in_thread(desk.own_presence)())

    async def _conversation(self, frame: Frame) -> Conversation:
        found: Conversation = await in_thread(self._at_desk().conversation)(uuid_of(frame, "conversation"))
        return found

    def _at_desk(self) -> Desk:
        if self.desk is None:
            raise Refused("forbidden", "Please sign in to the inbox.")
        return self.desk


def _snapshot(desk: Desk, frame: Frame) -> list[Frame]:
    """Read again after the group was joined, so that nothing falls between; its row of the list comes first, and what
    only agents see is last."""
    conversation = desk.conversation(uuid_of(frame, "conversation"))
    last = conversation.messages.last()
    row = events.summary_frame(conversation, events.preview(last))
    missed = conversation.remarks.filter(number__gt=seq_of(frame, "last_remark")).select_related("user")
    missed = missed.prefetch_related("mentions__user")
    own = sending.own_frames(conversation, desk.user)
    return [row, *snapshot(conversation, seq_of(frame)), *map(events.remark_frame, missed), *own]


def _mark_read(conversation: Conversation, seq: int) -> None:
    """Tell the other agents only if it was news."""
    if not conversation.read_seq < seq <= conversation.last_seq:
        return
    services.mark_read(conversation_id=conversation.id, seq=seq)
    conversation.read_seq = seq
    events.publish_conversation(conversation)
