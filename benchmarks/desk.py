"""From a customer's keystroke to the agent's screen, websocket to websocket, while many visitors and inboxes are there.

`python -m benchmarks.desk --visitors 1000 --inboxes 50` has more of them. On the services of docker-compose.yml.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import secrets
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, Self
from uuid import uuid4

import httpx
import psutil
from websockets.asyncio.client import connect
from websockets.typing import Origin

from benchmarks import machine
from benchmarks.table import spread, table
from benchmarks.visitor import KEY, PATIENCE
from tests.stack import PASSWORD, ServicesStack

VISITORS, INBOXES = 200, 20
ROUNDS = 5
APART = 1.2  # seconds: a visitor's keystrokes count once a second, and his messages have a limit
AT_ONCE = 16  # connections that are made at the same time
ALIVE_EVERY = 25.0  # seconds
Frame = dict[str, Any]
Test = Callable[[Frame], bool]
Arrival = asyncio.Future[tuple[float, Frame]]


class Line:
    """A websocket that keeps itself alive as our pages do, and tells when an expected frame came."""

    def __init__(self, url: str, path: str, hello: Frame, cookie: str = "") -> None:
        self._expected: list[tuple[Test, Arrival]] = []
        self._hello = hello
        self._connecting = connect(
            url.replace("http", "ws", 1) + path,
            origin=Origin(url),
            additional_headers={"Cookie": cookie} if cookie else {},
            ping_interval=None,
            compression=None,
        )

    @classmethod
    def visitor(cls, url: str) -> Self:
        """Somebody with an open panel."""
        hello = {"kind": "resume", "workspace": KEY, "token": secrets.token_urlsafe(32), "last_seq": 0}
        return cls(url, "/ws/v1/widget/", hello)

    @classmethod
    def inbox(cls, url: str, cookie: str) -> Self:
        """An open inbox of whoever has these cookies."""
        return cls(url, "/ws/v1/inbox/", {"kind": "ping"}, cookie)

    async def __aenter__(self) -> Self:
        """Connect, and wait until the server knows who it is."""
        self._socket = await self._connecting.__aenter__()
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._live())]
        present = self.expect("presence")
        await self.send(**self._hello)
        await present
        return self

    async def __aexit__(self, *error: object) -> None:
        for task in self._tasks:
            task.cancel()
        await self._socket.close()

    async def send(self, kind: str, **fields: object) -> float:
        """Send a frame; when that was."""
        sent_at = time.perf_counter()
        await self._socket.send(json.dumps({"v": 1, "type": kind, **fields}))
        return sent_at

    def expect(self, kind: str, test: Test = lambda frame: True) -> Awaitable[tuple[float, Frame]]:
        """The next frame of this type that passes, and when it came."""
        arrival: Arrival = asyncio.get_running_loop().create_future()
        self._expected.append((lambda frame: frame["type"] == kind and test(frame), arrival))
        return asyncio.wait_for(arrival, PATIENCE)

    async def _listen(self) -> None:
        async for text in self._socket:
            at, frame = time.perf_counter(), json.loads(text)
            is_refused = frame["type"] == "error"
            met = [pair for pair in self._expected if is_refused or pair[0](frame)]
            self._expected = [pair for pair in self._expected if pair not in met]
            for _, arrival in met:
                if is_refused:
                    arrival.set_exception(RuntimeError(f"the server refuses: {frame['message']}"))
                else:
                    arrival.set_result((at, frame))

    async def _live(self) -> None:
        while True:
            await asyncio.sleep(ALIVE_EVERY)
            await self.send("ping")


@dataclass(frozen=True)
class Talk:
    """A customer and the agent who has taken the conversation and looks at it."""

    conversation: str
    customer: Line
    agent: Line

    @classmethod
    async def begin(cls, customer: Line, agent: Line) -> Talk:
        """The customer asks for people, and the agent takes over, so that the assistant keeps silent."""
        acknowledged = customer.expect("ack")
        await customer.send("agent.request", client_id=str(uuid4()))
        conversation = (await acknowledged)[1]["conversation"]
        taken = [line.expect("state", lambda state: state["handler"] == "agent") for line in (agent, customer)]
        await agent.send("conversation.open", conversation=conversation, last_seq=0, last_remark=0)
        await agent.send("conversation.take", conversation=conversation)
        await asyncio.gather(*taken)
        return cls(conversation, customer, agent)

    async def keystroke(self) -> float:
        """Seconds until the agent sees that the customer writes."""
        seen = self.agent.expect("typing", lambda frame: frame["conversation"] == self.conversation and frame["on"])
        sent_at = await self.customer.send("typing", on=True)
        return (await seen)[0] - sent_at

    async def message(self, inboxes: list[Line]) -> tuple[float, float]:
        """Seconds until the agent has a message, and until the list of every inbox has it."""
        body = f"And what about the lamp, {uuid4()}?"
        seen = self.agent.expect("message.posted", lambda frame: frame["message"]["body"] == body)
        listed = [
            inbox.expect("conversation.changed", lambda frame: frame["conversation"]["preview"] == body)
            for inbox in inboxes
        ]
        sent_at = await self.customer.send("message.post", client_id=str(uuid4()), body=body)
        (came_at, _), *lists = await asyncio.gather(seen, *listed)
        return came_at - sent_at, max(at for at, _ in lists) - sent_at


@dataclass(frozen=True)
class Samples:
    """Seconds of keystrokes; of messages, to the agent who has the conversation and to the last inbox's list."""

    keystrokes: list[float]
    messages: list[tuple[float, float]]

    def rows(self, how: str) -> list[list[str]]:
        """Of the table."""
        return [
            spread(f"a keystroke, {how}", self.keystrokes),
            spread(f"a message, {how}", [talk for talk, _ in self.messages]),
            spread("- in the lists of all inboxes", [lists for _, lists in self.messages]),
        ]


