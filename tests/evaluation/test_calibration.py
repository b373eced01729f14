"""`manage.py calibrate`: thresholds from what a workspace's customers said of answers."""

from __future__ import annotations

from io import StringIO
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command

from supportbot.chat.models import Conversation, Generation, Message, Rating
from supportbot.chat.visitors import Visitor
from supportbot.workspaces.models import Workspace

pytestmark = pytest.mark.django_db
Verdict = Message.Verdict


@pytest.fixture
def workspace() -> Workspace:
    return Workspace.objects.create(name="Otters", slug="otters")


def answer(workspace: Workspace, *, sureness: float, reason: str = "found", verdict: str = "asked") -> Conversation:
    """A conversation with one answer, as the assistant saves it."""
    conversation = Visitor(workspace, uuid4().hex).begin()
    asked = conversation.messages.create(seq=101, author=Message.Author.CUSTOMER, body="how?")
    confidence = sureness if reason == "known" else 0.2
    said = conversation.messages.create(
        seq=102, author=Message.Author.BOT, body="so", verdict=verdict, confidence=confidence
    )
    Generation.objects.create(
        in_reply_to=asked,
        message=said,
        act="answer",
        reason=reason,
        quoted=reason == "found",
        sureness=sureness if reason == "found" else None,
    )
    return conversation


def calibrate(*options: str) -> str:
    out = StringIO()
    call_command("calibrate", "otters", *options, stdout=out)
    return out.getvalue()


def test_the_lowest_threshold_that_keeps_the_risk_is_proposed(workspace: Workspace) -> None:
    for number in range(40):
        answer(workspace, sureness=0.82, verdict=Verdict.HELPED if number % 20 else Verdict.DID_NOT_HELP)
        answer(workspace, sureness=0.42, verdict=Verdict.HELPED if number % 2 else Verdict.DID_NOT_HELP)
    said = calibrate("--risk", "0.1")
    assert "passages that were quoted: 80 judged" in said
    assert "from 0.40  coverage 100.0%  risk 27.5%" in said and "from 0.35" not in said
    assert "from 0.45  coverage  50.0%  risk 5.0%" in said
    assert "quote_from 0.45 keeps a risk of 10% (now the default)" in said
    assert "quote_from 0.40 keeps a risk of 30%" in calibrate("--risk", "0.3")


def test_too_few_judged_answers_propose_nothing(workspace: Workspace) -> None:
    Workspace.objects.update(hand_off_below=0.6)
    for _ in range(19):
        answer(workspace, sureness=0.9, reason="known", verdict=Verdict.HELPED)
    answer(workspace, sureness=0.9, reason="known")
    said = calibrate()
    assert "answers that the model was trained for: 19 judged" in said
    assert "No threshold keeps a risk of 10% on 20 judged answers; hand_off_below stays at 0.6." in said


def test_a_rating_speaks_for_answers_without_a_verdict_of_their_own(workspace: Workspace) -> None:
    for score in (5, 4, 3, 1):
        conversation = answer(workspace, sureness=0.9)
        Rating.objects.create(conversation=conversation, score=score, of=Rating.Of.BOT)
    Rating.objects.create(conversation=answer(workspace, sureness=0.9), score=1, of=Rating.Of.PEOPLE)
    judged = answer(workspace, sureness=0.9, verdict=Verdict.HELPED)
    Rating.objects.create(conversation=judged, score=1, of=Rating.Of.BOT)
    assert "passages that were quoted: 4 judged" in (said := calibrate())
    assert "risk 25.0%" in said


def test_answers_of_another_workspace_do_not_count(workspace: Workspace) -> None:
    answer(Workspace.objects.create(name="Owls", slug="owls"), sureness=0.9, verdict=Verdict.HELPED)
    assert "passages that were quoted: 0 judged" in calibrate()


def test_what_cannot_be_is_said(workspace: Workspace) -> None:
    with pytest.raises(CommandError, match="no workspace 'nobody'"):
        call_command("calibrate", "nobody")
    with pytest.raises(CommandError, match="share between 0 and 1"):
        call_command("calibrate", "otters", "--risk", "10")
