"""What agents fill in of a task, and which tasks the address of the page asks for."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django import forms
from django.db.models import F, Q, QuerySet
from django.http import QueryDict

from supportbot.actions.models import Task
from supportbot.actions.todo import TEXT_LIMIT, TITLE_LIMIT
from supportbot.chat import todo
from supportbot.chat.models import Conversation
from supportbot.dashboard.desk import Desk
from supportbot.workspaces.models import Member, Team

LOCAL = "%Y-%m-%dT%H:%M"  # as a field of day and time has it
ENDED_SHOWN, SHOWN = 20, 300


class TaskForm(forms.Form):
    """One task. Its due time is of the zone that the browser names, else of the workspace's."""

    title = forms.CharField(max_length=TITLE_LIMIT)
    text = forms.CharField(max_length=TEXT_LIMIT, required=False)
    status = forms.ChoiceField(choices=Task.Status.choices, required=False)
    owner = forms.ChoiceField(required=False)
    team = forms.ChoiceField(required=False)
    due = forms.DateTimeField(input_formats=[LOCAL], required=False)
    zone = forms.CharField(required=False, max_length=60)
    tells = forms.BooleanField(required=False)
    waits_for = forms.TypedMultipleChoiceField(coerce=int, required=False)
    new_steps = forms.CharField(required=False, max_length=TEXT_LIMIT)
    comment = forms.CharField(required=False, max_length=TEXT_LIMIT)

    def __init__(
        self, desk: Desk, task: Task | None, data: QueryDict | None, *, here: Conversation | None = None
    ) -> None:
        super().__init__(data, initial=_initial(desk, task), label_suffix="")
        self.desk, self.task = desk, task
        self.conversation = task.conversation if task else here
        teams = [(str(team.pk), team.name) for team in Team.objects.in_workspace(desk.workspace)]
        self._choose("owner", [("", "Nobody"), *people_of(desk)])
        self._choose("team", [("", "None"), *teams])
        self._choose("waits_for", [(one.pk, str(one)) for one in self._blockers()])

    def _choose(self, name: str, choices: list[tuple[Any, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def _blockers(self) -> list[Task]:
        offered = todo.can_wait_for(self.task or Task(workspace=self.desk.workspace, conversation=self.conversation))
        known = list(self.task.waits_for.all()) if self.task else []
        return [*known, *(one for one in offered if one not in known)]

    def clean_zone(self) -> ZoneInfo:
        """One that there is."""
        zone = self.cleaned_data["zone"]
        return ZoneInfo(zone) if zone in available_timezones() else self.desk.workspace.zone

    @property
    def waiting(self) -> list[tuple[Any, str, bool]]:
        """Each task that it may wait for, and whether it does."""
        chosen = {str(one) for one in self["waits_for"].value() or ()}
        return [(pk, title, str(pk) in chosen) for pk, title in self.fields["waits_for"].choices]  # type: ignore[attr-defined]

    @property
    def steps(self) -> list[tuple[int, str, bool]]:
        """The checklist, as it was typed if it was."""
        known = list(self.task.steps.all()) if self.task else []
        if not self.is_bound:
            return [(step.pk, step.text, step.is_done) for step in known]
        assert isinstance(self.data, QueryDict)
        done = set(self.data.getlist("step_done"))
        return [(step.pk, self.data.get(f"step-{step.pk}", ""), str(step.pk) in done) for step in known]

    def plan(self) -> todo.Plan:
        """What was filled in; of what the one line leaves out, as it is, and the agent's own."""
        given = self.cleaned_data
        due = given["due"]
        return todo.Plan(
            title=given["title"],
            text=given["text"],
            status=given["status"] or (self.task.status if self.task else Task.Status.OPEN),
            owner=self.desk.user.pk if "owner" not in self.data else int(given["owner"] or 0) or None,
            team=int(given["team"] or 0) or None,
            due_at=datetime.combine(due.date(), due.time(), given["zone"]) if due else None,
            tells=given["tells"],
            waits_for=given["waits_for"],
            steps=[*self.steps, *((None, line, False) for line in given["new_steps"].splitlines())],
        )


def _initial(desk: Desk, task: Task | None) -> dict[str, Any]:
    zone = desk.workspace.zone
    if task is None:
        return {"owner": desk.user.pk, "zone": str(zone), "waits_for": []}
    due = task.due_at.astimezone(zone).strftime(LOCAL) if task.due_at else ""
    return {
        **{name: getattr(task, name) for name in ("title", "text", "status")},
        **{"owner": task.owner_id or "", "team": task.team_id or "", "due": due, "zone": str(zone)},
        "tells": task.tell != Task.Tell.NO,
        "waits_for": list(task.waits_for.values_list("pk", flat=True)),
    }


class Asked:
    """The tasks that an address asks for; what it says wrongly is not asked."""

    WHOSE = (("mine", "Mine"), ("teams", "My teams’"), ("all", "All"), ("overdue", "Overdue"))
    SORTS = (("due", "Due first"), ("newest", "Newest first"), ("title", "By title"))
    SHAPES = (("list", "List"), ("board", "Board"))

    def __init__(self, desk: Desk, query: QueryDict) -> None:
        self.desk = desk
        self.whose, self.sort, self.shape = (
            _of(query.get(name, ""), offered)
            for name, offered in (("whose", self.WHOSE), ("sort", self.SORTS), ("shape", self.SHAPES))
        )
        self.status = query.get("status", "") if query.get("status", "") in Task.Status.values else ""
        self.owner, self.team = _number(query.get("owner", "")), _number(query.get("team", ""))
        self.q = query.get("q", "").replace("\x00", "").strip()[:100]

    @property
    def is_narrowed(self) -> bool:
        """Whether more than whose they are was asked."""
        return bool(self.status or self.owner or self.team or self.q)

    @cached_property
    def tasks(self) -> list[Task]:
        """For the list: what is to be done, or what has the status that was asked for."""
        rows = self._rows.filter(status=self.status) if self.status else self._rows.alive()
        return list(self._sorted(rows)[:SHOWN])

    @cached_property
    def columns(self) -> list[tuple[str, str, list[Task]]]:
        """For the board: of each status its tasks, of what has ended the latest."""
        alive = list(self._sorted(self._rows.alive())[:SHOWN])
        ended = {
            status: list(self._rows.filter(status=status).order_by("-ended_at")[:ENDED_SHOWN])
            for status in (Task.Status.DONE, Task.Status.DROPPED)
        }
        lists = {status: ended.get(status) or [one for one in alive if one.status == status] for status in Task.Status}
        return [(status.value, str(status.label), lists[status]) for status in Task.Status]

    @property
    def counts(self) -> list[tuple[str, str, int]]:
        """Of each choice of whose, how many there are to do."""
        rows = Task.objects.in_workspace(self.desk.workspace).alive()
        return [(name, title, rows.filter(self._condition(name)).distinct().count()) for name, title in self.WHOSE]

    @property
    def people(self) -> list[tuple[int, str]]:
        """Who may have tasks."""
        return people_of(self.desk)

    @property
    def teams(self) -> QuerySet[Team]:
        """The workspace's."""
        return Team.objects.in_workspace(self.desk.workspace)

    @property
    def _rows(self) -> Any:
        named = {name: value for name in ("owner", "team") if (value := getattr(self, name))}
        rows = Task.objects.in_workspace(self.desk.workspace).filter(self._condition(self.whose), **named)
        if self.q:
            rows = rows.filter(Q(title__icontains=self.q) | Q(text__icontains=self.q))
        ids = rows.order_by().values("pk")
        found = Task.objects.filter(pk__in=ids).counted()
        return found.select_related("owner", "team", "conversation__contact")

    def _condition(self, whose: str) -> Q:
        own = Q(team__members__user=self.desk.user)
        overdue = Q(pk__in=Task.objects.in_workspace(self.desk.workspace).overdue().values("pk"))
        return {"mine": Q(owner=self.desk.user), "teams": own, "all": Q(), "overdue": overdue}[whose]

    def _sorted(self, rows: Any) -> Any:
        by = {"due": F("due_at").asc(nulls_last=True), "newest": "-created_at", "title": "title"}
        return rows.order_by(by[self.sort], "-pk")


def people_of(desk: Desk) -> list[tuple[int, str]]:
    """Who may have tasks, by name."""
    members = Member.objects.in_workspace(desk.workspace).working().select_related("user")
    return sorted(((one.user_id, str(one.user)) for one in members), key=lambda one: one[1].casefold())


def _of(value: str, offered: tuple[tuple[str, str], ...]) -> str:
    return value if value in dict(offered) else offered[0][0]


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 10 else None
