"""Real mail servers on the loopback address: IMAP, whose folders tests fill, and SMTP, which keeps what it takes."""

from __future__ import annotations

import imaplib
import subprocess
import sys
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, Session

from tests.servers import free_port, listens, stop_process, wait_until

USER, PASSWORD = "support", "tide-and-harbour"


class ImapServer:
    """Pymap with its folders in memory."""

    def __enter__(self) -> Self:
        self.port = free_port()
        where = ["--host", "127.0.0.1", "--port", str(self.port), "--no-tls", "--no-service", "admin"]
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
    """Takes mails of who signs in; `refusals` are answers that it gives first, in place of taking one."""

    def __init__(self) -> None:
        self.taken: list[EmailMessage] = []
        self.refusals: list[str] = []

    def __enter__(self) -> Self:
        signs_in = {"authenticator": _may, "auth_require_tls": False}
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


def _may(server: Any, session: Session, envelope: Envelope, mechanism: str, given: Any) -> AuthResult:
    return AuthResult(success=(given.login, given.password) == (USER.encode(), PASSWORD.encode()))
