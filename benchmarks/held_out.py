"""The customer messages that training never read, through the whole assistant: `python -m benchmarks.held_out`.

Each message opens a conversation of its own in the demo workspace (embedded run, database of its own). A reply that was
sent is right when the corpus' check of the message's true intent accepts it, with the slots filled from the workspace
and the order that the message names; a refusal is right for an off-topic message only.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import shutil
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from training import corpus

if TYPE_CHECKING:
    from supportbot.workspaces.models import Workspace

THREADS = 8
LABELS = {
    "category": "category accuracy",
    "right": "right replies among those sent",
    "off_topic": "off-topic refused or handed off",
    "answered": "support messages answered",
}


@dataclass(frozen=True)
class Outcome:
    """What became of one message."""

    intent: corpus.Intent
    text: str
    category: str
    act: str
    reason: str
    confidence: float
    reply: str
    right: bool


@dataclass(frozen=True)
class Score:
    """Shares from 0 to 1; `answered` is the share of support messages that got a reply and no hand-off."""

    category: float
    right: float
    off_topic: float
    answered: float


def measure(every: int = 1) -> list[Outcome]:
    """Send the held-out messages, or each so many'th of an intent, through the assistant.

    Needs Django to be set up on a database with the demo.
    """
    intents = {intent.name: intent for intent in corpus.intents()}
    rows = [(intents[name], text) for name, texts in corpus.held_out().items() for text in texts[::every]]
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(lambda row: _send(*row), rows))


def score(outcomes: list[Outcome]) -> Score:
    """The figures that the product is judged by."""
    support = [o for o in outcomes if o.intent.category != corpus.OFF_TOPIC]
    off_topic = [o for o in outcomes if o.intent.category == corpus.OFF_TOPIC]
    sent = [o for o in outcomes if o.act != "hand_off"]
    return Score(
        category=_mean([o.category == o.intent.category for o in outcomes]),
        right=_mean([o.right for o in sent]),
        off_topic=_mean([o.act in ("refuse", "hand_off") for o in off_topic]),
        answered=_mean([o.act != "hand_off" for o in support]),
    )


def _send(intent: corpus.Intent, text: str) -> Outcome:
    from django.db import connection  # noqa: PLC0415  (Django is set up only in main)

    from supportbot.chat import assistant, services  # noqa: PLC0415
    from supportbot.chat.models import Generation  # noqa: PLC0415
    from supportbot.chat.visitors import Visitor  # noqa: PLC0415
    from supportbot.workspaces.models import Workspace  # noqa: PLC0415

    workspace = Workspace.objects.get(slug="fennmoor")
    conversation = Visitor(workspace, uuid4().hex).begin()
    message = services.post_message(conversation_id=conversation.id, body=text, client_id=uuid4())
    assistant.write_reply(message.id)
    made = Generation.objects.select_related("message", "in_reply_to").get(in_reply_to=message)
    asked, reply = made.in_reply_to, made.message.body
    right = judge(intent, made.act, reply, text, workspace)
    connection.close()
    return Outcome(intent, text, asked.category, made.act, made.reason, asked.confidence or 0.0, reply, right)


def judge(intent: corpus.Intent, act: str, reply: str, text: str, workspace: Workspace) -> bool:
    """Whether a reply that was sent is right for the message's true intent."""
    from supportbot.chat.context import ORDER_NUMBER  # noqa: PLC0415
    from supportbot.knowledge.models import Order  # noqa: PLC0415

    if intent.category == corpus.OFF_TOPIC or act == "refuse":
        return act == "refuse" and intent.category == corpus.OFF_TOPIC
    slots = dict(workspace.settings)
    if found := ORDER_NUMBER.search(text):
        order = Order.objects.filter(workspace=workspace, number=found[1] or found[2]).first()
        slots |= order.slots() if order else {}
    return intent.accepts(reply, asking=act == "ask", slots=slots)


def _mean(values: list[bool]) -> float:
    return sum(values) / max(1, len(values))


def measure_embedded(every: int = 1, migrated: Path | None = None) -> list[Outcome]:
    """`measure` on an embedded run of its own, from nothing or from a migrated file of SQLite. Once in a process."""
    with tempfile.TemporaryDirectory() as folder:
        if migrated:
            shutil.copy(migrated, Path(folder) / "supportbot.sqlite3")
        os.environ |= {"SUPPORTBOT_VAR": folder, "DJANGO_SETTINGS_MODULE": "supportbot.settings"}
        import django  # noqa: PLC0415
        from django.core.management import call_command  # noqa: PLC0415

        django.setup()
        call_command("migrate", verbosity=0)
        call_command("demo", stdout=io.StringIO())
        outcomes = measure(every)
        from supportbot.chat import assistant  # noqa: PLC0415

        assistant.stop()
    return outcomes


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the score alone, as JSON")
    parser.add_argument("--wrong", action="store_true", help="show the replies that were wrong")
    parser.add_argument("--every", type=int, default=1, help="send each so many'th message of an intent only")
    parser.add_argument("--migrated", type=Path, help="begin with this file of SQLite, whose tables are there")
    given = parser.parse_args()
    outcomes = measure_embedded(given.every, given.migrated)
    told = score(outcomes)
    if given.json:
        print(json.dumps(asdict(told)))
        return
    acts = Counter(o.act for o in outcomes)
    print(f"held-out messages               {len(outcomes)}: " + ", ".join(f"{n} {a}" for a, n in acts.most_common()))
    for name, label in LABELS.items():
        print(f"{label:<31} {getattr(told, name):.1%}")
    for o in outcomes if given.wrong else []:
        if o.act != "hand_off" and not o.right:
            print(f"\n{o.intent.name} ({o.act}, {o.category}, {o.confidence:.2f}): {o.text}\n  -> {o.reply}")


if __name__ == "__main__":
    main()
