"""The log of rules in the admin."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import display

from supportbot.chat.models import RuleRun
from supportbot.workspaces.administration import HistoryAdmin

State = RuleRun.State
STATE_LABELS = {
    State.WAITING: "info",
    State.DONE: "success",
    State.NOT_HELD: "primary",
    State.STOPPED: "warning",
    State.FAILED: "danger",
}


class RuleRunsAdmin(HistoryAdmin):
    """Every run: which conditions held, what was done, and what was in the way."""

    list_display = ("created_at", "rule_name", "shown_state", "what", "conversation")
    list_display_links = ("rule_name",)
    list_filter = (
        ("conversation__workspace", admin.RelatedOnlyFieldListFilter),
        ("rule", admin.RelatedOnlyFieldListFilter),
        "state",
        "event",
    )
    list_select_related: ClassVar[bool | list[str]] = ["rule", "conversation__contact"]
    search_fields = ("rule_name", "conversation__id", "conversation__contact__name")
    date_hierarchy = "created_at"
    fields = (
        ("rule_name", "state"),
        ("event", "conversation"),
        "shown_conditions",
        "what",
        ("problem", "origin"),
        ("created_at", "ended_at"),
    )
    readonly_fields: ClassVar[Any] = ("shown_conditions", "what")

    @display(description="state", ordering="state", label=STATE_LABELS)  # type: ignore[untyped-decorator]
    def shown_state(self, run: RuleRun) -> tuple[str, str]:
        """The state as a chip."""
        return run.state, run.get_state_display()

    @admin.display(description="conditions")
    def shown_conditions(self, run: RuleRun) -> SafeString | str:
        """Each, and whether it held."""
        rows = ((one["text"], "held" if one["held"] else "did not hold") for one in run.held)
        return format_html_join(format_html("<br>"), "{}: {}", rows) or "none"

    @admin.display(description="what was done")
    def what(self, run: RuleRun) -> SafeString | str:
        """Each action, and what was in its way; else why nothing was done."""
        if not run.done:
            unheld = ", ".join(one["text"] for one in run.held if not one["held"])
            return run.problem or (f"Not so: {unheld}" if unheld else "-")
        rows = ((one["text"], f" (not done: {one['problem']})" if one["problem"] else "") for one in run.done)
        return format_html_join(format_html("<br>"), "{}{}", rows)
