"""Members in the admin: who works where, in which role."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from supportbot.workspaces import limits
from supportbot.workspaces.administration import OF_WORKSPACE, TellsWhoAsks, WorkspaceAdmin, is_superuser, named
from supportbot.workspaces.models import Member, User, Workspace
from supportbot.workspaces.roles import objection
from supportbot.workspaces.sign_on import rules


class MemberForm(forms.ModelForm):  # type: ignore[type-arg]
    """Refuses what is no category, and a role that one can't give or take."""

    by: ClassVar[User]

    class Meta:
        model = Member
        fields = ("workspace", "user", "role", "capacity", "skills", "is_away", "back_at", "digest")

    def clean_user(self) -> User:
        """One that may work here."""
        user: User = self.cleaned_data["user"]
        if words := rules.objection(user):
            raise forms.ValidationError(words)
        return user

    def clean_skills(self) -> list[str]:
        """Each is the name of a category."""
        return named(self.cleaned_data["skills"], 'categories, as ["delivery"]')

    def clean_role(self) -> str:
        """The workspace is locked, so that two owners can't make agents of each other."""
        role: str = self.cleaned_data["role"]
        if role != Member.Role.VIEWER and (self.instance.pk is None or self.instance.role == Member.Role.VIEWER):
            self._demand_seat()
        if self.instance.pk:
            Workspace.objects.select_for_update(no_key=True).get(pk=self.instance.workspace_id)
            if words := objection(Member.objects.get(pk=self.instance.pk), role, by=self.by):
                raise forms.ValidationError(words)
        return role

    def _demand_seat(self) -> None:
        workspace = self.instance.workspace if self.instance.pk else self.cleaned_data.get("workspace")
        if workspace and (words := limits.objection(workspace, limits.Kind.SEATS)):
            raise forms.ValidationError(words)


class MembersAdmin(TellsWhoAsks, WorkspaceAdmin):
    """Who works where, in which role."""

    list_display = ("user", "email", "workspace", "role", "capacity", "seen_at")
    form = MemberForm
    fieldsets = (
        (None, {"fields": ("workspace", "user", "role", "seen_at")}),
        ("Automatic assignment", {"fields": ("capacity", "skills")}),
        ("Out of office", {"fields": ("is_away", "back_at", "digest")}),
    )
    list_filter = (OF_WORKSPACE, "role")
    told_values = ("role",)
    search_fields = ("user__name", "user__email")
    autocomplete_fields = ("user",)
    readonly_fields = ("seen_at",)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Say who can't leave."""
        to_delete, counts, perms, protected = super().get_deleted_objects(objs, request)
        assert isinstance(request.user, User)
        words = {str(member): objection(member, None, by=request.user) for member in objs}
        return to_delete, counts, perms, [*protected, *(f"{name}: {why}" for name, why in words.items() if why)]

    @admin.display(ordering="user__email")
    def email(self, member: Member) -> str:
        """The member's login."""
        return member.user.email

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        """A membership changes its role, not its people."""
        return (*self.readonly_fields, "workspace", "user") if obj else self.readonly_fields

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Users are shared by the workspaces, so only a superuser picks one."""
        return is_superuser(request)
