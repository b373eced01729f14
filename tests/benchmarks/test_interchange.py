"""The shipped checkpoint in transformers and in llama.cpp does what it does here."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from benchmarks import interchange
from benchmarks.interchange import Llama
from benchmarks.llama_server import LlamaServer
from benchmarks.questions import MODEL
from inference.gguf import convert
from inference.tokenizer import FILE, Tokenizer
from training import corpus


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LlamaServer]:
    path = tmp_path_factory.mktemp("gguf") / "shipped.gguf"
    convert(MODEL, path)
    with LlamaServer(path, context=interchange.context(), slots=interchange.AT_ONCE, half=False) as running:
        yield running


def test_transformers_has_our_logits_and_our_experts() -> None:
    found = interchange.in_transformers(per_category=2)
    assert found.tokens > 1000
    assert found.difference <= 1e-3
    assert found.experts >= 0.999


def test_llama_cpp_writes_the_same_text(server: LlamaServer) -> None:
    asked = interchange.prompts(per_category=6)
    assert len(asked) >= 100
    assert interchange.same_text(server, Tokenizer(MODEL / FILE), asked, interchange.written(asked)) >= 0.95


def test_llama_cpp_cuts_held_out_messages_into_the_same_tokens(server: LlamaServer) -> None:
    texts = [text for texts in corpus.held_out().values() for text in texts[::4]]
    assert interchange.same_ids(server, Tokenizer(MODEL / FILE), texts) >= 0.99


def test_a_table_has_the_rise_of_each_figure_beside_it() -> None:
    own, theirs = Llama("ours", 1.0, 1.0, 0.02, 3.0), Llama("llama.cpp, q8_0", 0.98, 1.0, 0.0201, 3.003)
    row = interchange.llama_table(100, 1000, own, [theirs]).splitlines()[-1]
    assert row == "| llama.cpp, q8_0 | 98.0% | 100.0% | 0.02010 | +0.50% | 3.0030 | +0.10% |"
