"""Replies by a server that speaks OpenAI's chat protocol, such as vLLM or llama.cpp.

An event loop on a thread of its own holds all connections, so that giving a reply up closes its connection at once.
Nothing is asked for again once a piece of the reply was handed out.
"""

from __future__ import annotations

import asyncio
import json
import random
import threading
from collections.abc import AsyncGenerator, Sequence
from concurrent.futures import Future
from contextlib import aclosing
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
from httpx_sse import EventSource, SSEError

from inference.backends.answer import Answer, BackendError
from inference.backends.messages import messages
from inference.backends.reply import Reply
from inference.engine import ReplyStream
from inference.job import Params
from inference.prompt import Turn
from inference.scheduler import EngineBusy, EngineStopped

PAUSES = (0.25, 1.0)  # seconds before the second and the third attempt
LONGEST_PAUSE = 5.0  # seconds; a server that wants more is too busy for us
TRY_LATER = frozenset({429, 503})
PASSING = frozenset({408, 500, 502, 504}) | TRY_LATER


class Refusal(Exception):
    """A status other than 200; `after` is in seconds, as the server asks."""

    def __init__(self, response: httpx.Response) -> None:
        self.status = response.status_code
        self.after = _retry_after(response.headers.get("retry-after", ""))
        super().__init__(f"the server answered {self.status}: {_reason(response)}")


class Stream(ReplyStream):
    """A reply's pieces; closing it closes the connection."""

    def __init__(self, reply: Reply, work: Future[None]) -> None:
        super().__init__(reply)
        self._work = work

    def close(self) -> None:
        """Give the reply up."""
        super().close()
        self._work.cancel()


class OpenAIWriter:
    """Writes replies with `model` on the server at `address` (as https://host/v1); every method is thread-safe.

    `stall_s` is how long the server may say nothing in the midst of a reply or before it. `experts` is the number of
    routed experts of the model, if the server is vLLM with `--enable-return-routed-experts`: vLLM sends routing only
    with whole replies, so nothing streams then.
    """

    def __init__(
        self,
        address: str,
        model: str,
        *,
        key: str = "",
        experts: int = 0,
        slots: int = 32,
        waiting: int = 128,
        connect_s: float = 3.0,
        stall_s: float = 20.0,
    ) -> None:
        self.name = model.rsplit("/", 1)[-1]
        self._url, self._model, self._experts = f"{address.rstrip('/')}/chat/completions", model, experts
        self._limit = slots + waiting
        self._open: dict[Future[None], Reply] = {}
        self._lock = threading.RLock()
        self._stopped = False
        self._client = httpx.AsyncClient(
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=httpx.Timeout(stall_s, connect=connect_s, pool=None),
            limits=httpx.Limits(max_connections=slots),
        )
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="openai", daemon=True)
        self._thread.start()

    def stream(self, turns: Sequence[Turn], params: Params) -> ReplyStream:
        """Ask for a reply to the last turn. EngineBusy when too many wait already."""
        body, reply = self._body(turns, params), Reply(params.deadline)
        with self._lock:
            if self._stopped:
                raise EngineStopped("the engine was closed")
            if len(self._open) >= self._limit:
                raise EngineBusy(f"{len(self._open)} requests are waiting already")
            work = asyncio.run_coroutine_threadsafe(self._write(reply, body, params.deadline), self._loop)
            self._open[work] = reply
        work.add_done_callback(self._forget)
        return Stream(reply, work)

    def close(self) -> None:
        """Close all connections; replies that are not finished fail with EngineStopped."""
        with self._lock:
            self._stopped, unfinished = True, dict(self._open)
        for work, reply in unfinished.items():
            reply.fail(EngineStopped("the engine was closed"))
            work.cancel()
        if self._thread.is_alive():
            asyncio.run_coroutine_threadsafe(self._hang_up(), self._loop).result()
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    async def _hang_up(self) -> None:
        cancelled = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*cancelled, return_exceptions=True)
        await self._client.aclose()

    def _forget(self, work: Future[None]) -> None:
        """Free a place; whoever still reads a reply that another thread gave up learns it."""
        with self._lock:
            reply = self._open.pop(work)
        if work.cancelled():
            reply.finish("cancelled", prompt_tokens=0, completion_tokens=0, logprobs=())

    def _body(self, turns: Sequence[Turn], params: Params) -> dict[str, Any]:
        body = {
            "model": self._model,
            "messages": messages(turns, params),
            "max_tokens": params.max_tokens,
            "temperature": params.temperature,
            "top_p": params.top_p,
            "seed": params.seed,
            "logprobs": True,
            "stream": not self._experts,
        }
        return body if self._experts else body | {"stream_options": {"include_usage": True}}

    async def _write(self, reply: Reply, body: dict[str, Any], deadline: float | None) -> None:
        answer = Answer(reply, self._experts)
        try:
            async with asyncio.timeout(deadline):
                await self._ask(answer, body)
            answer.finish()
        except TimeoutError:
            answer.finish("deadline")
        except (BackendError, EngineBusy) as error:
            reply.fail(error)
        except Exception as error:
            reply.fail(BackendError(f"the server's reply could not be read: {error!r}"))

    async def _ask(self, answer: Answer, body: dict[str, Any]) -> None:
        """Ask until something comes, with pauses in between; what passes by itself is asked again."""
        for pause in (*PAUSES, None):
            try:
                await self._attempt(answer, body)
                return
            except (Refusal, httpx.TransportError) as error:
                after = max(pause or 0, getattr(error, "after", 0))
                if answer.begun or pause is None or after > LONGEST_PAUSE or not _passes(error):
                    raise _told(error) from error
                await asyncio.sleep(after * random.uniform(1, 1.25))  # noqa: S311  (spreads the attempts)

    async def _attempt(self, answer: Answer, body: dict[str, Any]) -> None:
        async with self._client.stream("POST", self._url, json=body) as response:
            if response.status_code != httpx.codes.OK:
                await response.aread()
                raise Refusal(response)
            async with aclosing(self._chunks(response)) as chunks:
                async for chunk in chunks:
                    answer.take(chunk)

    async def _chunks(self, response: httpx.Response) -> AsyncGenerator[Any, None]:
        if self._experts:
            yield json.loads(await response.aread())
            return
        async with aclosing(EventSource(response).aiter_sse()) as events:
            async for event in events:
                if event.data == "[DONE]":
                    return
                yield json.loads(event.data)


def _passes(error: Exception) -> bool:
    """Whether another attempt may help; a server that is silent has the request, and would have it twice."""
    if isinstance(error, Refusal):
        return error.status in PASSING
    return not isinstance(error, httpx.ReadTimeout | SSEError)


def _told(error: Exception) -> Exception:
    """The error as the reader gets it."""
    if isinstance(error, Refusal):
        return EngineBusy(str(error)) if error.status in TRY_LATER else BackendError(str(error))
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        return BackendError(f"the server cannot be reached: {error}")
    if isinstance(error, httpx.TimeoutException):
        return BackendError("the server said nothing for too long")
    if isinstance(error, SSEError):
        return BackendError(f"the server sends no stream of events: {error}")
    return BackendError(f"the connection broke: {error!r}")


def _retry_after(value: str) -> float:
    """Seconds of a Retry-After header, which holds them or a date; 0 without one."""
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return 0.0


def _reason(response: httpx.Response) -> str:
    """What the server says of it, in at most 200 characters."""
    return response.text[:200].strip() or response.reason_phrase
