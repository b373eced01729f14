"""Datasets of an administrator on SQLite: how long a file takes, and a question: `python -m benchmarks.datasets`.

`--rows 10000000` sets the size. The file is written by a process of its own; what is measured is the worker's task and
requests to the page, in one process, whose peak of resident memory is printed.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from benchmarks import datasets_words
from benchmarks.databases import in_its_own_process
from benchmarks.table import spread, table

if TYPE_CHECKING:
    from django.test import Client

    from supportbot.workspaces.models import Workspace

ROWS, ROUNDS, WARM, CONVERSATIONS = 1_000_000, 10, 1, 5000
COLUMNS = {
    "Order number": "100000 + i",
    "Ordered on": "DATE '2025-11-27' + CAST(hash(i) % 365 AS INT)",
    "Country": "'Country ' || (hash(i, 1) % 30)",
    "Product": "'Product ' || (hash(i, 2) % 500)",
    "Carrier": "['DHL', 'Hermes', 'Royal Mail', 'UPS'][CAST(1 + hash(i, 3) % 4 AS INT)]",
    "Amount": "round((hash(i, 4) % 50000) / 100.0, 2)",
    "Quantity": "1 + hash(i, 5) % 5",
    "Email": "'customer' || (hash(i, 6) % 2000000) || '@x.example'",
}
QUESTIONS = (
    "How many orders per month?",
    "total amount by country",
    "average amount by carrier in the last 90 days",
    "median amount by country",
    "top 10 products by amount",
    "how many orders with amount over 400 by carrier",
    "contact rate by country",
    "CSAT by product",
    "hand-over rate by carrier",
    "total amount by category",
)


def report(rows: int = ROWS) -> str:
    """The table of times, and that of questions in words."""
    found = in_its_own_process("benchmarks.datasets", "sqlite", "--rows", str(rows))
    measured = table(f"A dataset of {rows:,} rows", ["", "p50, ms", "p95, ms"], found)
    return f"{measured}\n{datasets_words.report()}"


def measure(rows: int) -> list[list[str]]:
    """In this process's database."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "supportbot.settings")
    import django  # noqa: PLC0415  (only this process has a database)

    django.setup()
    from django.conf import settings  # noqa: PLC0415
    from django.core.files.uploadedfile import TemporaryUploadedFile  # noqa: PLC0415
    from django.core.management import call_command  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415

    from supportbot.analytics.datasets import reading, service  # noqa: PLC0415
    from supportbot.workspaces.models import User, Workspace  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    workspace = Workspace.objects.create(name="Shop", slug="shop")
    admin = User.objects.create_superuser("root@benchmark.example", "a long password")
    talk(workspace, rows)
    path = Path(settings.VAR) / "orders.csv"
    subprocess.run([sys.executable, "-m", "benchmarks.datasets", "--write", str(path), "--rows", str(rows)], check=True)
    file = TemporaryUploadedFile("orders.csv", "text/csv", path.stat().st_size, None)
    file.file = path.open("rb")
    began = time.perf_counter()
    dataset = service.begin(workspace, "Orders", file, admin)
    described = time.perf_counter() - began
    path.unlink()
    form = {f"type-{column.key}": column.type for column in dataset.described}
    form |= {f"personal-{column.key}": "on" for column in dataset.described if column.is_personal}
    upload = service.settle(dataset, {**form, "key": dataset.key, "key_column": dataset.key_column}, admin)
    assert upload
    began = time.perf_counter()
    reading.take(upload.pk)
    taken = time.perf_counter() - began
    upload.refresh_from_db()
    if upload.rows != rows:
        raise RuntimeError(f"{upload.rows} rows were taken: {upload.message}")
    visitor = Client(headers={"host": "localhost"})
    visitor.force_login(admin)
    found = [spread(question, _requests(visitor, dataset.pk, question)) for question in QUESTIONS]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    size = sum(one.stat().st_size for one in (Path(settings.MEDIA_ROOT) / "datasets").rglob("*.parquet")) / 1024**2
    told = {"file kept and described, s": described, "rows taken, s": taken}
    told |= {"file, MB": upload.size / 1024**2, "stored, MB": size, "peak memory, MB": peak}
    return [*found, *([name, f"{value:.0f}", ""] for name, value in told.items())]


def talk(workspace: Workspace, rows: int) -> None:
    """Conversations that name orders, counted."""
    from supportbot.analytics.models import Mark  # noqa: PLC0415
    from supportbot.analytics.rollup import roll_up  # noqa: PLC0415
    from supportbot.chat.models import Contact, Conversation, Message, Rating  # noqa: PLC0415

    numbers = range(CONVERSATIONS)
    contacts = Contact.objects.bulk_create(
        Contact(workspace=workspace, token_hash=f"{n:064}", email=f"customer{n}@x.example") for n in numbers
    )
    made = Conversation.objects.bulk_create(
        Conversation(workspace=workspace, contact=contact, category=("returns", "delivery")[n % 2])
        for n, contact in enumerate(contacts)
    )
    Message.objects.bulk_create(
        Message(conversation=one, seq=1, author="customer", body=f"Where is {100000 + n * 7919 % rows}?")
        for n, one in enumerate(made)
    )
    Rating.objects.bulk_create(Rating(conversation=one, score=1 + n % 5, of="bot") for n, one in enumerate(made))
    while Mark.objects.exists():
        roll_up()


def write(path: Path, rows: int) -> None:
    """The file of orders."""
    import duckdb  # noqa: PLC0415

    shown = ", ".join(f'{expression} AS "{name}"' for name, expression in COLUMNS.items())
    with duckdb.connect(config={"memory_limit": "1GB", "threads": 2}) as engine:
        engine.execute(f"COPY (SELECT {shown} FROM range({rows}) t(i)) TO '{path}' (FORMAT csv, HEADER)")


def _requests(visitor: Client, dataset_id: int, question: str) -> list[float]:
    """Each from the words to the answer's page."""
    seconds = []
    address = f"/admin/analytics/datasets/{dataset_id}/?{urlencode({'q': question})}"
    for _ in range(WARM + ROUNDS):
        began = time.perf_counter()
        answer = visitor.get(address, follow=True)
        seconds.append(time.perf_counter() - began)
        if b'id="answer"' not in answer.content:
            raise RuntimeError(f"{question} was not answered")
    return seconds[WARM:]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--inside")
    parser.add_argument("--write", type=Path)
    arguments = parser.parse_args()
    if arguments.write:
        write(arguments.write, arguments.rows)
    elif arguments.inside:
        print(json.dumps(measure(arguments.rows)))
    else:
        print(report(arguments.rows))
