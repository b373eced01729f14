"""What an export has: a file for each kind of row, as the API tells it where it does, else column by column.

A model that is new is written without being named. Secrets are known by the names of their columns.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import BinaryField, Field, Model, Q, QuerySet

from supportbot.actions.models import ActionCall, Task, TaskEntry, TaskStep
from supportbot.analytics.models import Case, Day
from supportbot.api.models import StoredAnswer
from supportbot.api.told import TOLD, fetched
from supportbot.billing.models import Subscription
from supportbot.chat.models import (
    Attachment,
    Browser,
    ComparedReply,
    Contact,
    Conversation,
    Message,
    Remark,
    RoutingDay,
    Rule,
    SignIn,
)
from supportbot.chat.routed import Routed
from supportbot.knowledge.embedding import EmbeddingField
from supportbot.knowledge.models import Article, ImportedFile, IndexedSettings, Passage
from supportbot.offboarding.models import Export
from supportbot.workspaces.models import AuditEntry, Member, Workspace

CHUNK = 500  # rows in memory at once
SECRET = re.compile(r"sealed_.*|.*_hash|token|fingerprint|jti|claim|start|password")
MACHINE = (BinaryField, EmbeddingField)  # made of what else is here
FIRST: tuple[type[Model], ...] = (
    Workspace,
    Member,
    Contact,
    Conversation,
    Message,
    Remark,
    ActionCall,
    Task,
    Rule,
    Article,
)
NAMES: dict[type[Model], str] = {
    Workspace: "settings",
    Remark: "notes",
    AuditEntry: "audit_log",
    Case: "analytics",
    Attachment: "files",
    Subscription: "plan",
}
LEFT_OUT: dict[type[Model], str] = {
    Browser: "opens conversations",
    SignIn: "opens conversations",
    StoredAnswer: "a day's answers to repeated requests",
    TaskStep: "stands in tasks",
    TaskEntry: "stands in tasks",
    Day: "analytics, packed",
    Passage: "made of articles",
    IndexedSettings: "made of settings",
    ImportedFile: "an import that is under way",
    ComparedReply: "replies of trials that nobody got",
    Routed: "made of replies",
    RoutingDay: "sums that machines read",
    Export: "this archive",
}
ORDER: dict[type[Model], tuple[str, str]] = {
    Message: ("conversation_id", "seq"),
    Remark: ("conversation_id", "number"),
}


@dataclass(frozen=True)
class Kind:
    """The rows of one model."""

    model: type[Model]

    @property
    def name(self) -> str:
        """Of the file."""
        known = NAMES.get(self.model) or str(self.model._meta.verbose_name_plural).lower()
        return re.sub(r"\W+", "_", known)

    @property
    def about(self) -> str:
        """What a row is."""
        return (self.model.__doc__ or "").splitlines()[0]

    def fields(self) -> dict[str, str]:
        """Each name in a row, with what it means where the name does not say it."""
        if told := TOLD.get(self.model):
            return {name: field.description or "" for name, field in told.schema.model_fields.items()}
        many = [field.name for field in self.model._meta.many_to_many]
        return {field.attname: str(field.help_text) for field in self._columns()} | dict.fromkeys(many, "Numbers")

    def rows(self, workspace: Workspace) -> QuerySet[Any]:
        """Those of a workspace."""
        rows = self.model._base_manager.filter(**{path_of(self.model) or "pk": workspace.pk})
        return fetched(rows) if self.model in TOLD else rows

    def chunks(self, workspace: Workspace) -> Iterator[Sequence[Any]]:
        """All of them, some at a time, in an order in which each chunk is found by an index."""
        keys, behind = ORDER.get(self.model, ("pk",)), Q()
        rows = self.rows(workspace).order_by(*keys)
        many = [field.name for field in self.model._meta.many_to_many] if self.model not in TOLD else []
        while found := list(rows.filter(behind).prefetch_related(*many)[:CHUNK]):
            yield found
            behind = _behind(keys, [getattr(found[-1], key) for key in keys])

    def line(self, row: Any) -> bytes:
        """A row as one line of JSON."""
        if told := TOLD.get(self.model):
            return f"{told.schema.from_orm(row).model_dump_json()}\n".encode()
        said = {field.attname: field.value_from_object(row) for field in self._columns()}
        said |= {field.name: [other.pk for other in getattr(row, field.name).all()] for field in row._meta.many_to_many}
        return f"{json.dumps(said, cls=DjangoJSONEncoder, ensure_ascii=False)}\n".encode()

    def _columns(self) -> list[Field[Any, Any]]:
        fields = self.model._meta.concrete_fields
        return [field for field in fields if not (SECRET.fullmatch(field.name) or isinstance(field, MACHINE))]


def all_kinds() -> list[Kind]:
    """Those that somebody asks for first, then the others by name."""
    of_workspaces = {model for model in apps.get_models() if path_of(model)}
    others = sorted(map(Kind, of_workspaces.difference(FIRST, LEFT_OUT)), key=lambda kind: kind.name)
    return [*map(Kind, FIRST), *others]


def path_of(model: type[Model]) -> str | None:
    """The lookup from a row to its workspace; None for a model whose rows belong to none."""
    own = "workspace" if any(field.name == "workspace" for field in model._meta.fields) else None
    path: str | None = getattr(model, "workspace_path", own)
    return path


def _behind(keys: Sequence[str], last: Sequence[Any]) -> Q:
    found = Q()
    for at, key in enumerate(keys):
        found |= Q(**dict(zip(keys[:at], last[:at], strict=True)), **{f"{key}__gt": last[at]})
    return found
