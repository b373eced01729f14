"""Import articles from a folder, a file, a zip or a web site, and print the report."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from supportbot.knowledge.imports import files, service
from supportbot.knowledge.models import Import
from supportbot.workspaces.commands import workspace_named


class Command(BaseCommand):
    """`manage.py import_articles WORKSPACE PATH_OR_URL`."""

    help = "Import Markdown, HTML, DOCX, PDF and CSV (question,answer) files, or a web site. A second run updates."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What, and how it comes in."""
        parser.add_argument("workspace", help="its slug")
        parser.add_argument("source", help="a folder, a file, a zip, or an http(s) address of a sitemap or start page")
        parser.add_argument("--language", help="of texts that do not say theirs; the workspace's unless given")
        parser.add_argument("--agents-only", action="store_true")
        parser.add_argument("--draft", action="store_true", help="publish nothing yet")

    def handle(self, *args: Any, workspace: str, source: str, **options: Any) -> None:
        """Import here and now; the passages are indexed by a worker."""
        run = Import(
            workspace=workspace_named(workspace),
            audience="agents" if options["agents_only"] else "public",
            publish=not options["draft"],
        )
        run.language = options["language"] or run.workspace.language[:2]
        if source.startswith(("http://", "https://")):
            run.address = source
            service.start(run, queue=False)
        else:
            service.start(run, _uploads(Path(source)), queue=False)
        service.carry_out(run.id)
        self._report(run)

    def _report(self, run: Import) -> None:
        run.refresh_from_db()
        for item in run.items.exclude(reason=""):
            self.stdout.write(f"  {item.outcome}: {item.source}: {item.reason}")
        counts = run.counts()
        self.stdout.write(", ".join(f"{counts[outcome]} {outcome}" for outcome in sorted(counts)) or "nothing")
        if run.message:
            raise CommandError(run.message)


def _uploads(path: Path) -> list[files.Named]:
    try:
        found = list(files.of_folder(path))
    except (OSError, ValueError) as error:
        raise CommandError(f"{path} can't be read: {error}") from error
    if not found:
        raise CommandError(f"{path} is neither a file nor a folder with files.")
    return found
