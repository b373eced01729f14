"""Real mail servers on the loopback address: IMAP, whose folders tests fill, and SMTP, which keeps what it takes."""

from __future__ import annotations

import asyncio
import imaplib
import ssl
import subprocess
import sys
import threading
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, Session

from tests.servers import free_port, listens, stop_process, wait_until

USER, PASSWORD = "support", "tide-and-harbour"


class ImapServer:
    """Pymap with its folders in memory; with a certificate and its key in a file it wants STARTTLS."""

    def __init__(self, certificate: Path | None = None) -> None:
        self._tls = ["--cert", str(certificate), "--key", str(certificate)] if certificate else ["--no-tls"]

    def __enter__(self) -> Self:
        self.port = free_port()
        where = ["--host", "127.0.0.1", "--port", str(self.port), *self._tls, "--no-service", "admin"]
        user = ["dict", "--demo-user", USER, "--demo-password", PASSWORD]
        program = str(Path(sys.executable).parent / "pymap")
        self._process = subprocess.Popen([program, *where, *user], stderr=subprocess.DEVNULL, start_new_session=True)
        wait_until(lambda: listens(self.port), what="the IMAP server")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        stop_process(self._process)

    def create(self, folder: str) -> None:
        """Make an empty folder, or the same anew."""
        with self._signed_in() as server:
            server.delete(folder)
            server.create(folder)

    def put(self, folder: str, *mails: EmailMessage | bytes) -> None:
        """Mails that come now."""
        with self._signed_in() as server:
            for mail in mails:
                server.append(folder, "", "", mail if isinstance(mail, bytes) else mail.as_bytes())

    def flags(self, folder: str) -> list[bytes]:
        """What the server tells of each mail."""
        with self._signed_in() as server:
            server.select(folder, readonly=True)
            return [row for row in server.fetch("1:*", "(FLAGS)")[1] if isinstance(row, bytes)]

    def _signed_in(self) -> imaplib.IMAP4:
        server = imaplib.IMAP4("127.0.0.1", self.port, timeout=20)
        server.login(USER, PASSWORD)
        return server


class SmtpServer:
    """Takes mails of who signs in; `refusals` are answers that it gives first, in place of taking one.

    With a context of TLS it wants STARTTLS.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self.taken: list[EmailMessage] = []
        self.refusals: list[str] = []

    def __enter__(self) -> Self:
        signs_in: dict[str, Any] = {"authenticator": _may, "auth_require_tls": False}
        signs_in |= {"tls_context": self._tls, "require_starttls": self._tls is not None}
        self._controller = Controller(self, "127.0.0.1", free_port(), **signs_in)
        self._controller.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._controller.stop()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._controller.port)

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take a mail."""
        if not session.authenticated:
            return "530 sign in first"
        if self.refusals:
            return self.refusals.pop(0)
        content = envelope.content
        assert isinstance(content, bytes)
        mail = message_from_bytes(content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.taken.append(mail)
        return "250 taken"


class TlsFront:
    """Ends TLS before a server that speaks in the clear, as at the ports 993 and 465."""

    def __init__(self, port: int, tls: ssl.SSLContext) -> None:
        self._inner, self._tls, self._loop = port, tls, asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        listening = asyncio.start_server(self._relay, "127.0.0.1", 0, ssl=self._tls)
        server = asyncio.run_coroutine_threadsafe(listening, self._loop).result(20)
        self.port = int(server.sockets[0].getsockname()[1])
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(20)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self._inner)
        await asyncio.gather(_pump(reader, inner_writer), _pump(inner_reader, writer))


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    try:
        while came := await source.read(65536):
            sink.write(came)
            await sink.drain()
    finally:
        sink.close()


def certificate(authority: trustme.CA, folder: Path) -> tuple[Path, ssl.SSLContext]:
    """One for `localhost`, with its key: as a file and as a server's context."""
    issued, path = authority.issue_cert("localhost"), folder / "localhost.pem"
    issued.private_key_and_cert_chain_pem.write_to_path(str(path))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issued.configure_cert(context)
    return path, context


def _may(server: Any, session: Session, envelope: Envelope, mechanism: str, given: Any) -> AuthResult:
    return AuthResult(success=(given.login, given.password) == (USER.encode(), PASSWORD.encode()))
