"""Judge the assistant by a company's own questions: `manage.py evaluate WORKSPACE FILE`. Nothing of it is kept."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from supportbot.chat import assistant
from supportbot.chat.versions import registry
from supportbot.evaluation.material import BadMaterial, Question, own_questions
from supportbot.evaluation.play import Played, Stage
from supportbot.evaluation.score import LABELS, figures
from supportbot.knowledge.models import Article
from supportbot.workspaces.commands import workspace_named
from supportbot.workspaces.models import Workspace

SHOWN = ("recall_1", "recall_3", "right", "right_sent", "right_or_handed_over", "unsupported")


class Command(BaseCommand):
    """`manage.py evaluate`."""

    help = "Play a CSV of a company's own questions (columns: question, article or facts, expect) on its workspace."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which workspace, which file."""
        parser.add_argument("workspace", help="slug of the workspace")
        parser.add_argument(
            "file", type=Path, help="CSV with the columns question, article or facts, and perhaps expect"
        )
        parser.add_argument("--model", metavar="VERSION", help="one of the page Models; else what answers customers")
        parser.add_argument("--wrong", action="store_true", help="show the questions that went wrong, with the replies")

    def handle(self, *args: Any, workspace: str, file: Path, wrong: bool, model: str | None, **options: Any) -> None:
        """Play and print."""
        try:
            questions = own_questions(file)
        except BadMaterial as error:
            raise CommandError(str(error)) from error
        place = workspace_named(workspace)
        _demand_articles(place, questions)
        if model:
            _try(model)
        stage = Stage(place)
        try:
            played = [stage.ask(question) for question in questions]
        finally:
            assistant.stop()
        self._print(played, wrong)

    def _print(self, played: list[Played], wrong: bool) -> None:
        found = figures(played)
        for name in SHOWN:
            self.stdout.write(f"{LABELS[name]:<46} {found[name].text}")
        for row in played if wrong else ():
            if not row.reply.right or row.reply.unsupported:
                self.stdout.write(f"\n{row.question.text}\n  {row.reply.act}: {row.reply.text}")


def _try(version: str) -> None:
    path = registry.find(version)
    if path is None:
        here = ", ".join(known for known, _ in registry.directories())
        raise CommandError(f"There is no version {version}; there are: {here}.")
    assistant.engines.only(path)


def _demand_articles(workspace: Workspace, questions: list[Question]) -> None:
    known = set(Article.objects.in_workspace(workspace).values_list("slug", flat=True))
    named = {slug for question in questions for slug in question.articles}
    if missing := sorted(named - known):
        raise CommandError(f"{workspace.name} has no article {', '.join(missing)}.")
