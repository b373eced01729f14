"""Canary, promotion and roll-back on real engines: who is answered by which version, and that no reply is dropped."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from django.utils import timezone
from pytest_django import Settings

from inference.engine import Brief, EngineStopped, Params, Turn
from supportbot.chat import assistant, engines
from supportbot.chat.engines import Engines
from supportbot.chat.experts import installed
from supportbot.chat.models import Conversation, Message, Serving
from supportbot.chat.versions import serving
from supportbot.workspaces.models import AuditEntry, User, Workspace

Answered = Callable[[str], list[Message]]
QUESTION = "where is order 10023?"
SLOTS = {"support_hours": "from 8:00 to 20:00"}


def seen() -> int:
    """The decision that a page would show."""
    now = serving.latest()
    return now.pk if now else 0


def version_of(reply: Message) -> str:
    """Which version wrote it."""
    return str(reply.generation.model_version)


def test_promotion_and_roll_back_switch_once_the_worker_has_loaded(
    answered: Answered, first: str, second: str, root: User, workspace: Workspace
) -> None:
    Workspace.objects.create(name="Harbour", slug="harbour")
    assert serving.standing() == first
    serving.promote(second, by=root, seen=0)
    assert version_of(answered(QUESTION)[-1]) == first, "until the other one is loaded"
    assistant.follow()
    assert version_of(answered(f"{QUESTION} Again")[-1]) == second
    assert serving.latest().ready_at and installed().name == "second"
    assert serving.target() == first
    serving.roll_back(by=root, seen=seen())
    assert version_of(answered(f"{QUESTION} Once more")[-1]) == first, "it is still loaded"
    steps = AuditEntry.objects.filter(action__startswith="model.").order_by("id").values_list("action", "workspace")
    assert [action for action, _ in steps] == ["model.promoted"] * 2 + ["model.rolled_back"] * 2
    assert len({place for _, place in steps}) == 2, "each workspace is told"


def test_a_reply_that_is_being_written_is_finished_by_the_version_that_began_it(
    first: str, second: str, root: User
) -> None:
    said = assistant.engines.load(serving.directory())
    stream = said.stream([Turn("customer", QUESTION)], Params(Brief("contact", "opening_hours", "answer"), SLOTS))
    begun = next(stream)
    serving.promote(second, by=root, seen=0)
    assistant.follow()
    assert assistant.engine().info.version == second
    rest = list(stream)
    assert isinstance(begun, str) and rest[-1].finish_reason == "stop"


def test_a_version_that_is_not_wanted_is_closed_once_its_replies_are_over(
    first: str, second: str, root: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "REST", -1.0)
    trial = assistant.engines.load(serving.registry.find(second))
    assistant.follow()
    with pytest.raises(EngineStopped):
        trial.stream([Turn("customer", QUESTION)], Params(Brief("contact", "opening_hours", "answer")))
    assert assistant.engine().info.version == first


def test_a_share_of_new_conversations_goes_to_the_candidate_and_stays_there(
    answered: Answered, first: str, second: str, root: User
) -> None:
    old = answered(QUESTION)[-1].conversation
    serving.set_canary(second, 30, by=root, seen=0)
    assistant.follow()
    given = [serving.version_for(conversation(number)) for number in range(200)]
    assert given == [second if number % 100 < 30 else first for number in range(200)]
    assert serving.version_for(old) == first
    serving.set_canary(second, 60, by=root, seen=seen())
    before = conversation(45, created_at=timezone.now() - timedelta(seconds=0.5))
    Serving.objects.filter(share=60).update(at=timezone.now())
    Serving.objects.filter(share=30).update(at=timezone.now() - timedelta(seconds=1))
    assert serving.version_for(before) == first, "it began when fewer went there"
    assert serving.version_for(conversation(45)) == second
    serving.set_canary(second, 0, by=root, seen=seen())
    assert serving.version_for(conversation(1)) == first


def test_a_canary_answers_and_is_promoted(answered: Answered, first: str, second: str, root: User) -> None:
    serving.set_canary(second, 100, by=root, seen=0)
    assistant.follow()
    assert version_of(answered(QUESTION)[-1]) == second
    serving.promote(second, by=root, seen=seen())
    assert (serving.standing(), serving.candidate()) == (second, "")


def conversation(number: int, **fields: object) -> Conversation:
    """One that was never saved."""
    return Conversation(id=UUID(int=number), **{"created_at": timezone.now(), **fields})


def test_what_cannot_be_done_is_refused_in_words(
    first: str, second: str, models: Path, root: User, workspace: Workspace
) -> None:
    for step, words in (
        (lambda: serving.promote("0123456789ab", by=root, seen=0), "is not here"),
        (lambda: serving.promote(first, by=root, seen=0), "answers already"),
        (lambda: serving.promote(second, by=root, seen=7), "changed this meanwhile"),
        (lambda: serving.set_canary(first, 10, by=root, seen=0), "answers already"),
        (lambda: serving.set_canary(second, 101, by=root, seen=0), "between 0 and 100"),
        (lambda: serving.roll_back(by=root, seen=0), "no earlier version"),
    ):
        with pytest.raises(serving.Refused, match=words):
            step()
    (models / "second" / "triage.json").unlink()
    with pytest.raises(serving.Refused, match="files are missing"):
        serving.promote(second, by=root, seen=0)
    assert not Serving.objects.exists() and not AuditEntry.objects.exists()


def test_a_version_that_breaks_or_goes_leaves_the_one_before_at_work(
    answered: Answered,
    first: str,
    second: str,
    models: Path,
    root: User,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (models / "second" / "tokenizer.model").write_bytes(b"no tokenizer")
    serving.promote(second, by=root, seen=0)
    assistant.follow()
    assert "tokenizer" in serving.latest().problem
    assert version_of(answered(QUESTION)[-1]) == first
    monkeypatch.setattr(assistant, "engines", Engines())  # the worker begins anew
    assistant.follow()
    assert version_of(answered(f"{QUESTION} Again")[-1]) == first
    shutil.rmtree(models / "second")
    assert serving.standing() == first and serving.wanted() == [settings.MODEL_DIR]
