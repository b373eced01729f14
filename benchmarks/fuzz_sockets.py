"""Bad frames at both websockets of a running product: none may fail it, silence it or close a socket."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import time
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

import django
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin

from benchmarks.desk import sign_in
from tests.customer import KEY, Customer
from tests.frames import Raw, frames, is_answer, judge, mark
from tests.stack import Stack

LONGEST = 120_000  # bytes; beyond 128 KiB the server ends the connection, as it should
EACH = 8  # frames between two looks
PATIENCE = 60  # seconds; the sweep and the assistant work meanwhile
TABLES = {"label": "chat_label", "macro": "chat_macro", "filter": "chat_savedfilter", "team": "workspaces_team"}
TABLES |= {"agent": "workspaces_user", "conversation": "chat_conversation"}


def run(stack: Stack, count: int, seed: int) -> str:
    """Send that many to each socket; how it went, in words. Unsound or TimeoutError, with what was sent, otherwise."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "supportbot.settings")
    django.setup()
    from supportbot.dashboard.consumers import AgentConsumer  # noqa: PLC0415  (after Django's setup)
    from supportbot.widget.consumers import CustomerConsumer  # noqa: PLC0415

    with Customer(stack.url) as customer:
        customer.write("Hello")
        customer.until(lambda: customer.conversation, what="a conversation")
    rows = {name: _first(stack, table) for name, table in TABLES.items()}
    resume = {"v": 1, "type": "resume", "workspace": KEY, "token": secrets.token_urlsafe(32)}
    widget = frames(list(CustomerConsumer.commands), {**rows, "workspace": KEY, "token": resume["token"]}, seed)
    inbox = frames(list(AgentConsumer.commands), rows, seed)
    begun = time.monotonic()
    asyncio.run(_both(stack.url, _some(widget, count), _some(inbox, count), resume))
    return f"{2 * count:,} bad frames in {time.monotonic() - begun:.0f} s: no failure, no silence."


def _some(sent: Iterator[Raw], count: int) -> Iterator[Raw]:
    return islice((raw for raw in sent if len(raw.encode() if isinstance(raw, str) else raw) < LONGEST), count)


def _first(stack: Stack, table: str) -> Any:
    found = stack.rows(f"SELECT id FROM {table} LIMIT 1")
    return found[0]["id"] if found else 1


async def _both(url: str, widget: Iterator[Raw], inbox: Iterator[Raw], resume: Mapping[str, Any]) -> None:
    address, origin = url.replace("http", "ws", 1), Origin(url)
    cookies = {"Cookie": await sign_in(url)}
    async with (
        connect(f"{address}/ws/v1/widget/", origin=origin, max_size=None) as customer,
        connect(f"{address}/ws/v1/inbox/", origin=origin, max_size=None, additional_headers=cookies) as agent,
    ):
        await asyncio.gather(
            _withstand(customer, widget, resume), _withstand(agent, inbox, {"v": 1, "type": "mentions.read"})
        )


async def _withstand(socket: ClientConnection, sent: Iterator[Raw], first: Mapping[str, Any]) -> None:
    number = 0
    while batch := list(islice(sent, EACH)):
        for raw in (json.dumps(first), *batch, mark(number)):
            await socket.send(raw)
        async with asyncio.timeout(PATIENCE):
            while not is_answer(judge(str(await socket.recv()), batch, ""), number):
                pass
        number += 1
