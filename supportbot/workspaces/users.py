"""Users in the admin: people who log in, shared by the workspaces in which they work."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from supportbot.workspaces import logins
from supportbot.workspaces.administration import WorkspaceAdmin, is_superuser
from supportbot.workspaces.models import User, Workspace


class UsersAdmin(WorkspaceAdmin, DjangoUserAdmin):  # type: ignore[type-arg, misc]
    """People who log in; an administrator of a workspace sees its people, a superuser changes them."""

    form, add_form, change_password_form = UserChangeForm, UserCreationForm, AdminPasswordChangeForm
    list_display = ("email", "name", "is_active", "is_superuser", "last_login")
    list_filter = ("is_active", "is_superuser")
    told_values = ("is_active", "is_superuser")
    search_fields = ("email", "name")
    ordering = ("email",)
    filter_horizontal = ()
    readonly_fields = ("last_login", "date_joined")
    actions = ("sign_out", "take_second_factor")
    fieldsets = (
        (None, {"fields": ("email", "name", "password")}),
        ("Access", {"fields": ("is_active", "is_superuser")}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"fields": ("email", "name", "password1", "password2")}),)

    def workspace_path(self) -> str:
        """Through the membership."""
        return "memberships__workspace"

    def workspaces_of(self, row: User) -> QuerySet[Workspace]:
        """The logs of all where the user works."""
        return Workspace.objects.filter(members__user=row)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Once, however many workspaces a user is in."""
        return super().get_queryset(request).distinct()

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """Nobody reads a hash who can't change it."""
        if obj is None or is_superuser(request):
            return super().get_fieldsets(request, obj)
        return ((None, {"fields": ("email", "name", "is_active", "last_login", "date_joined")}),)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Users are shared by the workspaces."""
        return is_superuser(request)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Users are shared by the workspaces."""
        return is_superuser(request)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """A user is set inactive: what he did stays his."""
        return False

    @admin.action(description="Sign out everywhere", permissions=["change"])
    def sign_out(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """End every session of these people."""
        assert isinstance(request.user, User)
        ended = sum(logins.end(user, by=request.user) for user in queryset)
        self.message_user(request, f"{ended} sessions ended.")

    @admin.action(description="Take the second factor away, for who has lost it", permissions=["change"])
    def take_second_factor(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Apps, passkeys and recovery codes are gone, and so are the sessions that they opened."""
        assert isinstance(request.user, User)
        holders = list(queryset.filter(authenticator__isnull=False).distinct())
        for user in holders:
            Authenticator.objects.filter(user=user).delete()
            logins.tell(user, "user.second_factor_taken", by=request.user)
            logins.end(user, by=request.user)
        self.message_user(request, f"{len(holders)} people sign in by password alone now.")
