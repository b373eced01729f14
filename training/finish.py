"""What a trained checkpoint still needs: triage head, out-of-scope score, cards of its experts, hand-off threshold.

`python -m training.finish DIRECTORY` adds them; `training.train` does so at its end.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from inference import checkpoint, scope, triage
from inference.engine import Engine
from inference.model import Decoder
from inference.prompt import Brief, Turn, training_example
from inference.scope import Scope
from inference.tokenizer import Tokenizer
from inference.triage import Triage
from training import corpus, sentiment
from training.tune import tune

RISK = 0.05  # share of wrong intents among the messages that the assistant answers by itself
THREADS = 16
TURNS = 20  # of each intent that an expert's card is drawn from
LIFT = 1.5  # from which on an expert counts as one of a category

Features = NDArray[np.float32]
Label = tuple[str, str]


def finish(directory: Path) -> None:
    """Fit head and out-of-scope score on the corpus' training messages and write cards and threshold beside them."""
    rows = [((i.category, i.name), message) for i in corpus.intents() for message in i.messages]
    labels, texts = [label for label, _ in rows], [text for _, text in rows]
    tune(texts, labels).save(directory)
    vectors = look(directory, texts)
    head = triage.fit(vectors, texts, labels)
    head.save(directory)
    sentiment.finish(directory)
    out_of_scope(head, vectors, texts, labels).save(directory)
    model, tokenizer, info = checkpoint.load(directory)
    categories, turns = support_turns({i.name: i.messages[:TURNS] for i in corpus.intents()})
    card = {
        "name": info.name,
        "experts": expert_cards(route(model, tokenizer, turns)[1], categories),
        "needs_order": [intent.name for intent in corpus.intents() if intent.needs_order],
        "hand_off_below": hand_off_below(head, vectors, texts, labels),
    }
    checkpoint.save(directory, model, model.config, tokenizer, card)


def look(directory: Path, texts: list[str]) -> Features:
    """Triage features [n, ...] of single messages."""
    with Engine.load(directory) as engine, ThreadPoolExecutor(THREADS) as pool:
        return np.stack(list(pool.map(lambda text: engine.features([Turn("customer", text)]), texts)))


def out_of_scope(head: Triage, vectors: Features, texts: Sequence[str], labels: Sequence[Label]) -> Scope:
    """The score that tells the corpus' off-topic messages from the others."""
    logits = torch.stack([head.logits(vector, text) for vector, text in zip(vectors, texts, strict=True)])
    target = np.asarray([head.intents.index(label) for label in labels])
    outside = np.asarray([category == corpus.OFF_TOPIC for category, _ in head.intents])
    return scope.fit(vectors, logits, target, outside)


def support_turns(messages: Mapping[str, Sequence[str]]) -> tuple[list[str], list[tuple[str, Brief, str]]]:
    """Categories that have experts, and per message of an intent what the customer writes, the brief and a reply."""
    rows = [
        (
            intent.category,
            (text, Brief(intent.category, intent.name, "answer"), intent.replies[i % len(intent.replies)]),
        )
        for intent in corpus.intents()
        if intent.category in corpus.CATEGORIES
        for i, text in enumerate(messages[intent.name])
    ]
    return [category for category, _ in rows], [turn for _, turn in rows]


@torch.inference_mode()
def route(model: Decoder, tokenizer: Tokenizer, turns: list[tuple[str, Brief, str]]) -> tuple[Features, Features]:
    """Routing shares [n, layer, expert] of the customer's words, before any label, and of the reply."""
    words, replies = [], []
    for text, brief, reply in turns:
        ids, mask = training_example(tokenizer, [Turn("customer", text)], brief, reply)
        _, routing = model.hidden(torch.tensor([ids]))
        weights = torch.stack([torch.zeros_like(r.probs).scatter(1, r.ids, r.weights) for r in routing])  # [L, T, E]
        words.append(weights[:, 2 : ids.index(tokenizer.context)].mean(dim=1))
        replies.append(weights[:, torch.tensor(mask)].mean(dim=1))
    return torch.stack(words).numpy(), torch.stack(replies).numpy()


def hand_off_below(head: Triage, vectors: Features, texts: list[str], labels: list[Label]) -> float:
    """The lowest confidence at which no more than `RISK` of the messages held back would be answered wrongly."""
    _, held = triage.split(len(labels))
    judged = sorted((judge(head, vectors[i], texts[i], labels[i]) for i in held), reverse=True)
    wrong = np.cumsum([not right for _, right in judged]) / np.arange(1, len(judged) + 1)
    last = int(np.flatnonzero(wrong <= RISK).max(initial=0))
    return round(judged[last][0], 3)


def judge(head: Triage, vector: Features, text: str, label: Label) -> tuple[float, bool]:
    """Confidence of the head, and whether its intent is right."""
    categories, intents = head.posterior(vector, text)
    _, intent = head.best(categories, intents)
    return intents[intent], intent == label[1]


def expert_cards(shares: Features, categories: list[str]) -> list[dict[str, Any]]:
    """One card per expert, from the routing shares [n, layer, expert] of messages of the corpus' categories."""
    return cards(by_category(shares, categories).mean(axis=1), corpus.CATEGORIES)


def cards(given: Features, names: Sequence[str]) -> list[dict[str, Any]]:
    """One card per expert: its name, and for each category its share [C, E] of the routing and the lift."""
    usual = given.mean(axis=0)
    found = []
    for expert in range(given.shape[1]):
        lifts = given[:, expert] / max(float(usual[expert]), 1e-9)
        rows: list[dict[str, Any]] = [
            {"category": name, "share": round(float(given[i, expert]), 4), "lift": round(float(lifts[i]), 2)}
            for i, name in enumerate(names)
        ]
        rows.sort(key=lambda row: -row["lift"])
        own = [row["category"] for row in rows[:2] if row["lift"] >= LIFT]
        found.append({"name": " and ".join(own) or "generalist", "categories": rows})
    return found


def by_category(shares: Features, categories: list[str]) -> Features:
    """Mean routing share [C, layer, expert] of the messages of each category that has experts."""
    names = np.asarray(categories)
    return np.stack([shares[names == name].mean(axis=0) for name in corpus.CATEGORIES])


def information(shares: Features, categories: list[str]) -> NDArray[np.float64]:
    """Mutual information of expert and category per layer, as a part of its highest value; categories weigh alike."""
    given = by_category(shares, categories).astype(np.float64)
    usual = given.mean(axis=0)
    bits = np.where(given > 0, given * np.log(np.maximum(given, 1e-12) / np.maximum(usual, 1e-12)), 0)
    highest = np.log(min(len(corpus.CATEGORIES), given.shape[-1]))
    return np.asarray(bits.sum(axis=-1).mean(axis=0) / highest)


if __name__ == "__main__":
    finish(Path(sys.argv[1]))
