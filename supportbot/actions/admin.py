"""Actions in the admin: a workspace's own, every call, and what the built-in ones have left to do."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import action as button
from unfold.decorators import display

from supportbot.actions import custom, dialogue
from supportbot.actions.catalogue import note_use
from supportbot.actions.models import (
    ActionCall,
    Callback,
    CallbackSlot,
    CustomAction,
    InvoiceMail,
    Return,
    Subscription,
)
from supportbot.actions.parameters import Invalid, demand_schema
from supportbot.actions.registry import BUILT_IN
from supportbot.workspaces.administration import (
    OF_WORKSPACE,
    CalledAddressForm,
    HistoryAdmin,
    WorkspaceAdmin,
    show_once,
)
from supportbot.workspaces.models import User

State = ActionCall.State
STATE_LABELS = {
    State.COLLECTING: "info",
    State.PROPOSED: "info",
    State.CONFIRMED: "warning",
    State.DONE: "success",
    State.FAILED: "danger",
    State.DECLINED: "primary",
}


class CustomActionForm(CalledAddressForm):
    """Refuses what could not be called or asked for."""

    class Meta:
        model = CustomAction
        fields = (
            "workspace",
            "name",
            "title",
            "description",
            "use",
            "address",
            "time_out",
            "retries",
            "schema",
            "intents",
            "changes",
            "needs_identity",
        )

    def clean_name(self) -> str:
        """A name of its own."""
        name: str = self.cleaned_data["name"]
        if name in BUILT_IN:
            raise forms.ValidationError("A built-in action has this name.")
        return name

    def clean_schema(self) -> Any:
        """A schema that a dialogue can ask for."""
        schema = self.cleaned_data["schema"]
        schema = {} if schema is None else schema
        try:
            demand_schema(schema)
        except Invalid as error:
            raise forms.ValidationError(str(error)) from error
        return schema

    def clean_intents(self) -> list[str]:
        """A list of names."""
        intents = self.cleaned_data["intents"] or []
        if not isinstance(intents, list) or not all(isinstance(intent, str) for intent in intents):
            raise forms.ValidationError('Write a list of intents, as ["change_address"].')
        return intents

    def clean(self) -> dict[str, Any]:
        """All tries together end before a reply's deadline."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("time_out", 0) * (cleaned.get("retries", 0) + 1) > custom.BUDGET:
            raise forms.ValidationError(f"All tries together may take {custom.BUDGET:.0f} seconds.")
        return cleaned


@admin.register(CustomAction)
class CustomActionsAdmin(WorkspaceAdmin):
    """The workspace's own actions."""

    form = CustomActionForm
    list_display = ("title", "name", "address", "use", "workspace")
    list_filter = (OF_WORKSPACE, "use")
    search_fields = ("name", "title", "address")
    readonly_fields = ("calls",)
    actions_submit_line = ("try_it", "make_secret")
    fieldsets = (
        (None, {"fields": ("workspace", "name", "title", "description", "use", "calls")}),
        ("Call", {"fields": ("address", "time_out", "retries")}),
        ("Parameters and use", {"fields": ("schema", "intents")}),
        ("Rules", {"fields": ("changes", "needs_identity")}),
    )

    @admin.display(description="log")
    def calls(self, action: CustomAction) -> SafeString | str:
        """The way to its calls."""
        if not action.pk:
            return "-"
        address = f"{reverse('admin:actions_actioncall_changelist')}?action__exact={action.name}"
        return format_html('<a class="underline" href="{}">All calls</a>', address)

    def save_model(self, request: HttpRequest, obj: CustomAction, form: Any, change: bool) -> None:
        """A new action gets its secret, which is shown this once; the audit log is told who may have it done."""
        assert isinstance(request.user, User)
        secret = "" if change else obj.renew_secret()
        super().save_model(request, obj, form, change)
        if not change or "use" in form.changed_data:
            note_use(obj.workspace, obj.name, form.initial["use"] if change else "", obj.use, request.user)
        if secret:
            show_once(request, "secret", secret)

    @button(description="Save and try it")  # type: ignore[untyped-decorator]
    def try_it(self, request: HttpRequest, obj: CustomAction) -> None:
        """Call the address with the schema's examples, marked as a test; no transaction waits for the answer."""
        transaction.on_commit(lambda: self._try(request, obj))

    @button(description="Save and make a new secret")  # type: ignore[untyped-decorator]
    def make_secret(self, request: HttpRequest, obj: CustomAction) -> None:
        """The old secret is void at once."""
        secret = obj.renew_secret()
        obj.save(update_fields=["sealed_secret"])
        show_once(request, "secret", secret)

    def _try(self, request: HttpRequest, action: CustomAction) -> None:
        assert isinstance(request.user, User)
        try:
            step = dialogue.trigger(action.workspace, action.name, custom.example(action), request.user, is_test=True)
        except Invalid as error:
            self.message_user(request, str(error), messages.ERROR)
        except dialogue.UnknownAction:
            self.message_user(request, "An action that is off can't be tried.", messages.ERROR)
        else:
            level = messages.SUCCESS if step.state == State.DONE else messages.WARNING
            why = f" ({step.call.result['error']})" if "error" in step.call.result else ""
            self.message_user(request, f"{step.call.get_state_display()}: {step.text}{why}", level)


