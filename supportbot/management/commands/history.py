"""Give a workspace a past to look at: conversations from corpus/, spread over a year, counted for analytics."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_date

from supportbot.analytics.models import Mark
from supportbot.analytics.rollup import roll_up
from supportbot.analytics.routing.tasks import tend
from supportbot.chat.models import Contact
from supportbot.management import reading
from supportbot.management.history import Material, Story
from supportbot.workspaces.models import Member, Team, Workspace

CORPUS: Path = settings.BASE_DIR / "corpus"
TEAMS = ("Orders and delivery", "Money and accounts")


class Command(BaseCommand):
    """`manage.py history`."""

    help = "Write a year of conversations from corpus/ into a workspace; the same arguments write the same."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where, how much, and until when."""
        parser.add_argument("workspace", nargs="?", default="fennmoor", help="its slug (fennmoor)")
        parser.add_argument("--conversations", type=int, default=4000)
        parser.add_argument("--days", type=int, default=365)
        parser.add_argument("--until", help="the day on which it ends, as 2026-11-27 (now)")
        parser.add_argument("--seed", type=int, default=0)
        told = "how many of the newest replies the installed model reads and writes, for the routing pages (0)"
        parser.add_argument("--read", type=int, default=0, help=told)

    def handle(
        self,
        *args: Any,
        workspace: str,
        conversations: int,
        days: int,
        until: str | None,
        seed: int,
        read: int,
        **options: Any,
    ) -> None:
        """Write and count."""
        shop = Workspace.objects.filter(slug=workspace).first()
        if shop is None:
            raise CommandError(f"There is no workspace {workspace}. manage.py demo makes fennmoor.")
        if Contact.objects.in_workspace(shop).filter(external_id="history-0").exists():
            raise CommandError(f"{shop} has its history already.")
        if conversations < 1 or days < 1:
            raise CommandError("Ask for at least one conversation and one day.")
        for name in TEAMS if not shop.teams.exists() else ():
            Team.objects.create(workspace=shop, name=name).members.set(Member.objects.in_workspace(shop))
        material = Material.read(CORPUS)
        Story(shop, material, until=_end(until), seed=seed).write(conversations, days)
        if read > 0:
            reading.read(shop, read, material.order)
            tend()
        while Mark.objects.exists():
            roll_up()
        self.stdout.write(f"{shop} has {conversations} conversations more. Look at them under /admin/analytics/.")


def _end(until: str | None) -> datetime:
    if not until:
        return timezone.now()
    try:
        day = parse_date(until)
    except ValueError:
        day = None
    if day is None:
        raise CommandError(f"{until} is no day; write it as 2026-11-27.")
    return datetime.combine(day, time.max, UTC)
