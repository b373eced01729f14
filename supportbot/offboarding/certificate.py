"""The proof of a deletion: what was deleted when, without a name in it, signed with SECRET_KEY. Knows no workspace."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.core.signing import BadSignature, Signer

from supportbot.workspaces.models import Deletion

SIGNED = ("certificate", "workspace", "name_sha256", "asked_by", "asked_at", "begun_at", "done_at", "deleted", "models")


class NoProof(Exception):
    """Why it proves nothing, in words."""


def facts(deletion: Deletion) -> dict[str, Any]:
    """What is signed."""
    values = (
        str(deletion.pk),
        deletion.workspace_number,
        deletion.name_digest,
        deletion.asked_by_digest,
        *(_time(at) for at in (deletion.asked_at, deletion.begun_at, deletion.done_at)),
        dict(sorted(deletion.counts.items())),
        list(deletion.versions),
    )
    return dict(zip(SIGNED, values, strict=True))


def sign(deletion: Deletion) -> str:
    """The signature of what it says now."""
    return _signer().signature(_written(facts(deletion)))


def of(deletion: Deletion) -> dict[str, Any]:
    """The certificate."""
    return {**facts(deletion), "signature": deletion.signature}


def text(deletion: Deletion) -> str:
    """The same, to be read by people."""
    rows = [f"  {count:>9}  {kind}" for kind, count in sorted(deletion.counts.items())]
    lines = [
        f"Certificate {deletion.pk}",
        "",
        f"Workspace number {deletion.workspace_number} was deleted, with all that belonged to it.",
        "",
        f"Asked for      {_time(deletion.asked_at)}",
        f"Begun          {_time(deletion.begun_at)}",
        f"Done           {_time(deletion.done_at)}",
        f"Name, SHA-256  {deletion.name_digest}",
        f"Who asked      {deletion.asked_by_digest}",
        "",
        "Deleted:",
        *rows,
        *([f"Versions of the model: {', '.join(deletion.versions)}"] if deletion.versions else []),
        "",
        f"Signature      {deletion.signature}",
        "",
        "`manage.py verify_deletion <certificate.json>` checks the signature, and that nothing is left.",
        "Backups that were made before still hold what was deleted, until they are deleted themselves.",
    ]
    return "\n".join(lines) + "\n"


def check(given: dict[str, Any]) -> None:
    """NoProof unless the certificate is signed by this installation, and says what its own record says."""
    if set(given) != {*SIGNED, "signature"}:
        raise NoProof("This is no certificate of a deletion: fields are missing, or others are there.")
    said = {name: given[name] for name in SIGNED}
    try:
        _signer().unsign(f"{_written(said)}:{given['signature']}")
    except BadSignature:
        raise NoProof("The signature is wrong: the certificate was changed, or signed with another key.") from None


def _signer() -> Signer:
    return Signer(salt="supportbot.deletion")


def _written(said: dict[str, Any]) -> str:
    return json.dumps(said, sort_keys=True, separators=(",", ":"))


def _time(at: datetime | None) -> str:
    return at.isoformat(timespec="seconds") if at else ""
