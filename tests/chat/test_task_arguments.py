"""Every Celery task, given a row of one workspace and a row that there is not: another workspace stays as it is."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.db import models

from inference.engine import Engine
from supportbot.analytics.models import Upload, VersionEvaluation
from supportbot.api.models import Endpoint
from supportbot.celery import app
from supportbot.channels.models import Mailbox, Thread
from supportbot.chat.models import (
    ArticleDraft,
    Attachment,
    Conversation,
    ExpertTraining,
    Message,
    SuggestionUse,
    TranscriptMail,
    Translation,
    VersionComparison,
    WhatIf,
)
from supportbot.knowledge.models import Import
from supportbot.offboarding.models import Export
from supportbot.workspaces.models import Deletion, Member, Workspace
from tests.isolation.rows import Rows, snapshot

ROWS: dict[str, type[models.Model]] = {
    "message_id": Message,
    "conversation_id": Conversation,
    "translation_id": Translation,
    "attachment_id": Attachment,
    "draft_id": ArticleDraft,
    "suggestion_id": SuggestionUse,
    "member_id": Member,
    "mail_id": TranscriptMail,
    "what_if_id": WhatIf,
    "comparison_id": VersionComparison,
    "training_id": ExpertTraining,
    "evaluation_id": VersionEvaluation,
    "endpoint_id": Endpoint,
    "mailbox_id": Mailbox,
    "thread_id": Thread,
    "import_id": Import,
    "workspace_id": Workspace,
    "upload_id": Upload,
    "export_id": Export,
    "deletion_id": Deletion,
}


def tasks() -> dict[str, tuple[Callable[..., Any], list[inspect.Parameter]]]:
    """The product's tasks, with what each is told."""
    app.loader.import_default_modules()
    own = {name: task.run for name, task in app.tasks.items() if name.startswith("supportbot.")}
    return {name: (run, list(inspect.signature(run).parameters.values())) for name, run in own.items()}


def test_a_task_is_told_of_one_row_so_none_can_be_paired_with_another_workspace() -> None:
    told = [parameters for _, parameters in tasks().values() if parameters]
    assert len(told) > 10
    assert all(len(parameters) == 1 and parameters[0].name in ROWS for parameters in told)


@pytest.mark.parametrize("is_there", [True, False])
def test_no_task_touches_another_workspace(transactional_db: None, bot: Engine, is_there: bool) -> None:
    shop, other = Rows("fennmoor"), Rows("harbour")
    before, own = snapshot(other.workspace), snapshot(shop.workspace)
    for run, (parameter,) in ((run, told) for run, told in tasks().values() if told):
        none = str(uuid4()) if parameter.annotation == "str" else 2**31 - 1
        run(str(shop.of(ROWS[parameter.name]).pk) if is_there else none)
        assert snapshot(other.workspace) == before, run
    assert is_there or snapshot(shop.workspace) == own
