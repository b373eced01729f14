"""The interface of a messenger: what a provider tells us, what it can show, and how it is asked.

An adapter knows its provider's API and nothing of conversations; `receiving.py` and `outbox.py` know no provider.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any, Protocol, Self

from django.http import HttpRequest, HttpResponse

from supportbot.channels.messengers.models import Messenger
from supportbot.chat.storable import storable


class What(StrEnum):
    """What an arrival is."""

    MESSAGE = "message"
    EDIT = "edit"  # the customer changed an earlier message: the text anew
    GREETING = "greeting"  # the customer opened the chat and said nothing yet
    CHOICE = "choice"  # a button was pressed
    STATUS = "status"  # how far a message of ours has come
    GROUP = "group"  # a chat that is not answered, which is told once


@dataclass(frozen=True)
class RemoteFile:
    """A file that lies at the provider."""

    id: str  # by which `fetch` finds it
    name: str
    size: int = 0  # bytes; 0 where it is not told


@dataclass(frozen=True)
class Came:
    """One thing that a provider told us."""

    id: str  # the provider's, the same in every repetition
    what: What
    address: str  # of the chat
    place: float = 0.0  # orders those of one chat
    sender: str = ""
    name: str = ""
    language: str = ""
    text: str = ""
    files: tuple[RemoteFile, ...] = ()
    unread: str = ""  # what else it holds that can't be taken, as "voice message"
    button: str = ""  # what the pressed button bears
    callback: str = ""  # by which the press is thanked for
    of: str = ""  # the provider's id of our message that a status is of
    status: str = ""  # delivered, read, failed
    why: str = ""  # it failed

    def as_json(self) -> dict[str, Any]:
        """To be written down, without what is empty."""
        told = {name: _storable(value) for name, value in asdict(self).items()}
        return {name: value for name, value in told.items() if value}

    @classmethod
    def from_json(cls, written: dict[str, Any]) -> Self:
        """What was written down."""
        files = tuple(RemoteFile(**file) for file in written.get("files", ()))
        return cls(**{**written, "what": What(written["what"]), "files": files})


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {name: _storable(one) for name, one in value.items()}
    return [_storable(one) for one in value] if isinstance(value, tuple | list) else value


@dataclass(frozen=True)
class Button:
    """An answer that is offered."""

    words: str
    bears: str  # comes back when it is pressed; at most 64 bytes


@dataclass(frozen=True)
class Enclosure:
    """A file that goes out."""

    name: str
    content_type: str
    data: bytes


@dataclass(frozen=True)
class Piece:
    """One message at the provider: a text, perhaps with buttons, or a file."""

    text: str = ""
    buttons: tuple[Button, ...] = ()
    file: Enclosure | None = None


@dataclass(frozen=True)
class Abilities:
    """What a messenger can show."""

    text: int  # characters of one message
    buttons: int  # of one message
    words: int  # characters of a button
    window: timedelta | None = None  # how long after the customer's last message it takes answers


class CallFailed(Exception):
    """The provider did not do it; the message says why, in the administrator's words, and holds no secret."""

    def __init__(self, why: str, *, is_final: bool = False, is_ours: bool = False, after: float = 0) -> None:
        super().__init__(why)
        self.is_final = is_final  # the same would fail again
        self.is_ours = is_ours  # the messenger does not work, rather than this message
        self.after = after  # seconds that the provider wants us to wait


class WindowClosed(CallFailed):
    """The customer wrote too long ago for an answer."""


@dataclass(frozen=True)
class Request:
    """What came to the address of a messenger."""

    method: str
    headers: Any  # as of HttpRequest: names in any case
    query: dict[str, str]
    body: bytes = field(repr=False)

    @classmethod
    def of(cls, request: HttpRequest, body: bytes) -> Self:
        """The same, read."""
        return cls(request.method or "", request.headers, request.GET.dict(), body)


class Adapter(Protocol):
    """One provider."""

    abilities: Abilities

    def connect(self, messenger: Messenger) -> str:
        """Sign in, and have messages sent here; as whom we are known. CallFailed"""

    def disconnect(self, messenger: Messenger) -> None:
        """Have no more messages sent here. CallFailed"""

    def is_genuine(self, messenger: Messenger, request: Request) -> bool:
        """Whether the provider sent it, and not too long ago."""

    def greet(self, messenger: Messenger, request: Request) -> HttpResponse | None:
        """The answer to a request that only proves that we are there; None for any other."""

    def read(self, messenger: Messenger, body: bytes) -> list[Came]:
        """What a genuine request tells; nothing of what is not for us. ValueError, LookupError, TypeError: garbled"""

    def fetch(self, messenger: Messenger, file: RemoteFile, most: int) -> bytes:
        """A file of at most so many bytes. CallFailed"""

    def thank(self, messenger: Messenger, came: Came, *, writes: bool) -> None:
        """Show that it was heard, and whether the assistant reads it and writes, as far as it can be. CallFailed"""

    def name(self, messenger: Messenger, came: Came) -> str:
        """What the sender is called; empty where it is not told. CallFailed"""

    def send(self, messenger: Messenger, address: str, piece: Piece) -> str:
        """Send it; the provider's id. CallFailed, WindowClosed"""

    def send_template(self, messenger: Messenger, address: str) -> str:
        """Ask the customer to write again; the provider's id. Only where there is a window. CallFailed"""
