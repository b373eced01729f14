"""Counts the sums of expert routing anew from the replies themselves."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from supportbot.analytics.routing import rollup, watch
from supportbot.workspaces.models import Workspace


class Command(BaseCommand):
    """`manage.py recount_routing fennmoor --since 2026-11-01`."""

    help = "Count a workspace's daily sums of expert routing anew; days of which traces were deleted keep theirs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which workspace, and from which day on."""
        parser.add_argument("workspace")
        parser.add_argument("--since", type=date.fromisoformat, default=date.min.replace(year=2000))

    def handle(self, *args: Any, workspace: str, since: date, **options: Any) -> None:
        """Say from which day on it was possible."""
        found = Workspace.objects.filter(slug=workspace).first()
        if found is None:
            raise CommandError(f"There is no workspace {workspace!r}.")
        first = rollup.recount(found, since)
        watch.judge(found)
        self.stdout.write(f"{found}: counted anew from {first:%d %B %Y} on.")
