"""Plans, subscriptions and invoices in the admin: for superusers, who run the installation. Owners have a page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from unfold.admin import TabularInline
from unfold.decorators import display
from unfold.widgets import UnfoldAdminPasswordWidget

from supportbot.billing import enforcing, telling
from supportbot.billing.models import Allowance, Invoice, Plan, StripeAccount, Subscription
from supportbot.workspaces.administration import OF_WORKSPACE, SettledAdmin, SettledForm, WorkspaceAdmin, is_superuser
from supportbot.workspaces.models import Workspace

State = Subscription.State
STATES = {State.TRIAL: "info", State.ACTIVE: "success", State.PAST_DUE: "warning", State.CANCELLED: "danger"}
INVOICES = {
    Invoice.State.DRAFT: "info",
    Invoice.State.OPEN: "warning",
    Invoice.State.PAID: "success",
    Invoice.State.VOID: "info",
}


class OperatorAdmin(WorkspaceAdmin):
    """For superusers alone."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """For nobody else a row exists, some of which are of no workspace."""
        rows: QuerySet[Any] = super(WorkspaceAdmin, self).get_queryset(request)
        return rows if is_superuser(request) else rows.none()

    def has_module_permission(self, request: HttpRequest) -> bool:
        """They run the installation."""
        return is_superuser(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody else looks."""
        return is_superuser(request)

    has_change_permission = has_delete_permission = has_view_permission

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nor adds."""
        return is_superuser(request)


class AllowancesInline(TabularInline):  # type: ignore[misc]
    """How much a plan includes."""

    model = Allowance
    extra = 0

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """As the plan."""
        return is_superuser(request)

    has_add_permission = has_change_permission = has_delete_permission = has_view_permission


@admin.register(Plan)
class PlansAdmin(OperatorAdmin):
    """What the operator gives or sells."""

    list_display = ("name", "price", "currency", "includes", "is_default", "is_offered")
    search_fields = ("name",)
    told_values = ("name", "price")
    inlines = (AllowancesInline,)
    fieldsets = (
        (None, {"fields": ("name", "description", ("price", "currency"))}),
        ("Who has it", {"fields": ("is_default", "is_offered", "position", "stripe_price")}),
    )

    @admin.display(description="includes")
    def includes(self, plan: Plan) -> str:
        """In short."""
        return ", ".join(map(str, plan.allowances.all())) or "everything"

    def workspaces_of(self, row: Plan) -> Iterable[Workspace]:
        """Those that have it."""
        return Workspace.objects.filter(subscription__plan=row)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Other limits hold at once."""
        super().save_related(request, form, formsets, change)
        _hold_at_once(Workspace.objects.all() if form.instance.is_default else self.workspaces_of(form.instance))


class SubscriptionForm(SettledForm):
    """A trial has an end."""

    class Meta:
        model = Subscription
        fields = ("workspace", "plan", "state", "started_on", "ends_on")

    def clean(self) -> dict[str, Any]:
        """Look at both."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if given.get("state") == State.TRIAL and not given.get("ends_on"):
            raise forms.ValidationError({"ends_on": "Say on which day the trial is over."})
        return given


@admin.register(Subscription)
class SubscriptionsAdmin(OperatorAdmin, SettledAdmin):
    """Which workspace has which plan. What is paid at Stripe is decided there."""

    form = SubscriptionForm
    list_display = ("workspace", "plan", "shown_state", "provider", "started_on", "ends_on")
    list_filter = ("plan", "state", "provider")
    search_fields = ("workspace__name", "workspace__slug", "customer", "external_id")
    told_values = ("plan", "state", "ends_on")
    fields = ("workspace", "plan", "state", "started_on", "ends_on", "provider", "customer", "external_id")
    readonly_fields = ("provider", "customer", "external_id")

    @display(description="state", ordering="state", label=STATES)  # type: ignore[untyped-decorator]
    def shown_state(self, subscription: Subscription) -> tuple[str, str]:
        """As a chip."""
        return subscription.state, subscription.get_state_display()

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Stripe's word is what counts for its own."""
        own = super().get_readonly_fields(request, obj)
        is_stripes = obj is not None and obj.provider == Subscription.Provider.STRIPE
        return (*own, "plan", "state", "started_on", "ends_on") if is_stripes else own

    def save_model(self, request: HttpRequest, obj: Subscription, form: Any, change: bool) -> None:
        """Other limits hold at once."""
        if "started_on" in form.changed_data:
            obj.billed_until = None  # other periods, of which the present one is the first
        super().save_model(request, obj, form, change)
        _hold_at_once([obj.workspace])


@admin.register(Invoice)
class InvoicesAdmin(OperatorAdmin, SettledAdmin):
    """What was invoiced and what was paid; Stripe's come by themselves."""

    form = SettledForm
    list_display = ("number", "workspace", "issued_on", "amount", "currency", "shown_state", "paid_on")
    list_filter = (OF_WORKSPACE, "state")
    search_fields = ("number", "text", "workspace__name")
    date_hierarchy = "issued_on"
    told_values = ("number", "amount", "currency", "state")
    fields = ("workspace", "number", "issued_on", "text", ("amount", "currency"), ("state", "paid_on"), "address")

    @display(description="state", ordering="state", label=INVOICES)  # type: ignore[untyped-decorator]
    def shown_state(self, invoice: Invoice) -> tuple[str, str]:
        """As a chip."""
        return invoice.state, invoice.get_state_display()


class StripeForm(forms.ModelForm):  # type: ignore[type-arg]
    """Secrets that are never shown again."""

    key = forms.CharField(
        label="Secret key",
        required=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text="Of the API, as sk_live_… or rk_live_…; stored sealed. Empty keeps the one that is stored",
    )
    webhook_secret = forms.CharField(
        label="Webhook's signing secret",
        required=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text="As whsec_…, of an endpoint at Stripe that calls /billing/stripe/; stored sealed",
    )

    class Meta:
        model = StripeAccount
        fields = ()

    def clean(self) -> dict[str, Any]:
        """Both are needed once."""
        given = super().clean() or self.cleaned_data
        for name in ("key", "webhook_secret"):
            if not given.get(name) and not getattr(self.instance, f"sealed_{name}"):
                self.add_error(name, "Stripe needs both.")
        return given

    def save(self, commit: bool = True) -> Any:
        """Seal what is new."""
        self.instance.pk = StripeAccount.ONLY
        for name in ("key", "webhook_secret"):
            if self.cleaned_data[name]:
                setattr(self.instance, name, self.cleaned_data[name].strip())
        return super().save(commit)


@admin.register(StripeAccount)
class StripeAccountsAdmin(OperatorAdmin):
    """The account that plans are paid into."""

    form = StripeForm
    tells_the_log: ClassVar[bool] = False  # it is no workspace's
    list_display = ("__str__", "changed_at")
    fields = ("key", "webhook_secret")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """One."""
        return is_superuser(request) and not StripeAccount.objects.exists()


def _hold_at_once(workspaces: Iterable[Workspace]) -> None:
    ids = [workspace.pk for workspace in workspaces]
    for pk in ids:
        enforcing.forget(pk)
    telling.look_at(ids)
