"""Frames that nobody should send, without end, for both websockets: the same shapes for the same seed.

A socket withstands them if it stays open, goes on answering, never says `failed` and tells nothing of other workspaces.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

RIGHT: dict[str, Any] = {
    "body": "Hello",
    "note": "Hello",
    "comment": "Fine",
    "email": "a@shop.example",
    "kind": "reply",
}
RIGHT |= {"name": "Returns", "colour": "#000000", "view": "all", "query": "", "priority": "urgent"}
RIGHT |= (
    {"digest": "off"}
    | dict.fromkeys(("on", "helpful", "helped", "shared", "away"), True)
    | {"hold": False, "back_on": None}
)
RIGHT |= {"seq": 1, "last_seq": 1, "last_remark": 0, "score": 1, "until": "2030-01-31T09:00:00Z", "language": "en"}
RIGHT |= {"page": "http://testserver/a", "about": {"email": "a@shop.example", "attributes": {"plan": "gold"}}}
NOBODY = str(UUID(int=1))
JUNK: list[Any] = [
    None,
    True,
    False,
    -1,
    0,
    1,
    2**31 - 1,
    2**31,
    2**63,
    10**400,
    0.5,
    float("nan"),
    float("inf"),
    "",
    " ",
]
JUNK += ["\x00", "a\x00b", "\ud800", "x" * 5_000, "x" * 70_000, "<i>", "' OR 1=1 --", "%s%n", "../../etc"]
JUNK += [NOBODY, "not-a-uuid", "0001-01-01T00:00:00+00:00", "9999-12-31T23:59:59-14:00", "2030-02-30", "2030-01-31"]
JUNK += ["2030-01-31T09:00:00Z", "reply", "urgent", "all", "en", "a@b.example", "a@b\r\nBcc: c@d.example", "#12345g"]
JUNK += [
    [],
    [[]],
    [None],
    [NOBODY] * 200,
    [1] * 1000,
    {},
    {"type": {}},
    {"type": "bulk"},
    {"a": {"b": [1, {"c": None}]}},
]
BROKEN = [
    "",
    "{",
    "[]",
    "null",
    "1e999",
    '"text"',
    '{"v": 1}',
    '{"v": "1", "type": "ping"}',
    '{"v": 2, "type": "ping"}',
]
BROKEN += ['{"v": 1, "type": null}', '{"v": 1, "type": ["ping"]}', '{"v": 1, "type": "__init__"}', "[" * 20_000]
BROKEN += ['{"v": 1, "type": "ping", "type": "nothing"}', '{"a":' * 2_000, "\x00", "\ufeff{}", "9" * 5_000]
Raw = str | bytes


class Unsound(AssertionError):
    """The socket has not withstood a frame."""


def frame(kind: str, rows: Mapping[str, Any]) -> dict[str, Any]:
    """A frame with every field that any command reads, naming these rows: `conversation`, `label` and so on."""
    return {"v": 1, "type": kind, "client_id": str(uuid4()), **RIGHT, **rows}


def frames(commands: Sequence[str], rows: Mapping[str, Any], seed: int) -> Iterator[Raw]:
    """Frames without end: some broken, most of them right but for a few fields."""
    chance = random.Random(seed)
    while True:
        yield _broken(chance) if chance.random() < 0.15 else _odd(chance, commands, rows)


def _broken(chance: random.Random) -> Raw:
    """No frame at all."""
    if chance.random() < 0.3:
        return chance.randbytes(chance.randrange(200))
    return chance.choice(BROKEN)


def _odd(chance: random.Random, commands: Sequence[str], rows: Mapping[str, Any]) -> str:
    """A command, a few of whose fields are wrong, missing, or of somebody else; at times cut off."""
    sent = frame(chance.choice(commands), rows)
    others = [*JUNK, *sent.values()]
    for name in chance.sample(sorted(sent), chance.randrange(6)):
        sent[name] = chance.choice(others)
        if chance.random() < 0.2:
            del sent[name]
    sent["conversations"], sent["change"] = [sent.get("conversation")], {**sent, "type": chance.choice(commands)}
    text = json.dumps(sent, ensure_ascii=chance.random() < 0.9).encode("utf-8", "replace").decode()
    return text[: chance.randrange(len(text))] if chance.random() < 0.05 else text


def judge(heard: str, sent: Sequence[Raw], secret: str) -> dict[str, Any]:
    """What was heard, if the socket may say it; Unsound, with what was sent, if it has failed or told a secret."""
    heard.encode()  # as the wire has it; a lone half of a character would end the connection
    frame: dict[str, Any] = json.loads(heard)
    if frame.get("code") == "failed" or (secret and secret in heard):
        raise Unsound(f"{heard[:500]} after {[one[:2_000] for one in sent]}")
    return frame


def mark(number: int) -> str:
    """A command that there is not, whose refusal shows that all before it were answered."""
    return json.dumps({"v": 1, "type": f"mark-{number}"})


def is_answer(frame: dict[str, Any], number: int) -> bool:
    """Whether this refuses that command."""
    return frame["type"] == "error" and f"'mark-{number}'" in frame["message"]
