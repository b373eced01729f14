"""Which schema tells a row of which model, with the query that fetches what the schema names: one for all who tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from django.db.models import Model, QuerySet
from ninja import Schema

from supportbot.actions.models import ActionCall, Task
from supportbot.api import schemas
from supportbot.api.schemas_of_tasks import TaskOut
from supportbot.chat.models import CannedResponse, Contact, Conversation, Message, Rating, Remark
from supportbot.chat.sorting import Label
from supportbot.knowledge.models import Article, Collection, Order
from supportbot.workspaces.models import AuditEntry, Member, Team

M = TypeVar("M", bound=Model)


@dataclass(frozen=True)
class Told:
    """How rows of one model are told."""

    schema: type[Schema]
    joined: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()


TOLD: dict[type[Model], Told] = {
    Member: Told(schemas.MemberOut, ("user",)),
    Team: Told(schemas.TeamOut, (), ("members__user",)),
    Contact: Told(schemas.ContactOut),
    Conversation: Told(schemas.ConversationOut, ("contact", "assignee", "team"), ("labels", "merged")),
    Message: Told(schemas.MessageOut, ("user",), ("attachments",)),
    Remark: Told(schemas.RemarkOut, ("user",), ("mentions__user",)),
    Rating: Told(schemas.RatingOut),
    ActionCall: Told(schemas.ActionCallOut, ("user",)),
    Task: Told(TaskOut, ("owner",), ("waits_for", "steps", "entries__user")),
    Label: Told(schemas.LabelOut),
    CannedResponse: Told(schemas.CannedOut),
    Collection: Told(schemas.CollectionOut),
    Article: Told(schemas.ArticleOut, ("workspace",)),
    Order: Told(schemas.OrderOut),
    AuditEntry: Told(schemas.AuditOut, ("actor",)),
}


def fetched(rows: QuerySet[M]) -> QuerySet[M]:
    """These rows with all that their schema names, in as few queries as it takes."""
    told = TOLD[rows.model]
    rows = rows.select_related(*told.joined) if told.joined else rows
    return rows.prefetch_related(*told.beside)
