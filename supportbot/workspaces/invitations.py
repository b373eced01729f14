"""Open invitations in the admin: to invite, to send again, and, by deleting, to revoke."""

from __future__ import annotations

from smtplib import SMTPException
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from supportbot.workspaces import inviting
from supportbot.workspaces.administration import OF_WORKSPACE, SettledForm, TellsWhoAsks, WorkspaceAdmin
from supportbot.workspaces.invitation import Invitation
from supportbot.workspaces.models import User


class InvitationForm(SettledForm):
    """Refuses who is there already, a role that one can't give, and teams of elsewhere."""

    by: ClassVar[User]

    class Meta:
        model = Invitation
        fields = ("workspace", "email", "role", "teams")
        widgets: ClassVar[Any] = {"teams": UnfoldAdminCheckboxSelectMultipleWidget}

    def clean_email(self) -> str:
        """One spelling."""
        email: str = self.cleaned_data["email"]
        return email.strip().lower()

    def clean(self) -> dict[str, Any]:
        """Look at all together."""
        cleaned: dict[str, Any] = super().clean() or {}
        workspace, email, role = (cleaned.get(name) for name in ("workspace", "email", "role"))
        if not (workspace and email and role):
            return cleaned
        if words := inviting.objection(workspace, email, role, by=self.by):
            raise forms.ValidationError(words)
        if cleaned["teams"].exclude(workspace=workspace).exists():
            raise forms.ValidationError("All teams have to be of the workspace.")
        return cleaned


class InvitationsAdmin(TellsWhoAsks, WorkspaceAdmin):
    """Who is asked to come."""

    form = InvitationForm
    list_display = ("email", "workspace", "role", "invited_by", "sent_at", "ends_at")
    list_filter = (OF_WORKSPACE, "role")
    told_values = ("email", "role")
    search_fields = ("email",)
    actions = ("send_again",)

    @admin.display(description="holds until")
    def ends_at(self, invitation: Invitation) -> Any:
        """When its link opens no longer."""
        return invitation.ends_at

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Who has one workspace needn't choose."""
        assert isinstance(request.user, User)
        own = list(request.user.administers()[:2])
        return {**super().get_changeform_initial_data(request), **({"workspace": own[0].pk} if len(own) == 1 else {})}

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """It is revoked and made anew."""
        return False

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """With its teams, it goes out."""
        super().save_related(request, form, formsets, change)
        self._send(request, form.instance)

    @admin.action(description="Send again", permissions=["add"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[Invitation]) -> None:
        """A new link; the one before opens no longer."""
        for invitation in queryset.select_related("workspace"):
            self._send(request, invitation)
            self.log_change(request, invitation, [{"changed": {"fields": ["sent at"]}}])

    def _send(self, request: HttpRequest, invitation: Invitation) -> None:
        assert isinstance(request.user, User)
        try:
            inviting.send(invitation, by=request.user)
        except ValueError as error:
            messages.error(request, str(error))
        except (OSError, SMTPException):
            messages.error(request, f"The e-mail to {invitation} could not be sent. Send it again a little later.")
        else:
            messages.success(request, f"{invitation} has a link that holds for a week.")
