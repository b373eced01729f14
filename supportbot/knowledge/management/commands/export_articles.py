"""Write all articles of a workspace into a zip of Markdown, which import_articles takes in again."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from supportbot.knowledge.imports.export import write_zip
from supportbot.knowledge.models import Article
from supportbot.workspaces.commands import workspace_named


class Command(BaseCommand):
    """`manage.py export_articles WORKSPACE ZIP`."""

    help = "Write all articles of a workspace into a zip of Markdown with front matter."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """From where, to where."""
        parser.add_argument("workspace", help="its slug")
        parser.add_argument("zip", type=Path)

    def handle(self, *args: Any, workspace: str, zip: Path, **options: Any) -> None:
        """Write it as a whole or not at all."""
        found = workspace_named(workspace)
        part = zip.with_name(f"{zip.name}.part")
        try:
            with part.open("wb") as file:
                count = write_zip(Article.objects.in_workspace(found), file)
            part.replace(zip)
        except OSError as error:
            raise CommandError(f"{zip} can't be written: {error.strerror}") from error
        self.stdout.write(f"{count} articles in {zip}")
