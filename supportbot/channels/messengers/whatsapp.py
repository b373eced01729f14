"""WhatsApp's Cloud API (developers.facebook.com/docs/whatsapp/cloud-api): chats with a number of the workspace."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import timedelta
from io import BytesIO
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from PIL import Image

from supportbot.channels.messengers import calls
from supportbot.channels.messengers.adapter import (
    Abilities,
    Button,
    CallFailed,
    Came,
    Enclosure,
    Piece,
    RemoteFile,
    Request,
    What,
    WindowClosed,
)
from supportbot.channels.messengers.models import Messenger

REPLY_BUTTONS = 3  # above that they are the rows of a list
FILES = ("image", "document")
STATUSES = ("delivered", "read", "failed")
PICTURES = ("image/jpeg", "image/png")
# Of developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes
CLOSED = 131047
BUSY = (4, 80007, 130429, 131048, 131056)
ACCOUNT = (0, 3, 10, 190, 368, 131005, 131031)
PASSING = (1, 2, 131000, 131016, 131057)
OVER = "WhatsApp takes answers within 24 hours of the customer's last message only, and these are over."


class WhatsApp:
    """A number; the token is that of a system user, the secret that of Meta's app."""

    abilities = Abilities(text=4096, buttons=10, words=20, window=timedelta(hours=24))

    def connect(self, messenger: Messenger) -> str:
        """Ask for the number; the webhook is set by hand, in Meta's app."""
        found = self._call(messenger, "GET", f"{messenger.account}?fields=display_phone_number,verified_name")
        return f"{found.get('verified_name', '')} {found['display_phone_number']}".strip()

    def disconnect(self, messenger: Messenger) -> None:
        """What Meta still sends is not taken; the webhook is removed in its app."""

    def is_genuine(self, messenger: Messenger, request: Request) -> bool:
        """By Meta's signature; the one request without it repeats the verify token."""
        if request.method == "GET":
            given = request.query.get("hub.verify_token", "")
            return hmac.compare_digest(given.encode(), messenger.verify_token.encode())
        expected = hmac.new(messenger.secret.encode(), request.body, hashlib.sha256).hexdigest()
        given = request.headers.get("X-Hub-Signature-256", "")
        return hmac.compare_digest(given.encode(), f"sha256={expected}".encode())

    def greet(self, messenger: Messenger, request: Request) -> HttpResponse | None:
        """Give back what Meta asks for as the webhook is set."""
        if request.method != "GET":
            return None
        return HttpResponse(request.query.get("hub.challenge", ""), content_type="text/plain")

    def read(self, messenger: Messenger, body: bytes) -> list[Came]:
        """All messages and statuses of our number; a webhook is the app's, which may have others."""
        found = []
        for entry in json.loads(body)["entry"]:
            for value in (change["value"] for change in entry["changes"] if change["field"] == "messages"):
                if value["metadata"]["phone_number_id"] == messenger.account:
                    names = {
                        one["wa_id"]: one["profile"]["name"] for one in value.get("contacts", ()) if "profile" in one
                    }
                    found += [came for one in value.get("messages", ()) if (came := _message(one, names))]
                    found += [_status(one) for one in value.get("statuses", ()) if one["status"] in STATUSES]
        return found

    def fetch(self, messenger: Messenger, file: RemoteFile, most: int) -> bytes:
        """By the address that its id leads to."""
        about = self._call(messenger, "GET", file.id)
        answer, data = calls.ask("GET", about["url"], most=most, headers=_signed_in(messenger))
        if answer.status_code != 200:
            raise CallFailed(f"WhatsApp does not give the file ({answer.status_code}).", is_final=True)
        return data

    def thank(self, messenger: Messenger, came: Came, *, writes: bool) -> None:
        """Show that it was read, and that somebody writes."""
        if not writes:
            return
        seen = {"messaging_product": "whatsapp", "status": "read", "message_id": came.id}
        self._call(messenger, "POST", f"{messenger.account}/messages", {**seen, "typing_indicator": {"type": "text"}})

    def name(self, messenger: Messenger, came: Came) -> str:
        """It comes with the message."""
        return came.name

    def send(self, messenger: Messenger, address: str, piece: Piece) -> str:
        """A text, a text with buttons or a list, or a file that was uploaded before."""
        if piece.file:
            return self._post(messenger, address, self._uploaded(messenger, piece.file))
        if piece.buttons:
            return self._post(messenger, address, {"type": "interactive", "interactive": _interactive(piece)})
        return self._post(messenger, address, {"type": "text", "text": {"body": piece.text, "preview_url": False}})

    def send_template(self, messenger: Messenger, address: str) -> str:
        """The one that an administrator named."""
        name, language = messenger.template.split()
        template = {"name": name, "language": {"code": language}}
        return self._post(messenger, address, {"type": "template", "template": template})

    def _post(self, messenger: Messenger, address: str, said: dict[str, Any]) -> str:
        whole = {"messaging_product": "whatsapp", "recipient_type": "individual", "to": address, **said}
        return str(self._call(messenger, "POST", f"{messenger.account}/messages", whole)["messages"][0]["id"])

    def _uploaded(self, messenger: Messenger, file: Enclosure) -> dict[str, Any]:
        shown = _as_shown(file)
        request: dict[str, Any] = {
            "data": {"messaging_product": "whatsapp", "type": shown.content_type},
            "files": {"file": (shown.name, shown.data, shown.content_type)},
        }
        id_ = self._call(messenger, "POST", f"{messenger.account}/media", **request)["id"]
        if shown.content_type in PICTURES:
            return {"type": "image", "image": {"id": id_}}
        return {"type": "document", "document": {"id": id_, "filename": shown.name}}

    def _call(
        self, messenger: Messenger, method: str, path: str, said: dict[str, Any] | None = None, **request: Any
    ) -> dict[str, Any]:
        """What the API answers; its errors by their codes."""
        request |= {"json": said} if said is not None else {}
        address = f"{settings.MESSENGER_APIS['whatsapp']}/{path}"
        answer, body = calls.ask(method, address, headers=_signed_in(messenger), **request)
        found = calls.told(body)
        if error := found.get("error"):
            raise _refusal(error, calls.pause(answer, b""))
        return found


