"""A row of every model of a workspace, made from the model's fields, so that a new model needs no line here."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, time
from typing import Any

from django.apps import apps
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import models
from django.utils import timezone

from supportbot.chat.models import Attachment
from supportbot.knowledge.embedding import EmbeddingField
from supportbot.knowledge.models import Article, Collection, Order
from supportbot.workspaces.models import Deletion, ProactiveMessage, User, Workspace
from supportbot.workspaces.sealing import seal
from tests.api.conftest import a_conversation, a_shop

SECRET = "canary"  # stands in every text of a row that another workspace must not see
DIMENSIONS = 384
FORMS = {models.URLField: "https://{}.example/", models.EmailField: "{}@shop.example"}
VALUES: dict[type[models.Field[Any, Any]], Any] = {
    models.BooleanField: True,
    models.BinaryField: SECRET.encode(),
    models.UUIDField: uuid.uuid4,
    models.DateTimeField: timezone.now,
    models.DateField: date(2030, 1, 31),
    models.TimeField: time(9),
    models.DecimalField: 1,
    models.FloatField: 0.5,
    models.JSONField: [],
    EmbeddingField: [0.0] * DIMENSIONS,
    models.IntegerField: 1,
    models.GenericIPAddressField: "192.0.2.1",
}
TOLD = {ProactiveMessage: {"text": "Hello"}, Collection: {"slug": "tides"}, Article: {"slug": "spring-tide"}}
TOLD |= {Order: {"number": "10023"}, Deletion: {"due_at": datetime(2100, 1, 31, tzinfo=UTC)}}
LONG = 60  # characters from which a text is one that people write


def all_models() -> list[type[models.Model]]:
    """Those of the product."""
    return [model for model in apps.get_models() if model.__module__.startswith("supportbot.")]


def path_of(model: type[models.Model]) -> str | None:
    """The lookup from a row to its workspace; None for a model whose rows belong to none."""
    own = "workspace" if any(field.name == "workspace" for field in model._meta.fields) else None
    path: str | None = getattr(model, "workspace_path", own)
    return path


class Rows:
    """A shop with its people, a conversation, and a row of everything else."""

    def __init__(self, slug: str) -> None:
        self.secret = f"{SECRET}-{slug}"
        self.workspace: Workspace = a_shop(slug)
        self.agent, self.admin = (User.objects.get(email=f"{who}@{slug}.example") for who in ("maya", "ada"))
        User.objects.filter(memberships__workspace=self.workspace).update(name=self.secret)
        self.conversation = a_conversation(self.workspace, self.secret)
        self._made: dict[type[models.Model], models.Model] = {}
        for known in (self.workspace, self.agent, self.conversation, self.conversation.contact):
            self._made[type(known)] = known
        for model in all_models():
            if path_of(model):
                self.of(model)
        default_storage.save(self.of(Attachment).path, ContentFile(self.secret.encode()))

    def of(self, model: type[models.Model]) -> Any:
        """The row of a model, which is made when it is first asked for."""
        if model not in self._made:
            found = model._default_manager.filter(**{path_of(model) or "pk": self.workspace if path_of(model) else 0})
            self._made[model] = found.first() or self._make(model)
        return self._made[model]

    def _make(self, model: type[models.Model]) -> models.Model:
        fields = [field for field in model._meta.fields if not field.auto_created]
        filled = {field.name: self._value(field) for field in fields if self._is_filled(field)}
        return model._default_manager.create(**filled | TOLD.get(model, {}))

    def _is_filled(self, field: models.Field[Any, Any]) -> bool:
        if isinstance(field, models.ForeignKey):
            return not field.null or path_of(field.related_model) is not None and field.related_model in self._made
        if isinstance(field, models.CharField | models.TextField) and not field.choices:
            return not field.has_default() and (not field.blank or (field.max_length or LONG) >= LONG)
        return not (field.null or field.has_default() or getattr(field, "auto_now_add", False))

    def _value(self, field: models.Field[Any, Any]) -> Any:
        if isinstance(field, models.ForeignKey):
            return self.workspace if field.related_model is Workspace else self.of(field.related_model)
        if field.choices:
            return next(iter(field.flatchoices))[0]
        if isinstance(field, models.CharField | models.TextField):
            return self._text(field)
        value = next(value for kind, value in VALUES.items() if isinstance(field, kind))
        return value() if callable(value) else value

    def _text(self, field: models.CharField[Any, Any] | models.TextField[Any, Any]) -> str:
        if field.name.startswith("sealed_"):
            return seal(self.secret)
        form = next((form for kind, form in FORMS.items() if isinstance(field, kind)), "{}")
        return form.format(self.secret)[: field.max_length]


def snapshot(workspace: Workspace) -> dict[str, list[str]]:
    """Every value of every row of the workspace, and of its people."""
    rows = {model: path for model in all_models() if (path := path_of(model))}
    rows |= {Workspace: "pk", User: "memberships__workspace"}
    kept = {model: model._default_manager.filter(**{path: workspace.pk}) for model, path in rows.items()}
    return {model.__name__: [repr(row) for row in found.order_by("pk").values()] for model, found in kept.items()}
