"""Index all articles anew: `manage.py reindex`, after the encoder that finds passages was tuned again."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from supportbot.knowledge import indexing
from supportbot.knowledge.queue import queue_index


class Command(BaseCommand):
    """`manage.py reindex`."""

    help = "Forget all passages and have the workers index every published article anew; until then none is found."

    def handle(self, *args: Any, **options: Any) -> None:
        """Make them due and wake a worker."""
        count = indexing.begin_anew()
        queue_index()
        self.stdout.write(f"{count} articles will be indexed anew.")
