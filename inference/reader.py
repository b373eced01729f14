"""Which sentences of a passage answer a question: question and passage are read together (a cross-encoder).

The upper layers of the sentence encoder, tuned for it by `training.reader`, score each sentence against the chance that
none answers (shared over passages, after Clark & Gardner 2018, arXiv 1710.10723). Knows no workspace and no retrieval.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from safetensors.torch import save as write_tensors
from torch import Tensor, nn

from inference.encoder import WIDTH, Encoder, layers_from, layers_to, through
from inference.weights import replace

FILE = "reader.safetensors"
LOWER = 2  # layers that stay as published
TOGETHER = 8  # passages in one pass
NEVER = -20.0  # of a sentence that was cut off
LONGEST = 500  # characters of a question, its last ones
KEPT = 20_000  # vectors of sentences: 30 MB


@dataclass(frozen=True)
class Page:
    """A passage to read: the headings above it and its sentences in order."""

    heading: str
    sentences: tuple[str, ...]

    @property
    def text(self) -> str:
        """All of it, as it is read."""
        return "\n".join((self.heading, *self.sentences))


@dataclass(frozen=True)
class Sheet:
    """Pages beside a question, made ready: `states` [B, T, 384], `mask` [B, T], and `owner` [B, T], the number of each
    token's sentence among all of them, `count` where it belongs to none."""

    states: Tensor
    mask: Tensor
    owner: Tensor
    count: int


@dataclass(frozen=True)
class Scale:
    """How logits become probabilities: what a sentence's nearness to the question adds, the score of "none of them",
    and the temperature (arXiv 1706.04599), fitted together on companies that the reader has not seen."""

    near: float = 0.0
    none: float = 0.0
    temperature: float = 1.0

    def probabilities(self, logits: NDArray[np.float64], near: NDArray[np.float64]) -> NDArray[np.float64]:
        """How likely each sentence answers."""
        read = np.where(logits > NEVER, logits + self.near * near, -np.inf)
        scores = np.append(read, self.none) / self.temperature
        likely: NDArray[np.float64] = np.exp(scores - np.logaddexp.reduce(scores))[:-1]
        return likely


class Reader(nn.Module):
    """A score of each sentence: the logit of "this answers" against "nothing here does"."""

    def __init__(self, layers: nn.ModuleList, score: nn.Linear, scale: Scale | None = None) -> None:
        super().__init__()
        self.layers = layers
        self.score = score
        self.scale = scale or Scale()
        self._vectors: dict[str, NDArray[np.float32]] = {}

    def forward(self, sheet: Sheet) -> Tensor:
        """Logits [count] of all sentences."""
        tokens = self.score(through(self.layers, sheet.states, sheet.mask)).flatten()
        owner = sheet.owner.flatten()
        total = tokens.new_zeros(sheet.count + 1).index_add(0, owner, tokens)[:-1]
        size = torch.bincount(owner, minlength=sheet.count + 1)[:-1]
        return torch.where(size > 0, total / size.clamp(min=1), NEVER)

    @torch.no_grad()
    def read(self, encoder: Encoder, question: str, pages: Sequence[Page]) -> list[list[float]]:
        """How likely each sentence of each page answers; what is left to 1 is the chance that none does."""
        sizes = [len(page.sentences) for page in pages]
        if not sum(sizes):
            return [[] for _ in pages]
        found = self.logits(encoder, question, pages), self.nearness(encoder, question, pages)
        likely = self.scale.probabilities(*found)
        return [own.tolist() for own in np.split(likely, np.cumsum(sizes)[:-1])]

    @torch.no_grad()
    def logits(self, encoder: Encoder, question: str, pages: Sequence[Page]) -> NDArray[np.float64]:
        """The logit of each sentence, of all pages in order."""
        question = question[-LONGEST:]
        found: list[list[float]] = [[] for _ in pages]
        order = sorted(range(len(pages)), key=lambda index: len(pages[index].text))
        for start in range(0, len(order), TOGETHER):
            own = order[start : start + TOGETHER]
            logits = self(lay_out(encoder, [question] * len(own), [pages[index] for index in own]))
            parts = logits.split([len(pages[index].sentences) for index in own])
            for index, part in zip(own, parts, strict=True):
                found[index] = part.tolist()
        return np.array([logit for own in found for logit in own])

    def nearness(self, encoder: Encoder, question: str, pages: Sequence[Page]) -> NDArray[np.float64]:
        """The cosine of each sentence, under its last heading, and the question."""
        texts = [f"{page.heading.rsplit(' › ', 1)[-1]}: {sentence}" for page in pages for sentence in page.sentences]
        near: NDArray[np.float32] = self._embedded(encoder, texts) @ encoder.embed([question])[0]
        return near.astype(np.float64)

    def save(self, directory: Path) -> None:
        """Put the reader into a directory, in bfloat16; who loads it sees the old one or the new one."""
        tensors = {name: weight.to(torch.bfloat16).contiguous() for name, weight in layers_to(self.layers)}
        tensors |= {f"score.{name}": weight.detach().clone() for name, weight in self.score.named_parameters()}
        tensors["scale"] = torch.tensor([self.scale.near, self.scale.none, self.scale.temperature])
        replace(directory / FILE, write_tensors(tensors))

    @classmethod
    def load(cls, directory: Path) -> Reader:
        """The reader in a directory."""
        tensors = {name: weight.float() for name, weight in load_file(directory / FILE).items()}
        score = nn.Linear(WIDTH, 1)
        score.load_state_dict({name: tensors.pop(f"score.{name}") for name in ("weight", "bias")})
        scale = Scale(*tensors.pop("scale").tolist())
        return cls(layers_from(tensors), score, scale).eval()

    def _embedded(self, encoder: Encoder, texts: Sequence[str]) -> NDArray[np.float32]:
        """Their vectors; a passage's sentences come again with many a question, so what was made is kept."""
        if len(self._vectors) > KEPT:
            self._vectors = {}
        known = {text: vector for text in texts if (vector := self._vectors.get(text)) is not None}
        if new := [text for text in dict.fromkeys(texts) if text not in known]:
            made = dict(zip(new, encoder.embed(new), strict=True))
            known |= made
            self._vectors.update(made)
        return np.stack([known[text] for text in texts])


def new(encoder: Encoder) -> Reader:
    """A reader that has learnt nothing yet, on a copy of the published layers."""
    return Reader(encoder.upper(lower=LOWER).layers, nn.Linear(WIDTH, 1))


def lay_out(encoder: Encoder, questions: Sequence[str], pages: Sequence[Page]) -> Sheet:
    """Pages, each beside its question, as the reader takes them."""
    pairs = [(question, page.text) for question, page in zip(questions, pages, strict=True)]
    states, mask, tokens = encoder.pair_states(pairs, LOWER)
    ends = [0, *accumulate(len(page.sentences) for page in pages)]
    owner = np.full(mask.shape, ends[-1])
    for row, (page, found) in enumerate(zip(pages, tokens, strict=True)):
        starts = list(accumulate((len(part) + 1 for part in (page.heading, *page.sentences[:-1])), initial=0))[1:]
        at = np.searchsorted(starts, np.array(found.offsets)[:, 0], side="right") - 1
        own = (np.array(found.type_ids) == 1) & (np.array(found.special_tokens_mask) == 0) & (at >= 0)
        owner[row, own] = ends[row] + at[own]
    return Sheet(states, mask, torch.from_numpy(owner).to(states.device), ends[-1])
