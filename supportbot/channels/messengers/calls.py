"""Requests to providers: thin, to checked addresses only, and what fails in words that hold no secret."""

from __future__ import annotations

import json
from typing import Any

import httpx

from supportbot.channels.messengers.adapter import CallFailed
from supportbot.workspaces import outgoing
from supportbot.workspaces.sealing import Unsealable

PATIENCE = 20.0  # seconds of one request
MOST_BYTES = 1024 * 1024  # of an answer in JSON


def ask(method: str, address: str, *, most: int = MOST_BYTES, **request: Any) -> tuple[httpx.Response, bytes]:
    """One request, and the whole body of its answer, whatever its status but 429 and 5xx. CallFailed"""
    try:
        with outgoing.client(timeout=PATIENCE) as client, client.stream(method, address, **request) as answer:
            body = outgoing.read(answer, most)
    except outgoing.Refused as error:
        raise CallFailed(_short(str(error)), is_ours=True) from None
    except outgoing.TooLarge:
        raise CallFailed(f"The file is larger than {most // 1024 // 1024} MB.", is_final=True) from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:  # its own words may hold the address, and that a token
        raise CallFailed(f"The provider does not answer ({type(error).__name__}).", is_ours=True) from None
    if answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
        raise CallFailed("The provider wants a pause.", after=pause(answer, body))
    if answer.status_code >= 500:
        raise CallFailed(f"The provider has trouble ({answer.status_code}).", is_ours=True)
    return answer, body


def told(body: bytes) -> dict[str, Any]:
    """The object of an answer; CallFailed if it is none."""
    try:
        found = json.loads(body)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise CallFailed("The provider answered something that is no answer.", is_ours=True)
    return found


def pause(answer: httpx.Response, body: bytes) -> float:
    """How many seconds the provider wants us to wait: in a header, or as Telegram says it."""
    wanted: Any = answer.headers.get("retry-after")
    if wanted is None and (found := _object(body)):
        wanted = (found.get("parameters") or {}).get("retry_after")
    try:
        return min(max(float(wanted), 1.0), 3600.0)
    except (TypeError, ValueError):
        return 30.0


def token_of(messenger: Any) -> str:
    """What we sign in with; CallFailed where it can't be read any more."""
    try:
        token: str = messenger.token
    except Unsealable as error:
        raise CallFailed(str(error), is_ours=True) from None
    return token


def _object(body: bytes) -> dict[str, Any]:
    try:
        return told(body)
    except CallFailed:
        return {}


def _short(words: str) -> str:
    """The host and what is wrong with it, of words that begin with it."""
    return words if "://" not in words else "This address can't be asked."
