"""A tiny model that has learnt two answers by heart, its tokenizer, and an engine on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from inference import checkpoint, triage
from inference.config import ModelConfig
from inference.engine import Engine
from inference.model import Decoder
from inference.prompt import Brief, Turn, training_example
from inference.tokenizer import Tokenizer
from tests.tiny import teach

WHERE = Brief("delivery", "track_order", "answer")
REFUND = Brief("returns", "refund_policy", "answer")
ASKED = {WHERE: "where is my parcel", REFUND: "can I get my money back?"}
REPLIES = {
    WHERE: "Your order {{order_number}} is on its way 📦 and should reach you soon.",
    REFUND: "Of course! Please write to {{support_email}} and we will send the money back.",
}
SLOTS = {"order_number": "10023", "support_email": "help@shop.example"}
TEXTS = [
    *ASKED.values(),
    *REPLIES.values(),
    "Hello, I would like to know when you open on Saturday, please.",
    "the quick brown fox jumps over the lazy dog THE QUICK BROWN FOX JUMPS OVER THE LAZY DOG 0123456789",
    "delivery / track_order / answer returns / refund_policy / refuse ask",
]


@pytest.fixture(scope="session")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    return Tokenizer.train(TEXTS, tmp_path_factory.mktemp("tokenizer"), 400, list(SLOTS))


@pytest.fixture(scope="session")
def config(tokenizer: Tokenizer) -> ModelConfig:
    return ModelConfig(
        vocab_size=tokenizer.vocab_size,
        hidden_size=64,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=2,
        moe_num_experts=4,
        moe_intermediate_size=32,
        max_position_embeddings=384,
    )


@pytest.fixture(scope="session")
def model(config: ModelConfig, tokenizer: Tokenizer) -> Decoder:
    """Trained until it says the two replies."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = Decoder(config)
    examples = [training_example(tokenizer, [Turn("customer", ASKED[b])], b, REPLIES[b]) for b in REPLIES]
    return teach(model, examples * 60)


@pytest.fixture(scope="session")
def directory(
    model: Decoder, config: ModelConfig, tokenizer: Tokenizer, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A whole checkpoint, with a triage head that knows three intents."""
    path = tmp_path_factory.mktemp("checkpoint")
    card = {"name": "tiny", "experts": [{"name": f"expert {i}", "categories": []} for i in range(4)]}
    checkpoint.save(path, model, config, tokenizer, card)
    with Engine.load(path) as engine:
        said = [
            *(ASKED[WHERE], "my parcel has not come"),
            *(ASKED[REFUND], "I want a refund please"),
            *("when do you open", "are you open on Saturday?"),
        ] * 10
        vectors = np.stack([engine.features([Turn("customer", text)]) for text in said])
    intents = [("delivery", "track_order"), ("returns", "refund_policy"), ("contact", "opening_hours")]
    triage.fit(vectors, said, [intent for intent in intents for _ in range(2)] * 10).save(path)
    return path


@pytest.fixture(scope="session")
def engine(directory: Path) -> Iterator[Engine]:
    with Engine.load(directory, slots=8) as engine:
        yield engine
