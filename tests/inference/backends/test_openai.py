"""Replies by a server that speaks OpenAI's chat protocol: a real one, which fails in every way that it can."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from inference.backends.answer import BackendError
from inference.backends.openai import OpenAIWriter
from inference.engine import EngineBusy, EngineStopped, Params, Turn
from tests.inference.backends.conftest import BRIEF, REPLY, Open, answer, given_up_elsewhere
from tests.model_server import Exchange, Serve, words
from tests.servers import free_port

SLOTS = {"order_number": "10023", "order_state": "on its way", "shop_name": "Fennmoor"}
PARAMS = Params(BRIEF, SLOTS)
TURNS = [Turn("customer", "where is my parcel?")]


def test_reply_streams_piece_by_piece_and_ends_with_its_counts(opened: Open) -> None:
    writer, server = opened(words(*REPLY))
    pieces, completion = answer(writer.stream(TURNS, PARAMS))
    assert pieces == list(REPLY)
    assert (completion.finish_reason, completion.prompt_tokens, completion.completion_tokens) == ("stop", 50, 3)
    assert completion.mean_logprob == -0.5 and 0 < completion.first_token_s <= completion.total_s
    assert completion.trace.ids.size == 0 and len(server.asked) == 1


def test_server_is_told_brief_facts_turns_and_how_to_choose(opened: Open) -> None:
    writer, server = opened(words("x"), key="secret")
    turns = [Turn("agent", "Hello"), *TURNS, Turn("agent", "Which order?"), Turn("customer", "10023"), *TURNS]
    params = Params(BRIEF, SLOTS, max_tokens=9, temperature=0.7, top_p=0.9, seed=5)
    answer(writer.stream(turns, params))
    (asked,) = server.asked
    system, *said = asked["messages"]
    assert asked["path"] == "/v1/chat/completions" and asked["model"] == "shop/tiny-moe" and asked["stream"]
    assert {name: asked[name] for name in ("max_tokens", "temperature", "top_p", "seed")} == {
        "max_tokens": 9,
        "temperature": 0.7,
        "top_p": 0.9,
        "seed": 5,
    }
    assert "Fennmoor" in system["content"] and "track order" in system["content"]
    assert "- order state: on its way" in system["content"]
    assert [message["role"] for message in said] == ["user", "assistant", "user"]
    assert said[-1]["content"] == "10023\nwhere is my parcel?"
    assert server.headers[0]["authorization"] == "Bearer secret"


def test_reply_that_grew_too_long_says_so(opened: Open) -> None:
    writer, _ = opened(words(*REPLY, reason="length"))
    assert answer(writer.stream(TURNS, PARAMS))[1].finish_reason == "length"


def test_server_without_counts_and_logprobs_is_fine(opened: Open) -> None:
    def serve(exchange: Exchange) -> None:
        exchange.body["logprobs"] = False
        exchange.begin()
        exchange.say(REPLY)
        exchange.send({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})

    writer, _ = opened(serve)
    completion = answer(writer.stream(TURNS, PARAMS))[1]
    assert (completion.completion_tokens, completion.mean_logprob) == (3, None)


def test_slow_first_token_is_waited_for(opened: Open) -> None:
    asked = threading.Event()

    def serve(exchange: Exchange) -> None:
        exchange.begin()
        asked.wait(30)
        words(*REPLY)(exchange)

    writer, server = opened(serve)
    stream = writer.stream(TURNS, PARAMS)
    asked.set()
    assert answer(stream)[1].finish_reason == "stop" and len(server.asked) == 1


@pytest.mark.parametrize("begun", [True, False])
def test_deadline_ends_the_reply_with_what_there_is(opened: Open, begun: bool) -> None:
    def serve(exchange: Exchange) -> None:
        exchange.begin()
        exchange.say(REPLY[:1] if begun else ())
        exchange.wait()

    writer, _ = opened(serve)
    _, completion = answer(writer.stream(TURNS, Params(BRIEF, deadline=0.4)))
    assert (completion.finish_reason, completion.text) == ("deadline", REPLY[0] if begun else "")


@pytest.mark.parametrize("begun", [True, False])
def test_silence_is_an_error_and_not_asked_again(opened: Open, begun: bool) -> None:
    def serve(exchange: Exchange) -> None:
        exchange.begin()
        exchange.say(REPLY[:1] if begun else ())
        exchange.wait()

    writer, server = opened(serve, stall_s=0.3)
    with pytest.raises(BackendError, match="nothing for too long"):
        list(writer.stream(TURNS, PARAMS))
    assert len(server.asked) == 1


def cut(exchange: Exchange) -> None:
    """Break off in the midst of a reply."""
    exchange.begin()
    exchange.say(REPLY[:2])


def test_connection_cut_after_the_first_token_is_an_error_and_nothing_comes_twice(opened: Open) -> None:
    writer, server = opened(cut, words(*REPLY))
    stream = writer.stream(TURNS, PARAMS)
    assert [next(stream), next(stream)] == list(REPLY[:2])
    with pytest.raises(BackendError, match="broke"):
        next(stream)
    assert len(server.asked) == 1 and list(stream) == []


def test_connection_reset_after_the_first_token_is_an_error(opened: Open) -> None:
    go_on = threading.Event()

    def serve(exchange: Exchange) -> None:
        exchange.begin()
        exchange.say(REPLY[:1])
        go_on.wait(30)
        exchange.reset()

    writer, server = opened(serve, words(*REPLY))
    stream = writer.stream(TURNS, PARAMS)
    assert next(stream) == REPLY[0]
    go_on.set()
    with pytest.raises(BackendError, match="broke"):
        next(stream)
    assert len(server.asked) == 1


def hang_up(exchange: Exchange) -> None:
    """Close the connection without a word."""
    exchange.handler.close_connection = True


@pytest.mark.parametrize("trouble", [hang_up, lambda e: e.status(500, "out of memory"), lambda e: e.status(502)])
def test_trouble_before_the_first_token_is_asked_again(opened: Open, trouble: Serve) -> None:
    writer, server = opened(trouble, words(*REPLY))
    assert answer(writer.stream(TURNS, PARAMS))[0] == list(REPLY)
    assert len(server.asked) == 2


def test_server_that_keeps_failing_is_given_up_in_its_own_words(opened: Open) -> None:
    writer, server = opened(lambda e: e.status(500, "out of memory"))
    with pytest.raises(BackendError, match="500: out of memory"):
        list(writer.stream(TURNS, PARAMS))
    assert len(server.asked) == 3


def test_busy_server_is_asked_again_when_it_says(opened: Open) -> None:
    writer, server = opened(lambda e: e.status(429, Retry_After="0"), words(*REPLY))
    assert answer(writer.stream(TURNS, PARAMS))[0] == list(REPLY)
    assert len(server.asked) == 2


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    "after",
    ["600", format_datetime(datetime.now(UTC) + timedelta(days=1), usegmt=True)],
    ids=["seconds", "date"],  # a name that holds the time differs between the processes that collect it
)
def test_server_that_is_busy_for_long_is_busy(opened: Open, status: int, after: str) -> None:
    writer, server = opened(lambda e: e.status(status, "queue is full", Retry_After=after))
    with pytest.raises(EngineBusy, match="queue is full"):
        list(writer.stream(TURNS, PARAMS))
    assert len(server.asked) == 1


def test_refused_request_is_not_asked_again(opened: Open) -> None:
    writer, server = opened(lambda e: e.status(401, "no such key"), key="secret")
    with pytest.raises(BackendError, match="401: no such key") as caught:
        list(writer.stream(TURNS, PARAMS))
    assert len(server.asked) == 1 and "secret" not in str(caught.value)


def test_page_in_place_of_a_stream_is_an_error(opened: Open) -> None:
    writer, server = opened(lambda e: e.status(200, "<html>", content_type="text/html"))
    with pytest.raises(BackendError, match="text/html"):
        list(writer.stream(TURNS, PARAMS))
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("event", "told"),
    [
        ('{"choices": [', "could not be read"),
        ('["no object"]', "no object"),
        ('{"choices": [{"delta": {"content": "x"}, "logprobs": {"content": [{}]}}]}', "could not be read"),
        ('{"error": {"message": "the engine is dead", "code": 500}}', "the engine is dead"),
        ('{"choices": [{"delta": {}, "finish_reason": "content_filter"}]}', "content_filter"),
    ],
)
def test_event_that_is_no_part_of_a_reply_is_an_error(opened: Open, event: str, told: str) -> None:
    def serve(exchange: Exchange) -> None:
        exchange.begin()
        exchange.say(REPLY[:1])
        exchange.send(event)
        exchange.send("[DONE]")

    writer, server = opened(serve)
    with pytest.raises(BackendError, match=told):
        list(writer.stream(TURNS, PARAMS))
    assert len(server.asked) == 1


def test_server_that_nobody_reaches_is_an_error() -> None:
    writer = OpenAIWriter(f"http://127.0.0.1:{free_port()}/v1", "tiny")
    with pytest.raises(BackendError, match="cannot be reached"):
        list(writer.stream(TURNS, PARAMS))
    writer.close()


def test_closing_the_stream_closes_the_connection(opened: Open) -> None:
    gone: list[bool] = []
    looked = threading.Event()

    def serve(exchange: Exchange) -> None:
        exchange.begin()
        exchange.say(REPLY[:1])
        gone.append(exchange.gone())
        looked.set()

    writer, _ = opened(serve)
    stream = writer.stream(TURNS, PARAMS)
    next(stream)
    stream.close()
    assert looked.wait(30) and gone == [True] and list(stream) == []


def test_reader_of_a_reply_that_another_thread_gives_up_hears_of_it(opened: Open) -> None:
    def serve(exchange: Exchange) -> None:
        exchange.begin()
        exchange.say(REPLY[:1])
        exchange.wait()

    writer, _ = opened(serve)
    stream = writer.stream(TURNS, PARAMS)
    next(stream)
    assert given_up_elsewhere(stream)


def test_too_many_that_wait_are_refused_and_closing_fails_the_rest(opened: Open) -> None:
    writer, _ = opened(lambda e: e.wait(), slots=1, waiting=1)
    streams = [writer.stream(TURNS, PARAMS) for _ in range(2)]
    with pytest.raises(EngineBusy):
        writer.stream(TURNS, PARAMS)
    writer.close()
    for stream in streams:
        with pytest.raises(EngineStopped):
            list(stream)
    with pytest.raises(EngineStopped):
        writer.stream(TURNS, PARAMS)
