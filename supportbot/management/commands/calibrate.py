"""Risk against coverage of a workspace's judged answers: `manage.py calibrate WORKSPACE`. Changes nothing."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from supportbot.evaluation.calibration import FEWEST, Point, curve, judged, proposed
from supportbot.workspaces.commands import workspace_named

NAMES = {"hand_off_below": "answers that the model was trained for", "quote_from": "passages that were quoted"}
WIDTH = 30  # characters of a bar


class Command(BaseCommand):
    """`manage.py calibrate`."""

    help = "Draw risk against coverage of the answers that a workspace's customers judged, and propose its thresholds."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which workspace, which risk."""
        parser.add_argument("workspace", help="slug of the workspace")
        parser.add_argument("--risk", type=float, default=0.1, help="share of answers that may not help (0.1)")

    def handle(self, *args: Any, workspace: str, risk: float, **options: Any) -> None:
        """Print both curves."""
        place = workspace_named(workspace)
        if not 0 < risk < 1:
            raise CommandError("The risk is a share between 0 and 1, as 0.1.")
        for field, answers in judged(place).items():
            self.stdout.write(f"{NAMES[field]}: {len(answers)} judged")
            points = curve(answers)
            for point in points:
                self.stdout.write(_row(point))
            self.stdout.write(self._advice(field, getattr(place, field), proposed(points, risk), risk))

    def _advice(self, field: str, own: float | None, point: Point | None, risk: float) -> str:
        now = "the default" if own is None else f"{own:g}"
        if point is None:
            return f"No threshold keeps a risk of {risk:.0%} on {FEWEST} judged answers; {field} stays at {now}.\n"
        return f"{field} {point.threshold:.2f} keeps a risk of {risk:.0%} (now {now}); set it in the admin.\n"


def _row(point: Point) -> str:
    bar = "#" * round(WIDTH * point.risk.value)
    return f"  from {point.threshold:.2f}  coverage {point.coverage:6.1%}  risk {point.risk.text:<44} {bar}".rstrip()
