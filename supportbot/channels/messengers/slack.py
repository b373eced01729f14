"""Slack's Events API and Web API (docs.slack.dev): direct messages to an app, and the threads of its channels."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.conf import settings
from django.http import HttpResponse

from supportbot.channels.messengers import calls
from supportbot.channels.messengers.adapter import (
    Abilities,
    CallFailed,
    Came,
    Enclosure,
    Piece,
    RemoteFile,
    Request,
    What,
)
from supportbot.channels.messengers.models import Messenger

FRESH = 300  # seconds by which a signed request may be old
SAID = (None, "file_share", "thread_broadcast")  # subtypes of messages that people wrote
LINK = re.compile(r"<(?P<target>[^<>|]+)(?:\|(?P<words>[^<>]*))?>")
BLOCK = 3000  # characters of the text above buttons
PASSING = ("internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org")
ACCOUNT = ("invalid_auth", "account_inactive", "token_revoked", "token_expired", "not_authed", "missing_scope")


class Slack:
    """An app; the token is that of its bot, the secret its signing secret."""

    abilities = Abilities(text=BLOCK, buttons=25, words=75)

    def connect(self, messenger: Messenger) -> str:
        """Ask who we are; the addresses are entered by hand, in the app's settings."""
        found = self._call(messenger, "auth.test")
        return f"@{found['user']} in {found['team']}"

    def disconnect(self, messenger: Messenger) -> None:
        """What Slack still sends is not taken; the app is removed there."""

    def is_genuine(self, messenger: Messenger, request: Request) -> bool:
        """By Slack's signature over the body and the time at which it was sent."""
        sent_at = request.headers.get("X-Slack-Request-Timestamp", "")
        if not sent_at.isdecimal() or abs(time.time() - int(sent_at[:12])) > FRESH:
            return False
        signed = f"v0:{sent_at}:".encode() + request.body
        expected = hmac.new(messenger.secret.encode(), signed, hashlib.sha256).hexdigest()
        given = request.headers.get("X-Slack-Signature", "")
        return hmac.compare_digest(given.encode(), f"v0={expected}".encode())

    def greet(self, messenger: Messenger, request: Request) -> HttpResponse | None:
        """Give back what Slack asks for as the address is entered."""
        if b'"url_verification"' not in request.body:
            return None
        told = json.loads(request.body)
        if told.get("type") != "url_verification":
            return None
        return HttpResponse(str(told.get("challenge", "")), content_type="text/plain")

    def read(self, messenger: Messenger, body: bytes) -> list[Came]:
        """One event, or one button in a form."""
        if body.startswith(b"payload="):
            return _pressed(json.loads(parse_qs(body.decode())["payload"][0]))
        told = json.loads(body)
        if told["type"] != "event_callback" or told["event"]["type"] != "message":
            return []
        event, what = told["event"], What.MESSAGE
        if event.get("subtype") == "message_changed":
            before, event = event.get("previous_message", {}), {**event, **event["message"], "subtype": None}
            if before.get("text") == event.get("text") or "edited" not in event:
                return []
            what = What.EDIT
        if event.get("subtype") not in SAID or event.get("bot_id") or event.get("app_id") or "user" not in event:
            return []
        return [_said(event, what)]

    def fetch(self, messenger: Messenger, file: RemoteFile, most: int) -> bytes:
        """From Slack alone, for our token goes with it."""
        host, own = urlsplit(file.id).hostname or "", urlsplit(settings.MESSENGER_APIS["slack"]).hostname
        if host != own and not host.endswith((".slack.com", ".slack-edge.com")):
            raise CallFailed("The file does not lie at Slack.", is_final=True)
        answer, data = calls.ask("GET", file.id, most=most, headers=_signed_in(messenger))
        if answer.status_code != 200:
            raise CallFailed(f"Slack does not give the file ({answer.status_code}).", is_final=True)
        return data

    def thank(self, messenger: Messenger, came: Came, *, writes: bool) -> None:
        """Apps can't show that they read or write."""

    def name(self, messenger: Messenger, came: Came) -> str:
        """As the profile says."""
        user = self._call(messenger, "users.info", user=came.sender)["user"]
        profile = user.get("profile", {})
        return str(profile.get("display_name") or user.get("real_name") or user.get("name") or "")

    def send(self, messenger: Messenger, address: str, piece: Piece) -> str:
        """A text, perhaps with Block Kit's buttons, or a file."""
        if piece.file:
            return self._share(messenger, address, piece.file)
        said = {**_place(address), "text": _escaped(piece.text), "unfurl_links": False, "unfurl_media": False}
        if piece.buttons:
            said["blocks"] = _blocks(piece)
        return str(self._call(messenger, "chat.postMessage", **said)["ts"])

    def send_template(self, messenger: Messenger, address: str) -> str:
        """Slack takes answers at any time."""
        raise NotImplementedError

    def _share(self, messenger: Messenger, address: str, file: Enclosure) -> str:
        """Slack's way in three steps: ask for an address, send there, say where it belongs."""
        place = self._call(messenger, "files.getUploadURLExternal", filename=file.name, length=len(file.data))
        answer, _ = calls.ask("POST", place["upload_url"], content=file.data)
        if answer.status_code != 200:
            raise CallFailed(f"Slack did not take the file ({answer.status_code}).", is_ours=True)
        where = {name.replace("channel", "channel_id"): value for name, value in _place(address).items()}
        shared = {"files": json.dumps([{"id": place["file_id"], "title": file.name}]), **where}
        self._call(messenger, "files.completeUploadExternal", **shared)
        return str(place["file_id"])

    def _call(self, messenger: Messenger, method: str, **said: Any) -> dict[str, Any]:
        """What a method answers; its errors by their names. Reading methods take no JSON, so that it is a form."""
        form = {name: json.dumps(value) if isinstance(value, list | bool) else value for name, value in said.items()}
        address = f"{settings.MESSENGER_APIS['slack']}/{method}"
        answer, body = calls.ask("POST", address, data=form, headers=_signed_in(messenger))
        found = calls.told(body)
        if not found.get("ok"):
            error = str(found.get("error", answer.status_code))
            if error in ("ratelimited", "rate_limited"):
                raise CallFailed("The provider wants a pause.", after=calls.pause(answer, b""))
            is_ours = error in (*ACCOUNT, *PASSING)
            raise CallFailed(f"Slack: {error.replace('_', ' ')}", is_final=error not in PASSING, is_ours=is_ours)
        return found


