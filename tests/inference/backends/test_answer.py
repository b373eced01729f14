"""Routed experts as servers tell them, over a real connection."""

from __future__ import annotations

import base64
import io
import json
from typing import Any

import numpy as np
import pytest

from inference.engine import Params
from tests.inference.backends.conftest import BRIEF, REPLY, TURNS, Open, answer
from tests.model_server import Exchange, Serve

PARAMS = Params(BRIEF)


def npy(ids: np.ndarray[Any, Any]) -> str:
    """As vLLM sends it."""
    file = io.BytesIO()
    np.save(file, ids)
    return base64.b64encode(file.getvalue()).decode()


def whole(**routed: Any) -> Serve:
    """A reply that comes at once, with fields of the choice and, after `prompt`, of the response."""
    of_prompt = {name: routed.pop(name) for name in list(routed) if name.startswith("prompt")}

    def serve(exchange: Exchange) -> None:
        logprobs = {"content": [{"token": word, "logprob": -0.25} for word in REPLY]}
        message = {"role": "assistant", "content": "".join(REPLY)}
        choice = {"message": message, "finish_reason": "stop", "logprobs": logprobs, **routed}
        usage = {"prompt_tokens": 4, "completion_tokens": 3}
        exchange.status(200, json.dumps({"choices": [choice], "usage": usage, **of_prompt}))

    return serve


IDS = np.arange(6 * 5 * 2).reshape(6, 5, 2) % 60  # token, layer, k


@pytest.mark.parametrize(
    "routed",
    [
        {"routed_experts": npy(IDS.astype(np.uint8))},
        {"routed_experts": npy(IDS[4:].astype(np.int16)), "prompt_routed_experts": npy(IDS[:4].astype(np.int16))},
        {"routed_experts": IDS[4:].tolist(), "prompt_routed_experts": IDS[:4].tolist()},
    ],
)
def test_routed_experts_become_the_trace(opened: Open, routed: dict[str, Any]) -> None:
    writer, server = opened(whole(**routed), experts=60)
    pieces, completion = answer(writer.stream(TURNS, PARAMS))
    trace = completion.trace
    assert pieces == ["".join(REPLY)] and not server.asked[0]["stream"]
    assert np.array_equal(trace.ids, IDS.transpose(1, 0, 2)) and trace.n_experts == 60
    assert (trace.weights == 0.5).all() and trace.prompt_tokens == 4
    assert trace.tokens == ["", "", "", "", *REPLY[:2]]


@pytest.mark.parametrize("routed", [npy(IDS + 1), "no file", [[1, 2]], npy(IDS[:0])])
def test_routing_that_cannot_be_read_costs_no_reply(opened: Open, routed: Any) -> None:
    writer, _ = opened(whole(routed_experts=routed), experts=60)
    _, completion = answer(writer.stream(TURNS, PARAMS))
    assert completion.text == "".join(REPLY) and completion.trace.ids.size == 0
