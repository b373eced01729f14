"""An expert that is to learn from a workspace's words: what it would read, what is refused, and an honest end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from supportbot.chat.models import Contact, Conversation, ExpertTraining, Label, Message
from supportbot.chat.versions import learning
from supportbot.chat.versions.serving import Refused
from supportbot.workspaces.models import AuditEntry, User, Workspace
from training import tickets

REPLY = "Bring it in, Mr Pine, or write to pine@example.com: we mend it."


@pytest.fixture
def label(workspace: Workspace) -> Label:
    """Under which agents answered three customers."""
    label = Label.objects.create(workspace=workspace, name="Repairs")
    contact = Contact.objects.create(workspace=workspace, token_hash="x")
    for number in range(3):
        talk = Conversation.objects.create(workspace=workspace, contact=contact, last_seq=3)
        talk.labels.add(label)
        said = [("customer", f"Mend my kettle no {number}"), ("bot", "One moment."), ("customer", f"Kettle {number}!")]
        for seq, (author, body) in enumerate([*said, ("agent", REPLY), ("agent", "Anything else?")], start=1):
            Message.objects.create(conversation=talk, seq=seq, author=author, body=body)
    return label


def test_it_reads_what_agents_answered_without_what_is_hidden(
    label: Label, workspace: Workspace, tmp_path: Path
) -> None:
    material = learning.Material.of(workspace, "repairs", label)
    material.write(tmp_path / "tickets.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "tickets.jsonl").read_text().splitlines()]
    assert sorted(row["text"] for row in rows) == ["Kettle 0!", "Kettle 1!", "Kettle 2!"]
    assert {row["reply"] for row in rows} == {REPLY.replace("pine@example.com", "[e-mail hidden]")}


def test_too_little_is_refused_with_the_number_that_is_needed(
    label: Label, workspace: Workspace, first: str, maya: User
) -> None:
    assert learning.LEAST == tickets.LEAST
    with pytest.raises(Refused, match="3 different pairs.*0 approved corrections and 3 answers.*At least 50"):
        learning.start(workspace=workspace, category="repairs", label=label, by=maya)
    with pytest.raises(Refused, match="small letters"):
        learning.start(workspace=workspace, category="Gift cards", label=label, by=maya)
    assert not ExpertTraining.objects.exists()


def test_what_training_says_of_its_failure_is_shown(
    label: Label, workspace: Workspace, first: str, maya: User, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learning, "LEAST", 3)
    training = learning.start(workspace=workspace, category="delivery", label=label, by=maya)
    with pytest.raises(Refused, match="is learning already"):
        learning.start(workspace=workspace, category="repairs", label=label, by=maya)
    learning.run(training.pk)  # a process of its own
    training.refresh_from_db()
    assert training.state == ExpertTraining.State.FAILED and "'delivery' exists already" in training.problem
    assert list(models.iterdir()) == []
    again = learning.start(workspace=workspace, category="repairs", label=label, by=maya)
    assert learning.cancel(again, by=maya) and not learning.cancel(again, by=maya)
    learning.run(again.pk)
    again.refresh_from_db()
    assert again.state == ExpertTraining.State.CANCELLED
    told = list(AuditEntry.objects.order_by("id").values_list("action", flat=True))
    assert told == ["model.training_started"] * 2 + ["model.training_cancelled"]


def test_progress_is_what_the_process_prints() -> None:
    assert learning.progress("reading\n") == ("Reading what there is to learn", 0)
    said = "the new expert: 0 of 160\nthe new expert: 80 of 160\n"
    assert learning.progress(said) == ("Learning", 23)
    assert learning.progress(f"{said}all weights, to compare: 80 of 160\n") == ("Training all weights, to compare", 71)
