"""Adds a category to a checkpoint: one new expert in every layer learns a company's own tickets, all else stays.

`python -m training.add_expert --category repairs --data training/examples/repairs.jsonl` writes a new checkpoint with
one expert more, prints what that gained beside a training of all weights on the same batches, and what it cost the
other categories; the figures stay in `added_expert.json`. Wrong tickets are named by their lines, and nothing is
written.
"""

from __future__ import annotations

import argparse
import copy
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from inference import checkpoint, sentiment, triage
from inference.checkpoint import CheckpointError, CheckpointInfo
from inference.encoder import TUNED
from inference.model import Decoder
from inference.scope import Scope
from inference.tokenizer import Tokenizer
from inference.triage import Triage
from training import corpus, finish, specialise, tickets
from training.added import Added, Run, table
from training.extend import extend, extend_scope, widen
from training.grow import BATCH_TOKENS, Schedule, batches, grow, learn, retrain
from training.lessons import REPLAY, Lessons
from training.masking import Batch, Support, reply_losses
from training.masking import batches as in_batches
from training.specialise import MODEL
from training.tickets import NAME, Ticket, TicketError

MESSAGES = 40  # held-out ones of each of the corpus' categories


@dataclass(frozen=True)
class Measure:
    """Held-out messages of the new category and of the others, each with its brief and a reply."""

    new: list[Support]
    categories: list[str]
    elsewhere: list[Support]
    batches: tuple[list[Batch], list[Batch]]

    @classmethod
    def build(cls, tokenizer: Tokenizer, held: Sequence[Ticket], messages: int) -> Measure:
        """All held-out tickets, and `messages` of each category of the corpus."""
        new = [(ticket.text, ticket.brief, ticket.reply) for ticket in sorted(held, key=lambda t: len(t.reply))]
        categories, elsewhere = specialise.sample(messages)
        return cls(new, categories, elsewhere, (in_batches(tokenizer, new), in_batches(tokenizer, elsewhere)))

    def losses(self, model: Decoder) -> list[float]:
        """Mean loss of the replies of the new category, and elsewhere."""
        return [float(reply_losses(model, some).mean()) for some in self.batches]


class Addition:
    """One new category for one checkpoint; the constructor refuses what cannot be added."""

    def __init__(self, source: Path, data: Path, category: str, messages: int = MESSAGES) -> None:
        self.source, self.category = source, category
        self.model, self.tokenizer, self.info = checkpoint.load(source)
        self.head = _head(source, category)
        self.tickets = tickets.read(data, category, self.tokenizer, self.model.config.max_position_embeddings)
        self._refuse_known_intents()
        self.train, self.held = tickets.split(self.tickets)
        self.measure = Measure.build(self.tokenizer, self.held, messages)
        self.runs: list[Run] = []

    def _refuse_known_intents(self) -> None:
        known = {intent: category for category, intent in self.head.intents}
        clash = sorted({t.brief.intent for t in self.tickets} & known.keys())
        if clash:
            told = ", ".join(f"{name!r} (of {known[name]})" for name in clash)
            raise TicketError(f"the checkpoint has these intents already: {told}; give yours other names")

    def run(self, seed: int, schedule: Schedule) -> Decoder:
        """Teach a new expert, and to compare all weights, on the same batches; the figures go to `runs`."""
        torch.manual_seed(seed)
        grown = grow(self.model, self._donors())
        lessons = Lessons(self.tokenizer, self.train, seed, self.model.config.max_position_embeddings)
        learn(grown, batches(lessons.new, np.random.default_rng(seed)), lessons.mixed(), schedule)
        whole, room = copy.deepcopy(self.model), int(BATCH_TOKENS * (1 + REPLAY))
        retrain(whole, batches(lessons.replayed, np.random.default_rng(seed), room), schedule)
        shares = [
            float(side[:, :, -1].mean())
            for turns in (self.measure.new, self.measure.elsewhere)
            for side in finish.route(grown, self.tokenizer, turns)
        ]
        self.runs.append(Run(seed, *self.measure.losses(grown), *self.measure.losses(whole), *shares))
        return grown

    def _donors(self) -> list[int]:
        """In each layer the expert that has most of the new category's replies so far."""
        _, replies = finish.route(self.model, self.tokenizer, [(t.text, t.brief, t.reply) for t in self.train])
        return replies.mean(axis=0).argmax(axis=-1).tolist()  # type: ignore[no-any-return]

    def write(self, grown: Decoder, out: Path, steps: int) -> Added:
        """The new checkpoint with head, cards and figures, as a whole or not at all."""
        part = out.with_name(f"{out.name}.part")
        shutil.rmtree(part, ignore_errors=True)
        try:
            version = checkpoint.save(part, grown, grown.config, self.tokenizer, self._card(grown))
            keep(self.source, part)
            before, before_elsewhere = self.measure.losses(self.model)
            added = Added(
                self.category,
                self.info.version,
                version,
                len(self.train),
                len(self.held),
                len(self.measure.elsewhere),
                steps,
                before,
                before_elsewhere,
                *self._extend_head(part),
                self.runs,
            )
            added.save(part)
            part.rename(out)
        finally:
            shutil.rmtree(part, ignore_errors=True)
        return added

    def _card(self, grown: Decoder) -> dict[str, Any]:
        _, replies = finish.route(grown, self.tokenizer, self.measure.new)
        _, others = finish.route(grown, self.tokenizer, self.measure.elsewhere)
        taken = finish.by_category(others, self.measure.categories).mean(axis=1)[:, -1]
        return {
            "name": self.info.name,
            "experts": _cards(self.info, self.category, replies.mean(axis=(0, 1)), taken),
            "needs_order": [*self.info.needs_order, *tickets.needs_order(self.tickets)],
            "hand_off_below": self.info.hand_off_below,
        }

    def _extend_head(self, part: Path) -> tuple[float, float, float]:
        """Save the head with the new intents; what triage tells of new messages, and of old ones before and after."""
        rows = [((i.category, i.name), message) for i in corpus.intents() for message in i.messages]
        rows = [rows[i] for i in triage.split(len(rows))[1]]  # those that the old rows were not fitted on
        rows += [((self.category, t.brief.intent), t.text) for t in self.train]
        labels, texts = [label for label, _ in rows], [text for _, text in rows]
        known = [i for i, label in enumerate(labels) if label in self.head.intents or label[0] == self.category]
        labels, texts = [labels[i] for i in known], [texts[i] for i in known]
        vectors = finish.look(part, texts)
        head = extend(widen(self.head, self.info.layers), vectors, texts, labels)
        scope, count = Scope.load(self.source), len(self.train)
        if scope is not None:
            extend_scope(scope, vectors[-count:], labels[-count:]).save(part)
        new = [text for text, _, _ in self.measure.new]
        old = [text for text, _, _ in self.measure.elsewhere]
        found = _told(head, finish.look(part, new), new, [self.category] * len(new))
        before = _told(self.head, finish.look(self.source, old), old, self.measure.categories)
        after = _told(head, finish.look(part, old), old, self.measure.categories)
        head.save(part)
        return found, before, after


