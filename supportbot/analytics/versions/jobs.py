"""What runs in the background for the page of the models: comparisons, experts that learn, evaluations."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import structlog
from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from supportbot.analytics.models import VersionEvaluation
from supportbot.analytics.routing.rewritten import pieces
from supportbot.analytics.tasks import evaluate as evaluate_version
from supportbot.analytics.versions import evaluating
from supportbot.analytics.versions.views import back, framed
from supportbot.chat import tasks
from supportbot.chat.experts import Checkpoint, Expert, stored_in
from supportbot.chat.models import ComparedReply, Correction, ExpertTraining, Label, VersionComparison
from supportbot.chat.versions import comparing, learning, registry
from supportbot.chat.versions.serving import Refused
from supportbot.workspaces.administration import administered
from supportbot.workspaces.models import User, Workspace

log = structlog.get_logger(__name__)
ON_A_PAGE = 20
YESTERDAY = "yesterday"  # in the place of how many


@dataclass(frozen=True)
class Pair:
    """Both replies to one question, in pieces that say whether the other lacks them."""

    row: ComparedReply
    left_expert: Expert | None
    right_expert: Expert | None

    @property
    def is_same(self) -> bool:
        """Whether both have the same words."""
        return bool(self.row.left["text"] == self.row.right["text"])

    @property
    def correction(self) -> str:
        """What an agent says is right, if an administrator approved it."""
        found = getattr(self.row.generation.message, "correction", None)
        return found.reply if found and found.state == Correction.State.APPROVED else ""

    @cached_property
    def left(self) -> list[tuple[str, bool]]:
        """The left reply."""
        return list(pieces(self.row.left["text"], self.row.right["text"], 0))

    @cached_property
    def right(self) -> list[tuple[str, bool]]:
        """The right reply."""
        return list(pieces(self.row.left["text"], self.row.right["text"], 1))


@require_POST
def compare(request: HttpRequest) -> HttpResponse:
    """Queue a comparison."""
    assert isinstance(request.user, User)
    workspace, count = _workspace(request), request.POST.get("count", "")
    left, right = request.POST.get("left", ""), request.POST.get("right", "")
    day = comparing.yesterday(workspace) if count == YESTERDAY else None
    number = comparing.COUNTS[-1] if day else int(count) if count.isdigit() else 0
    try:
        asked = comparing.ask(workspace=workspace, left=left, right=right, count=number, by=request.user, day=day)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return back(workspace, left=left, right=right, count=count)
    transaction.on_commit(partial(_queue, tasks.compare, asked.pk))
    return redirect("admin:models-comparison", asked.pk)


def comparison(request: HttpRequest, comparison_id: int) -> HttpResponse:
    """What both versions say, side by side; those that differ first."""
    found = _comparison(request, comparison_id)
    known = ("generation__in_reply_to", "generation__message__conversation", "generation__message__correction")
    rows = found.replies.select_related(*known).defer("generation__reading", "generation__routing")
    pairs = sorted(_pairs(found, list(rows)), key=lambda pair: pair.is_same)
    shown = Paginator(pairs, ON_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "comparison": found,
        "page": shown,
        "same": sum(pair.is_same for pair in pairs),
        "moved": sum(pair.row.left["category"] != pair.row.right["category"] for pair in pairs),
        "done": len(pairs),
    }
    return render(request, "analytics/versions/comparison.html", {**framed(request), **context})


def comparison_state(request: HttpRequest, comparison_id: int) -> HttpResponse:
    """How far one is, as a piece of the page."""
    comparing.expire()
    found = _comparison(request, comparison_id)
    return render(request, "analytics/versions/comparison_state.html", {"comparison": found})


@require_POST
def cancel_comparison(request: HttpRequest, comparison_id: int) -> HttpResponse:
    """End one, and keep what it has."""
    comparing.cancel(_comparison(request, comparison_id))
    return redirect("admin:models-comparison", comparison_id)


@require_POST
def learn(request: HttpRequest) -> HttpResponse:
    """Queue an expert that is to learn."""
    assert isinstance(request.user, User)
    workspace, label = _workspace(request), request.POST.get("label", "")
    rows = Label.objects.in_workspace(workspace)
    chosen = get_object_or_404(rows, id=label) if label.isdigit() else None
    category = request.POST.get("category", "").strip()
    try:
        training = learning.start(workspace=workspace, category=category, label=chosen, by=request.user)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return back(workspace, category=category, label=label)
    transaction.on_commit(partial(_queue, tasks.learn, training.pk))
    return back(workspace, "learn")


def training_state(request: HttpRequest, training_id: int) -> HttpResponse:
    """How far one is, as a piece of the page."""
    learning.expire()
    return render(request, "analytics/versions/training.html", {"training": _training(request, training_id)})


@require_POST
def cancel_training(request: HttpRequest, training_id: int) -> HttpResponse:
    """End one; nothing of it stays."""
    assert isinstance(request.user, User)
    training = _training(request, training_id)
    if not learning.cancel(training, by=request.user):
        messages.info(request, "It was over already.")
    return back(training.workspace, "learn")


@require_POST
def evaluate(request: HttpRequest) -> HttpResponse:
    """Queue an evaluation of a version."""
    assert isinstance(request.user, User)
    try:
        asked = evaluating.ask(request.POST.get("version", ""), by=request.user)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("admin:models")
    transaction.on_commit(partial(_queue, evaluate_version, asked.pk))
    return redirect(f"{reverse('admin:models')}#version-{asked.version}")


def evaluation_state(request: HttpRequest, evaluation_id: int) -> HttpResponse:
    """How far one is, as a piece of the page."""
    evaluating.expire()
    found = get_object_or_404(VersionEvaluation, id=evaluation_id)
    return render(request, "analytics/versions/evaluation_state.html", {"evaluation": found})


@require_POST
def cancel_evaluation(request: HttpRequest, evaluation_id: int) -> HttpResponse:
    """End one; nothing of it stays."""
    assert isinstance(request.user, User)
    found = get_object_or_404(VersionEvaluation, id=evaluation_id)
    if not evaluating.cancel(found, by=request.user):
        messages.info(request, "It was over already.")
    return redirect(f"{reverse('admin:models')}#version-{found.version}")


def _pairs(found: VersionComparison, rows: list[ComparedReply]) -> list[Pair]:
    paths = [registry.find(version) for version in (found.left, found.right)]
    stored = [stored_in(path) if path else Checkpoint() for path in paths]
    left, right = (checkpoint.experts(len(checkpoint.cards)) for checkpoint in stored)
    return [Pair(row, _named(left, row.left["expert"]), _named(right, row.right["expert"])) for row in rows]


def _named(experts: list[Expert], number: int | None) -> Expert | None:
    if number is None:
        return None
    return experts[number] if number < len(experts) else Expert(number, f"expert {number}")


def _workspace(request: HttpRequest) -> Workspace:
    found: Workspace = get_object_or_404(administered(request), slug=request.POST.get("workspace", ""))
    return found


def _comparison(request: HttpRequest, comparison_id: int) -> VersionComparison:
    rows = VersionComparison.objects.in_workspaces(administered(request)).select_related("workspace", "asked_by")
    return get_object_or_404(rows, id=comparison_id)


def _training(request: HttpRequest, training_id: int) -> ExpertTraining:
    rows = ExpertTraining.objects.in_workspaces(administered(request)).select_related("workspace", "started_by")
    return get_object_or_404(rows, id=training_id)


def _queue(task: Any, row_id: int) -> None:
    try:
        task.delay(row_id)
    except Exception as error:
        log.warning("not queued", task=task.name, row=row_id, error=repr(error))  # `expire` tells who asked