def _signed_in(messenger: Messenger) -> dict[str, str]:
    return {"Authorization": f"Bearer {calls.token_of(messenger)}"}


def _place(address: str) -> dict[str, Any]:
    """A direct message's channel, or a thread of another one."""
    channel, _, thread = address.partition(":")
    return {"channel": channel, "thread_ts": thread} if thread else {"channel": channel}


def _said(event: dict[str, Any], what: What) -> Came:
    channel, at = str(event["channel"]), str(event["ts"])
    is_direct = event.get("channel_type") == "im"
    address = channel if is_direct else f"{channel}:{event.get('thread_ts') or at}"
    about: dict[str, Any] = {
        "sender": str(event["user"]),
        "text": _plain(str(event.get("text", ""))),
        "files": _files(event),
    }
    version = f":{event['edited']['ts']}" if what is What.EDIT else ""
    return Came(f"{channel}:{at}{version}", what, address, float(at), **about)


def _pressed(told: dict[str, Any]) -> list[Came]:
    if told.get("type") != "block_actions":
        return []
    action, container, channel = told["actions"][0], told["container"], str(told["channel"]["id"])
    message = told.get("message", {})
    thread = message.get("thread_ts") or container.get("thread_ts")
    address = f"{channel}:{thread}" if thread else channel
    at, user = float(action["action_ts"]), str(told["user"]["id"])
    id_ = f"{channel}:{container['message_ts']}:{action['action_ts']}"
    return [Came(id_, What.CHOICE, address, at, sender=user, button=str(action["value"]))]


def _files(event: dict[str, Any]) -> tuple[RemoteFile, ...]:
    there = [file for file in event.get("files", ()) if file.get("url_private")]
    return tuple(RemoteFile(f["url_private"], str(f.get("name") or "file"), int(f.get("size", 0))) for f in there)


def _blocks(piece: Piece) -> list[dict[str, Any]]:
    text = {"type": "section", "text": {"type": "plain_text", "text": piece.text}}
    shown = [
        {
            "type": "button",
            "text": {"type": "plain_text", "text": button.words},
            "value": button.bears,
            "action_id": f"answer-{number}",
        }
        for number, button in enumerate(piece.buttons)
    ]
    return [text, {"type": "actions", "elements": shown}]


def _plain(text: str) -> str:
    """What Slack wrote as markup: names of people and channels, links, and the three signs that it escapes."""
    text = LINK.sub(lambda found: found["words"] or found["target"].removeprefix("mailto:"), text)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").strip()


def _escaped(text: str) -> str:
    """Nothing that we say is markup: no one is called by it, and no link hides behind other words."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