def _signed_in(messenger: Messenger) -> dict[str, str]:
    return {"Authorization": f"Bearer {calls.token_of(messenger)}"}


def _refusal(error: dict[str, Any], pause: float) -> CallFailed:
    """An error of the API as what it means for us."""
    code = int(error.get("code", 0))
    if code == CLOSED:
        return WindowClosed(OVER)
    why = f"WhatsApp: {error.get('message', code)}"
    if code in BUSY:
        return CallFailed(why, after=pause)
    return CallFailed(why, is_final=code not in PASSING, is_ours=code in (*ACCOUNT, *PASSING))


def _message(message: dict[str, Any], names: dict[str, str]) -> Came | None:
    """A customer's message; None for what says nothing, as a reaction."""
    kind, sender = message["type"], str(message["from"])
    who = {"sender": sender, "name": str(names.get(sender, ""))[:100]}
    came: dict[str, Any] = {"id": str(message["id"]), "address": sender, "place": float(message["timestamp"]), **who}
    if kind == "text":
        return Came(what=What.MESSAGE, text=str(message["text"]["body"]), **came)
    if kind == "interactive":
        reply = message["interactive"][message["interactive"]["type"]]
        return Came(what=What.CHOICE, button=str(reply["id"]), **came)
    if kind == "button":  # below a template
        return Came(what=What.MESSAGE, text=str(message["button"]["text"]), **came)
    if kind in FILES:
        file = message[kind]
        name = str(file.get("filename") or f"{kind}.jpg")
        return Came(
            what=What.MESSAGE, text=str(file.get("caption", "")), files=(RemoteFile(str(file["id"]), name),), **came
        )
    if kind in ("reaction", "system"):
        return None
    return Came(what=What.MESSAGE, unread=kind, **came)


def _status(status: dict[str, Any]) -> Came:
    of, how = str(status["id"]), str(status["status"])
    error: dict[str, Any] = next(iter(status.get("errors", ())), {})
    closed = int(error.get("code", 0)) == CLOSED
    why = OVER if closed else f"WhatsApp: {error.get('title') or error.get('message') or 'it was not delivered.'}"
    return Came(f"{of}:{how}", What.STATUS, str(status["recipient_id"]), of=of, status=how, why=why)


def _interactive(piece: Piece) -> dict[str, Any]:
    body = {"body": {"text": piece.text}}
    if len(piece.buttons) <= REPLY_BUTTONS:
        shown = [{"type": "reply", "reply": _reply(button)} for button in piece.buttons]
        return {"type": "button", **body, "action": {"buttons": shown}}
    rows = [_reply(button) for button in piece.buttons]
    return {"type": "list", **body, "action": {"button": "…", "sections": [{"rows": rows}]}}


def _reply(button: Button) -> dict[str, str]:
    return {"id": button.bears, "title": button.words}


def _as_shown(file: Enclosure) -> Enclosure:
    """WhatsApp shows JPEG and PNG; a picture of another kind goes as PNG."""
    if not file.content_type.startswith("image/") or file.content_type in PICTURES:
        return file
    made = BytesIO()
    Image.open(BytesIO(file.data)).convert("RGBA").save(made, "PNG")
    return Enclosure(f"{file.name.rpartition('.')[0]}.png", "image/png", made.getvalue())
