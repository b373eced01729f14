"""Asks whoever looks for viruses, if the installation has one: a command, or ClamAV's clamd. Knows no database."""

from __future__ import annotations

import shlex
import socket
import struct
import subprocess

from django.conf import settings

PATIENCE = 60.0  # seconds
CHUNK = 64 * 1024


class NoAnswer(Exception):
    """The scanner could not be asked, or gave no verdict."""


def is_on() -> bool:
    """Whether files are checked for viruses."""
    return bool(settings.SCANNER)


def finds_virus(data: bytes) -> bool:
    """Whether the file is infected; NoAnswer if that could not be found out."""
    kind, _, where = settings.SCANNER.partition(":")
    try:
        return _command(where, data) if kind == "command" else _clamd(where, data)
    except (OSError, subprocess.SubprocessError) as error:
        raise NoAnswer(repr(error)) from error


def _command(line: str, data: bytes) -> bool:
    """The file is its input; as with clamdscan, it ends with 0 for a clean file and with 1 for an infected one."""
    done = subprocess.run(shlex.split(line), input=data, capture_output=True, timeout=PATIENCE, check=False)  # noqa: S603
    if done.returncode not in (0, 1):
        raise NoAnswer(f"the command ended with {done.returncode}: {done.stderr[-200:]!r}")
    return done.returncode == 1


def _clamd(address: str, data: bytes) -> bool:
    with _connection(address) as clamd:
        clamd.sendall(b"zINSTREAM\0")
        for begin in range(0, len(data), CHUNK):
            piece = data[begin : begin + CHUNK]
            clamd.sendall(struct.pack(">I", len(piece)) + piece)
        clamd.sendall(struct.pack(">I", 0))
        answer = b"".join(iter(lambda: clamd.recv(4096), b"")).rstrip(b"\0\n").decode("utf-8", "replace")
    if answer.endswith(" FOUND"):
        return True
    if answer.endswith(" OK"):
        return False
    raise NoAnswer(f"clamd says {answer[:200]!r}")


def _connection(address: str) -> socket.socket:
    """To a socket file, or to host:port."""
    if address.startswith("/"):
        made = socket.socket(socket.AF_UNIX)
        made.settimeout(PATIENCE)
        made.connect(address)
        return made
    host, _, port = address.rpartition(":")
    return socket.create_connection((host.strip("[]"), int(port)), PATIENCE)
