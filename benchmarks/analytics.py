"""How long the pages of analytics take on PostgreSQL with 100 workspaces: `python -m benchmarks.analytics`.

`--messages 1000000` adds the largest size. The first workspace has a fifth of all messages. Measured is one request to
each page as its administrator makes it, with the usual 28 days and with 12 months.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from typing import TYPE_CHECKING

from benchmarks.databases import in_its_own_process
from benchmarks.table import spread, table

if TYPE_CHECKING:
    from django.test import Client

    from supportbot.workspaces.models import Workspace

WORKSPACES, ROUNDS, WARM = 100, 20, 2
SIZES = (10_000, 100_000)
A_CONVERSATION = 4.3  # messages, on the average of the story
LARGEST = 0.2  # share of the first workspace
PAGES = {
    "Overview": "",
    "Quality": "quality/",
    "Agents and teams": "people/",
    "Counted conversations": "conversations/",
}
PERIODS = {"28 days": "28", "12 months": "365"}


def report(sizes: tuple[int, ...] = SIZES) -> str:
    """A table for each size."""
    return "\n".join(
        table(
            f"Analytics with {WORKSPACES} workspaces and {size:,} messages",
            ["", "p50, ms", "p95, ms"],
            in_its_own_process("benchmarks.analytics", "postgresql", "--messages", str(size)),
        )
        for size in sizes
    )


def measure(messages: int) -> list[list[str]]:
    """The rows for one size, in this process's database."""
    import django  # noqa: PLC0415  (only this process has a database)

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "supportbot.settings")
    django.setup()
    from django.core.management import call_command  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415

    from supportbot.workspaces.models import User  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    began = time.perf_counter()
    largest = fill(messages)
    filled = time.perf_counter() - began
    visitor = Client(headers={"host": "localhost"})
    visitor.force_login(User.objects.create_superuser("root@benchmark.example", "a long password"))
    rows = []
    for page, path in PAGES.items():
        for period, days in PERIODS.items():
            address = f"/admin/analytics/{path}?workspace={largest.slug}&period={days}"
            rows.append(spread(f"{page}, {period}", _requests(visitor, address)))
    return [*rows, ["written and counted, s", f"{filled:.0f}", ""]]


def fill(messages: int) -> Workspace:
    """A year of each workspace, counted; gives the largest."""
    from django.conf import settings  # noqa: PLC0415
    from django.utils import timezone  # noqa: PLC0415

    from supportbot.analytics.models import Mark  # noqa: PLC0415
    from supportbot.analytics.rollup import roll_up  # noqa: PLC0415
    from supportbot.management.history import Material, Story  # noqa: PLC0415
    from supportbot.workspaces.models import Member, User, Workspace  # noqa: PLC0415

    material, now = Material.read(settings.BASE_DIR / "corpus"), timezone.now()
    made = [Workspace.objects.create(name=f"Shop {n}", slug=f"shop-{n}") for n in range(WORKSPACES)]
    total = messages / A_CONVERSATION
    for number, workspace in enumerate(made):
        agents = [User.objects.create_user(f"agent-{n}@{workspace.slug}.example") for n in range(4)]
        Member.objects.bulk_create(Member(workspace=workspace, user=agent) for agent in agents)
        share = LARGEST if number == 0 else (1 - LARGEST) / (WORKSPACES - 1)
        Story(workspace, material, until=now).write(max(1, round(total * share)), 365)
        while Mark.objects.exists():
            roll_up()
    return made[0]


def _requests(visitor: Client, address: str) -> list[float]:
    seconds = []
    for _ in range(WARM + ROUNDS):
        began = time.perf_counter()
        if visitor.get(address).status_code != 200:
            raise RuntimeError(f"{address} failed")
        seconds.append(time.perf_counter() - began)
    return seconds[WARM:]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int)
    parser.add_argument("--inside")
    arguments = parser.parse_args()
    if arguments.inside:
        print(json.dumps(measure(arguments.messages)))
    else:
        print(report((*SIZES, arguments.messages) if arguments.messages else SIZES))
