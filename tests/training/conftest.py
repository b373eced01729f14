"""Fixtures of the training tests."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from inference import checkpoint, triage
from inference.config import ModelConfig
from inference.model import Decoder
from inference.prompt import Turn, training_example
from inference.tokenizer import FILE, Tokenizer
from tests.prepared import once
from tests.stack import ROOT
from training import corpus, finish
from training.config import Config
from training.data import prepare
from training.grow import Example, Schedule, batches, retrain

TINY = Path(__file__).with_name("tiny.toml")
MESSAGES, HELD_OUT = 6, 2


@pytest.fixture(scope="session")
def shipped_tokenizer() -> Tokenizer:
    """The tokenizer of the checkpoint that ships."""
    return Tokenizer(ROOT / "models" / "fennmoor" / FILE)


@pytest.fixture(scope="session")
def small_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The corpus with six messages of each intent, two held out, and no conversations."""
    root = tmp_path_factory.mktemp("corpus")
    for folder in ("intents", "held_out"):
        (root / folder).mkdir()
        for path in (corpus.ROOT / folder).glob("*.json"):
            (root / folder / path.name).write_text(json.dumps(_shortened(json.loads(path.read_text("utf-8")))), "utf-8")
    shutil.copyfile(corpus.ROOT / "shop.json", root / "shop.json")
    return root


def _shortened(data: dict[str, Any]) -> dict[str, Any]:
    if isinstance(data["intents"], dict):
        return data | {"intents": {name: rows[:HELD_OUT] for name, rows in data["intents"].items()}}
    return data | {"intents": [row | {"messages": row["messages"][:MESSAGES]} for row in data["intents"]]}


@pytest.fixture(scope="module")
def small_corpus(small_root: Path) -> Iterator[None]:
    """Has all read the small corpus."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(corpus, "ROOT", small_root)
        yield


@pytest.fixture(scope="session")
def tiny_checkpoint(small_root: Path, shipped_tokenizer: Tokenizer) -> Path:
    """What `_tiny` makes of the small corpus, made once for all workers of a run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(corpus, "ROOT", small_root)
        return once("tiny", lambda made: _tiny(made / "checkpoint", shipped_tokenizer)) / "checkpoint"


def _tiny(path: Path, tokenizer: Tokenizer) -> None:
    """Twelve tiny experts that know a reply of each intent, cards that give each a category, and a triage head."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    config = ModelConfig(
        hidden_size=64,
        num_hidden_layers=3,
        num_attention_heads=2,
        num_key_value_heads=1,
        moe_num_experts=12,
        moe_intermediate_size=32,
    )
    card = {"name": "tiny", "experts": finish.cards(np.eye(12, dtype=np.float32), corpus.CATEGORIES)}
    checkpoint.save(path, _taught(Decoder(config), tokenizer), config, tokenizer, card)
    rows = [((i.category, i.name), text) for i in corpus.intents() for text in i.messages]
    labels, texts = [label for label, _ in rows], [text for _, text in rows]
    vectors = finish.look(path, texts)
    head = triage.fit(vectors, texts, labels)
    head.save(path)
    finish.out_of_scope(head, vectors, texts, labels).save(path)


def _taught(model: Decoder, tokenizer: Tokenizer) -> Decoder:
    examples = [
        Example(*training_example(tokenizer, [Turn("customer", text)], brief, reply), new=False)
        for text, brief, reply in finish.support_turns({i.name: i.messages[:2] for i in corpus.intents()})[1]
    ]
    model.embed.weight.data.mul_(8)  # else so few steps leave all scores low
    retrain(model, batches(lambda _: examples, np.random.default_rng(0)), Schedule(steps=80, all_rate=4e-3))
    return model.eval()


@pytest.fixture(scope="session")
def tiny() -> Config:
    """A configuration that trains in a second."""
    return Config.read(TINY)


@pytest.fixture(scope="session")
def prepared(tiny: Config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its tokenizer and packed data, from the corpus alone."""
    folder = tmp_path_factory.mktemp("prepared")
    prepare(tiny, folder)
    return folder
