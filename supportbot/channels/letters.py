"""A mail as it came to what is new in it. Knows no database: the bytes alone decide."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage, Message

from bs4 import BeautifulSoup
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from mailparser_reply import EmailReplyParser

READ_MOST = 20_000  # characters of a text in which quotes and signatures are looked for
LINE_MOST = 1_000  # of one line: looking takes the square of its length, and any stranger may write it
SUBJECT_LIMIT = 200
INLINE_BYTES = 10_000  # a picture within the text that is smaller belongs to a signature
LANGUAGES = ["en", "de", "fr", "es", "it", "nl", "pl", "sv"]  # of "… wrote:" and "Best regards"
ID = re.compile(r"<[^<>\s]{1,253}>")
TOKEN = re.compile(r"\[#([0-9a-f]{8})\]")
PREFIX = re.compile(r"^(?:(?:re|aw|sv|antw|odp|ref|rv|r|fwd?|wg|tr|vs)\s*(?:\[\d+\])?\s*:\s*)+", re.IGNORECASE)
QUOTED = ".gmail_quote, .gmail_attr, blockquote[type=cite], .moz-cite-prefix, .yahoo_quoted, #divRplyFwdMsg"
QUOTED += ", #divRplyFwdMsg ~ *, #appendonsend, #appendonsend ~ *"
BLOCKS = ["p", "div", "tr", "li", "h1", "h2", "h3", "h4", "blockquote", "table", "ul", "ol", "pre"]
BULK = {"bulk", "list", "junk"}


class Unreadable(Exception):
    """Nothing can be done with it; the message says why, in the administrator's words."""


@dataclass(frozen=True)
class File:
    """Something that is attached."""

    name: str
    data: bytes


@dataclass(frozen=True)
class Bounce:
    """What a server says of a mail that it could not deliver."""

    of: tuple[str, ...]  # Message-IDs that it names
    is_final: bool
    recipient: str
    why: str


@dataclass(frozen=True)
class Letter:
    """A mail, read."""

    message_id: str  # of its bytes, where it has none
    sender: str
    name: str
    subject: str
    text: str  # what is new: without what it quotes and without the signature
    references: tuple[str, ...]
    token: str  # that we put into the subject
    files: tuple[File, ...]
    automatic: str  # why a machine must have written it; empty: a person did
    bounce: Bounce | None


