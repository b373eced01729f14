"""Counts conversations and model minutes of workspaces anew from the rows that are there."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from supportbot.billing import metering
from supportbot.workspaces.commands import workspace_named
from supportbot.workspaces.models import Workspace


class Command(BaseCommand):
    """`manage.py recount_usage fennmoor`."""

    help = "Count a workspace's usage anew, or that of all; what was erased since is not counted any more."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which one."""
        parser.add_argument("workspace", nargs="?")

    def handle(self, *args: Any, workspace: str | None, **options: Any) -> None:
        """Say what was done."""
        found = Workspace.objects.filter(pk=workspace_named(workspace).pk) if workspace else Workspace.objects.all()
        metering.recount(found)
        self.stdout.write(f"Counted anew: {', '.join(map(str, found)) or 'nothing'}.")
