"""Run the product in one process: migrate, load the demo, index it, serve until Ctrl-C."""

from __future__ import annotations

import socket
from argparse import ArgumentParser
from contextlib import suppress
from typing import Any

import uvicorn
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from supportbot.knowledge import indexing

FRAME_CEILING = 128 * 1024  # above the protocol's 64 KiB, so that a frame that is too large gets a civil answer


class Command(BaseCommand):
    """`manage.py serve`."""

    help = "Run the whole product in one process."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where to listen."""
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)

    def handle(self, *args: Any, host: str, port: int, **options: Any) -> None:
        """Take the port, prepare the data, serve."""
        if not settings.EMBEDDED:
            raise CommandError("serve is the embedded run; in production start uvicorn and the workers.")
        listener = take_port(host, port)
        with suppress(KeyboardInterrupt):  # uvicorn has ended cleanly when it passes the signal on
            call_command("migrate", verbosity=0, interactive=False)
            call_command("demo", stdout=self.stdout)
            self._index()
            self._serve(listener, f"http://{host}:{listener.getsockname()[1]}")

    def _serve(self, listener: socket.socket, address: str) -> None:
        for name, path in (("Shop with the chat", "demo"), ("Inbox", "inbox"), ("Admin", "admin")):
            self.stdout.write(f"{name}: {address}/{path}/")
        self.stdout.write("Ctrl-C ends it.")
        self.stdout.flush()
        config = uvicorn.Config(
            "supportbot.asgi:application",
            lifespan="on",
            log_config=None,
            ws_max_size=FRAME_CEILING,
            ws_ping_interval=None,
            timeout_graceful_shutdown=1,
        )
        uvicorn.Server(config).run(sockets=[listener])

    def _index(self) -> None:
        """Make what is written in articles findable before the first customer asks."""
        if not indexing.is_due():
            return
        self.stdout.write("Reading the help centre. That takes some seconds, once.")
        self.stdout.flush()
        from inference.encoder import shared_encoder  # noqa: PLC0415  (only now does it need torch)

        while indexing.index_due(shared_encoder().embed):
            pass


def take_port(host: str, port: int) -> socket.socket:
    """A socket that listens; a clear error when somebody else does."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise CommandError(
            f"Can't listen on {host}:{port}: {error.strerror}. Choose another: make up PORT=8001"
        ) from error
    return listener
