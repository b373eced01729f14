"""How long the agents' inbox takes with 10,000 conversations, on both databases: `python -m benchmarks.inbox`.

`--messages 1000000` has a hundred messages in each. Measured is what the server does for one request: a page of a view
with its numbers, a search, the opening of a conversation. Each database is measured in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import machine
from benchmarks.databases import DATABASES, in_its_own_process
from benchmarks.table import spread, table

if TYPE_CHECKING:
    from supportbot.dashboard.desk import Desk
    from supportbot.workspaces.models import User, Workspace

CONVERSATIONS, MESSAGES, ROUNDS, WARM = 10_000, 100_000, 100, 5
STATES = ("pending", "open", "open", "open", "snoozed", *["resolved"] * 15)
SEARCHES = ("refund", "order 10023", "kettle broken", "where is my parcel", "zzyzx", "k")
CORPUS = Path(__file__).resolve().parents[1] / "corpus" / "intents"


def report(messages: int = MESSAGES) -> str:
    """The table for both databases."""
    rows = [
        row
        for database in DATABASES
        for row in in_its_own_process("benchmarks.inbox", database, "--messages", str(messages))
    ]
    title = f"Inbox with {CONVERSATIONS:,} conversations and {messages:,} messages"
    return table(title, ["", "p50, ms", "p95, ms"], rows)


def fill(workspace: Workspace, people: list[User], conversations: int, messages: int) -> None:
    """Conversations of the last months, each with as many messages, in all states and with all fields set."""
    from django.utils import timezone  # noqa: PLC0415

    from supportbot.chat.models import Contact, Conversation, Message  # noqa: PLC0415
    from supportbot.chat.sorting import Label  # noqa: PLC0415

    draw, now, texts = random.Random(0), timezone.now(), _texts()
    words = (("VIP", "purple"), ("Returns", "green"), ("Bug", "red"), ("Feedback", "blue"))
    labels = [Label.objects.create(workspace=workspace, name=name, colour=colour) for name, colour in words]
    each = max(1, messages // conversations)
    for start in range(0, conversations, 500):
        numbers = range(start, min(start + 500, conversations))
        contacts = Contact.objects.bulk_create(_contact(workspace, number, draw) for number in numbers)
        rows = [_conversation(contact, people, each, draw, now) for contact in contacts]
        Conversation.objects.bulk_create(rows)
        carried = Conversation.labels.through._default_manager
        carried.bulk_create(
            Conversation.labels.through(conversation=row, label=draw.choice(labels))
            for row in rows
            if draw.random() < 0.3
        )
        Message.objects.bulk_create(_messages(rows, each, texts, people, draw), batch_size=2000)
        Conversation.objects.filter(id__in=[row.id for row in rows]).update(updated_at=now - timedelta(days=1))


def _contact(workspace: Workspace, number: int, draw: random.Random) -> Any:
    from supportbot.chat.models import Contact  # noqa: PLC0415

    first = draw.choice(("Kim", "Noor", "Jonas", "Aïcha", "Lucía", "Tomasz", "Mei", "Olu", "Greta", "Sven"))
    last = draw.choice(("Berg", "Santos", "Keller", "Okoye", "Rossi", "Dubois", "Novak", "Li", "Haddad", "Smith"))
    page = f"https://shop.example/{draw.choice(('lamps', 'kettles', 'rugs', 'orders'))}"
    email = f"{first}.{last}.{number}@example.com".lower() if draw.random() < 0.5 else ""
    return Contact(workspace=workspace, name=f"{first} {last}", email=email, page=page, token_hash=f"{number:064x}")


def _conversation(contact: Any, people: list[User], each: int, draw: random.Random, now: Any) -> Any:
    from supportbot.chat.models import Conversation  # noqa: PLC0415

    status = draw.choice(STATES)
    handler = "bot" if status in ("pending", "resolved") else draw.choice(("queue", "agent"))
    at = now - timedelta(minutes=draw.expovariate(1 / 40_000))
    return Conversation(
        workspace=contact.workspace,
        contact=contact,
        status=status,
        handler=handler,
        assignee=draw.choice(people) if handler == "agent" else None,
        priority=draw.choice(("low", "medium", "medium", "medium", "high", "urgent")),
        category=draw.choice(("delivery", "returns", "payment", "account", "product")),
        spoken=draw.choice(("en", "en", "de", "fr", "es")),
        snoozed_until=now + timedelta(days=draw.randint(1, 9)) if status == "snoozed" else None,
        waiting_since=at if status == "open" and (handler == "queue" or draw.random() < 0.5) else None,
        is_spam=status == "resolved" and draw.random() < 0.02,
        last_seq=each,
        read_seq=each - draw.choice((0, 0, 1)),
        active_at=at,
    )


def _messages(rows: list[Any], each: int, texts: list[str], people: list[User], draw: random.Random) -> Iterator[Any]:
    from supportbot.chat.models import Message  # noqa: PLC0415

    for row in rows:
        for seq in range(1, each + 1):
            author = "customer" if seq % 2 else draw.choice(("bot", "agent"))
            body = f"{draw.choice(texts)} {draw.choice(texts)}".replace("10023", str(draw.randint(10_000, 99_999)))
            at = row.active_at - timedelta(minutes=each - seq)
            user = draw.choice(people) if author == "agent" else None
            yield Message(conversation=row, seq=seq, author=author, user=user, body=body, created_at=at)


def _texts() -> list[str]:
    """What customers of the demo shop write."""
    intents = [intent for path in sorted(CORPUS.glob("*.json")) for intent in json.loads(path.read_text())["intents"]]
    return [text for intent in intents for text in intent["messages"]]


def _measure(database: str, messages: int) -> list[list[str]]:
    import django  # noqa: PLC0415  (its settings come from the environment of this process)

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "supportbot.settings")
    django.setup()
    from django.core.management import call_command  # noqa: PLC0415
    from django.db import connection  # noqa: PLC0415

    from supportbot.dashboard.desk import find_desk  # noqa: PLC0415
    from supportbot.workspaces.models import Member, User, Workspace  # noqa: PLC0415

    call_command("migrate", verbosity=0, interactive=False)
    workspace = Workspace.objects.create(name="Benchmark", slug="benchmark")
    people = [User.objects.create_user(f"agent{number}@example.com", name=f"Agent {number}") for number in range(10)]
    Member.objects.bulk_create(Member(workspace=workspace, user=user) for user in people)
    fill(workspace, people, CONVERSATIONS, messages)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    desk = find_desk(people[0].pk)
    assert desk
    parts = _parts(desk)
    return [spread(f"{DATABASES[database]}: {name}", _timed(part)) for name, part in parts.items()]


def _parts(desk: Desk) -> dict[str, Callable[[int], object]]:
    """What is measured, each for the number of its round."""
    from django.http import QueryDict  # noqa: PLC0415

    from supportbot.chat.snapshot import snapshot  # noqa: PLC0415
    from supportbot.dashboard.filters import Filters  # noqa: PLC0415

    filters = {
        text: Filters.parse(QueryDict(text), desk.workspace, desk.user) for text in ("", "priority=urgent&label=1")
    }
    views = list(desk.VIEWS)
    ids = desk.ids("all", filters[""])
    pages = [""]
    while len(pages) < 20 and (place := desk.page("resolved", filters[""], pages[-1])["next"]):
        pages.append(place)
    return {
        "first page of a view": lambda n: desk.page(views[n % len(views)], filters[""]),
        "a page further down": lambda n: desk.page("resolved", filters[""], pages[n % len(pages)]),
        "filtered by priority and label": lambda n: desk.page("resolved", filters["priority=urgent&label=1"]),
        "numbers of all views": lambda n: desk.counts(),
        **{f"search for `{text}`": partial(_search, desk, text) for text in SEARCHES},
        "open a conversation": lambda n: snapshot(desk.conversation(ids[n % len(ids)]), 0),
    }


def _search(desk: Desk, text: str, _: int) -> object:
    from supportbot.chat import search  # noqa: PLC0415

    return search.find(desk.workspace, text)


def _timed(part: Callable[[int], object]) -> list[float]:
    seconds = []
    for number in range(WARM + ROUNDS):
        begun = time.perf_counter()
        part(number)
        seconds.append(time.perf_counter() - begun)
    return seconds[WARM:]


def main() -> None:
    """Print the table, or measure inside the process of one database."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.inbox")
    parser.add_argument("--messages", type=int, default=MESSAGES)
    parser.add_argument("--inside", choices=DATABASES, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.inside:
        print(json.dumps(_measure(asked.inside, asked.messages)))
    else:
        print(f"Machine: {machine.describe()}.\n\n{report(asked.messages)}")


if __name__ == "__main__":
    main()
