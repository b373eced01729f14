"""Telegram's Bot API (core.telegram.org/bots/api): private chats with a bot."""

from __future__ import annotations

import hmac
import json
from typing import Any
from urllib.parse import urljoin

from django.conf import settings
from django.http import HttpResponse

from supportbot.channels.messengers import calls
from supportbot.channels.messengers.adapter import (
    Abilities,
    CallFailed,
    Came,
    Piece,
    RemoteFile,
    Request,
    What,
)
from supportbot.channels.messengers.models import Messenger

UPDATES = ["message", "edited_message", "callback_query"]
OTHER = ("voice", "video", "video_note", "audio", "sticker", "animation", "location", "contact", "poll", "venue")
PHOTO = ("image/jpeg", "image/png", "image/webp")
PHOTO_BYTES = 10 * 1024 * 1024
TROUBLE = (401, 404)  # what the API answers to a token that it does not know


class Telegram:
    """A bot that was made with BotFather; its token is the messenger's."""

    abilities = Abilities(text=4000, buttons=50, words=60)

    def connect(self, messenger: Messenger) -> str:
        """Sign in, and set the webhook."""
        me = self._call(messenger, "getMe")
        address = urljoin(settings.SITE_ADDRESS, messenger.path)
        webhook = {"url": address, "secret_token": messenger.secret, "allowed_updates": UPDATES, "max_connections": 10}
        self._call(messenger, "setWebhook", webhook)
        return f"@{me['username']}"

    def disconnect(self, messenger: Messenger) -> None:
        """Delete the webhook; what waits there comes once it is set again."""
        self._call(messenger, "deleteWebhook")

    def is_genuine(self, messenger: Messenger, request: Request) -> bool:
        """By the secret that we told with the webhook."""
        given = request.headers.get("X-Telegram-Bot-Api-Secret-Token", "")
        return hmac.compare_digest(given.encode(), messenger.secret.encode())

    def greet(self, messenger: Messenger, request: Request) -> HttpResponse | None:
        """Telegram does not try the address."""
        return None

    def read(self, messenger: Messenger, body: bytes) -> list[Came]:
        """One update."""
        update = json.loads(body)
        id_ = str(int(update["update_id"]))
        if query := update.get("callback_query"):
            return self._pressed(id_, query)
        message = update.get("message") or update.get("edited_message")
        if message is None:
            return []
        address = str(int(message["chat"]["id"]))
        if message["chat"]["type"] != "private":
            return [Came(f"group:{address}", What.GROUP, address, language=_language(message.get("from") or {}))]
        text = str(message.get("text") or message.get("caption") or "")
        what = What.EDIT if "edited_message" in update else What.MESSAGE
        if text.split(maxsplit=1)[:1] == ["/start"]:
            what, text = What.GREETING, ""
        files = tuple(_files(message))
        unread = "" if files else next((name.replace("_", " ") for name in OTHER if name in message), "")
        if not (text or files or unread or what is What.GREETING):
            return []  # as somebody who pinned a message
        about = {**_who(message["from"]), "text": text, "files": files, "unread": unread}
        return [Came(id_, what, address, float(update["update_id"]), **about)]

    def fetch(self, messenger: Messenger, file: RemoteFile, most: int) -> bytes:
        """By the path that `getFile` tells."""
        path = self._call(messenger, "getFile", {"file_id": file.id})["file_path"]
        address = f"{settings.MESSENGER_APIS['telegram']}/file/bot{calls.token_of(messenger)}/{path}"
        answer, data = calls.ask("GET", address, most=most)
        if answer.status_code != 200:
            raise CallFailed(f"Telegram does not give the file ({answer.status_code}).", is_final=True)
        return data

    def thank(self, messenger: Messenger, came: Came, *, writes: bool) -> None:
        """End the clock on a button that was pressed, and show that somebody writes."""
        if came.callback:
            self._call(messenger, "answerCallbackQuery", {"callback_query_id": came.callback})
        if writes:
            self._call(messenger, "sendChatAction", {"chat_id": came.address, "action": "typing"})

    def name(self, messenger: Messenger, came: Came) -> str:
        """It stands in the update."""
        return came.name

    def send(self, messenger: Messenger, address: str, piece: Piece) -> str:
        """A text, a photo, or a document."""
        if piece.file is None:
            rows = [[{"text": button.words, "callback_data": button.bears}] for button in piece.buttons]
            keyboard = {"reply_markup": {"inline_keyboard": rows}} if rows else {}
            said = {"chat_id": address, "text": piece.text, "link_preview_options": {"is_disabled": True}}
            return str(self._call(messenger, "sendMessage", said | keyboard)["message_id"])
        is_photo = piece.file.content_type in PHOTO and len(piece.file.data) <= PHOTO_BYTES
        method, name = ("sendPhoto", "photo") if is_photo else ("sendDocument", "document")
        files = {name: (piece.file.name, piece.file.data, piece.file.content_type)}
        return str(self._call(messenger, method, {"chat_id": address}, files)["message_id"])

    def send_template(self, messenger: Messenger, address: str) -> str:
        """Telegram takes answers at any time."""
        raise NotImplementedError

    def _call(self, messenger: Messenger, method: str, said: dict[str, Any] | None = None, files: Any = None) -> Any:
        """The result of a method of the API."""
        address = f"{settings.MESSENGER_APIS['telegram']}/bot{calls.token_of(messenger)}/{method}"
        request = {"data": said, "files": files} if files else {"json": said or {}}
        answer, body = calls.ask("POST", address, **request)
        found = calls.told(body)
        if not found.get("ok"):
            why = f"Telegram: {found.get('description', answer.status_code)}"
            raise CallFailed(why, is_final=True, is_ours=answer.status_code in TROUBLE)
        return found["result"]

    def _pressed(self, id_: str, query: dict[str, Any]) -> list[Came]:
        message = query.get("message") or {}
        if message.get("chat", {}).get("type") != "private" or not query.get("data"):
            return []
        pressed: dict[str, Any] = {"button": str(query["data"]), "callback": str(query["id"])}
        return [Came(id_, What.CHOICE, str(message["chat"]["id"]), float(id_), **_who(query["from"]), **pressed)]


def _who(user: dict[str, Any]) -> dict[str, Any]:
    name = " ".join(filter(None, (user.get("first_name"), user.get("last_name")))) or user.get("username", "")
    return {"sender": str(int(user["id"])), "name": str(name)[:100], "language": _language(user)}


def _language(user: dict[str, Any]) -> str:
    return str(user.get("language_code") or "")[:2].lower()


def _files(message: dict[str, Any]) -> list[RemoteFile]:
    found = []
    if photos := message.get("photo"):  # the same in several sizes
        largest = max(photos, key=lambda photo: photo.get("file_size", 0))
        found.append(RemoteFile(largest["file_id"], "photo.jpg", int(largest.get("file_size", 0))))
    if (document := message.get("document")) and "animation" not in message:
        name = str(document.get("file_name") or "document")
        found.append(RemoteFile(document["file_id"], name, int(document.get("file_size", 0))))
    return found
