"""Our checkpoint reads, another engine writes, behind one door."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from inference import backends
from inference.checkpoint import CheckpointError
from inference.engine import Completion, Engine, EngineStopped, Params
from tests.inference.backends.conftest import BRIEF, SLOTS, TURNS
from tests.model_server import ModelServer, words


def test_reading_is_ours_and_writing_the_backends(
    directory: Path, engine: Engine, directories: dict[str, Path]
) -> None:
    with backends.load(directory, f"transformers:{directories['mixtral']}", slots=2) as backed:
        ours, theirs = engine.read(TURNS), backed.read(TURNS)
        assert (theirs.intents, theirs.confidence) == (ours.intents, ours.confidence)
        assert np.array_equal(backed.embed(["hello"]), engine.embed(["hello"]))
        assert backed.info.version == f"{engine.info.version}+{directories['mixtral'].name}"
        assert backed.info.needs_order == engine.info.needs_order
        *_, completion = backed.stream(TURNS, Params(BRIEF, SLOTS, max_tokens=4))
        assert isinstance(completion, Completion) and completion.trace.n_experts == 6
    with pytest.raises(EngineStopped):
        backed.stream(TURNS, Params(BRIEF))
    with pytest.raises(EngineStopped):
        backed.read(TURNS)


def test_server_writes_for_the_same_door(directory: Path) -> None:
    with ModelServer([words("On its way.")]) as server:
        with backends.load(directory, f"openai:{server.address}#shop/tiny", key="secret") as backed:
            assert [piece for piece in backed.stream(TURNS, Params(BRIEF)) if isinstance(piece, str)] == ["On its way."]
            assert backed.info.version.endswith("+tiny")
        assert server.headers[0]["authorization"] == "Bearer secret"


def test_backend_that_cannot_be_loaded_says_why(directory: Path, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"config\.json"):
        backends.load(directory, f"transformers:{tmp_path}")
    for wrong in ("vllm:x", "openai:http://127.0.0.1/v1", "transformers:"):
        with pytest.raises(ValueError, match="neither"):
            backends.load(directory, wrong)
