"""A workspace whose texts a real server translates, as a dictionary tells it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping

import pytest
from django.db import connection
from pytest_django import Settings

from supportbot.chat.models import Message, Translation, Translator
from supportbot.chat.translation import service
from supportbot.workspaces.models import Workspace
from tests.model_server import Exchange, ModelServer, Serve


def speaks(known: Mapping[str, str], reason: str = "stop") -> Serve:
    """Answer a known text with its translation, whole, as a chat model does."""

    def serve(exchange: Exchange) -> None:
        said = {"role": "assistant", "content": known[exchange.body["messages"][-1]["content"]]}
        exchange.status(200, json.dumps({"choices": [{"index": 0, "message": said, "finish_reason": reason}]}))

    return serve


Speak = Callable[..., ModelServer]


@pytest.fixture
def server(settings: Settings) -> Iterator[ModelServer]:
    """Where the translations come from; this installation lets its workspaces ask there."""
    settings.OUTGOING_NETWORKS = ["127.0.0.0/8"]
    with ModelServer([]) as server:
        yield server


@pytest.fixture
def translator(workspace: Workspace, server: ModelServer) -> Translator:
    """The workspace's: its agents read English."""
    own = Translator(workspace=workspace, address=server.address, model="shop/polyglot", language="en")
    own.key = "translation-secret"
    own.save()
    return own


def work() -> None:
    """Do what a worker does with every translation that is due."""
    for row in Translation.objects.exclude(due_at=None):
        service.complete(row.id)


def of(message: Message) -> Translation:
    """The translation of a message, as the database has it."""
    return Translation.objects.get(message=message)


def in_thread(task: Callable[[], object]) -> Callable[[], None]:
    """The task with a database connection that is closed after it."""

    def run() -> None:
        task()
        connection.close()

    return run
