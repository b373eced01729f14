"""What allauth asks of us where somebody comes from a workspace's provider."""

from __future__ import annotations

from typing import Any, NoReturn

import structlog
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp, SocialLogin
from django.http import HttpRequest
from django.shortcuts import render
from requests import Session

from supportbot.workspaces import outgoing
from supportbot.workspaces.models import SignOn
from supportbot.workspaces.sign_on import rules

log = structlog.get_logger(__name__)
FAILED = "{name} and we did not understand each other. Please try again; if it goes on, tell your administrators."


class SignOnAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Providers are rows of workspaces; who they vouch for is let in by `rules`."""

    def list_apps(
        self, request: HttpRequest, provider: str | None = None, client_id: str | None = None
    ) -> list[SocialApp]:
        """The provider of this reference, as allauth describes one."""
        number = (provider or "").removeprefix(SignOn.REFERENCE)
        rows = SignOn.objects.filter(workspace_id=int(number), enabled=True) if number.isdecimal() else []
        return [
            SocialApp(
                provider="openid_connect",
                provider_id=row.reference,
                name=row.name,
                client_id=row.client_id,
                secret=row.client_secret,
                settings={"server_url": row.issuer},
            )
            for row in rows
        ]

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Find or make the account, or say why nobody is let in."""
        number = sociallogin.account.provider.removeprefix(SignOn.REFERENCE)
        sign_on = SignOn.objects.select_related("workspace").get(workspace_id=int(number))
        try:
            claims = _claims(sociallogin.account.extra_data)
            if sociallogin.is_existing:
                rules.known(sign_on, sociallogin.user)
                return
            email, name = str(claims.get("email") or ""), str(claims.get("name") or "")
            unverified = claims.get("email_verified") in (False, "false")
            sociallogin.user = rules.newcomer(sign_on, email, name, is_unverified=unverified)
            sociallogin.save(request, connect=True)
        except rules.NotLetIn as error:
            refuse(request, str(error))

    def on_authentication_error(
        self, request: HttpRequest, provider: Any, error: Any = None, exception: Any = None, **_: Any
    ) -> None:
        """Say so in a page of our own."""
        log.warning("sign-on failed", provider=provider.sub_id, error=str(error), exception=repr(exception))
        refuse(request, FAILED.format(name=provider.name))

    def get_requests_session(self) -> Session:
        """Asks public addresses only."""
        return outgoing.session()


def _claims(data: dict[str, Any]) -> dict[str, Any]:
    """What the provider says of who came; its two accounts must agree (OpenID Connect Core 1.0, 5.3.2)."""
    info, token = data.get("userinfo") or {}, data.get("id_token") or {}
    if info and token and info.get("sub") != token.get("sub"):
        raise rules.NotLetIn("Your provider told us of two people at once. Please try again.")
    return {**token, **info}


def refuse(request: HttpRequest, words: str) -> NoReturn:
    """Answer with a page that says why nobody is signed in."""
    raise ImmediateHttpResponse(render(request, "workspaces/sign_on_refused.html", {"words": words}, status=403))
