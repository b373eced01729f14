"""The page of the models: which versions there are, which one answers, and the steps that change that."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from supportbot.analytics.versions import evaluating, figures, listing
from supportbot.chat.models import ExpertTraining, Label, Serving, VersionComparison
from supportbot.chat.versions import comparing, learning, serving
from supportbot.workspaces.administration import administered, chosen
from supportbot.workspaces.models import User, Workspace

TITLE = "Models"
STEPS_SHOWN, JOBS_SHOWN = 20, 5


def page(request: HttpRequest) -> HttpResponse:
    """All of it."""
    comparing.expire()
    learning.expire()
    evaluating.expire()
    now, shown, workspace = serving.latest(), listing.versions(), chosen(request)
    names = {version.version: version.name for version in shown}
    measured = [version for version in shown if version.evaluated]
    context: dict[str, Any] = {
        "now": now,
        "seen": now.pk if now else 0,
        "standing": serving.standing(),
        "candidate": serving.candidate(),
        "is_loading": bool(now and not now.ready_at and not now.problem),
        "target": serving.target(),
        "versions": shown,
        "names": names,
        "figures": _lines(names),
        "days": figures.DAYS,
        "measured": measured,
        "evaluation": listing.evaluation_rows(measured) if len(measured) > 1 else [],
        "steps": Serving.objects.select_related("by").order_by("-id")[:STEPS_SHOWN],
        "workspaces": administered(request),
        "comparisons": VersionComparison.objects.in_workspaces(administered(request))[:JOBS_SHOWN],
        "trainings": ExpertTraining.objects.in_workspaces(administered(request))[:JOBS_SHOWN],
        "counts": comparing.COUNTS,
        "kept": _kept(request, shown),
        "least": learning.LEAST,
        "workspace": workspace,
        "labels": Label.objects.in_workspace(workspace) if workspace else [],
    }
    return render(request, "analytics/versions/page.html", {**framed(request), **context})


@require_POST
def decide(request: HttpRequest) -> HttpResponse:
    """One step: promote, roll back, or set the canary."""
    assert isinstance(request.user, User)
    version, step, seen = (request.POST.get(name, "") for name in ("version", "step", "seen"))
    given: dict[str, Any] = {"by": request.user, "seen": int(seen) if seen.isdigit() else -1}
    try:
        if step == "promote":
            done = serving.promote(version, **given)
        elif step == "roll_back":
            done = serving.roll_back(**given)
        else:
            share = request.POST.get("share", "")
            if not share.isdigit():
                raise serving.Refused("A share is a whole number from 0 to 100.")
            done = serving.set_canary(version, int(share), **given)
    except serving.Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _told(done))
    return redirect("admin:models")


def framed(request: HttpRequest) -> dict[str, Any]:
    """What every page of the models has."""
    return {**admin.site.each_context(request), "title": TITLE}


def back(workspace: Workspace, anchor: str = "", **kept: str) -> HttpResponse:
    """To the page or a part of it, without an anchor to what is said above it; forms show again what is `kept`."""
    query = urlencode({"workspace": workspace.slug, **kept})
    return redirect(f"{reverse('admin:models')}?{query}{f'#{anchor}' if anchor else ''}")


def _kept(request: HttpRequest, shown: Sequence[listing.Version]) -> dict[str, str]:
    """What the forms show: what was given before, else the standing version beside the latest of the others."""
    standing = serving.standing()
    others = [version.version for version in shown if version.version != standing]
    usual = {"left": standing, "right": others[-1] if others else "", "category": "", "label": "", "count": ""}
    return {name: request.GET.get(name, value) for name, value in usual.items()}


def _told(done: Serving) -> str:
    if done.step == Serving.Step.CANARY:
        return f"Of the conversations that begin from now on, {done.share} % go to version {done.candidate}."
    if done.step == Serving.Step.ENDED:
        return f"The canary has ended: version {done.version} answers everybody."
    return (
        f"Version {done.version} answers from now on. Replies that are being written are finished as they were begun."
    )


def _lines(names: dict[str, str]) -> list[tuple[str, str, figures.Figures]]:
    """Version, name and figures, the one with the most conversations first."""
    found = sorted(figures.by_version().items(), key=lambda pair: -pair[1].count)
    return [(version, names.get(version, ""), one) for version, one in found]
