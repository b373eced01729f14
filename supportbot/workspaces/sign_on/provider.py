"""The row that names a workspace's OpenID Connect provider; `rules` says whom it lets in."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from supportbot.workspaces.scoping import ScopedQuerySet
from supportbot.workspaces.sealing import seal, unseal


class SignOn(models.Model):
    """Where the people of a workspace sign in. Its accounts at the provider are those of `reference`."""

    workspace = models.OneToOneField("workspaces.Workspace", models.CASCADE, related_name="sign_on")
    name = models.CharField(max_length=60, help_text="What people call it, as Okta or Keycloak")
    issuer = models.CharField(max_length=300, help_text="As https://login.example.com/realms/staff")
    client_id = models.CharField("client ID", max_length=200)
    sealed_client_secret = models.TextField(editable=False)
    domains = models.JSONField(
        "who may come without an invitation",
        default=list,
        blank=True,
        help_text='Domains of e-mail addresses, as ["example.com"]: who comes from one for the first time is an agent',
    )
    is_required = models.BooleanField(
        "the only way",
        default=False,
        help_text="Who works in this workspace alone signs in no other way; owners may, for the day on which it fails",
    )
    enabled = models.BooleanField(default=True)

    objects = ScopedQuerySet["SignOn"].as_manager()

    class Meta:
        verbose_name = "single sign-on"
        verbose_name_plural = "single sign-on"

    REFERENCE: ClassVar[str] = "workspace-"

    def __str__(self) -> str:
        return self.name

    @property
    def reference(self) -> str:
        """What allauth calls the provider."""
        return f"{self.REFERENCE}{self.workspace_id}"

    @property
    def client_secret(self) -> str:
        """What this installation shows the provider."""
        return unseal(self.sealed_client_secret)

    @client_secret.setter
    def client_secret(self, secret: str) -> None:
        self.sealed_client_secret = seal(secret)
