"""The review queue of corrections: what the bot said beside what would have been right, to approve or reject."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import action as button
from unfold.decorators import display

from supportbot.chat.corrections.models import Correction
from supportbot.chat.corrections.service import act_of, review
from supportbot.chat.differences import difference
from supportbot.knowledge.models import Article, Order
from supportbot.knowledge.pages import SLOT
from supportbot.workspaces.administration import WorkspaceAdmin
from supportbot.workspaces.models import User

State = Correction.State
STATE_LABELS = {State.WAITING: "warning", State.APPROVED: "success", State.REJECTED: "danger"}


class CorrectionForm(forms.ModelForm):  # type: ignore[type-arg]
    """Refuses slots that no reply could fill."""

    def clean_reply(self) -> str:
        """Slots are those of the workspace's settings and of an order."""
        reply: str = self.cleaned_data["reply"]
        workspace = self.instance.message.conversation.workspace
        day = timezone.localdate()
        order = Order(workspace=workspace, state=Order.State.PLACED, placed_on=day, due_on=day, total=0)
        known = {*workspace.settings, *order.slots()}
        if unknown := sorted(set(SLOT.findall(reply)) - known):
            raise forms.ValidationError(
                f"There is no slot {{{{{unknown[0]}}}}}. Known are: {', '.join(sorted(known))}."
            )
        return reply


class CorrectionsAdmin(WorkspaceAdmin):
    """Corrections, those that wait first; whoever opens one may change it before deciding."""

    form = CorrectionForm
    change_form_template = "admin/chat/correction/change_form.html"
    list_display = ("asked", "shown_state", "act", "shown_category", "author", "workspace", "updated_at")
    list_filter = (
        "state",
        ("message__conversation__workspace", admin.RelatedOnlyFieldListFilter),
        "category",
        "act",
    )
    list_select_related: ClassVar[bool | list[str]] = [
        "author",
        "message__conversation__workspace",
        "message__generation__in_reply_to",
    ]
    search_fields = ("reply", "note", "message__body", "message__generation__in_reply_to__body")
    ordering = ("-state", "-updated_at")
    actions: ClassVar[Any] = ("approve_chosen", "reject_chosen")
    actions_submit_line: ClassVar[Any] = ("approve", "reject")
    fieldsets = (
        ("What would have been right", {"fields": ("act", "category", "reply")}),
        ("How it is measured", {"fields": ("facts", "article")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Correction]:
        """All but those whose generation is gone."""
        rows: QuerySet[Correction] = super().get_queryset(request)
        return rows.filter(message__generation__isnull=False)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Articles that can be named by their slug: those with a page."""
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "article" and field is not None and field.queryset is not None:
            field.queryset = field.queryset.filter(kind=Article.Kind.ARTICLE)
        return field

    def has_add_permission(self, request: HttpRequest) -> bool:
        """They come from the inbox."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """One that is wrong is rejected."""
        return False

    @admin.display(description="question")
    def asked(self, correction: Correction) -> str:
        """The beginning of what the customer wrote."""
        question = correction.question
        return question if len(question) <= 80 else f"{question[:79]}…"

    @display(description="state", ordering="state", label=STATE_LABELS)  # type: ignore[untyped-decorator]
    def shown_state(self, correction: Correction) -> tuple[str, str]:
        """The state as a chip."""
        return correction.state, correction.get_state_display()

    @admin.display(description="category", ordering="category")
    def shown_category(self, correction: Correction) -> str | SafeString:
        """With the one that it replaces."""
        before = correction.message.category
        return before if before == correction.category else format_html("{} → {}", before, correction.category)

    @admin.display(description="workspace")
    def workspace(self, correction: Correction) -> str:
        """Whose it is."""
        return str(correction.message.conversation.workspace)

    @button(description="Save and approve")  # type: ignore[untyped-decorator]
    def approve(self, request: HttpRequest, obj: Correction) -> None:
        """Training and evaluation read it from now on."""
        self._review(request, [obj], State.APPROVED)

    @button(description="Reject")  # type: ignore[untyped-decorator]
    def reject(self, request: HttpRequest, obj: Correction) -> None:
        """Nobody reads it."""
        self._review(request, [obj], State.REJECTED)

    @admin.action(description="Approve the chosen corrections")
    def approve_chosen(self, request: HttpRequest, queryset: QuerySet[Correction]) -> None:
        """As they stand."""
        self._review(request, queryset, State.APPROVED)

    @admin.action(description="Reject the chosen corrections")
    def reject_chosen(self, request: HttpRequest, queryset: QuerySet[Correction]) -> None:
        """Nobody reads them."""
        self._review(request, queryset, State.REJECTED)

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        """With the question, and what the bot said beside what it should have said."""
        correction = kwargs["obj"]
        made = correction.message.generation
        context |= {
            "correction": correction,
            "difference": list(difference(correction.message.body, correction.reply)),
            "act_before": Correction.Act(act_of(made)).label,
        }
        response: HttpResponse = super().render_change_form(request, context, **kwargs)
        return response

    def _review(self, request: HttpRequest, corrections: Any, state: State) -> None:
        assert isinstance(request.user, User)
        decided = list(corrections)
        for correction in decided:
            review(correction, reviewer=request.user, state=state)
        self.message_user(request, f"{len(decided)} {state.label}.")
