"""The experts of the installed checkpoint in one workspace: who they are, what they do, and switching one off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from supportbot.analytics.routing import watch
from supportbot.analytics.routing.measured import Loss, losses, measured
from supportbot.analytics.routing.overall import Load
from supportbot.analytics.routing.sums import WORDS, Period
from supportbot.analytics.routing.views import page
from supportbot.chat.experts import Checkpoint, Expert, installed
from supportbot.chat.models import Message, Routed
from supportbot.chat.routed import TRACES
from supportbot.workspaces.administration import chosen
from supportbot.workspaces.experts import ExpertSetting, TooFewExperts, describe, switch
from supportbot.workspaces.models import User, Workspace

LATEST = 200  # replies of an expert, among which the examples are
EXAMPLES = 3


class ExpertForm(forms.Form):
    """What people say of an expert."""

    name = forms.CharField(max_length=60, required=False, strip=True)
    owner = forms.ModelChoiceField(User.objects.none(), required=False)
    note = forms.CharField(max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, workspace: Workspace, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        owner: Any = self.fields["owner"]
        owner.queryset = User.objects.filter(memberships__workspace=workspace, is_active=True).order_by("name")
        owner.empty_label = "nobody"


@dataclass(frozen=True)
class Examples:
    """Replies that an expert wrote: the ones that went best, and the ones that went worst."""

    best: list[Message]
    worst: list[Message]

    @classmethod
    def of(cls, workspace: Workspace, number: int) -> Examples:
        """Among the latest: first by whether it helped the customer, then by how sure the model was."""
        rows = Routed.objects.in_workspace(workspace).filter(leader=number).order_by("-generation")
        lines = rows.select_related("generation__message", "generation__in_reply_to").defer(*TRACES)[:LATEST]
        found = sorted((line.generation for line in lines), key=lambda made: _rank(made.message, made.mean_logprob))
        by_text = list({made.message.body: made.message for made in found}.values())  # standing replies once
        best = [one for one in by_text[::-1] if one.verdict != Message.Verdict.DID_NOT_HELP][:EXAMPLES]
        return cls(best, [one for one in by_text if one not in best][:EXAMPLES])


def experts(request: HttpRequest) -> HttpResponse:
    """All of them, with their load and who looks after them."""
    workspace = chosen(request)
    if workspace is None:
        return page(request, "experts", None, {})
    checkpoint = installed(workspace)
    everybody = checkpoint.experts(len(checkpoint.cards))
    lines = [(load, checkpoint.own.get(load.expert.number)) for load in _loads(workspace, checkpoint, everybody)]
    return page(request, "experts", workspace, {"lines": lines, "days": watch.DAYS, "measured": measured(checkpoint)})


def expert(request: HttpRequest, number: int) -> HttpResponse:
    """One expert's card; saves what is said of it, or switches it off or on."""
    workspace = chosen(request)
    checkpoint = installed(workspace)
    if workspace is None or number >= len(checkpoint.cards):
        raise Http404
    if request.GET.get("workspace", workspace.slug) != workspace.slug:
        raise Http404  # nothing is saved for another workspace than the one that was meant
    setting = checkpoint.own.get(number) or ExpertSetting(
        workspace=workspace, version=checkpoint.version, number=number
    )
    said = {"name": setting.name, "owner": setting.owner_id, "note": setting.note}
    is_described = request.method == "POST" and "switch" not in request.POST
    form = ExpertForm(workspace, request.POST if is_described else None, initial=said)
    if request.method == "POST" and (not is_described or form.is_valid()):
        _save(request, setting, checkpoint, form)
        return redirect(f"{reverse('admin:routing-expert', args=[number])}?workspace={workspace.slug}")
    everybody = checkpoint.experts(len(checkpoint.cards))
    return page(request, "expert", workspace, _card(workspace, checkpoint, everybody, number) | {"form": form})


def _card(workspace: Workspace, checkpoint: Checkpoint, everybody: list[Expert], number: int) -> dict[str, Any]:
    words = Period.of(workspace, checkpoint.version, days=watch.DAYS).by_category(WORDS)
    total = sum(one.messages for one in words.values())
    mix = {name: one.messages / total for name, one in words.items()} if total else {}
    lost: list[Loss] = losses(checkpoint, number, mix)
    return {
        "expert": everybody[number],
        "setting": checkpoint.own.get(number),
        "load": _loads(workspace, checkpoint, everybody)[number],
        "losses": lost,
        "biggest": max((loss.rise for loss in lost), default=0.0),
        "mixed": sum(loss.rise * loss.part for loss in lost) if total else None,
        "total": total,
        "examples": Examples.of(workspace, number),
        "days": watch.DAYS,
        "others_off": [one for one in everybody if one.is_off and one.number != number],
        "subtitle": everybody[number].name,
    }


def _save(request: HttpRequest, setting: ExpertSetting, checkpoint: Checkpoint, form: ExpertForm) -> None:
    assert isinstance(request.user, User)
    if "switch" not in request.POST:
        is_changed = describe(setting, by=request.user, **form.cleaned_data)
        messages.success(request, "Saved." if is_changed else "Nothing was changed.")
        return
    off = request.POST["switch"] == "off"
    try:
        switch(setting, off=off, experts=len(checkpoint.cards), needed=checkpoint.needed, by=request.user)
    except TooFewExperts:
        words = f"A token needs {checkpoint.needed} experts, and no more would be left. Switch another one on first."
        messages.error(request, words)
    else:
        state = "is switched off: from the next reply on it writes nothing here." if off else "works again."
        messages.success(request, f"Expert {setting.number} {state}")


def _loads(workspace: Workspace, checkpoint: Checkpoint, everybody: list[Expert]) -> list[Load]:
    period = Period.of(workspace, checkpoint.version, days=watch.DAYS)
    words = sum(one.messages for one in period.by_category(WORDS).values())
    loads, chosen_ = watch.loads(period).tolist(), watch.chosen_of(period).tolist()
    found = {number: (load, count) for number, (load, count) in enumerate(zip(loads, chosen_, strict=True))}
    return [Load(one, *found.get(one.number, (0.0, 0)), words >= watch.LEAST) for one in everybody]


def _rank(message: Message, logprob: float | None) -> tuple[int, float]:
    order = {Message.Verdict.DID_NOT_HELP: 0, Message.Verdict.HELPED: 2}
    return order.get(Message.Verdict(message.verdict), 1) if message.verdict else 1, logprob or 0.0