def report(visitors: int = VISITORS, inboxes: int = INBOXES) -> str:
    """The tables of this part."""
    stack = ServicesStack({})
    try:
        stack.start()
        rows, memory = asyncio.run(measure(stack, visitors, inboxes))
    finally:
        stack.stop()
    title = f"To the agent's screen, milliseconds, with {visitors:,} visitors and {inboxes:,} inboxes connected"
    return "\n".join(
        [
            table(title, ["", "p50", "p95"], rows),
            table("Memory of the web process for an idle websocket", ["", "KiB"], memory),
        ]
    )


async def measure(stack: ServicesStack, visitors: int, inboxes: int) -> tuple[list[list[str]], list[list[str]]]:
    """The rows of both tables: connect everybody, then let one customer write for each inbox."""
    web = psutil.Process(stack.processes["web"].pid)
    cookie = await sign_in(stack.url)
    async with AsyncExitStack() as lines:
        await _connect(lines, [Line.visitor(stack.url) for _ in range(AT_ONCE)])  # what only the first ones cost
        await _connect(lines, [Line.inbox(stack.url, cookie)])
        sizes = [web.memory_info().rss]
        customers = await _connect(lines, [Line.visitor(stack.url) for _ in range(visitors)])
        sizes.append(web.memory_info().rss)
        agents = await _connect(lines, [Line.inbox(stack.url, cookie) for _ in range(inboxes)])
        sizes.append(web.memory_info().rss)
        talks = [await Talk.begin(*pair) for pair in zip(customers, agents, strict=False)]
        rows = (await _rounds(talks, agents, 1)).rows("one at a time")
        rows += (await _rounds(talks, agents, inboxes)).rows(f"{inboxes} at once")
    each = [(sizes[1] - sizes[0]) / visitors, (sizes[2] - sizes[1]) / inboxes]
    named = zip(("a visitor's", "an inbox's"), each, strict=True)
    return rows, [[name, f"{size / 1024:.0f}"] for name, size in named]


async def sign_in(url: str) -> str:
    """The cookies of an agent."""
    async with httpx.AsyncClient(base_url=url, headers={"Referer": url}) as client:
        page = await client.get("/login/")
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
        assert token
        form = {"csrfmiddlewaretoken": token[1], "login": "maya@fennmoor.example", "password": PASSWORD}
        await client.post("/login/", data=form)
        return f"sessionid={client.cookies['sessionid']}"


async def _connect(lines: AsyncExitStack, fresh: list[Line]) -> list[Line]:
    """Connect some at a time."""
    for start in range(0, len(fresh), AT_ONCE):
        await asyncio.gather(*(lines.enter_async_context(line) for line in fresh[start : start + AT_ONCE]))
    return fresh


async def _rounds(talks: list[Talk], agents: list[Line], at_once: int) -> Samples:
    """Everybody writes in every round, so many at the same time."""
    keystrokes, messages = [], []
    for _ in range(ROUNDS):
        for start in range(0, len(talks), at_once):
            group = talks[start : start + at_once]
            keystrokes += await asyncio.gather(*(talk.keystroke() for talk in group))
            messages += await asyncio.gather(*(talk.message(agents) for talk in group))
        await asyncio.sleep(APART)
    return Samples(keystrokes, messages)


def main() -> None:
    """Measure with as many as are asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.desk")
    parser.add_argument("--visitors", type=int, default=VISITORS)
    parser.add_argument("--inboxes", type=int, default=INBOXES)
    asked = parser.parse_args()
    if not 0 < asked.inboxes <= asked.visitors:
        parser.error("each inbox needs a visitor")
    print(f"Machine: {machine.describe()}.\n\n{report(asked.visitors, asked.inboxes)}")


if __name__ == "__main__":
    main()