def read(raw: bytes) -> Letter:
    """Read a mail; Unreadable where it names no sender."""
    mail = message_from_bytes(raw, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    bounce = _bounce(mail)
    sender, name = _sender(mail)
    if not sender and bounce is None:
        raise Unreadable("It names no sender who can be answered.")
    subject = _line(mail.get("Subject", ""))
    token = TOKEN.search(subject)
    return Letter(
        message_id=id_of(mail, raw),
        sender=sender,
        name=name,
        subject=PREFIX.sub("", TOKEN.sub("", subject)).strip()[:SUBJECT_LIMIT],
        text="" if bounce else _text(mail),
        references=tuple(ID.findall(f"{mail.get('In-Reply-To', '')} {mail.get('References', '')}"))[:100],
        token=token[1] if token else "",
        files=() if bounce else tuple(_files(mail)),
        automatic=_automatic(mail),
        bounce=bounce,
    )


def id_of(mail: Message, raw: bytes) -> str:
    """Its Message-ID; one without gets one of its bytes, so that the same mail has the same."""
    found = ID.search(str(mail.get("Message-ID", "")))
    return found[0] if found else f"<{hashlib.sha256(raw).hexdigest()}@none.invalid>"


def heading(raw: bytes) -> tuple[str, str, str]:
    """Message-ID, sender and subject of a mail that can't be read otherwise, as far as they can be."""
    mail = message_from_bytes(raw, policy=policy.compat32)
    sender, subject = (_line(mail.get(name, "")) for name in ("From", "Subject"))
    return id_of(mail, raw), sender[:254], subject[:SUBJECT_LIMIT]


def _sender(mail: EmailMessage) -> tuple[str, str]:
    header = mail["From"]
    found = next(iter(header.addresses), None) if header is not None else None
    if found is None:
        return "", ""
    try:
        validate_email(found.addr_spec)
    except ValidationError:
        return "", ""
    return found.addr_spec.lower(), _line(found.display_name)[:100]


def _automatic(mail: EmailMessage) -> str:
    """RFC 3834 and what programs do that do not know it."""
    submitted = _line(mail.get("Auto-Submitted", "no")).lower()
    precedence = _line(mail.get("Precedence", "")).lower()
    if not submitted.startswith("no"):
        return f"Auto-Submitted: {submitted}"
    if precedence in BULK:
        return f"Precedence: {precedence}"
    for name in ("X-Auto-Response-Suppress", "List-Id", "X-Autoreply"):
        if mail.get(name):
            return f"{name}: {_line(mail[name])}"
    return "it has no sender to return to" if _line(mail.get("Return-Path", "")) == "<>" else ""


def _text(mail: EmailMessage) -> str:
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    whole = _content(plain) if plain else ""
    if not whole.strip() and html:
        markup = _content(html)
        whole = _from_html(markup, QUOTED) or _from_html(markup, "")
    return _new_part(whole.replace("\r\n", "\n").replace("\x00", "").strip())


def _new_part(whole: str) -> str:
    """Without what is quoted, and without the signature; all of it where nothing else is left."""
    if len(whole) > READ_MOST or max(map(len, whole.splitlines()), default=0) > LINE_MOST:
        return whole
    replies = EmailReplyParser(languages=LANGUAGES).read(whole).replies
    own = [line for line in (replies[0].body if replies else "").splitlines() if not line.startswith(">")]
    return "\n".join(own).strip() or whole


def _content(part: Message) -> str:
    """The text of a part, whatever it says of its letters."""
    data = part.get_payload(decode=True)
    assert isinstance(data, bytes)
    try:
        return data.decode(part.get_content_charset("utf-8"))
    except (LookupError, UnicodeDecodeError):
        return data.decode("utf-8", "replace")


def _from_html(markup: str, unwanted: str) -> str:
    soup = BeautifulSoup(markup, "html.parser")
    for found in soup.select(", ".join(filter(None, ("head, style, script, template", unwanted)))):
        found.decompose()
    for text in soup.find_all(string=True):
        text.replace_with(re.sub(r"\s+", " ", text))
    for br in soup.find_all("br"):
        br.replace_with("\n")
    for block in soup.find_all(BLOCKS):
        block.insert(0, "\n")
        block.append("\n")
    lines = [" ".join(line.split()) for line in soup.get_text().splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _files(mail: EmailMessage) -> list[File]:
    found = []
    for part in mail.iter_attachments():
        data = part.get_payload(decode=True)
        is_inline = part.get_content_disposition() != "attachment"
        if not isinstance(data, bytes):  # a mail within the mail
            data, is_inline = part.as_bytes(), False
        if is_inline and (part.get_content_maintype() == "text" or len(data) < INLINE_BYTES):
            continue
        found.append(File(_line(part.get_filename() or part.get_content_type()), data))
    return found


def _bounce(mail: EmailMessage) -> Bounce | None:
    """RFC 3464."""
    if mail.get_content_type() != "multipart/report" or mail.get_param("report-type") != "delivery-status":
        return None
    told: dict[str, str] = {}
    of: list[str] = []
    for part in mail.walk():
        for name in ("Action", "Final-Recipient", "Diagnostic-Code", "Status"):
            if part.get(name):
                told.setdefault(name, _line(part[name]))
        if part.get_content_type() == "text/rfc822-headers":
            of += ID.findall(_content(part))
        elif part is not mail and part.get("Message-ID"):
            of += ID.findall(str(part["Message-ID"]))
    why = _value(told.get("Diagnostic-Code", "")) or told.get("Status", "")
    is_final = told.get("Action", "failed").lower() == "failed"
    return Bounce(tuple(of), is_final, _value(told.get("Final-Recipient", "")), why[:SUBJECT_LIMIT])


def _value(typed: str) -> str:
    """`rfc822; jan@shop.example` without its type."""
    return typed.partition(";")[2].strip() or typed


def _line(value: object) -> str:
    """As one line without characters that steer."""
    return " ".join("".join(char if char.isprintable() else " " for char in str(value)).split())
