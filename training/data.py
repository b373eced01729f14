"""From raw text to packed, memory-mapped tokens: `pretrain` (every turn counts) and `support` (the reply counts).

Reads `corpus/` always and the public sets of `SUPPORTBOT_DATA` (or `../shared/data`) where present.
Held-out messages of the corpus are never read here.
"""

from __future__ import annotations

import gzip
import json
import os
import random
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.prompt import Act, Brief, Turn, training_example
from inference.tokenizer import Tokenizer
from training import corpus

PUBLIC = Path(os.environ.get("SUPPORTBOT_DATA", corpus.ROOT.parent.parent / "shared" / "data"))
ORDER_NUMBER = re.compile(r"\b\d{5}\b")
PUBLIC_SLOTS = {
    "Order Number": "order_number",
    "Customer Support Phone Number": "support_phone",
    "Customer Support Email": "support_email",
    "Customer Support Hours": "support_hours",
    "Website URL": "website",
    "Company Name": "shop_name",
    "Invoice Number": "invoice_number",
}
PUBLIC_INTENTS = {
    "track_order": "delivery",
    "change_shipping_address": "delivery",
    "set_up_shipping_address": "delivery",
    "delivery_options": "delivery",
    "delivery_period": "delivery",
    "cancel_order": "order",
    "change_order": "order",
    "place_order": "order",
    "check_invoice": "invoice",
    "get_invoice": "invoice",
    "check_payment_methods": "payment",
    "payment_issue": "payment",
    "check_refund_policy": "returns",
    "get_refund": "returns",
    "track_refund": "returns",
    "complaint": "feedback",
    "review": "feedback",
    "contact_customer_service": "contact",
    "contact_human_agent": "contact",
    "create_account": "account",
    "delete_account": "account",
    "edit_account": "account",
    "recover_password": "account",
    "registration_problems": "account",
    "switch_account": "account",
    "newsletter_subscription": "subscription",
}
PUBLIC_TEXT = ("magento-user-guide", "saleor-docs", "sendgrid-docs")
PUBLIC_DIALOGUES = "star"


@dataclass(frozen=True)
class Document:
    """One training text: tokens, which of them count in the loss, and its category (-1: none)."""

    ids: list[int]
    mask: list[bool]
    category: int


def category_index(name: str) -> int:
    """Position of a category among the 12 that have experts; -1 for `off_topic`."""
    return corpus.CATEGORIES.index(name) if name in corpus.CATEGORIES else -1


def tokenizer_texts(limit: int = 60_000) -> Iterator[str]:
    """Texts for the tokenizer: all of the corpus three times over, and a part of the public sets."""
    for _ in range(3):
        for intent in corpus.intents():
            yield from (*intent.messages, *intent.replies, *intent.ask)
        for article in corpus.articles():
            yield from article.body.splitlines()
        for dialogue in corpus.dialogues():
            yield from (turn.text for turn in dialogue.turns)
    for index, row in enumerate(_rows("tickets.train")):
        if index >= limit:
            return
        yield row["text"]
        if row["reply"] and index % 4 == 0:
            yield row["reply"]


def pretrain(tokenizer: Tokenizer, seed: int) -> list[Document]:
    """Help text, articles, dialogues and public tickets; every token counts."""
    documents = [*_articles(tokenizer), *_public_tickets(tokenizer), *_public_dialogues(tokenizer)]
    documents += list(_public_text(tokenizer))
    random.Random(seed).shuffle(documents)
    return documents


def support(tokenizer: Tokenizer, seed: int, rounds: int) -> list[Document]:
    """Support turns of the corpus, `rounds` replies for each message; only the reply counts."""
    rng = random.Random(seed)
    intents = corpus.intents()
    by_name = {intent.name: intent for intent in intents}
    documents = [doc for _ in range(rounds) for doc in _round(tokenizer, intents, by_name, rng)]
    rng.shuffle(documents)
    return documents


