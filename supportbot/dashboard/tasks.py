"""Tasks for agents: a page with a list and a board, the dialog of one task, and what the customer hears of them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from supportbot.actions.models import Task
from supportbot.chat import telling, todo
from supportbot.chat.refusals import Refused
from supportbot.dashboard.desk import Desk
from supportbot.dashboard.task_forms import Asked, TaskForm
from supportbot.dashboard.views import at_desk, seated

UNTOLD = "untold"  # the button by which the customer hears nothing


@at_desk
def page(request: HttpRequest, desk: Desk) -> HttpResponse:
    """The page, with the tasks that its address asks for."""
    return render(request, "dashboard/tasks.html", _listed(request, desk) | {"workspaces": desk.workspaces()})


@at_desk
def listed(request: HttpRequest, desk: Desk) -> HttpResponse:
    """The tasks alone, as a piece of that page."""
    return render(request, "dashboard/tasks_listed.html", _listed(request, desk))


@seated
def new(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Ask for a task, and make it."""
    form = TaskForm(desk, None, request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return _form(request, desk, form, None)
    try:
        todo.add(workspace=desk.workspace, agent=desk.user, plan=form.plan())
    except Refused as refusal:
        return _form(request, desk, form, None, alarm=str(refusal))
    return _done()


@seated
def task(request: HttpRequest, desk: Desk, task: int) -> HttpResponse:
    """One task; posted, what it is to be, and a comment if one was written."""
    found = _task(desk, task)
    form = TaskForm(desk, found, request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return _form(request, desk, form, found)
    sure = "sure" in request.POST
    try:
        todo.change(task_id=found.pk, agent=desk.user, plan=form.plan(), seen=request.POST.get("seen", ""), sure=sure)
        if form.cleaned_data["comment"]:
            todo.comment(task_id=found.pk, agent=desk.user, body=form.cleaned_data["comment"])
    except Refused as refusal:
        return _form(request, desk, form, _task(desk, task), alarm=str(refusal), asks=refusal.code == "waits")
    return _done(found)


@seated
def move(request: HttpRequest, desk: Desk, task: int, status: str) -> HttpResponse:
    """Give a task another status; what still waits for others asks back."""
    found = _task(desk, task)
    if status not in Task.Status.values:
        raise Refused("not_found", "There is no such status.")
    shown = {"desk": desk, "task": found, "status": Task.Status(status)}
    if request.method != "POST":
        return render(request, "dashboard/task_move.html", shown)
    try:
        todo.move(task_id=found.pk, agent=desk.user, status=status, sure="sure" in request.POST)
    except Refused as refusal:
        return render(request, "dashboard/task_move.html", {**shown, "alarm": str(refusal)}, status=422)
    return _done(found)


@seated
def add(request: HttpRequest, desk: Desk, conversation: UUID) -> HttpResponse:
    """A task of a conversation, in one line: the agent's own; opened empty, with all that can be said of it."""
    here = desk.conversation(conversation)
    form = TaskForm(desk, None, request.POST or None, here=here)
    if request.method != "POST" or not form.is_valid():
        return _form(request, desk, form, None)
    try:
        todo.add(workspace=desk.workspace, agent=desk.user, plan=form.plan(), conversation_id=here.id)
    except Refused as refusal:
        return _form(request, desk, form, None, alarm=str(refusal))
    return _done()


@seated
def tell(request: HttpRequest, desk: Desk, conversation: UUID) -> HttpResponse:
    """Propose what the customer hears of tasks that are done; posted, send it, or leave it."""
    here = desk.conversation(conversation)
    shown: dict[str, Any] = {"desk": desk, "here": here, "tasks": todo.to_tell(here.id), "wrong": ""}
    if request.method != "POST":
        return render(request, "dashboard/task_told.html", {**shown, "body": telling.proposal(here)})
    body = request.POST.get("body", "")
    try:
        if UNTOLD in request.POST:
            telling.leave_untold(conversation_id=here.id, agent=desk.user)
        else:
            telling.tell_customer(conversation_id=here.id, agent=desk.user, body=body)
    except Refused as refusal:
        return render(request, "dashboard/task_told.html", {**shown, "body": body, "alarm": str(refusal)}, status=422)
    return _done()


def _task(desk: Desk, task_id: int) -> Task:
    rows = Task.objects.in_workspace(desk.workspace).select_related("owner", "team", "made_by", "conversation__contact")
    if found := rows.filter(pk=task_id).first():
        return found
    raise Refused("not_found", "There is no such task.")


def _listed(request: HttpRequest, desk: Desk) -> dict[str, Any]:
    return {"desk": desk, "asked": Asked(desk, request.GET), "statuses": Task.Status.choices}


def _form(request: HttpRequest, desk: Desk, form: TaskForm, found: Task | None, **more: Any) -> HttpResponse:
    shown: dict[str, Any] = {"desk": desk, "form": form, "task": found, "statuses": Task.Status.choices, **more}
    if found:
        shown["seen"] = todo.version(found)
        shown["entries"] = found.entries.select_related("user")
    return render(request, "dashboard/task.html", shown, status=422 if request.method == "POST" else 200)


def _done(found: Task | None = None) -> HttpResponse:
    """Closes the dialog; where all is done that the customer waits for, the next one asks what they hear."""
    place = found.conversation_id if found else None
    opens = f' data-opens="{place}/told/"' if place and todo.to_tell(place) else ""
    return HttpResponse(f"<p data-done{opens}></p>")
