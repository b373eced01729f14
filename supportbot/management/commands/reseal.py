"""Seals every stored secret anew under the first key, so that a former one may be forgotten."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from supportbot.workspaces.sealing import reseal_all


class Command(BaseCommand):
    """`manage.py reseal`."""

    help = "Seal all stored secrets under DJANGO_SECRET_KEY that are sealed under one of the fallbacks."

    def handle(self, *args: Any, **options: Any) -> None:
        """Say how many there are, and which ones no key opens."""
        done, lost = reseal_all()
        self.stdout.write(f"{done} secrets are sealed under DJANGO_SECRET_KEY.")
        if lost:
            raise CommandError(f"No key that is known opens these; make new ones: {', '.join(lost)}")
