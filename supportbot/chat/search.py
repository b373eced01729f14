"""Finds what agents look for: conversations by what was said and noted in them, contacts, articles.

All words have to stand in one message, note or contact, each as it is or as the beginning of a word; accents and the
case of letters do not count. Knows no page.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from supportbot.chat.index import CONTACTS, MESSAGES, REMARKS, Indexed, postgres, sqlite
from supportbot.chat.models import Contact, Conversation, Message, Remark
from supportbot.knowledge import retrieval
from supportbot.knowledge.models import Passage
from supportbot.workspaces.models import Workspace

MOST_WORDS = 8
HITS = 200  # messages and notes each that are looked at, the newest
CONVERSATIONS, PEOPLE, ARTICLES = 30, 8, 5
WORD = re.compile(r"[^\W_]+")
BEFORE, LONGEST = 50, 160  # characters of a snippet
Piece = tuple[str, bool]  # a part of a text, and whether it was looked for


@dataclass(frozen=True)
class Hit:
    """A conversation in which all words stand, with the newest place."""

    conversation: Conversation
    said: Message | Remark
    snippet: list[Piece]


@dataclass(frozen=True)
class Found:
    """What was found of each kind."""

    hits: list[Hit]
    contacts: list[tuple[Contact, list[Piece]]]
    articles: list[tuple[Passage, list[Piece]]]


def find(workspace: Workspace, text: str) -> Found:
    """All that has the words of a text; nothing for a text without words."""
    words = [_plain(word) for word in WORD.findall(text)][:MOST_WORDS]
    if not words:
        return Found([], [], [])
    passages = retrieval.find_words(workspace, text, limit=ARTICLES, language=workspace.language[:2])
    articles = [(passage, snippet(passage.text, words)) for passage in passages]
    return Found(_hits(workspace, words), _contacts(workspace, words), articles)


def snippet(text: str, words: Sequence[str]) -> list[Piece]:
    """The part of a text around the first word that was looked for, in pieces."""
    text = " ".join(text.split())
    found = [match for match in WORD.finditer(text) if _plain(match[0]).startswith(tuple(words))]
    first = found[0].start() if found else 0
    begin = text.rfind(" ", 0, first - BEFORE) + 1 if first > BEFORE else 0
    end = min(len(text), begin + LONGEST)
    pieces: list[Piece] = [("…", False)] if begin else []
    at = begin
    for match in found:
        if match.end() <= end:
            pieces += [(text[at : match.start()], False), (match[0], True)]
            at = match.end()
    pieces += [(text[at:end], False), *([("…", False)] if end < len(text) else [])]
    return [piece for piece in pieces if piece[0]]


def _hits(workspace: Workspace, words: Sequence[str]) -> list[Hit]:
    """One for each conversation, the newest first; only what is shown is loaded."""
    places = [*_places(Message, MESSAGES, workspace, words), *_places(Remark, REMARKS, workspace, words)]
    newest: dict[UUID, tuple[type[Message | Remark], Any]] = {}
    for _, conversation_id, key, model in sorted(places, key=lambda place: place[0], reverse=True):
        newest.setdefault(conversation_id, (model, key))
    ids = list(newest)[:CONVERSATIONS]
    rows = Conversation.objects.in_workspace(workspace).select_related("contact", "assignee", "team")
    found = rows.prefetch_related("labels", "mentions", "participants__user").in_bulk(ids)
    said = Message.objects.in_bulk(_keys(Message, newest, ids)) | Remark.objects.in_bulk(_keys(Remark, newest, ids))
    shown = [(found[id_], said[newest[id_][1]]) for id_ in ids if id_ in found]
    return [Hit(conversation, place, snippet(place.body, words)) for conversation, place in shown]


def _places(
    model: type[Message | Remark], indexed: Indexed, workspace: Workspace, words: Sequence[str]
) -> list[tuple[datetime, UUID, Any, type[Message | Remark]]]:
    """Where the words stand: when it was said, in which conversation, and its key."""
    rows = model.objects.filter(id__in=_ids(indexed, workspace, words, HITS))  # the index has looked in one workspace
    return [(*row, model) for row in rows.values_list("created_at", "conversation", "pk")]


def _keys(
    model: type[Message | Remark], newest: dict[UUID, tuple[type[Message | Remark], Any]], ids: list[UUID]
) -> list[Any]:
    return [key for kind, key in (newest[id_] for id_ in ids) if kind is model]


def _contacts(workspace: Workspace, words: Sequence[str]) -> list[tuple[Contact, list[Piece]]]:
    ids = _ids(CONTACTS, workspace, words, PEOPLE)
    rows = Contact.objects.in_workspace(workspace).prefetch_related("conversations").in_bulk(ids)
    return [(rows[id_], snippet(f"{rows[id_].name} {rows[id_].email}", words)) for id_ in ids if id_ in rows]


def _ids(indexed: Indexed, workspace: Workspace, words: Sequence[str], limit: int) -> list[Any]:
    index = postgres if connection.vendor == "postgresql" else sqlite
    found: Iterable[Any] = index.find(indexed, workspace, words, limit)
    return [UUID(str(key)) for key in found] if indexed is MESSAGES else list(found)


def _plain(word: str) -> str:
    letters = unicodedata.normalize("NFD", word.lower())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))
