"""What an administrator writes a rule in: to and from the browser, with each complaint beside what it is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any, Self

from django.http import QueryDict
from django.utils import timezone

from supportbot.chat.models import Rule
from supportbot.chat.rules import actions, conditions
from supportbot.chat.rules.actions import DEEDS
from supportbot.chat.rules.conditions import FIELDS, IS, NOT, Choices
from supportbot.chat.rules.examples import Example
from supportbot.chat.storable import storable
from supportbot.workspaces.models import Workspace

UNITS = {"minutes": 1, "hours": 60, "days": 24 * 60}
MOST_ROWS = 20


@dataclass
class Row:
    """A condition or an action as the page shows it."""

    name: str
    value: str = ""
    verb: str = IS
    error: str = ""


@dataclass(frozen=True)
class Part:
    """What the page needs to know of one field or deed."""

    name: str
    label: str
    verbs: tuple[tuple[str, str], ...]
    choices: Choices | None
    kind: str
    hint: str


@dataclass
class RuleForm:
    """A rule on its way to the database."""

    workspace: Workspace
    rule: Rule
    name: str = ""
    event: str = Rule.Event.MESSAGE
    amount: str = ""
    unit: str = "hours"
    conditions: list[Row] = field(default_factory=list)
    actions: list[Row] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, rule: Rule) -> Self:
        """A rule as it stands."""
        form = cls(rule.workspace, rule, rule.name, rule.event or Rule.Event.MESSAGE)
        form._fill(rule.conditions, rule.actions, rule.minutes)
        return form

    @classmethod
    def like(cls, example: Example, workspace: Workspace) -> Self:
        """A new rule that begins as an example."""
        form = cls(workspace, Rule(workspace=workspace), example.name, example.event)
        form._fill(example.conditions, example.actions, example.minutes)
        return form

    @classmethod
    def sent(cls, rule: Rule, posted: QueryDict) -> Self:
        """What was filled in; whatever is wrong is said and kept."""
        form = cls(rule.workspace, rule, " ".join(_text(posted, "name").split()), _text(posted, "event"))
        form.amount, form.unit = _text(posted, "amount").strip(), _text(posted, "unit") or "hours"
        asked = (posted.getlist(f"condition-{name}")[:MOST_ROWS] for name in ("name", "verb", "value"))
        form.conditions = [Row(name, storable(value), verb) for name, verb, value in zip_longest(*asked, fillvalue="")]
        done = (posted.getlist(f"action-{name}")[:MOST_ROWS] for name in ("name", "value"))
        form.actions = [Row(name, storable(value)) for name, value in zip_longest(*done, fillvalue="")]
        form._check()
        return form

    def save(self) -> list[str]:
        """Keep it; the names of the fields that have changed."""
        new = {
            "name": self.name,
            "event": self.event,
            "minutes": self._minutes() if self.event in Rule.TIMED else None,
            "conditions": [[row.name, row.verb, row.value] for row in self.conditions],
            "actions": [[row.name, row.value] for row in self.actions],
        }
        changed = [name for name, value in new.items() if getattr(self.rule, name) != value]
        for name, value in new.items():
            setattr(self.rule, name, value)
        if self.rule.pk is None:
            last = Rule.objects.in_workspace(self.workspace).order_by("position").last()
            self.rule.position = last.position + 1 if last else 1
        if changed and self.rule.on_since:
            self.rule.on_since = timezone.now()  # what it would have touched before, nobody has looked at
        self.rule.save()
        return changed

    def parts(self) -> Mapping[str, Any]:
        """All that can be asked and done, for the page."""
        return {
            "condition": [
                Part(
                    name,
                    one.label,
                    tuple(zip((IS, NOT), one.verbs, strict=True)),
                    one.choices(self.workspace) if one.choices else None,
                    "text",
                    one.hint,
                )
                for name, one in FIELDS.items()
            ],
            "action": [
                Part(name, one.label, (), one.choices(self.workspace) if one.choices else None, one.kind, one.hint)
                for name, one in DEEDS.items()
            ],
        }

    def _fill(self, asked: list[list[str]], done: list[list[str]], minutes: int | None) -> None:
        self.conditions = [Row(name, value, verb) for name, verb, value in asked]
        self.actions = [Row(name, value) for name, value in done]
        if minutes:
            self.unit = next(unit for unit in reversed(UNITS) if minutes % UNITS[unit] == 0)
            self.amount = str(minutes // UNITS[self.unit])

    def _minutes(self) -> int:
        return int(self.amount) * UNITS[self.unit] if self.amount.isdecimal() and len(self.amount) < 7 else 0

    def _check(self) -> None:
        others = Rule.objects.in_workspace(self.workspace).exclude(pk=self.rule.pk)
        if not 0 < len(self.name) <= 80:
            self.errors["name"] = "Give it a name of at most 80 characters."
        elif others.filter(name=self.name).exists():
            self.errors["name"] = "There is a rule of this name."
        if self.event not in Rule.Event.values:
            self.errors["event"] = "Choose when it runs."
        if self.unit not in UNITS:
            self.unit = "hours"
        if self.event in Rule.TIMED and not 0 < self._minutes() <= Rule.LONGEST:
            self.errors["amount"] = "Write a whole number, of 30 days at most."
        if not self.actions:
            self.errors["actions"] = "Add at least one thing that it does."
        if self.rule.pk is None and others.count() >= Rule.MOST:
            self.errors["name"] = f"A workspace has {Rule.MOST} rules at most."
        self._check_rows()

    def _check_rows(self) -> None:
        for row in self.conditions:
            row.error = conditions.complaint([row.name, row.verb, row.value], self.workspace)
        for row in self.actions:
            row.error = actions.complaint([row.name, row.value], self.workspace)
        if any(row.error for row in [*self.conditions, *self.actions]):
            self.errors["rows"] = "Look at what is marked below."


def _text(posted: QueryDict, name: str) -> str:
    return storable(str(posted.get(name, "")))