def keep(source: Path, target: Path) -> None:
    """Copy what reads the customer's words apart from the experts: the encoder's tuned layers, the sentiment."""
    for name in (TUNED, sentiment.HEAD):
        if (source / name).exists():
            shutil.copyfile(source / name, target / name)


def _head(source: Path, category: str) -> Triage:
    """The checkpoint's triage head; refuses a category that it or the corpus knows."""
    head = Triage.load(source)
    if head is None:
        raise CheckpointError(f"{source} has no triage head; python -m training.finish makes it")
    if category in {*corpus.CATEGORIES, corpus.OFF_TOPIC, *(own for own, _ in head.intents)}:
        raise TicketError(f"the category {category!r} exists already")
    if not NAME.fullmatch(category):
        raise TicketError(f"the category {category!r} is no name of small letters, digits and _")
    return head


def _cards(
    info: CheckpointInfo, category: str, replies: finish.Features, taken: finish.Features
) -> list[dict[str, Any]]:
    """Cards of all experts: what they say of the old categories, less what the new expert took [C], and the new one."""
    told = {
        (row["category"], expert): row["share"]
        for expert, card in enumerate(info.experts)
        for row in card["categories"]
    }
    names = list(dict.fromkeys([*corpus.CATEGORIES, *(name for name, _ in told)]))
    lost = dict(zip(corpus.CATEGORIES, taken.tolist(), strict=True))
    old = [
        [*(told.get((name, e), 0.0) * (1 - lost.get(name, 0.0)) for e in range(info.n_experts)), lost.get(name, 0.0)]
        for name in names
    ]
    return finish.cards(np.array([*old, replies.tolist()], np.float32), [*names, category])


def _told(head: Triage, vectors: finish.Features, texts: Sequence[str], categories: Sequence[str]) -> float:
    """Part of the messages whose category the head tells."""
    said = [head.best(*head.posterior(v, t))[0] for v, t in zip(vectors, texts, strict=True)]
    return float(np.mean([a == b for a, b in zip(said, categories, strict=True)]))


def main(arguments: list[str] | None = None) -> int:
    """Add a category and print what it brought; 1 and the reason when it cannot be added."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--category", required=True, help="its name, as 'gift_cards'")
    parser.add_argument("--data", type=Path, required=True, metavar="FILE", help="tickets: .jsonl or .csv")
    parser.add_argument("--checkpoint", type=Path, default=MODEL, metavar="DIR")
    parser.add_argument("--out", type=Path, metavar="DIR", help="CHECKPOINT-CATEGORY unless given")
    parser.add_argument("--seeds", type=int, default=1, help="runs that are measured; the first one's expert is kept")
    given = parser.parse_args(arguments)
    out = given.out or given.checkpoint.with_name(f"{given.checkpoint.name}-{given.category}")
    torch.set_num_threads(1)
    schedule = Schedule()
    try:
        if out.exists():
            raise TicketError(f"{out} exists; choose another with --out")
        addition = Addition(given.checkpoint, given.data, given.category)
        grown = [addition.run(seed, schedule) for seed in range(given.seeds)][0]
    except (TicketError, CheckpointError) as error:
        print(error, file=sys.stderr)
        return 1
    added = addition.write(grown, out, schedule.steps)
    print(table(added))
    print(f"\nwrote {out}, version {added.version}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
