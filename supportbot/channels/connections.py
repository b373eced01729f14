"""What the admin shows alike of a mailbox and of a messenger: whether it works, and the last problem."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from unfold.decorators import display
from unfold.widgets import UnfoldAdminPasswordWidget

from supportbot.workspaces.administration import SettledAdmin

LABELS = {"works": "success", "new": "info", "problem": "danger", "off": "warning"}


def secret_field(label: str, help_text: str) -> forms.CharField:
    """For what is stored sealed and never shown again."""
    widget = UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"})
    return forms.CharField(label=label, required=False, widget=widget, help_text=help_text)


class ConnectionAdmin(SettledAdmin):
    """A connection to servers outside: `enabled`, and with a `problem` that was noted."""

    proof = ""  # the field that is filled once it has worked

    @display(description="state", label=LABELS)  # type: ignore[untyped-decorator]
    def shown_state(self, row: Any) -> str:
        """Whether it works, as a chip."""
        if not row.enabled:
            return "off"
        if row.problem:
            return "problem"
        return "works" if getattr(row, self.proof) else "new"

    @admin.display(description="state")
    def standing(self, row: Any) -> str:
        """The same with the last problem."""
        if row.pk is None:
            return "-"
        since = f" Since {row.problem_at:%d %B %Y, %H:%M} UTC: {row.problem}" if row.problem_at else ""
        return f"{self.shown_state(row).capitalize()}.{since}"
