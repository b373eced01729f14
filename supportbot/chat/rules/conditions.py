"""The conditions that a rule can have: what each asks, what may be answered, and whether it holds at a moment."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

import regex

from supportbot.chat.categories.service import known
from supportbot.chat.models import Conversation
from supportbot.chat.rules.moments import Moment
from supportbot.chat.sorting import Label
from supportbot.chat.words import LANGUAGES
from supportbot.workspaces.models import Team, Workspace

Choices = list[tuple[str, str]]
Condition = list[str]  # field, "is" or "not", value
IS, NOT = "is", "not"
NONE = "none"
TONGUES = ("English", "Spanish", "French", "German", "Portuguese", "Italian")
LONGEST = 300


@dataclass(frozen=True)
class Field:
    """One thing that can be asked of a conversation; without `choices` the answer is a text."""

    label: str
    holds: Callable[[Moment, str], bool]
    choices: Callable[[Workspace], Choices] | None = None
    verbs: tuple[str, str] = ("is", "is not")
    hint: str = ""
    is_read: bool = False  # known once the assistant has read the message
    is_kept: bool = False  # known of the past, too


def _words(moment: Moment, value: str) -> bool:
    """Any of the words or phrases, wherever a word begins and ends; accents and case do not count."""
    text = _plain(moment.words)
    return any(regex.search(rf"\b{regex.escape(word)}\b", text) for word in _listed(value))


def _listed(value: str) -> list[str]:
    return [word for part in value.split(",") if (word := _plain(part))]


def _plain(text: str) -> str:
    bare = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return " ".join(bare.split())


def _attribute(moment: Moment, value: str) -> bool:
    name, _, wanted = value.partition(":")
    conversation = moment.conversation
    known_of = {**conversation.contact.attributes, **conversation.attributes}
    values = {_plain(key): given for key, given in known_of.items()}
    given = values.get(_plain(name))
    said = {True: "yes", False: "no"}.get(given, given) if isinstance(given, bool) else given
    return given is not None and _plain(wanted) in {_plain(str(said)), _plain(str(given))}


def _is_open(moment: Moment, value: str) -> bool:
    hours = moment.hours(moment.conversation)
    return (hours is None or hours.is_open(moment.at)) == (value == "yes")


def _labelled(moment: Moment, value: str) -> bool:
    return moment.conversation.labels.filter(pk=int(value)).exists()


def _team(moment: Moment, value: str) -> bool:
    return str(moment.conversation.team_id or NONE) == value


def labels_of(workspace: Workspace) -> Choices:
    return [(str(label.pk), label.name) for label in Label.objects.in_workspace(workspace)]


def teams_of(workspace: Workspace) -> Choices:
    return [(str(team.pk), team.name) for team in Team.objects.in_workspace(workspace)]


def _categories(workspace: Workspace) -> Choices:
    return [(name, name.replace("_", " ")) for name in known(workspace)]


def _handlers(_: Workspace) -> Choices:
    return [("bot", "the assistant"), ("queue", "nobody yet"), ("agent", "an agent")]


SAYS = ("says", "does not say")
FIELDS: dict[str, Field] = {
    "words": Field(
        "Message", _words, verbs=SAYS, hint="Words or phrases, with commas between: any of them", is_kept=True
    ),
    "language": Field(
        "Language",
        lambda moment, value: moment.language == value,
        lambda _: list(zip(LANGUAGES, TONGUES, strict=True)),
        is_read=True,
        is_kept=True,
    ),
    "mood": Field(
        "Mood",
        lambda moment, value: moment.mood == value,
        lambda _: [("calm", "calm"), ("unhappy", "unhappy"), ("angry", "angry")],
        is_read=True,
        is_kept=True,
    ),
    "category": Field(
        "Category", lambda moment, value: moment.category == value, _categories, is_read=True, is_kept=True
    ),
    "channel": Field(
        "Channel",
        lambda moment, value: moment.conversation.channel == value,
        lambda _: [(str(value), str(label)) for value, label in Conversation.Channel.choices],
        is_kept=True,
    ),
    "hours": Field("The shop", _is_open, lambda _: [("yes", "open (business hours)"), ("no", "closed")], is_kept=True),
    "label": Field("Conversation", _labelled, labels_of, verbs=("has the label", "has not the label")),
    "priority": Field(
        "Priority",
        lambda moment, value: moment.conversation.priority == value,
        lambda _: [(str(value), str(label)) for value, label in Conversation.Priority.choices],
    ),
    "team": Field("Team", _team, lambda workspace: [(NONE, "none"), *teams_of(workspace)]),
    "handler": Field("Who has it", lambda moment, value: moment.conversation.handler == value, _handlers),
    "verified": Field(
        "Customer",
        lambda moment, value: moment.conversation.contact.is_verified == (value == "yes"),
        lambda _: [("yes", "verified by your site"), ("no", "not known to your site")],
    ),
    "attribute": Field("Attribute", _attribute, hint="Name and value, as plan: gold"),
    "page": Field(
        "Page address",
        lambda moment, value: value.casefold() in moment.conversation.contact.page.casefold(),
        verbs=("contains", "does not contain"),
        hint="A part of it, as /checkout",
    ),
}


def holds(condition: Condition, moment: Moment) -> bool:
    """Whether it is so at that moment."""
    name, verb, value = condition
    return FIELDS[name].holds(moment, value) == (verb == IS)


def in_words(condition: Condition, workspace: Workspace) -> str:
    """As people read it; what was deleted meanwhile is said to be."""
    name, verb, value = condition
    field = FIELDS[name]
    shown = dict(field.choices(workspace)).get(value, "(deleted)") if field.choices else f"“{value}”"
    return f"{field.label} {field.verbs[verb == NOT]} {shown}"


def complaint(condition: Condition, workspace: Workspace) -> str:
    """What is wrong with it, for who writes the rule; nothing if it can be asked."""
    name, verb, value = condition
    field = FIELDS.get(name)
    if field is None or verb not in (IS, NOT):
        return "Choose what a condition asks."
    if field.choices:
        return "" if value in dict(field.choices(workspace)) else f"{field.label}: choose one that there is."
    if not value.strip() or len(value) > LONGEST or (name == "words" and not _listed(value)):
        return f"{field.label}: write at most {LONGEST} characters. {field.hint}."
    if name == "attribute" and not all(part.strip() for part in [*value.partition(":")]):
        return f"{field.label}: {field.hint.lower()}."
    return ""
