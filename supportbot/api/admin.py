"""API keys, webhooks and their deliveries in the admin."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import action as button
from unfold.decorators import display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from supportbot.api.models import ApiKey, Scope
from supportbot.api.webhooks import outbox
from supportbot.api.webhooks.models import EVENTS, Delivery, Endpoint
from supportbot.workspaces.administration import (
    OF_WORKSPACE,
    CalledAddressForm,
    HistoryAdmin,
    SettledAdmin,
    SettledForm,
    show_once,
)
from supportbot.workspaces.models import User

SCOPES = [(scope.value, f"{scope.label} ({scope.value})") for scope in Scope]
STATE_LABELS = {
    Delivery.State.WAITING: "info",
    Delivery.State.DELIVERED: "success",
    Delivery.State.FAILED: "danger",
}


class ApiKeyForm(SettledForm):
    """Asks for at least one scope."""

    scopes = forms.MultipleChoiceField(choices=SCOPES, widget=UnfoldAdminCheckboxSelectMultipleWidget)

    class Meta:
        model = ApiKey
        fields = ("workspace", "name", "member", "scopes", "per_minute", "expires_at")

    def clean_expires_at(self) -> Any:
        """A time that is still to come."""
        at = self.cleaned_data["expires_at"]
        if at and "expires_at" in self.changed_data and at <= timezone.now():
            raise forms.ValidationError("Choose a time that is still to come.")
        return at


@admin.register(ApiKey)
class ApiKeysAdmin(SettledAdmin):
    """What other machines sign in with."""

    tells_the_log = False  # the row does, in its own words
    form = ApiKeyForm
    list_display = ("name", "start", "shown_state", "member", "per_minute", "last_used_at", "workspace")
    list_filter = (OF_WORKSPACE,)
    list_select_related: ClassVar[bool | list[str]] = ["workspace", "member__user"]
    search_fields = ("name", "start")
    readonly_fields = ("start", "shown_state", "last_used_at", "created_at")
    actions_submit_line = ("revoke",)
    fieldsets = (
        (None, {"fields": ("workspace", "name", "member", ("start", "shown_state"))}),
        ("What it may do", {"fields": ("scopes",)}),
        ("How long and how often", {"fields": (("per_minute", "expires_at"), ("last_used_at", "created_at"))}),
    )

    @display(description="state", label={"valid": "success", "expired": "warning", "revoked": "danger"})  # type: ignore[untyped-decorator]
    def shown_state(self, key: ApiKey) -> str:
        """Whether it opens anything."""
        if key.pk is None:
            return "-"
        if key.revoked_at:
            return "revoked"
        return "valid" if key.is_valid else "expired"

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        """A new key is shown this once; the audit log is told of every change."""
        key = "" if change else obj.make()
        super().save_model(request, obj, form, change)
        details = {"scopes": obj.scopes, "member": str(obj.member), "per_minute": obj.per_minute}
        obj.note("api_key.changed" if change else "api_key.made", _user(request), **details)
        if key:
            show_once(request, "key", key)

    @button(description="Save and revoke this key")  # type: ignore[untyped-decorator]
    def revoke(self, request: HttpRequest, obj: ApiKey) -> None:
        """It opens nothing any more, for good."""
        obj.revoke(_user(request))
        self.message_user(request, f"{obj} is revoked.")

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """A key is revoked: that there was one stays known."""
        return False


class EndpointForm(CalledAddressForm):
    """Refuses an address that may not be called."""

    events = forms.MultipleChoiceField(
        choices=[(name, name) for name in EVENTS], widget=UnfoldAdminCheckboxSelectMultipleWidget
    )

    class Meta:
        model = Endpoint
        fields = ("workspace", "address", "description", "events", "is_active")


@admin.register(Endpoint)
class EndpointsAdmin(SettledAdmin):
    """Where events go."""

    tells_the_log = False  # the row does, in its own words
    form = EndpointForm
    list_display = ("address", "description", "shown_state", "workspace")
    list_filter = (OF_WORKSPACE, "is_active")
    search_fields = ("address", "description")
    readonly_fields = ("standing", "log")
    actions_submit_line = ("try_it", "make_secret")
    fieldsets = (
        (None, {"fields": ("workspace", "address", "description", "is_active", "standing", "log")}),
        ("What it hears of", {"fields": ("events",)}),
    )

    @display(description="state", label={"works": "success", "failing": "warning", "off": "danger"})  # type: ignore[untyped-decorator]
    def shown_state(self, endpoint: Endpoint) -> str:
        """Whether it hears, as a chip."""
        if not endpoint.is_active:
            return "off"
        return "failing" if endpoint.failing_since else "works"

    @admin.display(description="state")
    def standing(self, endpoint: Endpoint) -> str:
        """The same with the reason."""
        if endpoint.pk is None:
            return "-"
        since = endpoint.failing_since
        why = endpoint.off_because or (f"Nothing was taken since {since:%d %B %Y, %H:%M} UTC." if since else "")
        return f"{self.shown_state(endpoint).capitalize()}. {why}".strip()

    @admin.display(description="deliveries")
    def log(self, endpoint: Endpoint) -> SafeString | str:
        """The way to what was sent."""
        if not endpoint.pk:
            return "-"
        address = f"{reverse('admin:api_delivery_changelist')}?endpoint__id__exact={endpoint.pk}"
        return format_html('<a class="underline" href="{}">All deliveries</a>', address)

    def save_model(self, request: HttpRequest, obj: Endpoint, form: Any, change: bool) -> None:
        """A new address gets its secret, which is shown this once; one that is switched on again begins anew."""
        secret = "" if change else obj.renew_secret()
        if {"is_active", "address"} & set(form.changed_data):
            obj.begin_anew()
        super().save_model(request, obj, form, change)
        obj.note("webhook.changed" if change else "webhook.made", _user(request), events=obj.events, on=obj.is_active)
        if secret:
            show_once(request, "secret", secret)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[Any, Any, set[str], Any]:
        """Its deliveries, which nobody deletes one by one, go with it."""
        deleted, counts, _, protected = super().get_deleted_objects(objs, request)
        return deleted, counts, set(), protected

    def delete_model(self, request: HttpRequest, obj: Endpoint) -> None:
        """The audit log is told."""
        obj.note("webhook.deleted", _user(request))
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Endpoint]) -> None:
        """Each of them."""
        for endpoint in queryset:
            self.delete_model(request, endpoint)

    @button(description="Save and send a test")  # type: ignore[untyped-decorator]
    def try_it(self, request: HttpRequest, obj: Endpoint) -> None:
        """What came of it stands among the deliveries."""
        if not obj.is_active:
            self.message_user(request, "A webhook that is off sends nothing. Switch it on first.", messages.ERROR)
            return
        made = outbox.test(obj)
        address = reverse("admin:api_delivery_change", args=[made.pk])
        words = format_html('A test is on its way: <a class="underline" href="{}">see what comes of it</a>.', address)
        self.message_user(request, words)

    @button(description="Save and make a new secret")  # type: ignore[untyped-decorator]
    def make_secret(self, request: HttpRequest, obj: Endpoint) -> None:
        """The old secret is void at once."""
        secret = obj.renew_secret()
        obj.save(update_fields=["sealed_secret"])
        obj.note("webhook.secret_renewed", _user(request))
        show_once(request, "secret", secret)


@admin.register(Delivery)
class DeliveriesAdmin(HistoryAdmin):
    """What was sent, and what came of it."""

    list_display = ("created_at", "event", "shown_state", "attempts", "last", "endpoint", "workspace")
    list_display_links = ("event",)
    list_filter = (OF_WORKSPACE, "state", "event", ("endpoint", admin.RelatedOnlyFieldListFilter))
    search_fields = ("id", "conversation__id")
    date_hierarchy = "created_at"
    actions: ClassVar[Any] = ("send_again",)
    fields = (
        ("event", "state", "attempts"),
        ("id", "endpoint", "workspace"),
        ("created_at", "due_at"),
        "tries",
        "payload",
    )

    @display(description="state", ordering="state", label=STATE_LABELS)  # type: ignore[untyped-decorator]
    def shown_state(self, delivery: Delivery) -> tuple[str, str]:
        """The state as a chip."""
        return delivery.state, delivery.get_state_display()

    @admin.display(description="last answer")
    def last(self, delivery: Delivery) -> str:
        """Of the last try."""
        if not delivery.tries:
            return "-"
        attempt = delivery.tries[-1]
        return str(attempt["error"] or attempt["status"])

    @admin.action(description="Send again")
    def send_again(self, request: HttpRequest, deliveries: QuerySet[Delivery]) -> None:
        """Each under a new id."""
        chosen = deliveries.select_related("endpoint").order_by("created_at")
        active = [delivery for delivery in chosen if delivery.endpoint.is_active]
        for delivery in active:
            outbox.replay(delivery)
        if off := len(chosen) - len(active):
            self.message_user(request, f"{off} not sent: their webhook is off.", messages.ERROR)
        if active:
            self.message_user(request, f"{len(active)} on their way again.")


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
