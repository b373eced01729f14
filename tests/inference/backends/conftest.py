"""Tiny random models of four architectures as transformers saves them; a server, and a writer that asks it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import tokenizers
import torch
import transformers

from inference.backends.messages import messages
from inference.backends.openai import OpenAIWriter
from inference.engine import Completion, Params, ReplyStream, Turn
from inference.prompt import Brief
from tests.model_server import ModelServer, Serve

BRIEF = Brief("delivery", "track_order", "answer")
SLOTS = {"order_number": "10023"}
TURNS = [Turn("customer", "Hello!"), Turn("agent", "Hello, what is it?"), Turn("customer", "Where is my parcel 📦?")]
REPLY = ("Order ", "10023 is ", "on its way 📦.")
TEMPLATE = (
    "{% for message in messages %}<|{{ message.role }}|>{{ message.content }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
SIZES: dict[str, Any] = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "num_experts_per_tok": 2,
    "max_position_embeddings": 1024,
    "tie_word_embeddings": False,
}
CONFIGS: dict[str, Callable[..., Any]] = {
    "mixtral": lambda **more: transformers.MixtralConfig(**SIZES, num_local_experts=6, **more),
    "olmoe": lambda **more: transformers.OlmoeConfig(**SIZES, num_experts=6, norm_topk_prob=False, **more),
    # Its layer 1 has no experts.
    "qwen3_moe": lambda **more: transformers.Qwen3MoeConfig(
        **SIZES, head_dim=8, num_experts=6, moe_intermediate_size=16, mlp_only_layers=[1], **more
    ),
    "ernie4_5_moe": lambda **more: transformers.Ernie4_5_MoeConfig(
        **SIZES,
        moe_num_experts=6,
        moe_intermediate_size=16,
        moe_layer_start_index=1,
        moe_layer_end_index=2,
        **more,
    ),
}


def tokenizer() -> Any:
    """Bytes in pairs, with roles and an end."""
    pieces = tokenizers.Tokenizer(tokenizers.models.BPE())
    pieces.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    pieces.decoder = tokenizers.decoders.ByteLevel()
    special = ["<|end|>", "<|system|>", "<|user|>", "<|assistant|>"]
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=320,
        special_tokens=special,
        initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    said = messages(TURNS, Params(BRIEF, SLOTS))
    pieces.train_from_iterator([message["content"] for message in said], trainer)
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=pieces, eos_token="<|end|>", pad_token="<|end|>", chat_template=TEMPLATE
    )


def make(path: Path, architecture: str) -> Path:
    """A model with random weights, in a directory."""
    torch.manual_seed(0)
    words = tokenizer()
    config = CONFIGS[architecture](vocab_size=len(words), eos_token_id=words.eos_token_id, bos_token_id=None)
    model = transformers.AutoModelForCausalLM.from_config(config)
    for name, weight in [*model.named_parameters(), *model.named_buffers()]:
        if name.endswith("e_score_correction_bias"):
            weight.data.uniform_(-0.5, 0.5)
        elif weight.dim() > 1:
            weight.data.normal_(std=0.3)
    model.save_pretrained(path)
    words.save_pretrained(path)
    return path


@pytest.fixture(scope="session")
def directories(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {name: make(tmp_path_factory.mktemp(name), name) for name in CONFIGS}


Open = Callable[..., tuple[OpenAIWriter, ModelServer]]


@pytest.fixture
def opened() -> Iterator[Open]:
    """A server that answers as told, and a writer that asks it."""
    with ExitStack() as stack:

        def begin(*serves: Serve, **options: Any) -> tuple[OpenAIWriter, ModelServer]:
            server = stack.enter_context(ModelServer(list(serves)))
            writer = OpenAIWriter(server.address, "shop/tiny-moe", **options)
            stack.callback(writer.close)
            return writer, server

        yield begin


def answer(stream: ReplyStream) -> tuple[list[str], Completion]:
    """All pieces, and the completion that they make."""
    *pieces, completion = stream
    assert isinstance(completion, Completion)
    assert "".join(str(piece) for piece in pieces) == completion.text
    return [str(piece) for piece in pieces], completion


def given_up_elsewhere(stream: ReplyStream) -> bool:
    """Close a reply that another thread is reading; whether that thread hears of it."""
    reader = threading.Thread(target=list, args=(stream,))
    reader.start()
    stream.close()
    reader.join(30)
    return not reader.is_alive()
