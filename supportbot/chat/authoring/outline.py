"""A canned response or an announcement out of a few key points, by rules; a person saves it. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.utils.text import slugify

from supportbot.chat.authoring.drafting import BULLET, STEP
from supportbot.chat.variables import NAMES

MOST = 20  # points
ANNOUNCEMENT_LIMIT = 200  # characters, as the widget shows it
TITLE_LIMIT, CODE_LIMIT = 80, 30
IN_BRACKETS = re.compile(r"[\[<]([\w .-]{2,40})[\]>]")
WORDS_FOR = {
    "contact.name": ("name", "customer", "customer name", "first name", "contact name"),
    "contact.email": ("email", "e-mail", "customer email", "e-mail address"),
    "agent.name": ("my name", "agent", "agent name"),
    "workspace.name": ("shop", "shop name", "company", "us"),
    "order.number": ("order", "order number", "order no"),
    "order.items": ("items", "order items", "goods"),
    "order.state": ("status", "state", "order status", "order state"),
    "order.total": ("total", "order total", "price"),
    "order.date": ("date", "order date"),
}
SAID_AS = {words: name for name, said in WORDS_FOR.items() for words in said}


@dataclass(frozen=True)
class Composed:
    """What was made of the points; `unknown` are names in brackets that no variable has."""

    code: str
    title: str
    body: str
    unknown: tuple[str, ...] = ()


def canned(points: str) -> Composed:
    """A reply: greeting, the points as sentences or, where they say what to do, as steps, and a closing line."""
    lines, unknown = _read(points)
    title = IN_BRACKETS.sub(lambda match: match[1], _points(points)[0])[:TITLE_LIMIT] if lines else ""
    steps = [line for line in lines if STEP.match(line)]
    told = [line for line in lines if line not in steps] if len(steps) > 1 else lines
    numbered = "\n".join(f"{at}. {line}" for at, line in enumerate(steps, 1)) if len(steps) > 1 else ""
    greeting, closing = "Hi {{contact.name}},", "Best wishes\n{{agent.name}}, {{workspace.name}}"
    parts = [greeting, " ".join(told), numbered, closing]
    body = "\n\n".join(part for part in parts if part) if lines else ""
    return Composed(slugify(title)[:CODE_LIMIT].strip("-"), title, body, unknown)


def announcement(points: str) -> Composed:
    """A few words for everybody: as many points as fit, without variables, for the widget knows nobody there."""
    lines, _ = _read(points)
    text = ""
    for line in (line for line in lines if "{{" not in line):
        if len(longer := f"{text} {line}".strip()) > ANNOUNCEMENT_LIMIT:
            break
        text = longer
    return Composed("", "", text)


def _points(text: str) -> list[str]:
    return [point for line in text.splitlines() if (point := BULLET.sub("", line.strip()).strip())][:MOST]


def _read(text: str) -> tuple[list[str], tuple[str, ...]]:
    """Each point as a sentence with its variables, and the names that are none."""
    unknown: list[str] = []

    def variable(match: re.Match[str]) -> str:
        name = " ".join(match[1].lower().split())
        known = name if name in NAMES else SAID_AS.get(name, "")
        if not known:
            unknown.append(match[1])
        return f"{{{{{known}}}}}" if known else match[0]

    lines = [IN_BRACKETS.sub(variable, point) for point in _points(text)]
    return [_sentence(line) for line in lines], tuple(dict.fromkeys(unknown))


def _sentence(line: str) -> str:
    whole = line[0].upper() + line[1:]
    return whole if whole[-1] in ".!?:" else f"{whole}."
