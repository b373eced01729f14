"""A real HTTP server for one test, on a thread of its own; what it answers is the subclass's."""

from __future__ import annotations

import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self


class HttpServer:
    """Listens on the loopback address while it is entered; at the end `released` lets go of who still waits."""

    released: threading.Event
    host = "127.0.0.1"

    def __enter__(self) -> Self:
        self._http = ThreadingHTTPServer((self.host, 0), _handler(self))
        if context := self.tls():
            self._http.socket = context.wrap_socket(self._http.socket, server_side=True)
        self._http.daemon_threads = True
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.released.set()
        self._http.shutdown()
        self._http.server_close()

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._http.server_port

    def tls(self) -> ssl.SSLContext | None:
        """The certificate, if it speaks HTTPS."""
        return None

    def serve(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer one request."""
        raise NotImplementedError


def _handler(server: HttpServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            try:
                server.serve(self)
            except OSError:
                self.close_connection = True

        do_GET = do_POST  # noqa: N815  (the library's name)

        def log_message(self, *args: object) -> None:
            """Be quiet."""

    return Handler
