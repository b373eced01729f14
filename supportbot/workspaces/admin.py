"""Workspaces, teams and the audit log in the admin; people stand in `users`, `members` and `invitations`."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, ClassVar
from zoneinfo import available_timezones

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django import forms
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import Count, Model, QuerySet
from django.http import HttpRequest
from unfold.decorators import action as button
from unfold.widgets import UnfoldAdminSelectWidget

from supportbot.workspaces.administration import (
    OF_WORKSPACE,
    HistoryAdmin,
    PartInline,
    SettledAdmin,
    SettledForm,
    WorkspaceAdmin,
    is_superuser,
    named,
    show_once,
)
from supportbot.workspaces.hours import MIDNIGHT
from supportbot.workspaces.invitation import Invitation
from supportbot.workspaces.invitations import InvitationsAdmin
from supportbot.workspaces.members import MembersAdmin
from supportbot.workspaces.models import (
    AuditEntry,
    HiddenPattern,
    Holiday,
    Member,
    OpeningTime,
    ProactiveMessage,
    SignOn,
    Team,
    User,
    Workspace,
)
from supportbot.workspaces.patterns import complaint
from supportbot.workspaces.sign_on.admin import SignOnAdmin
from supportbot.workspaces.users import UsersAdmin

admin.site.unregister(Group)  # roles are memberships, not groups
for own in (EmailAddress, Authenticator, SocialAccount, SocialApp, SocialToken):  # a user's own, or rows of our own
    admin.site.unregister(own)
admin.site.register(User, UsersAdmin)
admin.site.register(Member, MembersAdmin)
admin.site.register(Invitation, InvitationsAdmin)
admin.site.register(SignOn, SignOnAdmin)


ZONES = [(name, name) for name in sorted(available_timezones())]


class WorkspaceForm(forms.ModelForm):  # type: ignore[type-arg]
    """Refuses what a reply or a socket could not use."""

    time_zone = forms.ChoiceField(choices=ZONES, widget=UnfoldAdminSelectWidget)

    class Meta:
        model = Workspace
        fields = (
            "name",
            "slug",
            "key",
            "language",
            "greeting",
            "colour",
            "settings",
            "allowed_origins",
            "hand_off_below",
            "quote_from",
            "reserved",
            "routing_days_kept",
            "time_zone",
            "assignment",
            "hides_phones",
            "hides_emails",
            "requires_identity",
            "asks_before",
            "demands_before",
        )

    def clean_settings(self) -> dict[str, str]:
        """Each slot has a text."""
        settings = self.cleaned_data["settings"]
        if not isinstance(settings, dict) or not all(isinstance(value, str) for value in settings.values()):
            raise forms.ValidationError('Write an object of texts, as {"support_hours": "from 9 to 5"}.')
        return settings

    def clean_allowed_origins(self) -> list[str]:
        """Each origin is a scheme and a host, or "*"."""
        origins = self.cleaned_data["allowed_origins"]
        if not isinstance(origins, list) or not all(_is_origin(origin) for origin in origins):
            raise forms.ValidationError('Write a list of origins, as ["https://shop.example"].')
        return origins

    def clean_reserved(self) -> list[str]:
        """Each is the name of a category or an intent."""
        return named(self.cleaned_data["reserved"], 'categories and intents, as ["invoice", "complain"]')

    def clean_requires_identity(self) -> bool:
        """Without a secret nobody could be verified, so nobody could chat."""
        is_required: bool = self.cleaned_data["requires_identity"]
        if is_required and not self.instance.sealed_identity_secret:
            raise forms.ValidationError("Make an identity secret first, and sign tokens with it on your site.")
        return is_required

    def clean_hand_off_below(self) -> float | None:
        """A probability, or nothing."""
        return self._probability("hand_off_below")

    def clean_quote_from(self) -> float | None:
        """A probability, or nothing."""
        return self._probability("quote_from")

    def _probability(self, name: str) -> float | None:
        threshold: float | None = self.cleaned_data[name]
        if threshold is not None and not 0 <= threshold <= 1:
            raise forms.ValidationError("Write a number from 0 to 1.")
        return threshold


class OpeningTimesFormSet(forms.BaseInlineFormSet):  # type: ignore[type-arg]
    """Refuses spans that end before they begin, or that overlap."""

    def clean(self) -> None:
        """Compare each span with the next of its day."""
        super().clean()
        rows = [form.cleaned_data for form in self.forms if form.is_valid() and form.cleaned_data]
        spans = sorted((r["weekday"], r["opens"], r["closes"]) for r in rows if not r.get("DELETE"))
        for _, opens, closes in spans:
            if closes <= opens and closes != MIDNIGHT:
                raise forms.ValidationError(
                    f"{opens:%H:%M} to {closes:%H:%M} ends before it begins. "
                    "Work past midnight is two rows: one to 00:00, and one on the next day from 00:00."
                )
        for (day, _, closes), (next_day, opens, _) in pairwise(spans):
            if day == next_day and (closes == MIDNIGHT or opens < closes):
                raise forms.ValidationError(f"Two spans of {OpeningTime.Weekday(day).label} overlap.")


class HolidaysFormSet(forms.BaseInlineFormSet):  # type: ignore[type-arg]
    """Refuses a day that is there already."""

    def clean(self) -> None:
        """Compare each day with the others."""
        super().clean()
        rows = [form.cleaned_data for form in self.forms if form.is_valid() and form.cleaned_data]
        days = sorted(row["day"] for row in rows if not row.get("DELETE"))
        for day, other in pairwise(days):
            if day == other:
                raise forms.ValidationError(f"{day:%d %B %Y} stands here twice.")


class CalendarInline(PartInline):
    """A part of the calendar: on a workspace's page what holds for everybody, on a team's page what is its own."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """A team's rows stand on its own page alone."""
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.filter(team=None) if self.parent_model is Workspace else rows

    def get_exclude(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        """The page says whose it is."""
        return ("workspace", "team")


class OpeningTimesInline(CalendarInline):
    """The business hours of a week."""

    model, formset = OpeningTime, OpeningTimesFormSet
    verbose_name_plural = "business hours"


class HolidaysInline(CalendarInline):
    """The days without business hours."""

    model, formset = Holiday, HolidaysFormSet


class HiddenPatternForm(forms.ModelForm):  # type: ignore[type-arg]
    """Refuses a pattern that is none, or that takes too long."""

    class Meta:
        model = HiddenPattern
        fields = ("name", "pattern")

    def clean_pattern(self) -> str:
        """Say what is wrong with it."""
        pattern: str = self.cleaned_data["pattern"]
        if words := complaint(pattern):
            raise forms.ValidationError(words)
        return pattern


class HiddenPatternsInline(PartInline):
    """What else is hidden in customers' messages."""

    model, form = HiddenPattern, HiddenPatternForm


class ProactiveMessageForm(forms.ModelForm):  # type: ignore[type-arg]
    """Refuses a page that no address could be."""

    class Meta:
        model = ProactiveMessage
        fields = ("text", "page", "after", "visits", "is_active")

    def clean_page(self) -> str:
        """A path, or a pattern of one."""
        page: str = self.cleaned_data["page"]
        if not page.startswith(("/", "*")) or any(sign in page for sign in "?# "):
            raise forms.ValidationError("Write the path of a page, as /lamps/*, without what follows ? or #.")
        return page


class ProactiveMessagesInline(PartInline):
    """What the widget says by itself."""

    model, form = ProactiveMessage, ProactiveMessageForm


def _is_origin(origin: object) -> bool:
    return isinstance(origin, str) and (origin == "*" or origin.startswith(("http://", "https://")))


@admin.register(Workspace)
class WorkspacesAdmin(WorkspaceAdmin):
    """The tenants; only a superuser makes one."""

    form = WorkspaceForm
    list_display = ("name", "slug", "people", "key", "created_at")
    search_fields = ("name", "slug", "key")
    prepopulated_fields: ClassVar[Any] = {"slug": ("name",)}
    fieldsets = (
        (None, {"fields": ("name", "slug", "language")}),
        ("Widget", {"fields": ("key", "greeting", "colour", "allowed_origins")}),
        ("Before the chat", {"fields": ("asks_before", "demands_before")}),
        ("Identity verification", {"fields": ("identity_secret", "requires_identity")}),
        ("Assistant", {"fields": ("hand_off_below", "quote_from", "reserved", "settings", "routing_days_kept")}),
        ("People", {"fields": ("time_zone", "assignment")}),
        ("Hidden in messages, beside card numbers, passwords and codes", {"fields": ("hides_phones", "hides_emails")}),
    )
    inlines = (ProactiveMessagesInline, OpeningTimesInline, HolidaysInline, HiddenPatternsInline)
    readonly_fields = ("identity_secret",)
    actions_submit_line = ("make_identity_secret",)

    def workspace_path(self) -> str:
        """A workspace is its own."""
        return "pk"

    def workspaces_of(self, row: Workspace) -> list[Workspace]:
        """Its own log."""
        return [row]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Workspace]:
        """With the number of members."""
        rows: QuerySet[Workspace] = super().get_queryset(request)
        return rows.annotate(people=Count("members"))

    @admin.display(description="identity secret")
    def identity_secret(self, workspace: Workspace) -> str:
        """Whether there is one; it is shown only when it is made."""
        made_at = workspace.identity_secret_at
        return f"Made on {made_at:%d %B %Y, %H:%M} UTC" if made_at else "None yet"

    @button(description="Save and make a new identity secret")  # type: ignore[untyped-decorator]
    def make_identity_secret(self, request: HttpRequest, obj: Workspace) -> None:
        """The old secret is void at once, and so is every sign-in that it signed."""
        assert isinstance(request.user, User)
        secret = obj.renew_identity_secret(request.user)
        show_once(request, "identity secret", secret)

    @admin.display(ordering="people")
    def people(self, workspace: Any) -> int:
        """How many work there."""
        return int(workspace.people)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A tenant is made by whoever runs the installation."""
        return is_superuser(request)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """A tenant's history isn't deleted with a click."""
        return False


class TeamForm(SettledForm):
    """Refuses members of another workspace."""

    time_zone = forms.ChoiceField(
        choices=[("", "As the workspace"), *ZONES],
        required=False,
        widget=UnfoldAdminSelectWidget,
        help_text="Of business hours of its own; without them those of the workspace hold, and its holidays always do",
    )

    class Meta:
        model = Team
        fields = ("workspace", "name", "members", "assignment", "time_zone")

    def clean(self) -> dict[str, Any]:
        """A team is of one workspace with all its members."""
        cleaned: dict[str, Any] = super().clean() or {}
        members, workspace_id = cleaned.get("members"), self.workspace_id()
        if members is not None and workspace_id and members.exclude(workspace=workspace_id).exists():
            raise forms.ValidationError("All members of a team have to be of its workspace.")
        return cleaned


@admin.register(Team)
class TeamsAdmin(SettledAdmin):
    """Who looks after which conversations together."""

    form = TeamForm
    list_display = ("name", "workspace", "people")
    list_filter = (OF_WORKSPACE,)
    search_fields = ("name",)
    filter_horizontal = ("members",)
    inlines = (OpeningTimesInline, HolidaysInline)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Team]:
        """With the number of members."""
        rows: QuerySet[Team] = super().get_queryset(request)
        return rows.annotate(people=Count("members"))

    @admin.display(ordering="people")
    def people(self, team: Any) -> int:
        """How many are in it."""
        return int(team.people)


@admin.register(AuditEntry)
class AuditLogAdmin(HistoryAdmin):
    """Who did what."""

    list_display = ("created_at", "actor", "action", "target", "workspace")
    list_display_links = ("action",)
    list_filter = (OF_WORKSPACE, "action", ("actor", admin.RelatedOnlyFieldListFilter))
    search_fields = ("target", "action", "actor__email", "actor__name")
    date_hierarchy = "created_at"
