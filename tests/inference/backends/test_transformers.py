"""Any mixture-of-experts model of transformers writes replies, on tiny random models of four architectures."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers

from inference.backends.messages import messages
from inference.backends.transformers import TransformersWriter
from inference.checkpoint import CheckpointError
from inference.engine import EngineBusy, EngineStopped, Params, Turn
from tests.inference.backends.conftest import BRIEF, CONFIGS, SIZES, SLOTS, TURNS, answer, given_up_elsewhere

ENDLESS = Params(BRIEF, SLOTS, max_tokens=400)
LAYERS = {"mixtral": 3, "olmoe": 3, "qwen3_moe": 2, "ernie4_5_moe": 2}


@pytest.fixture(scope="module", params=list(CONFIGS))
def architecture(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def writers(directories: dict[str, Path]) -> Iterator[dict[str, TransformersWriter]]:
    opened = {name: TransformersWriter(path, slots=4) for name, path in directories.items()}
    yield opened
    for writer in opened.values():
        writer.close()


@pytest.fixture
def writer(writers: dict[str, TransformersWriter], architecture: str) -> TransformersWriter:
    return writers[architecture]


@pytest.fixture
def mixtral(writers: dict[str, TransformersWriter]) -> TransformersWriter:
    return writers["mixtral"]


def loaded(path: Path) -> tuple[Any, Any, Any]:
    """Model, tokenizer and the prompt of TURNS, by transformers alone."""
    words = transformers.AutoTokenizer.from_pretrained(path)
    factory: Any = transformers.AutoModelForCausalLM
    prompt = words.apply_chat_template(
        messages(TURNS, ENDLESS), add_generation_prompt=True, return_tensors="pt", return_dict=True
    )
    return factory.from_pretrained(path).eval(), words, prompt


def test_greedy_reply_is_what_generate_writes(
    writer: TransformersWriter, directories: dict[str, Path], architecture: str
) -> None:
    model, words, prompt = loaded(directories[architecture])
    expected = model.generate(**prompt, max_new_tokens=40, do_sample=False)[0, prompt["input_ids"].shape[1] :]
    pieces, completion = answer(writer.stream(TURNS, Params(BRIEF, SLOTS, max_tokens=40)))
    assert completion.text == words.decode(expected, skip_special_tokens=True)
    assert completion.completion_tokens == len(expected) and len(pieces) > 1
    assert completion.prompt_tokens == prompt["input_ids"].shape[1]
    assert completion.finish_reason == ("stop" if expected[-1] == words.eos_token_id else "length")


def test_trace_is_the_routers_own_choice(
    writer: TransformersWriter, directories: dict[str, Path], architecture: str
) -> None:
    model, words, prompt = loaded(directories[architecture])
    _, completion = answer(writer.stream(TURNS, Params(BRIEF, SLOTS, max_tokens=12)))
    trace = completion.trace
    ids = model.generate(**prompt, max_new_tokens=12, do_sample=False)[:, :-1]
    with torch.no_grad():
        logits = model(ids, output_router_logits=True).router_logits
    probabilities = torch.stack(logits).float().softmax(dim=-1)
    biases = [b.reshape(1, -1) for name, b in model.named_parameters() if name.endswith("e_score_correction_bias")]
    ranked = probabilities + torch.stack(biases) if biases else probabilities
    chosen = ranked.topk(2, dim=-1).indices
    weights = probabilities.gather(-1, chosen)
    assert trace.ids.shape == (LAYERS[architecture], ids.shape[1], 2) and trace.n_experts == 6
    assert np.array_equal(trace.ids, chosen.numpy())
    assert np.allclose(trace.weights, (weights / weights.sum(-1, keepdim=True)).numpy(), atol=1e-4)
    assert trace.prompt_tokens == completion.prompt_tokens
    assert trace.tokens == [words.decode([index]) for index in ids[0]]


def test_mean_logprob_is_that_of_the_written_tokens(mixtral: TransformersWriter, directories: dict[str, Path]) -> None:
    model, _, prompt = loaded(directories["mixtral"])
    ids = model.generate(**prompt, max_new_tokens=8, do_sample=False)
    with torch.no_grad():
        logprobs = model(ids).logits[0, :-1].log_softmax(-1).gather(-1, ids[0, 1:, None])
    _, completion = answer(mixtral.stream(TURNS, Params(BRIEF, SLOTS, max_tokens=8)))
    assert completion.mean_logprob == pytest.approx(float(logprobs[-completion.completion_tokens :].mean()), abs=1e-4)


def test_same_seed_writes_the_same_whatever_else_runs(mixtral: TransformersWriter) -> None:
    def write(seed: int) -> str:
        params = Params(BRIEF, SLOTS, max_tokens=8, temperature=1.0, top_p=0.9, seed=seed)
        return answer(mixtral.stream(TURNS, params))[1].text

    alone = [write(seed) for seed in (1, 2, 1)]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(write, [1, 2] * 3))
    assert alone[0] == alone[2] != alone[1]
    assert together == alone[:2] * 3


def test_smallest_top_p_is_greedy(mixtral: TransformersWriter) -> None:
    greedy = answer(mixtral.stream(TURNS, Params(BRIEF, SLOTS, max_tokens=12)))[1]
    drawn = answer(mixtral.stream(TURNS, Params(BRIEF, SLOTS, max_tokens=12, temperature=1.0, top_p=1e-6)))[1]
    assert drawn.text == greedy.text


def test_deadline_ends_a_reply_that_was_begun(mixtral: TransformersWriter) -> None:
    _, completion = answer(mixtral.stream(TURNS, Params(BRIEF, SLOTS, max_tokens=400, deadline=0.0)))
    assert completion.finish_reason == "deadline" and completion.completion_tokens == 0


def test_closed_stream_frees_its_slot_and_is_over(directories: dict[str, Path]) -> None:
    writer = TransformersWriter(directories["olmoe"], slots=1, waiting=1)
    running = writer.stream(TURNS, ENDLESS)
    next(running)
    waiting = writer.stream(TURNS, Params(BRIEF, SLOTS, max_tokens=2))
    with pytest.raises(EngineBusy):
        writer.stream(TURNS, ENDLESS)
    running.close()
    assert answer(waiting)[1].completion_tokens == 2
    assert list(running) == []
    writer.close()


def test_reader_of_a_reply_that_another_thread_gives_up_hears_of_it(mixtral: TransformersWriter) -> None:
    stream = mixtral.stream(TURNS, ENDLESS)
    next(stream)
    assert given_up_elsewhere(stream)


def test_closing_the_writer_fails_what_is_not_finished(directories: dict[str, Path]) -> None:
    writer = TransformersWriter(directories["olmoe"], slots=1)
    running, waiting = writer.stream(TURNS, ENDLESS), writer.stream(TURNS, ENDLESS)
    next(running)
    writer.close()
    for stream in (running, waiting):
        with pytest.raises(EngineStopped):
            list(stream)
    with pytest.raises(EngineStopped):
        writer.stream(TURNS, ENDLESS)


def test_oldest_turns_go_when_the_prompt_is_too_long(mixtral: TransformersWriter) -> None:
    read = Params(BRIEF, SLOTS, max_tokens=100, deadline=0.0)
    long = [Turn("customer", "parcel " * 90), Turn("agent", "Hello, what is it?")] * 3
    alone, last = (answer(mixtral.stream(turns, read))[1].prompt_tokens for turns in (TURNS[-1:], [*long, TURNS[-1]]))
    assert alone < last <= SIZES["max_position_embeddings"] - 100
    with pytest.raises(ValueError, match="room"):
        mixtral.stream([Turn("customer", "parcel " * 900)], ENDLESS)


def test_directory_that_holds_no_whole_model_is_refused(directories: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"config\.json"):
        TransformersWriter(tmp_path)
    whole = directories["mixtral"]
    untold = shutil.copytree(whole, tmp_path / "untold")
    (untold / "chat_template.jinja").unlink()
    with pytest.raises(CheckpointError, match="chat template"):
        TransformersWriter(untold)
    torn = shutil.copytree(whole, tmp_path / "torn")
    weights = (torn / "model.safetensors").read_bytes()
    (torn / "model.safetensors").write_bytes(weights[: len(weights) // 2])
    with pytest.raises(CheckpointError, match="cannot be loaded"):
        TransformersWriter(torn)
