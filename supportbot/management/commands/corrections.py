"""Approved corrections as files: `manage.py corrections WORKSPACE --tickets CATEGORY FILE`, `--questions FILE`."""

from __future__ import annotations

import csv
import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from supportbot.chat.corrections import tickets
from supportbot.evaluation import corrections
from supportbot.workspaces.commands import workspace_named


class Command(BaseCommand):
    """`manage.py corrections`."""

    help = "Write what agents corrected and an administrator approved, as training and evaluation read it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which workspace, which files; without one, only how many there are."""
        parser.add_argument("workspace", help="slug of the workspace")
        parser.add_argument(
            "--tickets", nargs=2, metavar=("CATEGORY", "FILE"), help="JSON Lines for training.add_expert --data"
        )
        parser.add_argument("--questions", type=Path, metavar="FILE", help="CSV for manage.py evaluate")

    def handle(self, *args: Any, workspace: str, **options: Any) -> None:
        """Write and say how much."""
        place = workspace_named(workspace)
        told = [f"{name} {count}" for name, count in corrections.counts(place).items()]
        self.stdout.write(f"Approved: {', '.join(told) or 'none yet'}")
        try:
            if options["tickets"]:
                category, file = options["tickets"]
                rows = list(tickets.of_corrections(place, category))
                lines = "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)
                Path(file).write_text(lines, "utf-8")
                self.stdout.write(f"{len(rows)} tickets of {category} in {file}")
            if file := options["questions"]:
                asked = list(corrections.questions(place))
                with file.open("w", encoding="utf-8", newline="") as table:
                    writer = csv.DictWriter(table, corrections.COLUMNS)
                    writer.writeheader()
                    writer.writerows(asked)
                left = tickets.approved(place).count() - len(asked)
                self.stdout.write(f"{len(asked)} questions in {file}; {left} without facts or article were left out")
        except OSError as error:
            raise CommandError(f"{file} cannot be written: {error}") from error
