"""Connections to mail servers that an administrator named: to the very address that was checked, signed in."""

from __future__ import annotations

import imaplib
import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from supportbot.channels.models import Mailbox
from supportbot.workspaces import outgoing
from supportbot.workspaces.sealing import Unsealable

PATIENCE = 20.0  # seconds that a server may be silent
FAILURES = (OSError, imaplib.IMAP4.error, smtplib.SMTPException, outgoing.Refused, Unsealable)
NO_TLS = (
    "WRONG_VERSION_NUMBER",
    "RECORD_LAYER_FAILURE",
)  # what versions of OpenSSL call an answer in the clear
Security = Mailbox.Security


class Unreachable(Exception):
    """A server can't be reached or refuses; the message says why, in the administrator's words."""


class _Imap(imaplib.IMAP4):
    def _create_socket(self, timeout: float | None) -> socket.socket:
        return _connected(self.host, self.port, timeout)


class _ImapTls(imaplib.IMAP4_SSL):
    def _create_socket(self, timeout: float | None) -> socket.socket:
        plain = _connected(self.host, self.port, timeout)
        wrapped: socket.socket = self.ssl_context.wrap_socket(plain, server_hostname=self.host)
        return wrapped


class _Smtp(smtplib.SMTP):
    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return _connected(host, port, timeout)


class _SmtpTls(smtplib.SMTP_SSL):
    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return self.context.wrap_socket(_connected(host, port, timeout), server_hostname=host)


def demand_host(host: str, port: int, security: str) -> None:
    """ValueError, in words for whoever wrote it, unless the server may be asked in this way."""
    try:
        address = outgoing.checked_address(host, port)
    except outgoing.Refused as error:
        raise ValueError(str(error)) from error
    if security == Security.NONE and outgoing.is_public(address):
        raise ValueError(f"{host} is on the internet: choose TLS or STARTTLS, or the password can be read on its way.")


@contextmanager
def imap(mailbox: Mailbox) -> Iterator[imaplib.IMAP4]:
    """The mailbox's folder, opened for reading only; Unreachable, also where the connection ends within the block."""
    try:
        with _signed_in(mailbox) as server:
            answer, _ = server.select(f'"{mailbox.folder}"', readonly=True)
            if answer != "OK":
                raise Unreachable(f"IMAP: there is no folder {mailbox.folder}.")
            yield server
    except FAILURES as error:
        raise Unreachable(f"IMAP: {in_words(error)}") from error


@contextmanager
def smtp(mailbox: Mailbox) -> Iterator[smtplib.SMTP]:
    """A connection that takes mails; Unreachable if there is none. A refusal within the block is raised as it is."""
    try:
        server = _smtp(mailbox)
    except FAILURES as error:
        raise Unreachable(f"SMTP: {in_words(error)}") from error
    try:
        yield server
    finally:
        with suppress(*FAILURES):
            server.quit()


@contextmanager
def _signed_in(mailbox: Mailbox) -> Iterator[imaplib.IMAP4]:
    _demand_still(mailbox.imap_host, mailbox.imap_port, mailbox.imap_security)
    context, host, port = ssl.create_default_context(), mailbox.imap_host, mailbox.imap_port
    is_tls = mailbox.imap_security == Security.TLS
    server = _ImapTls(host, port, ssl_context=context, timeout=PATIENCE) if is_tls else _Imap(host, port, PATIENCE)
    try:
        if mailbox.imap_security == Security.STARTTLS:
            server.starttls(context)
        server.login(mailbox.imap_user, mailbox.imap_password)
        yield server
    finally:
        with suppress(*FAILURES):
            server.logout()


def _smtp(mailbox: Mailbox) -> smtplib.SMTP:
    _demand_still(mailbox.smtp_host, mailbox.smtp_port, mailbox.smtp_security)
    context, host, port = ssl.create_default_context(), mailbox.smtp_host, mailbox.smtp_port
    is_tls = mailbox.smtp_security == Security.TLS
    server = _SmtpTls(host, port, context=context, timeout=PATIENCE) if is_tls else _Smtp(host, port, timeout=PATIENCE)
    try:
        if mailbox.smtp_security == Security.STARTTLS:
            server.starttls(context=context)
        if mailbox.smtp_user:
            server.login(mailbox.smtp_user, mailbox.smtp_password)
    except BaseException:
        server.close()
        raise
    return server


def _demand_still(host: str, port: int, security: str) -> None:
    """A name may lead elsewhere since it was written down: no password goes to the internet in the clear."""
    try:
        demand_host(host, port, security)
    except ValueError as error:
        raise outgoing.Refused(str(error)) from error


def _connected(host: str, port: int, timeout: float | None) -> socket.socket:
    return socket.create_connection((outgoing.checked_address(host, port), port), timeout)


def in_words(error: BaseException) -> str:
    """An error as its server put it, or why its TLS was not taken."""
    if isinstance(error, smtplib.SMTPResponseException):
        told = error.smtp_error
        return f"{error.smtp_code} {told.decode(errors='replace') if isinstance(told, bytes) else told}"
    if isinstance(error, imaplib.IMAP4.error) and error.args and isinstance(error.args[0], bytes):
        return error.args[0].decode(errors="replace")
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not accepted: {error.verify_message}"
    if isinstance(error, ssl.SSLError) and error.reason in NO_TLS:
        return "it does not speak TLS at this port: choose STARTTLS, or another port"
    return str(error) or type(error).__name__
