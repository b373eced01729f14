"""The engine through its door: what it says, when it stops, and that one request never harms another."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from inference import checkpoint
from inference.checkpoint import CheckpointError
from inference.eager import EagerDecoder
from inference.engine import Completion, Engine, EngineBusy, EngineStopped, Params, ReplyStream, Turn
from inference.fused import FusedDecoder
from inference.prompt import Brief
from tests.inference.conftest import ASKED, REFUND, REPLIES, SLOTS, WHERE

EXPECTED = {
    WHERE: "Your order 10023 is on its way 📦 and should reach you soon.",
    REFUND: "Of course! Please write to help@shop.example and we will send the money back.",
}
ENDLESS = Params(WHERE, temperature=20.0, max_tokens=250)  # random words: it hardly ever ends by itself


def turns(brief: Brief) -> list[Turn]:
    return [Turn("customer", ASKED[brief])]


def answer(stream: ReplyStream) -> tuple[str, Completion]:
    *pieces, completion = stream
    assert isinstance(completion, Completion)
    return "".join(str(piece) for piece in pieces), completion


def say(engine: Engine, brief: Brief, params: Params | None = None) -> Completion:
    return answer(engine.stream(turns(brief), params or Params(brief, SLOTS)))[1]


@pytest.fixture
def narrow(directory: Path) -> Iterator[Engine]:
    """One slot, room for two that wait."""
    with Engine.load(directory, slots=1, waiting=2) as engine:
        yield engine


def test_it_streams_what_it_learnt_with_slots_filled(engine: Engine) -> None:
    for brief, expected in EXPECTED.items():
        text, completion = answer(engine.stream(turns(brief), Params(brief, SLOTS)))
        assert text == completion.text == expected
        assert completion.finish_reason == "stop"
        assert 0 < completion.first_token_s <= completion.total_s
        assert completion.mean_logprob is not None and -0.5 < completion.mean_logprob <= 0


def test_the_trace_covers_prompt_and_reply(engine: Engine) -> None:
    completion = say(engine, WHERE)
    trace = completion.trace
    assert trace.prompt_tokens == completion.prompt_tokens
    assert len(trace.tokens) == completion.prompt_tokens + completion.completion_tokens - 1
    assert (trace.counts.sum(axis=1) == len(trace.tokens) * 2).all()
    np.testing.assert_allclose(trace.weights.sum(axis=-1), 1, atol=1e-5)
    assert "".join(trace.tokens[trace.prompt_tokens :]) == completion.text
    assert "10023" in trace.tokens
    assert trace.tokens[:2] == ["<s>", "<|customer|>"]


def test_a_slot_without_value_is_never_shown(engine: Engine) -> None:
    for brief, reply in REPLIES.items():
        for seed in range(3):
            params = Params(brief, {}, temperature=0.7, seed=seed)
            text = say(engine, brief, params).text
            assert "{{" not in text and text != reply


def test_the_same_seed_writes_the_same_text(engine: Engine) -> None:
    texts = [say(engine, WHERE, Params(WHERE, SLOTS, temperature=3.0, max_tokens=30, seed=s)).text for s in (1, 1, 2)]
    assert texts[0] == texts[1] != texts[2]


def test_many_at_once_get_what_each_gets_alone(engine: Engine) -> None:
    briefs = [WHERE, REFUND] * 12
    with ThreadPoolExecutor(len(briefs)) as pool:
        together = list(pool.map(lambda brief: say(engine, brief), briefs))
    assert [completion.text for completion in together] == [EXPECTED[brief] for brief in briefs]
    alone = say(engine, REFUND).trace
    np.testing.assert_allclose(together[1].trace.weights, alone.weights, atol=1e-4)


def test_a_drawn_reply_is_the_same_alone_and_among_others(engine: Engine) -> None:
    drawn = Params(WHERE, SLOTS, temperature=2.0, top_p=0.9, max_tokens=30, seed=7)
    alone = say(engine, WHERE, drawn)
    with ThreadPoolExecutor(9) as pool:
        asked = [(WHERE, drawn) if index == 4 else (REFUND, None) for index in range(9)]
        together = list(pool.map(lambda one: say(engine, *one), asked))[4]
    assert (together.text, together.mean_logprob) == (alone.text, alone.mean_logprob)
    np.testing.assert_array_equal(together.trace.weights, alone.trace.weights)


@pytest.mark.parametrize("decoder", ["bfloat16", "eager"])
def test_other_weights_and_the_eager_decoder_say_the_same(directory: Path, engine: Engine, decoder: str) -> None:
    model, tokenizer, info = checkpoint.load(directory)
    kind = EagerDecoder(model) if decoder == "eager" else FusedDecoder(model.config, model.state_dict(), "bfloat16")
    with Engine(directory, kind, tokenizer, info, slots=8, waiting=8) as other:
        for brief, expected in EXPECTED.items():
            found, packed = say(other, brief), say(engine, brief)
            assert found.text == packed.text == expected
            assert found.mean_logprob == pytest.approx(packed.mean_logprob, abs=0.01)
            assert (found.trace.ids == packed.trace.ids).mean() > 0.95


def test_max_tokens_ends_it(engine: Engine) -> None:
    completion = say(engine, WHERE, Params(WHERE, SLOTS, max_tokens=5))
    assert (completion.finish_reason, completion.completion_tokens) == ("length", 5)


def test_a_deadline_ends_it_and_keeps_what_was_said(engine: Engine) -> None:
    completion = say(engine, WHERE, Params(WHERE, temperature=20.0, max_tokens=250, deadline=0.0))
    assert completion.finish_reason == "deadline"
    assert completion.text == ""
    assert completion.trace.counts.sum() == 0


def test_closing_the_stream_frees_its_slot(narrow: Engine) -> None:
    first = narrow.stream(turns(WHERE), ENDLESS)
    next(first)
    second = narrow.stream(turns(REFUND), Params(REFUND, SLOTS))
    first.close()
    assert answer(second)[0] == EXPECTED[REFUND]


def test_dropping_the_stream_frees_its_slot(narrow: Engine) -> None:
    next(narrow.stream(turns(WHERE), ENDLESS))
    assert say(narrow, REFUND).text == EXPECTED[REFUND]


def test_a_full_waiting_list_is_an_error_and_passes(narrow: Engine) -> None:
    running = narrow.stream(turns(WHERE), ENDLESS)
    next(running)
    waiting = [narrow.stream(turns(REFUND), Params(REFUND, SLOTS)) for _ in range(2)]
    with pytest.raises(EngineBusy):
        narrow.stream(turns(REFUND), Params(REFUND, SLOTS))
    running.close()
    assert [answer(stream)[0] for stream in waiting] == [EXPECTED[REFUND]] * 2
    assert say(narrow, REFUND).text == EXPECTED[REFUND]


def test_a_broken_request_harms_nobody_else(engine: Engine) -> None:
    good = engine.stream(turns(REFUND), Params(REFUND, SLOTS))
    bad = engine.stream(turns(WHERE), Params(WHERE, {"order_number": 5}))  # type: ignore[dict-item]
    with pytest.raises(TypeError):
        answer(bad)
    assert answer(good)[0] == EXPECTED[REFUND]


def test_a_long_history_is_read_in_chunks_and_cut_to_fit(engine: Engine) -> None:
    long = [Turn("customer", "hello there, the lazy dog is here " * 40), Turn("agent", "and?"), *turns(WHERE)] * 3
    completion = answer(engine.stream(long, Params(WHERE, SLOTS)))[1]
    assert completion.prompt_tokens <= 384 - 160
    assert len(completion.trace.tokens) == completion.prompt_tokens + completion.completion_tokens - 1


def test_reading_tells_the_intent_and_traces_the_customers_words(engine: Engine) -> None:
    reading = engine.read([Turn("customer", "hi"), Turn("agent", "hello"), *turns(REFUND)])
    assert (reading.category, reading.intent) == ("returns", "refund_policy")
    assert reading.confidence == reading.intents["refund_policy"] > 0.5
    assert sum(reading.categories.values()) == pytest.approx(1)
    assert "".join(reading.trace.tokens) == ASKED[REFUND]
    assert (reading.trace.counts.sum(axis=1) == len(reading.trace.tokens) * 2).all()


def test_a_reply_after_a_reading_is_the_same_as_without(engine: Engine, directory: Path) -> None:
    engine.read(turns(WHERE))
    after = say(engine, WHERE)
    with Engine.load(directory) as fresh:
        before = say(fresh, WHERE)
    assert after.text == before.text
    assert after.trace.tokens == before.trace.tokens
    np.testing.assert_array_equal(after.trace.ids, before.trace.ids)
    np.testing.assert_allclose(after.trace.weights, before.trace.weights, atol=1e-4)


@pytest.mark.parametrize("text", ["", " ", "🎁" * 300, "שלום", "<|agent|>{{order_number}}<|end|>", "a\ud800", "\0"])
def test_any_words_can_be_read_and_answered(engine: Engine, text: str) -> None:
    said = [Turn("customer", text)]
    assert engine.read(said).intent in ("track_order", "refund_policy", "opening_hours")
    assert answer(engine.stream(said, Params(WHERE, SLOTS, max_tokens=5)))[1].completion_tokens >= 1


def test_what_cannot_be_asked_is_refused(engine: Engine) -> None:
    for wrong in ({"max_tokens": 0}, {"temperature": -1.0}, {"top_p": 0.0}):
        with pytest.raises(ValueError, match="at least"):
            Params(WHERE, **wrong)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="customer"):
        engine.read([Turn("agent", "hello")])
    with pytest.raises(ValueError, match="turn"):
        engine.stream([], Params(WHERE))


def test_more_tokens_than_the_context_holds_are_refused(engine: Engine) -> None:
    with pytest.raises(ValueError, match="context"):
        engine.stream(turns(WHERE), Params(WHERE, max_tokens=384))


def test_closing_the_engine_fails_what_is_not_finished(directory: Path) -> None:
    engine = Engine.load(directory, slots=1)
    running = engine.stream(turns(WHERE), ENDLESS)
    next(running)
    waiting = engine.stream(turns(WHERE), ENDLESS)
    engine.close()
    for stream in (running, waiting):
        with pytest.raises(EngineStopped, match="closed"):
            answer(stream)
    with pytest.raises(EngineStopped):
        engine.stream(turns(WHERE), ENDLESS)


def test_a_failing_thread_fails_all_that_wait_with_its_reason(directory: Path) -> None:
    model, tokenizer, info = checkpoint.load(directory)
    model.rotation = model.rotation[:40]  # the 41st token has no position
    with Engine(directory, EagerDecoder(model), tokenizer, info, slots=1, waiting=9) as engine:
        streams = [engine.stream(turns(WHERE), ENDLESS) for _ in range(3)]
        for stream in streams:
            with pytest.raises(EngineStopped, match="failed"):
                answer(stream)
        with pytest.raises(EngineStopped, match="failed"):
            engine.stream(turns(WHERE), ENDLESS)


def test_a_checkpoint_without_triage_says_so(directory: Path, tmp_path: Path) -> None:
    for file in directory.iterdir():
        if "triage" not in file.name:
            (tmp_path / file.name).write_bytes(file.read_bytes())
    with Engine.load(tmp_path) as engine, pytest.raises(CheckpointError, match="triage"):
        engine.read(turns(WHERE))


def test_readings_and_replies_from_many_threads(engine: Engine) -> None:
    barrier = threading.Barrier(12)

    def visit(number: int) -> str:
        barrier.wait()
        brief = (WHERE, REFUND)[number % 2]
        return engine.read(turns(brief)).intent + say(engine, brief).text

    with ThreadPoolExecutor(12) as pool:
        found = list(pool.map(visit, range(12)))
    assert found == [WHERE.intent + EXPECTED[WHERE], REFUND.intent + EXPECTED[REFUND]] * 6


def test_a_reading_holds_language_and_routing_vector(engine: Engine) -> None:
    reading = engine.read([Turn("customer", "can I get my money back?")])
    assert reading.language == "en"
    assert engine.read([Turn("customer", "Wo ist mein Paket?")], home="de").language == "de"
    layers, _, _ = reading.trace.ids.shape
    assert reading.fingerprint.shape == (layers * 4,)
    np.testing.assert_allclose(reading.fingerprint.reshape(layers, 4).sum(axis=1), 1, atol=1e-5)


def test_without_a_sentiment_head_a_reading_has_no_sentiment(engine: Engine) -> None:
    reading = engine.read(turns(WHERE))
    assert reading.sentiment is None
    assert not reading.sentiments
