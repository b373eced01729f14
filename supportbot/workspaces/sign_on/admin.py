"""Single sign-on in the admin: owners say where the people of their workspace sign in."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse
from requests import RequestException
from unfold.widgets import UnfoldAdminPasswordWidget

from supportbot.workspaces import outgoing
from supportbot.workspaces.administration import OF_WORKSPACE, SettledAdmin, SettledForm, TellsWhoAsks
from supportbot.workspaces.models import SignOn, User, Workspace
from supportbot.workspaces.roles import owns
from supportbot.workspaces.sign_on import rules

DOMAIN = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")
NEEDED = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri")


class SignOnForm(SettledForm):
    """Refuses a provider that does not answer as one. The secret is never shown again, and goes with its issuer."""

    by: ClassVar[User]
    client_secret = forms.CharField(
        required=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text="Stored sealed. Empty keeps the one that is stored, unless the issuer has changed",
    )

    class Meta:
        model = SignOn
        fields = ("workspace", "name", "issuer", "client_id", "domains", "is_required", "enabled")

    def clean_workspace(self) -> Workspace:
        """One's own."""
        workspace: Workspace = self.cleaned_data["workspace"]
        if not owns(self.by, workspace):
            raise forms.ValidationError("Only an owner decides where people sign in.")
        return workspace

    def clean_issuer(self) -> str:
        """Ask it who it is (OpenID Connect Discovery 1.0, section 4)."""
        issuer: str = self.cleaned_data["issuer"].rstrip("/")
        if not issuer.startswith("https://") and not outgoing.is_own_network(issuer):
            raise forms.ValidationError("Write an address that begins with https://.")
        try:
            with outgoing.session() as session:
                answer = session.get(f"{issuer}/.well-known/openid-configuration")
                answer.raise_for_status()
                told = answer.json()
        except RequestException as error:
            raise forms.ValidationError(f"It can't be asked: {error}") from error
        if not isinstance(told, dict) or str(told.get("issuer", "")).rstrip("/") != issuer:
            raise forms.ValidationError("What answers there is not the provider of this address.")
        if missing := [name for name in NEEDED if name not in told]:
            raise forms.ValidationError(f"It answers, but names no {missing[0]}.")
        return issuer

    def clean_domains(self) -> list[str]:
        """Each is a domain."""
        domains = self.cleaned_data["domains"]
        if not isinstance(domains, list) or not all(isinstance(one, str) and DOMAIN.fullmatch(one) for one in domains):
            raise forms.ValidationError('Write a list of domains, as ["example.com"].')
        return domains

    def clean(self) -> dict[str, Any]:
        """There is a secret for this issuer."""
        given = super().clean() or {}
        is_kept = self.instance.sealed_client_secret and "issuer" not in self.changed_data
        if not given.get("client_secret") and not is_kept:
            self.add_error("client_secret", "Write the secret that the provider has for this client.")
        return given

    def save(self, commit: bool = True) -> Any:
        """Seal a new secret."""
        if secret := self.cleaned_data["client_secret"]:
            self.instance.client_secret = secret
        return super().save(commit)


class SignOnAdmin(TellsWhoAsks, SettledAdmin):
    """Where the people of a workspace sign in; only owners change it, for it opens everybody's account there."""

    form = SignOnForm
    list_display = ("name", "workspace", "issuer", "is_required", "enabled")
    list_filter = (OF_WORKSPACE,)
    told_values = ("issuer", "is_required", "enabled")
    readonly_fields = ("redirect_address", "page")
    fieldsets = (
        (None, {"fields": ("workspace", ("name", "enabled"), "page")}),
        ("At the provider", {"fields": ("issuer", "redirect_address", "client_id", "client_secret")}),
        ("People", {"fields": ("domains", "is_required")}),
    )

    @admin.display(description="redirect address")
    def redirect_address(self, sign_on: SignOn) -> str:
        """What the provider wants to know of us."""
        return _address("openid_connect_callback", sign_on.reference if sign_on.workspace_id else "")

    @admin.display(description="where people sign in")
    def page(self, sign_on: SignOn) -> str:
        """The address to pass on."""
        return _address("sign-on-at", sign_on.workspace.slug if sign_on.workspace_id else "")

    def save_model(self, request: HttpRequest, obj: SignOn, form: Any, change: bool) -> None:
        """Another issuer vouches for other people."""
        if change and "issuer" in form.changed_data:
            rules.release_all(obj)
        super().save_model(request, obj, form, change)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Owners."""
        return super().has_change_permission(request, obj) and self._owns(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Owners."""
        return super().has_delete_permission(request, obj) and self._owns(request, obj)

    def _owns(self, request: HttpRequest, obj: Model | None) -> bool:
        assert isinstance(request.user, User)
        return not isinstance(obj, SignOn) or owns(request.user, obj.workspace)


def _address(name: str, of: str) -> str:
    return f"{settings.SITE_ADDRESS}{reverse(name, args=[of])}" if of else "Stands here once it is saved"