@admin.register(ActionCall)
class ActionCallsAdmin(HistoryAdmin):
    """Every call of an action."""

    list_display = ("created_at", "action", "shown_state", "by", "user", "conversation", "workspace")
    list_display_links = ("action",)
    list_filter = (OF_WORKSPACE, "state", "action", "by", "is_test")
    search_fields = ("id", "conversation__id", "action", "arguments")
    date_hierarchy = "created_at"
    fields = (
        ("action", "state", "workspace"),
        ("by", "user", "is_test"),
        "conversation",
        ("arguments", "is_verified"),
        ("result", "said"),
        ("created_at", "updated_at"),
    )

    @display(description="state", ordering="state", label=STATE_LABELS)  # type: ignore[untyped-decorator]
    def shown_state(self, call: ActionCall) -> tuple[str, str]:
        """The state as a chip."""
        return call.state, call.get_state_display()


@admin.register(CallbackSlot)
class CallbackSlotsAdmin(WorkspaceAdmin):
    """When agents can call back."""

    list_display = ("starts_at", "minutes", "agent", "booked", "workspace")
    list_filter = (OF_WORKSPACE, ("agent", admin.RelatedOnlyFieldListFilter))
    date_hierarchy = "starts_at"

    @admin.display(description="booked", boolean=True)
    def booked(self, slot: CallbackSlot) -> bool:
        """Whether somebody has it."""
        return Callback.objects.filter(slot=slot).exists()


@admin.register(Callback)
class CallbacksAdmin(WorkspaceAdmin):
    """Whom to call back."""

    list_display = ("slot", "phone", "is_done", "workspace")
    list_editable = ("is_done",)
    list_filter = (OF_WORKSPACE, "is_done")
    search_fields = ("phone",)
    ordering = ("slot__starts_at",)


@admin.register(Return)
class ReturnsAdmin(HistoryAdmin):
    """Orders that come back."""

    list_display = ("number", "order", "reason", "created_at", "workspace")
    list_filter = (OF_WORKSPACE,)
    search_fields = ("number", "order__number", "reason")
    ordering = ("-created_at",)


@admin.register(InvoiceMail)
class InvoiceMailsAdmin(HistoryAdmin):
    """Invoices that went out once more."""

    list_display = ("order", "email", "created_at", "sent_at", "workspace")
    list_filter = (OF_WORKSPACE, ("sent_at", admin.EmptyFieldListFilter))
    search_fields = ("order__number", "email")
    ordering = ("-created_at",)


@admin.register(Subscription)
class SubscriptionsAdmin(WorkspaceAdmin):
    """Who gets the newsletter."""

    list_display = ("email", "is_active", "updated_at", "workspace")
    list_filter = (OF_WORKSPACE, "is_active")
    search_fields = ("email",)
    ordering = ("email",)