def _round(
    tokenizer: Tokenizer, intents: list[corpus.Intent], by_name: dict[str, corpus.Intent], rng: random.Random
) -> Iterator[Document]:
    for intent in intents:
        for message in intent.messages:
            yield _single(tokenizer, intent, message, rng)
        for message in rng.sample(intent.messages, len(intent.messages) // 6):
            yield _followed_up(tokenizer, intent, rng.choice(intents), message, rng)
        if intent.needs_order:
            for message in rng.sample(intent.messages, len(intent.messages) // 3):
                yield _asked_back(tokenizer, intent, message, rng)
    for dialogue in corpus.dialogues():
        yield from _dialogue(tokenizer, dialogue, by_name, rng)


def _single(tokenizer: Tokenizer, intent: corpus.Intent, message: str, rng: random.Random) -> Document:
    asks = intent.needs_order and rng.random() < 0.3
    act: Act = "refuse" if intent.category == corpus.OFF_TOPIC else "ask" if asks else "answer"
    reply = rng.choice(intent.ask if asks else intent.replies)
    turns = [Turn("customer", roughen(_renumbered(message, rng), rng))]
    return _document(tokenizer, turns, Brief(intent.category, intent.name, act), reply)


def _followed_up(
    tokenizer: Tokenizer, intent: corpus.Intent, earlier: corpus.Intent, message: str, rng: random.Random
) -> Document:
    """A message behind another matter that was answered: the reply is about the last one only."""
    turns = [
        Turn("customer", roughen(_renumbered(rng.choice(earlier.messages), rng), rng)),
        Turn("agent", _as_sent(rng.choice(earlier.replies), rng)),
        Turn("customer", roughen(_renumbered(message, rng), rng)),
    ]
    act: Act = "refuse" if intent.category == corpus.OFF_TOPIC else "answer"
    return _document(tokenizer, turns, Brief(intent.category, intent.name, act), rng.choice(intent.replies))


def _asked_back(tokenizer: Tokenizer, intent: corpus.Intent, message: str, rng: random.Random) -> Document:
    given = rng.choice(("{}", "#{}", "it's {}", "order {}", "the number is {}", "{} thanks", "sure, {}"))
    turns = [
        Turn("customer", roughen(ORDER_NUMBER.sub("", message), rng)),
        Turn("agent", rng.choice(intent.ask)),
        Turn("customer", given.format(_number(rng))),
    ]
    return _document(tokenizer, turns, Brief(intent.category, intent.name, "answer"), rng.choice(intent.replies))


def _number(rng: random.Random) -> str:
    return str(rng.randint(10001, 99999))


def _renumbered(message: str, rng: random.Random) -> str:
    """The message with other order numbers: no digit may tell what is wanted."""
    return ORDER_NUMBER.sub(lambda _: _number(rng), message)


def _as_sent(reply: str, rng: random.Random) -> str:
    """A reply as the history of a conversation has it: its slots filled."""
    values = {name: setting["value"] for name, setting in corpus.shop()["settings"].items()}
    values |= {name: rng.choice(said) for name, said in corpus.shop()["order_examples"].items()}
    values |= {"order_number": _number(rng), "invoice_number": f"FM-{_number(rng)}", "customer_name": "Alex"}
    return corpus.SLOT.sub(lambda match: values[match[1]], reply)


def _dialogue(
    tokenizer: Tokenizer, dialogue: corpus.Dialogue, by_name: dict[str, corpus.Intent], rng: random.Random
) -> Iterator[Document]:
    turns: list[Turn] = []
    intent: corpus.Intent | None = None
    for turn in dialogue.turns:
        if turn.role == "customer":
            intent = by_name.get(turn.intent or "")
        elif intent is not None and turns:
            yield _document(tokenizer, turns, Brief(intent.category, intent.name, _act(intent, turn.text)), turn.text)
        turns.append(
            Turn("customer", turn.text) if turn.role == "customer" else Turn("agent", _as_sent(turn.text, rng))
        )


def _act(intent: corpus.Intent, reply: str) -> Act:
    if intent.category == corpus.OFF_TOPIC:
        return "refuse"
    if intent.needs_order and not set(corpus.SLOT.findall(reply)) & set(corpus.shop()["order_slots"]):
        return "ask"
    return "answer"


def _document(
    tokenizer: Tokenizer, turns: list[Turn], brief: Brief, reply: str, *, all_count: bool = False
) -> Document:
    ids, mask = training_example(tokenizer, turns, brief, reply)
    return Document(ids, [True] * len(ids) if all_count else mask, category_index(brief.category))


def roughen(message: str, rng: random.Random) -> str:
    """The message as a hurried phone user might have typed it; unchanged half of the time."""
    if rng.random() < 0.5:
        return message
    text = message.lower() if rng.random() < 0.5 else message
    if rng.random() < 0.3:
        text = re.sub(r"[.,!?']", "", text)
    letters = list(text)
    for _ in range(rng.choice((0, 0, 1, 1, 2))):
        spot = rng.randrange(max(1, len(letters) - 1))
        if len(letters) > spot + 1 and letters[spot].isalpha() and letters[spot + 1].isalpha():
            letters[spot : spot + 2] = rng.choice(
                ([letters[spot + 1], letters[spot]], [letters[spot]], letters[spot : spot + 2])
            )
    return "".join(letters)


def _articles(tokenizer: Tokenizer) -> Iterator[Document]:
    for article in corpus.articles():
        ids = [tokenizer.bos, *tokenizer.encode_reply(f"{article.title}\n{article.body}")]
        yield Document(ids, [True] * len(ids), category_index(article.category))


def _public_tickets(tokenizer: Tokenizer, with_reply: int = 9_000, without: int = 12_000) -> Iterator[Document]:
    for row in _rows("tickets.train"):
        category = PUBLIC_INTENTS.get(row["intent"] or "")
        reply = _public_reply(row["reply"] or "")
        if category is None:
            continue
        brief = Brief(category, row["intent"], "answer")
        if reply and with_reply > 0 and len(reply.split()) < 160:
            with_reply -= 1
            yield _document(tokenizer, [Turn("customer", row["text"])], brief, reply, all_count=True)
        elif not row["reply"] and without > 0:
            without -= 1
            ids, _ = training_example(tokenizer, [Turn("customer", row["text"])], brief, "")
            yield Document(ids, [True] * len(ids), category_index(category))


def _public_reply(reply: str) -> str:
    """The reply with its placeholders as our slots; empty when one has no slot of ours."""
    for theirs, ours in PUBLIC_SLOTS.items():
        reply = reply.replace(f"{{{{{theirs}}}}}", f"{{{{{ours}}}}}")
    return reply if set(re.findall(r"\{\{(.*?)\}\}", reply)) <= corpus.slots() else ""


def _public_dialogues(tokenizer: Tokenizer, limit: int = 3_000) -> Iterator[Document]:
    for row in _rows("dialogues.train"):
        if row["source"] != PUBLIC_DIALOGUES or limit <= 0:
            continue
        limit -= 1
        said = [Turn(t["role"], t["text"]) for t in row["turns"] if t["role"] != "action"]
        agents = [i for i, turn in enumerate(said) if turn.role == "agent" and i]
        if agents:
            last = agents[-1]
            yield _document(
                tokenizer, said[:last], Brief("other", row["domain"], "answer"), said[last].text, all_count=True
            )


def _public_text(tokenizer: Tokenizer) -> Iterator[Document]:
    for row in _rows("text.train"):
        if row["source"] in PUBLIC_TEXT:
            ids = [tokenizer.bos, *tokenizer.encode(row["text"])]
            yield Document(ids, [True] * len(ids), -1)


def _rows(name: str) -> Iterator[dict[str, Any]]:
    path = PUBLIC / f"{name}.jsonl.gz"
    if path.exists():
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            yield from map(json.loads, lines)


class Packed:
    """Documents on disk, memory-mapped: tokens, mask and category of each token, and where documents begin."""

    def __init__(self, folder: Path) -> None:
        self.tokens: NDArray[np.uint16] = np.load(folder / "tokens.npy", mmap_mode="r")
        self.mask: NDArray[np.bool_] = np.load(folder / "mask.npy", mmap_mode="r")
        self.categories: NDArray[np.int8] = np.load(folder / "categories.npy", mmap_mode="r")
        self.offsets: NDArray[np.int64] = np.load(folder / "offsets.npy")

    @staticmethod
    def write(folder: Path, documents: Iterable[Document]) -> Packed:
        """Pack documents one behind the other."""
        folder.mkdir(parents=True, exist_ok=True)
        documents = list(documents)
        lengths = [len(document.ids) for document in documents]
        ids = np.concatenate([np.asarray(d.ids, np.uint16) for d in documents])
        np.save(folder / "tokens.npy", ids)
        np.save(folder / "mask.npy", np.concatenate([np.asarray(d.mask, np.bool_) for d in documents]))
        np.save(folder / "categories.npy", np.repeat([d.category for d in documents], lengths).astype(np.int8))
        np.save(folder / "offsets.npy", np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64))
        return Packed(folder)
