"""The one layout of a prompt, for training and for serving:

`<s><|customer|>text<|agent|>text ... <|customer|>text<|context|>category / intent / act<|agent|>reply<|end|>`

The context stands after the customer's words, so that their routing does not see the label.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from inference.tokenizer import Tokenizer

BRIEF_ROOM = 48
Act = Literal["answer", "ask", "refuse"]


@dataclass(frozen=True)
class Turn:
    """One side's words."""

    role: Literal["customer", "agent"]
    text: str


@dataclass(frozen=True)
class Brief:
    """What the reply shall do."""

    category: str
    intent: str
    act: Act


@dataclass(frozen=True)
class Prompt:
    """Ids of a prompt, and the stretch of them that holds the last customer turn's words."""

    ids: list[int]
    words: slice


def build(tokenizer: Tokenizer, turns: Sequence[Turn], brief: Brief | None, *, room: int) -> Prompt:
    """A prompt of at most `room` tokens; without a brief it ends with the customer's words.

    The oldest turns go first; a last turn that is too long loses its beginning. ValueError without turns.
    """
    if not turns:
        raise ValueError("a prompt needs at least one turn")
    tail = _tail(tokenizer, brief) if brief else []
    # The turns get the same room with and without a brief, so that both prompts begin alike.
    room -= 1 + max(BRIEF_ROOM, len(tail))
    kept: list[int] = []
    for turn in reversed(turns):
        words = _turn(tokenizer, turn)
        if not kept:
            words = [words[0], *words[1:][-max(1, room - 1) :]]
            last = len(words) - 1
        elif len(kept) + len(words) > room:
            break
        kept = words + kept
    ids = [tokenizer.bos, *kept]
    return Prompt(ids + tail, slice(len(ids) - last, len(ids)))


def training_example(
    tokenizer: Tokenizer, turns: Sequence[Turn], brief: Brief, reply: str
) -> tuple[list[int], list[bool]]:
    """Ids of a whole example, and which of them count in the loss: the reply and its `<|end|>`.

    An empty reply leaves the prompt alone, without an end: no reply is ever empty.
    """
    prompt = [tokenizer.bos, *(index for turn in turns for index in _turn(tokenizer, turn)), *_tail(tokenizer, brief)]
    answer = [*tokenizer.encode_reply(reply), tokenizer.end] if reply else []
    return prompt + answer, [False] * len(prompt) + [True] * len(answer)


def _turn(tokenizer: Tokenizer, turn: Turn) -> list[int]:
    role = tokenizer.customer if turn.role == "customer" else tokenizer.agent
    return [role, *tokenizer.encode(turn.text)]


def _tail(tokenizer: Tokenizer, brief: Brief) -> list[int]:
    words = tokenizer.encode(f"{brief.category} / {brief.intent} / {brief.act}")
    return [tokenizer.context, *words, tokenizer.agent]
