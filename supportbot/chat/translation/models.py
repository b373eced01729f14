"""What translates for a workspace, and each message's other text. Knows no network and no model of language."""

from __future__ import annotations

from typing import ClassVar

from django.conf.locale import LANG_INFO
from django.db import models
from django.db.models import Q

from supportbot.workspaces.models import Workspace
from supportbot.workspaces.scoping import ScopedQuerySet
from supportbot.workspaces.sealing import seal, unseal

NAMED = {code: info["name"] for code, info in LANG_INFO.items() if len(code) == 2 and "name" in info}
LANGUAGES: list[tuple[str, str]] = sorted({**NAMED, "zh": "Chinese"}.items(), key=lambda language: language[1])


def language_name(code: str) -> str:
    """The language as English names it; a code that nobody knows is its own name."""
    return dict(LANGUAGES).get(code, code)


class Translator(models.Model):
    """What translates for a workspace, both ways. Without a row nothing does."""

    class Kind(models.TextChoices):
        SERVER = "server", "A server that speaks OpenAI's chat protocol"
        FOLDER = "folder", "Marian models of this installation"

    workspace = models.OneToOneField(Workspace, models.CASCADE, related_name="translator")
    language = models.CharField("agents' language", max_length=2, default="en", help_text="What the inbox is read in")
    kind = models.CharField("translates with", max_length=10, choices=Kind, default=Kind.SERVER)
    address = models.CharField(max_length=300, blank=True, help_text="Of the server, as https://host/v1")
    model = models.CharField(max_length=100, blank=True, help_text="The model's name on that server")
    sealed_key = models.TextField(blank=True, editable=False)

    objects = ScopedQuerySet["Translator"].as_manager()

    def __str__(self) -> str:
        return f"{self.workspace}: {language_name(self.language)}"

    @property
    def key(self) -> str:
        """The server's API key, if it has one."""
        return unseal(self.sealed_key) if self.sealed_key else ""

    @key.setter
    def key(self, key: str) -> None:
        self.sealed_key = seal(key) if key else ""


class Translation(models.Model):
    """A message in another language: it stands beside the message, never in its place."""

    class Reader(models.TextChoices):
        CUSTOMER = "customer"
        AGENTS = "agents"

    class State(models.TextChoices):
        WAITING = "waiting", "being translated"
        LATE = "late", "not translated yet; it is tried again"
        DONE = "done", "translated"
        FAILED = "failed", "could not be translated"

    workspace_path: ClassVar[str] = "message__conversation__workspace"

    message = models.OneToOneField("chat.Message", models.CASCADE, related_name="translation")
    reader = models.CharField(max_length=10, choices=Reader, help_text="For whom it is")
    source = models.CharField(max_length=10)
    target = models.CharField(max_length=10)
    text = models.TextField(blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(null=True, blank=True, help_text="When the next attempt may begin; empty is over")

    objects = ScopedQuerySet["Translation"].as_manager()

    class Meta:
        indexes = [models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="due_translations")]

    def __str__(self) -> str:
        return f"{self.source} to {self.target} ({self.state})"
