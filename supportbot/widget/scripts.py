"""The widget's scripts as browsers fetch them: a module of static/widget with what it imports and its style sheets.

One request brings what would be thirty. The modules share one scope then, so no two may give the same name at the top.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from functools import cache
from posixpath import dirname, join, normpath

from django.conf import settings

from supportbot.chat.words import LANGUAGES

LOADER = "widget"
MODULES = ("panel", "files", "frame", "framed", "proactive", *(f"texts/{language}" for language in LANGUAGES))
IMPORT = re.compile(r'^import [^"]*"(\.{1,2}/[\w/]+)\.js";\n', re.MULTILINE)
NAME = re.compile(r"^(?:export )?(?:async )?(?:const|let|class|function) (\w+)", re.MULTILINE)
EXPORT = re.compile(r"^export ", re.MULTILINE)
SHEET = re.compile(r"\{([\w/]+\.css)\}")


@cache
def script(name: str) -> bytes | None:
    """The embed script, which is no module, or one of `MODULES`, which exports what its own file does; else nothing."""
    if name == LOADER:
        return f"(() => {{\n{EXPORT.sub('', _bundle(name))}}})();\n".encode()
    return _bundle(name).encode() if name in MODULES else None


@cache
def version(name: str) -> str | None:
    """Changes with the script."""
    content = script(name)
    return hashlib.sha256(content).hexdigest() if content else None


def _bundle(name: str) -> str:
    *imported, own = _parts(name, set())
    whole = "".join([*(EXPORT.sub("", part) for part in imported), own])
    names = NAME.findall(whole)
    if twice := {one for one in names if names.count(one) > 1}:
        raise ValueError(f"{name}.js and what it imports have more than one {', '.join(sorted(twice))}: rename one")
    return SHEET.sub(lambda match: _literally(_text(match[1])), whole)


def _parts(name: str, seen: set[str]) -> Iterator[str]:
    """The sources of a module and of what it imports, each once and before who needs it."""
    seen.add(name)
    source = _text(f"{name}.js")
    for path in IMPORT.findall(source):
        imported = normpath(join(dirname(name), path))
        if imported not in seen:
            yield from _parts(imported, seen)
    yield IMPORT.sub("", source)


def _text(name: str) -> str:
    return (settings.BASE_DIR / "static/widget" / name).read_text()


def _literally(text: str) -> str:
    """The text as it stands between backticks."""
    return re.sub(r"[\\`]|\$(?=\{)", r"\\\g<0>", text)
