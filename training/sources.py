"""Raw texts by kind: the project's own corpus, and the public sets of `SUPPORTBOT_DATA` (or `../shared/data`).

Knows nothing of tokens. Held-out messages of the corpus are never read here.
"""

from __future__ import annotations

import gzip
import json
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inference.prompt import Act, Brief, Turn
from training import corpus
from training.config import Source

PUBLIC = Path(os.environ.get("SUPPORTBOT_DATA", corpus.ROOT.parent.parent / "shared" / "data"))
OURS = "corpus"
LICENCES = {
    "Apache-2.0": OURS,
    "Apache-2.0 / MIT": "multiwoz2.1",
    "BSD-3-Clause": "saleor-docs",
    "CC BY 3.0": "gnome-help",
    "CC BY 4.0": "business-central-docs dynamics365-business-central exchange exchange-docs office-support openstax "
    "sharepoint sharepoint-docs taskmaster4",
    "CC BY-SA 3.0": "wikitext2",
    "CC BY-SA 4.0": "amazon-ec2 amazon-quicksight amazon-rds amazon-s3 aws-iam aws-support-guide sgd squad-it "
    "squad1.1-dev ubuntu-desktop xquad",
    "CC0": "va-gov",
    "CDLA-Sharing-1.0": "bitext-27k bitext-intent-20k bitext-intent-8k bitext-llm-v1 bitext-llm-v2 dstc11-track5 "
    "topical-chat",
    "MIT": "abcd-sample sendgrid-docs star tau-bench",
    "OSL-3.0": "magento-user-guide",
    "US government work": "18f-blog 18f-handbook digitalgov",
}
LICENCE = {name: licence for licence, names in LICENCES.items() for name in names.split()}
SLOTS = {
    "Order Number": "order_number",
    "Customer Support Phone Number": "support_phone",
    "Customer Support Email": "support_email",
    "Customer Support Hours": "support_hours",
    "Website URL": "website",
    "Company Name": "shop_name",
    "Invoice Number": "invoice_number",
}
INTENTS = {
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


@dataclass(frozen=True)
class Item:
    """One text to train on: prose, or turns with what comes of them; `passage` is what the reply stands in.

    `key` is what duplicates are told by, `origin` what the split goes by: texts of one origin stay together.
    """

    set: str
    key: str
    origin: str
    category: str = ""
    prose: str = ""
    passage: str = ""
    turns: tuple[Turn, ...] = ()
    brief: Brief | None = None
    reply: str = ""


Row = dict[str, Any]
Taken = Item | str  # an item, or why there is none


@dataclass(frozen=True)
class Kind:
    """How a kind of source is read: its file (None: the corpus), an item of each row, and whether texts are short."""

    file: str | None
    take: Callable[[Row, Source], Taken]
    short: bool = False


def rows(file: str | None) -> Iterator[Row]:
    """Rows of a public file, none where it is missing; of the corpus' articles without a file."""
    if file is None:
        yield from ({"source": OURS, "article": article} for article in corpus.articles())
    elif path(file).exists():
        with gzip.open(path(file), "rt", encoding="utf-8") as lines:
            yield from map(json.loads, lines)


def path(file: str) -> Path:
    """Where a public file stands."""
    return PUBLIC / f"{file}.jsonl.gz"


def _article(row: Row, _: Source) -> Taken:
    article: corpus.Article = row["article"]
    text = f"{article.title}\n{article.body}"
    return Item(row["source"], text, text, category=article.category, prose=text)


def _answered(row: Row, source: Source) -> Taken:
    category = INTENTS.get(row["intent"] or "")
    if category is None:
        return "no category of ours"
    if not row["reply"]:
        return "no reply"
    reply = _with_our_slots(row["reply"])
    if not reply:
        return "a placeholder of no slot"
    if source.words and len(reply.split()) >= source.words:
        return "too long"
    turns = (Turn("customer", row["text"]),)
    brief = Brief(category, row["intent"], "answer")
    return Item(row["source"], f"{row['text']} {reply}", row["text"], category, turns=turns, brief=brief, reply=reply)


def _message(row: Row, _: Source) -> Taken:
    category = INTENTS.get(row["intent"] or "")
    if category is None:
        return "no category of ours"
    if row["reply"]:
        return "has a reply"
    brief = Brief(category, row["intent"], "answer")
    return Item(row["source"], row["text"], row["text"], category, turns=(Turn("customer", row["text"]),), brief=brief)


def _with_our_slots(reply: str) -> str:
    """The reply with its placeholders as our slots; empty when one has no slot of ours."""
    for theirs, ours in SLOTS.items():
        reply = reply.replace(f"{{{{{theirs}}}}}", f"{{{{{ours}}}}}")
    return reply if set(re.findall(r"\{\{(.*?)\}\}", reply)) <= corpus.slots() else ""


def _dialogue(row: Row, _: Source) -> Taken:
    said = [Turn(turn["role"], turn["text"]) for turn in row["turns"] if turn["role"] != "action"]
    agents = [i for i, turn in enumerate(said) if turn.role == "agent" and i]
    if not agents:
        return "no agent's turn"
    said = said[: agents[-1] + 1]
    text = " ".join(turn.text for turn in said)
    brief = Brief("other", row["domain"], "answer")
    return Item(row["source"], text, text, turns=tuple(said[:-1]), brief=brief, reply=said[-1].text)


def _grounded(row: Row, _: Source) -> Taken:
    if row["language"] != "en":
        return "not English"
    act: Act = "answer" if row["answerable"] else "refuse"
    if act == "answer" and not row["answer"]:
        return "no answer"
    key = f"{row['title']} {row['question']} {row['answer'] or act}"  # a passage is asked more than one question
    turns, brief = (Turn("customer", row["question"]),), Brief("other", "question", act)
    return Item(
        row["source"], key, row["title"], passage=row["passage"], turns=turns, brief=brief, reply=row["answer"] or ""
    )


def _text(row: Row, _: Source) -> Taken:
    return Item(row["source"], row["text"], row["text"], prose=row["text"])


KINDS = {
    "articles": Kind(None, _article),
    "answered": Kind("tickets.train", _answered, short=True),
    "messages": Kind("tickets.train", _message, short=True),
    "dialogues": Kind("dialogues.train", _dialogue),
    "grounded": Kind("grounded.train", _grounded),
    "text": Kind("text.train", _text),
}
SUPPORT = "support"  # the corpus' messages and conversations, made into turns by `training.support`
