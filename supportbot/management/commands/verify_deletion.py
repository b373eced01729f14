"""Checks the certificate of a deleted workspace, and that nothing of it is left here."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from supportbot.offboarding import certificate, leftovers


class Command(BaseCommand):
    """`manage.py verify_deletion certificate.json`."""

    help = "Check the signature of a certificate, and that nothing of the deleted workspace is left."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which one."""
        parser.add_argument("certificate", help="the file, as it was downloaded")

    def handle(self, *args: Any, **options: Any) -> None:
        """Say what was found; an error, in words, if it proves nothing or something is left."""
        try:
            given = json.loads(Path(options["certificate"]).read_text("utf-8"))
            certificate.check(given if isinstance(given, dict) else {})
        except (OSError, ValueError) as error:
            raise CommandError(f"The certificate can't be read: {error}") from error
        except certificate.NoProof as error:
            raise CommandError(str(error)) from error
        if found := leftovers.find(given["workspace"], given["models"]):
            raise CommandError("The signature is right, but this is left: " + "; ".join(found))
        self.stdout.write(f"The signature is right: deleted on {given['done_at']}.")
        self.stdout.write(f"Nothing is left in {leftovers.looked_at()} tables, among the files and the models.")
