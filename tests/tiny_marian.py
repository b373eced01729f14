"""Makes a tiny Marian model that knows a few sentences by heart, in a directory as transformers saves it."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import sentencepiece
import torch
import transformers

STEPS = 150
SIZES: dict[str, Any] = {
    **{"d_model": 32, "encoder_layers": 1, "decoder_layers": 1, "max_position_embeddings": 64},
    **{"encoder_attention_heads": 2, "decoder_attention_heads": 2, "encoder_ffn_dim": 64, "decoder_ffn_dim": 64},
    **{"dropout": 0.0, "attention_dropout": 0.0, "activation_dropout": 0.0},
}


def make(path: Path, known: Mapping[str, str]) -> Path:
    """Train until each sentence gives its translation, and save."""
    path.mkdir()
    tokenizer = _tokenizer(path, [*known, *known.values()])
    torch.manual_seed(0)
    pad = tokenizer.pad_token_id
    config = transformers.MarianConfig(
        vocab_size=len(tokenizer), pad_token_id=pad, decoder_start_token_id=pad, eos_token_id=0, **SIZES
    )
    model = _taught(transformers.MarianMTModel(config), tokenizer, known)
    model.generation_config.update(num_beams=1, max_length=40)
    model.save_pretrained(path)
    tokenizer.save_pretrained(path)
    return path


def _tokenizer(path: Path, texts: list[str]) -> Any:
    lines, prefix = path.with_suffix(".txt"), path.with_suffix(".spm")
    lines.write_text("\n".join(texts * 20))
    sentencepiece.SentencePieceTrainer.train(
        input=str(lines), model_prefix=str(prefix), vocab_size=80, hard_vocab_limit=False, minloglevel=2
    )
    model = f"{prefix}.model"
    pieces = sentencepiece.SentencePieceProcessor(model_file=model)
    names = dict.fromkeys(["</s>", "<unk>", *(pieces.id_to_piece(i) for i in range(len(pieces))), "<pad>"])
    vocabulary = path.with_suffix(".json")
    vocabulary.write_text(json.dumps({name: index for index, name in enumerate(names)}))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return transformers.MarianTokenizer(source_spm=model, target_spm=model, vocab=str(vocabulary))


def _taught(model: Any, tokenizer: Any, known: Mapping[str, str]) -> Any:
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    batch = tokenizer(list(known), text_target=list(known.values()), return_tensors="pt", padding=True)
    batch["labels"][batch["labels"] == tokenizer.pad_token_id] = -100
    for _ in range(STEPS):
        model(**batch).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    return model.eval()
