"""What every websocket of the chat does alike: frames in and out, groups, errors, heartbeat. Knows no use case."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from datetime import date
from typing import Any, ClassVar, ParamSpec, TypeVar
from uuid import UUID

import structlog
from channels.db import DatabaseSyncToAsync
from channels.generic.websocket import AsyncWebsocketConsumer
from django.utils.dateparse import parse_date
from opentelemetry.trace import SpanKind
from redis.exceptions import RedisError

from supportbot.chat.events import PROTOCOL, Frame, notice
from supportbot.chat.models import Message
from supportbot.chat.refusals import Refused
from supportbot.telemetry import metrics, tracing

log = structlog.get_logger(__name__)
FRAME_LIMIT = 64 * 1024
SILENCE = 90.0  # seconds without a frame until the server closes
UNTRACED = ("ping", "typing")  # so many, and of no consequence
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
P = ParamSpec("P")
T = TypeVar("T")


class ChatSocket(AsyncWebsocketConsumer):  # type: ignore[misc]
    """A websocket that speaks the protocol of docs/protocol.md; subclasses name a method for each command."""

    side: ClassVar[str]  # who is at the other end, for whoever counts
    commands: ClassVar[dict[str, str]]

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Serve; without its channel layer a socket is deaf, so it closes for the client to come back and resume."""
        try:
            with metrics.SOCKETS.labels(self.side).track_inprogress():
                await super().__call__(scope, receive, send)
        except RedisError as error:
            log.warning("channel layer lost", error=repr(error))
            with suppress(Exception):
                await send({"type": "websocket.close", "code": 1012})

    async def connect(self) -> None:
        """Accept; what may be done is decided frame by frame."""
        self.groups_joined: set[str] = set()
        self.idle: asyncio.TimerHandle | None = None
        await self.accept()
        self._expect_frame()

    async def disconnect(self, code: int) -> None:
        """Leave every group."""
        if self.idle:
            self.idle.cancel()
        for group in list(self.groups_joined):
            await self.leave(group)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Obey one frame; a bad one gets an error frame and the connection lives on."""
        self._expect_frame()
        try:
            frame = parse(text_data)
        except Refused as refusal:
            await self._send_error(refusal.code, str(refusal), {})
            return
        with self._watching(frame):
            await self._try(frame)

    async def _try(self, frame: Frame) -> None:
        try:
            await self._obey(frame)
        except Refused as refusal:
            await self._send_error(refusal.code, str(refusal), frame)
        except RedisError:
            raise
        except Exception:
            log.exception("frame failed", command=frame.get("type"))
            await self._send_error("failed", "Something went wrong on our side. Please try again.", frame)

    async def frame(self, event: dict[str, Any]) -> None:
        """Forward what was published to a group."""
        await self.send_frame(event["frame"])

    async def send_frame(self, frame: Frame) -> None:
        """Send one frame."""
        await self.send(text_data=json.dumps({"v": PROTOCOL, **frame}, ensure_ascii=False))

    async def send_ack(self, message: Message, client_id: UUID) -> None:
        """Send `ack`: what the client sent under this id is saved."""
        frame = {"type": "ack", "client_id": str(client_id), "seq": message.seq, "message_id": str(message.id)}
        times = {"conversation": str(message.conversation_id), "created_at": message.created_at.isoformat()}
        hidden = {"body": message.body, "notice": await in_thread(notice)(message)} if message.masked else {}
        await self.send_frame({**frame, **times, **hidden})

    async def send_done(self, frame: Frame) -> None:
        """Send `done`: what was asked under this client id is saved."""
        await self.send_frame({"type": "done", "client_id": str(uuid_of(frame, "client_id"))})

    async def join(self, group: str) -> None:
        """Hear a group; before what was missed is read."""
        self.groups_joined.add(group)
        await self.channel_layer.group_add(group, self.channel_name)

    async def leave(self, group: str) -> None:
        """Hear a group no longer."""
        self.groups_joined.discard(group)
        await self.channel_layer.group_discard(group, self.channel_name)

    async def pong(self, frame: Frame) -> None:
        """Answer `ping`. A channel layer that came back empty has forgotten the groups, so join them again."""
        for group in self.groups_joined:
            await self.channel_layer.group_add(group, self.channel_name)
        await self.send_frame({"type": "pong"})
        await self.refresh()

    async def refresh(self) -> None:
        """Send the state that the client can compare with its own."""

    @contextmanager
    def _watching(self, frame: Frame) -> Iterator[None]:
        """Count and trace a frame; the trace of what a browser sends under a client id has that as its number."""
        command = frame["type"] if frame["type"] in self.commands else "unknown"
        with metrics.FRAMES.labels(self.side, command).time():
            if command in UNTRACED:
                yield
                return
            parent = {"traceparent": frame["traceparent"]} if isinstance(frame.get("traceparent"), str) else None
            with tracing.span(f"{self.side} {command}", kind=SpanKind.SERVER, parent=parent, trace=_trace_of(frame)):
                yield
                log.info("frame", side=self.side, command=command)

    async def _obey(self, frame: Frame) -> None:
        command = self.commands.get(frame["type"])
        if command is None:
            raise Refused("unknown_type", f"This server does not know {frame['type']!r:.60}.")
        await getattr(self, command)(frame)

    async def _send_error(self, code: str, message: str, frame: Frame) -> None:
        error: Frame = {"type": "error", "code": code, "message": message}
        error |= {name: frame[name][:64] for name in ("client_id", "conversation") if isinstance(frame.get(name), str)}
        await self.send_frame(error)

    def _expect_frame(self) -> None:
        if self.idle:
            self.idle.cancel()
        loop = asyncio.get_running_loop()
        self.idle = loop.call_later(SILENCE, lambda: loop.create_task(self.close(4408)))


def parse(text: str | None) -> Frame:
    """A frame from the wire: JSON, an object, of this version, with a type."""
    if text is None or len(text.encode("utf-8", "replace")) > FRAME_LIMIT:
        raise Refused("bad_frame", "A frame is JSON text of at most 64 KiB.")
    try:
        frame = json.loads(text)
        if "\\u" in text:
            json.dumps(frame, ensure_ascii=False).encode()  # half a character can't be stored, nor said again
    except (ValueError, RecursionError):
        raise Refused("bad_frame", "This is not JSON.") from None
    if not isinstance(frame, dict) or not isinstance(frame.get("type"), str):
        raise Refused("bad_frame", "A frame is an object with a type.")
    if frame.get("v") != PROTOCOL:
        raise Refused("unsupported_version", f"This server speaks version {PROTOCOL}.")
    return frame


def _trace_of(frame: Frame) -> UUID | None:
    try:
        return uuid_of(frame, "client_id")
    except Refused:
        return None


def text_of(frame: Frame, name: str) -> str:
    """A field that must be text."""
    value = frame.get(name)
    if not isinstance(value, str):
        raise Refused("bad_frame", f"{name} must be text.")
    return value


def uuid_of(frame: Frame, name: str) -> UUID:
    """A field that must be a UUID."""
    try:
        return UUID(text_of(frame, name))
    except ValueError:
        raise Refused("bad_frame", f"{name} must be a UUID.") from None


def uuids_of(frame: Frame, name: str) -> list[UUID]:
    """A field that must be a list of UUIDs; empty if there is none."""
    values = frame.get(name, [])
    if not isinstance(values, list):
        raise Refused("bad_frame", f"{name} must be a list of UUIDs.")
    return [uuid_of({name: value}, name) for value in values]


def seq_of(frame: Frame, name: str = "last_seq") -> int:
    """A field that must be a whole number; by default the last sequence number that the client has, 0 if none."""
    value = frame.get(name, 0)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**31:
        raise Refused("bad_frame", f"{name} must be a number from 0.")
    return value


def ids_of(frame: Frame, name: str) -> list[int]:
    """A field that must be a list of whole numbers; empty if there is none."""
    values = frame.get(name, [])
    if not isinstance(values, list) or not all(isinstance(v, int) and not isinstance(v, bool) for v in values):
        raise Refused("bad_frame", f"{name} must be a list of numbers.")
    return values


def flag_of(frame: Frame, name: str) -> bool:
    """A field that must be true or false."""
    value = frame.get(name)
    if not isinstance(value, bool):
        raise Refused("bad_frame", f"{name} must be true or false.")
    return value


def day_of(frame: Frame, name: str) -> date | None:
    """A field that must be a day, as 2030-01-31, or null."""
    if frame.get(name) is None:
        return None
    try:
        day = parse_date(text_of(frame, name))
    except ValueError:
        day = None
    if day is None:
        raise Refused("bad_frame", f"{name} must be a day, as 2030-01-31.")
    return day


def in_thread(function: Callable[P, T]) -> Callable[P, Coroutine[Any, Any, T]]:
    """Run database work on a thread of the pool; unlike `database_sync_to_async`, not all on the same one."""
    call: Callable[P, Coroutine[Any, Any, T]] = DatabaseSyncToAsync(function, thread_sensitive=False)
    return call
