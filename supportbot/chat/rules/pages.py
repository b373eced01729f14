"""The administrator's pages of rules: the list in its order, the form, and what a rule would have touched."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from supportbot.chat.models import Rule
from supportbot.chat.rules import actions, conditions
from supportbot.chat.rules.examples import EXAMPLES
from supportbot.chat.rules.form import UNITS, RuleForm
from supportbot.chat.rules.trying import DAYS, MOST, SHOWN, attempt
from supportbot.workspaces.administration import administered, chosen
from supportbot.workspaces.models import AuditEntry, User, Workspace

WAYS = {"up": -1, "down": 1}


def overview(request: HttpRequest) -> HttpResponse:
    """All rules of a workspace, in the order in which they run."""
    workspaces, workspace = administered(request), chosen(request)
    rules = Rule.objects.in_workspace(workspace).select_related("workspace") if workspace else Rule.objects.none()
    described = [(rule, *in_words(rule)) for rule in rules]
    context = {"workspaces": workspaces, "workspace": workspace, "rules": described, "examples": EXAMPLES}
    return _page(request, "overview", "Rules", context)


def new(request: HttpRequest) -> HttpResponse:
    """A rule that is not there yet, empty or as an example has it."""
    workspace = chosen(request)
    if workspace is None:
        raise Http404("There is no workspace.")
    example = EXAMPLES.get(request.GET.get("example", ""))
    empty = RuleForm.like(example, workspace) if example else RuleForm.of(Rule(workspace=workspace))
    return _form(request, empty, "New rule")


def edit(request: HttpRequest, rule_id: int) -> HttpResponse:
    """A rule as it stands."""
    rule = _found(request, rule_id)
    return _form(request, RuleForm.of(rule), rule.name)


def trial(request: HttpRequest, rule_id: int) -> HttpResponse:
    """What it would have touched in the last days."""
    rule = _found(request, rule_id)
    when, asked, done = in_words(rule)
    facts = {"days": DAYS, "most": MOST, "shown": SHOWN, "when": when, "asked": asked, "done": done}
    return _page(
        request, "trial", f"{rule.name}: the last {DAYS} days", {"rule": rule, "trial": attempt(rule), **facts}
    )


@require_POST
def change(request: HttpRequest, rule_id: int) -> HttpResponse:
    """Switch it on or off, move it, or delete it."""
    rule, what = _found(request, rule_id), request.POST.get("what", "")
    if what in ("on", "off"):
        rule.on_since = timezone.now() if what == "on" else None
        rule.save(update_fields=["on_since"])
        _audit(request, rule, f"switched_{what}")
        messages.success(request, f"{rule.name} is {what}.")
    elif what in WAYS:
        _move(rule, WAYS[what])
        _audit(request, rule, "moved")
    elif what == "delete":
        _audit(request, rule, "deleted")
        rule.delete()
        messages.success(request, f"{rule.name} was deleted. Its runs stay in the log.")
    return redirect(_address(rule.workspace))


def in_words(rule: Rule) -> tuple[str, list[str], list[str]]:
    """When it runs, under which conditions, and what it does."""
    form, workspace = RuleForm.of(rule), rule.workspace
    unit = form.unit.removesuffix("s") if form.amount == "1" else form.unit
    when = f"{rule.get_event_display()} {form.amount} {unit}" if rule.is_timed else rule.get_event_display()
    asked = [conditions.in_words(one, workspace) for one in rule.conditions]
    return when, asked, [actions.in_words(one, workspace) for one in rule.actions]


def _form(request: HttpRequest, form: RuleForm, title: str) -> HttpResponse:
    if request.method == "POST":
        is_new = form.rule.pk is None
        form = RuleForm.sent(form.rule, request.POST)
        if not form.errors:
            changed = form.save()
            if changed:
                _audit(request, form.rule, "added" if is_new else "changed", changes=changed)
            messages.success(request, f"{form.rule} was saved." if changed else "Nothing was changed.")
            if "try" in request.POST:
                return redirect("admin:rule-trial", form.rule.pk)
            return redirect(_address(form.workspace))
    context = {"form": form, "rule": form.rule, "workspace": form.workspace, "parts": form.parts(), "units": UNITS}
    context |= {"events": Rule.Event.choices, "timed": Rule.TIMED}
    return _page(request, "form", title, context)


@transaction.atomic
def _move(rule: Rule, way: int) -> None:
    """Past its neighbour; positions are counted anew, so that each is there once."""
    rules = list(Rule.objects.in_workspace(rule.workspace).select_for_update())
    place = rules.index(rule)
    rules.insert(max(0, place + way), rules.pop(place))
    for position, one in enumerate(rules, 1):
        one.position = position
    Rule.objects.bulk_update(rules, ["position"])


def _found(request: HttpRequest, rule_id: int) -> Rule:
    assert isinstance(request.user, User)
    mine = Rule.objects.in_workspaces(request.user.administers()).select_related("workspace")
    return get_object_or_404(mine, pk=rule_id)


def _address(workspace: Workspace) -> str:
    return f"{reverse('admin:rules')}?workspace={workspace.slug}"


def _audit(request: HttpRequest, rule: Rule, done: str, **details: object) -> None:
    assert isinstance(request.user, User)
    where = {"workspace": rule.workspace, "target": rule.name}
    AuditEntry.objects.create(**where, actor=request.user, action=f"rule.{done}", details=details)


def _page(request: HttpRequest, name: str, title: str, context: dict[str, Any]) -> HttpResponse:
    return render(
        request, f"admin/chat/rule/{name}.html", {**admin.site.each_context(request), **context, "title": title}
    )
