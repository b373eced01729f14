"""Two versions answer real questions once more; nobody is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from supportbot.chat import assistant, rewriting
from supportbot.chat.models import Generation, Message, VersionComparison
from supportbot.chat.versions import comparing
from supportbot.chat.versions.serving import Refused
from supportbot.workspaces.models import User, Workspace

Answered = Callable[[str], list[Message]]


def run(comparison: VersionComparison) -> VersionComparison:
    """As a worker does."""
    comparing.run(comparison.pk, assistant.engines.borrowed, rewriting.answer_again)
    comparison.refresh_from_db()
    return comparison


def test_both_answer_the_latest_questions_from_the_same_facts(
    answered: Answered, first: str, second: str, workspace: Workspace, maya: User
) -> None:
    answered("when do you open?")
    *_, reply = answered("where is order 10023?")
    asked = comparing.ask(workspace=workspace, left=first, right=second, count=20, by=maya)
    with pytest.raises(Refused, match="being compared already"):
        comparing.ask(workspace=workspace, left=first, right=second, count=20, by=maya)
    done = run(asked)
    assert (done.state, done.total) == (VersionComparison.State.DONE, 2)
    row = done.replies.get(generation=reply.generation)
    assert row.left["text"] == row.right["text"] == reply.body
    assert row.left["category"] == "delivery" and row.left["expert"] in range(4) and row.left["sure"] < 0
    assert list(reply.conversation.messages.order_by("seq"))[-1] == reply  # nobody was told
    run(asked)
    assert done.replies.count() == 2, "a second delivery of the task does nothing"

    yesterday: dict[str, Any] = {"workspace": workspace, "left": first, "right": second, "count": 200, "by": maya}
    yesterday["day"] = comparing.yesterday(workspace)
    with pytest.raises(Refused, match="wrote no reply in .* on "):
        comparing.ask(**yesterday)
    Generation.objects.filter(pk=reply.generation.pk).update(created_at=timezone.now() - timedelta(days=1))
    assert comparing.ask(**yesterday).total == 1


def test_what_cannot_be_compared_is_refused_and_what_is_cancelled_ends(
    answered: Answered, first: str, second: str, workspace: Workspace, maya: User
) -> None:
    for left, right, count, words in (
        (first, second, 20, "wrote no reply"),
        (first, first, 20, "two different"),
        (first, "0123456789ab", 20, "that are listed"),
        (first, second, 7, "how many"),
    ):
        with pytest.raises(Refused, match=words):
            comparing.ask(workspace=workspace, left=left, right=right, count=count, by=maya)
    answered("when do you open?")
    asked = comparing.ask(workspace=workspace, left=first, right=second, count=20, by=maya)
    assert comparing.cancel(asked) and not comparing.cancel(asked)
    assert run(asked).state == VersionComparison.State.CANCELLED and not asked.replies.exists()
