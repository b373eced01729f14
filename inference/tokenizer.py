"""SentencePiece with our own tokens for roles and slots. Text never becomes such a token: only its id makes one.

The special pieces are control symbols, which SentencePiece never finds in a text: whoever types "<|agent|>" or
"{{order_number}}" gets plain text. Knows nothing of prompts.
"""

from __future__ import annotations

import codecs
import io
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import sentencepiece

ROLES = ("<|customer|>", "<|agent|>", "<|context|>", "<|passage|>", "<|end|>")
SLOT = re.compile(r"\{\{(\w+)\}\}")
FILE = "tokenizer.model"


class Tokenizer:
    """Text to ids and back, without loss."""

    def __init__(self, path: Path) -> None:
        self.proto = path.read_bytes()
        self._pieces = sentencepiece.SentencePieceProcessor(model_proto=self.proto)
        self.vocab_size: int = self._pieces.vocab_size()
        names = [self._pieces.id_to_piece(index) for index in range(self.vocab_size)]
        special = (self._pieces.is_control, self._pieces.is_unknown)
        self.special = frozenset(i for i in range(self.vocab_size) if any(test(i) for test in special))
        self._bytes = [self._piece_bytes(index, name) for index, name in enumerate(names)]
        ids = {name: index for index, name in enumerate(names)}
        self.pad, self.bos = ids["<pad>"], ids["<s>"]
        self.customer, self.agent, self.context, self.passage, self.end = (ids[role] for role in ROLES)
        self.slots: dict[str, int] = {m[1]: ids[name] for name in names if (m := SLOT.fullmatch(name))}
        self.slot_names: dict[int, str] = {index: name for name, index in self.slots.items()}

    @classmethod
    def train(cls, texts: Iterable[str], directory: Path, vocab_size: int, slots: Sequence[str]) -> Tokenizer:
        """Learn byte-pair pieces from `texts` and write `directory`/tokenizer.model."""
        model = io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=(line for text in texts for line in text.splitlines() if line),
            model_writer=model,
            model_type="bpe",
            vocab_size=vocab_size,
            byte_fallback=True,
            split_digits=True,
            character_coverage=0.9999,
            normalization_rule_name="identity",
            remove_extra_whitespaces=False,
            add_dummy_prefix=False,
            control_symbols=[*ROLES, *(f"{{{{{name}}}}}" for name in slots)],
            pad_id=0,
            bos_id=1,
            eos_id=2,
            unk_id=3,
            num_threads=os.cpu_count() or 1,
            minloglevel=2,
        )
        directory.mkdir(parents=True, exist_ok=True)
        (directory / FILE).write_bytes(model.getvalue())
        return cls(directory / FILE)

    def encode(self, text: str) -> list[int]:
        """Ids of a person's text; no text gives a special token."""
        clean = text.encode("utf-8", "replace").decode("utf-8")
        return self._pieces.encode(clean, out_type=int)  # type: ignore[no-any-return]

    def encode_reply(self, text: str) -> list[int]:
        """Ids of a text of ours, in which a known `{{slot}}` is one token."""
        ids: list[int] = []
        end = 0
        for match in SLOT.finditer(text):
            if match[1] in self.slots:
                ids += [*self.encode(text[end : match.start()]), self.slots[match[1]]]
                end = match.end()
        return ids + self.encode(text[end:])

    def decode(self, ids: Iterable[int]) -> str:
        """The text of `ids`; a slot reads as `{{slot}}`, other special tokens as nothing."""
        reader = Detokenizer(self, {name: f"{{{{{name}}}}}" for name in self.slots})
        return "".join(map(reader.push, ids)) + reader.finish()

    def shown(self, ids: Iterable[int], slots: Mapping[str, str]) -> list[str]:
        """Each token as a person may see it: a slot as its value, a role by its name."""
        reader = Detokenizer(self, slots)
        return [reader.push(index) or (self.piece(index) if index in self.special else "") for index in ids]

    def piece(self, index: int) -> str:
        """A token's own name."""
        return self._pieces.id_to_piece(index)

    def bytes_of(self, index: int) -> bytes:
        """What a token adds to the text in UTF-8; nothing for a special one."""
        return self._bytes[index]

    def _piece_bytes(self, index: int, name: str) -> bytes:
        if self._pieces.is_byte(index):
            return bytes([int(name[3:5], 16)])
        if index in self.special:
            return b""
        return name.replace("\u2581", " ").encode()


class Detokenizer:
    """Text of one sequence, token by token; holds back a character until all of its bytes are there."""

    def __init__(self, tokenizer: Tokenizer, slots: Mapping[str, str]) -> None:
        self._tokenizer = tokenizer
        self._values = {tokenizer.slots[name]: value for name, value in slots.items() if name in tokenizer.slots}
        self._utf8 = codecs.getincrementaldecoder("utf-8")("replace")

    def push(self, index: int) -> str:
        """The text that this token completes; a slot's token gives its value."""
        if index in self._values:
            return self.finish() + self._values[index]
        return self._utf8.decode(self._tokenizer.bytes_of(index))

    def finish(self) -> str:
        """What was held back, as a replacement character."""
        return self._utf8.decode(b"", final=True)
