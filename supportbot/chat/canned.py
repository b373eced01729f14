"""Canned responses as an agent gets them in one conversation: with its contact, order and workspace filled in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import F

from supportbot.actions import dialogue
from supportbot.chat import context
from supportbot.chat.models import CannedResponse, Conversation
from supportbot.chat.refusals import Refused
from supportbot.chat.variables import fill, names_in
from supportbot.workspaces.models import User


@dataclass(frozen=True)
class Filled:
    """One of them; `missing` are the variables that this conversation cannot fill."""

    response: CannedResponse
    text: str
    missing: list[str]

    def as_json(self) -> dict[str, Any]:
        """As the inbox lists it."""
        row = self.response
        return {"id": row.id, "code": row.code, "title": row.title, "text": self.text, "missing": self.missing}


def responses(conversation: Conversation, agent: User) -> list[Filled]:
    """All that the agent may use here, by code; their own before everybody's."""
    own_first = F("owner").desc(nulls_last=True)
    found = CannedResponse.objects.in_workspace(conversation.workspace).of(agent).order_by("code", own_first)
    values = values_for(conversation, agent)
    texts = [(response, fill(response.body, values)) for response in found[: CannedResponse.SHOWN]]
    return [Filled(response, text, names_in(text)) for response, text in texts]


def unseen_text(response: CannedResponse, conversation: Conversation, agent: User | None) -> str:
    """The text as it goes out without anybody looking it over; refused where something in it stays open."""
    text = fill(response.body, values_for(conversation, agent, is_looked_over=False))
    if missing := names_in(text):
        known = values_for(conversation, agent).get(missing[0])
        why = "which the customer has not proven to be theirs: send it yourself" if known else "which is not known here"
        raise Refused("unfilled", f"/{response.code} needs {{{{{missing[0]}}}}}, {why}.")
    return text


def values_for(conversation: Conversation, agent: User | None, *, is_looked_over: bool = True) -> dict[str, str]:
    """What each variable says in this conversation; empty where nothing is known.

    A text that no agent looks over says of an order only what its number alone opens, unless the customer proved more.
    """
    order = context.order_named(conversation)
    is_open = order is not None and (is_looked_over or dialogue.has_proven(conversation.id, order.number))
    slots = (order.slots() if is_open else order.public_slots()) if order else {}
    names = ("number", "items", "state", "total", "date")
    return {
        "contact.name": conversation.contact.name,
        "contact.first_name": next(iter(conversation.contact.name.split()), ""),
        "contact.email": conversation.contact.email,
        "agent.name": agent.get_short_name() if agent else "",
        "workspace.name": conversation.workspace.name,
        **{f"order.{name}": slots.get(f"order_{name}", "") for name in names},
    }
