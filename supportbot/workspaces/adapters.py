"""What allauth asks of us: who counts tries, how secrets are kept, and what is told when a password is made anew."""

from __future__ import annotations

from typing import Any

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.mfa.adapter import DefaultMFAAdapter
from axes.helpers import get_client_ip_address
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from supportbot.workspaces import logins
from supportbot.workspaces.models import User
from supportbot.workspaces.sealing import seal, unseal
from supportbot.workspaces.sign_on import rules

log = structlog.get_logger(__name__)


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Passwords and addresses."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Accounts come of invitations, which are links that were sent to an address."""
        return False

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Nothing: django-axes counts the tries at a login, by login and address together."""

    def pre_login(self, request: HttpRequest, user: User, **login: Any) -> HttpResponse | None:
        """Who has to come by their company's provider is sent there, whatever else they have shown."""
        sign_on = None if (login.get("signal_kwargs") or {}).get("sociallogin") else rules.required_of(user)
        if sign_on:
            messages.info(request, f"{sign_on.workspace} wants you to sign in with {sign_on}.")
            return redirect("sign-on-at", sign_on.workspace.slug)
        answer: HttpResponse | None = super().pre_login(request, user, **login)
        return answer

    def get_client_ip(self, request: HttpRequest) -> str:
        """As everything else of ours reads it."""
        return get_client_ip_address(request) or "unknown"

    def set_password(self, user: User, password: str) -> None:
        """A forgotten password is made anew: whoever is signed in with the old one is so no longer."""
        super().set_password(user, password)
        logins.tell(user, "user.password_reset", by=user)
        logins.end(user, by=user)

    def send_notification_mail(self, *args: Any, **fields: Any) -> None:
        """What was done is done, and is not undone by an error page because a mail server fails."""
        try:
            super().send_notification_mail(*args, **fields)
        except OSError as error:  # an SMTP server's refusals are OSErrors, too
            log.warning("notification not sent", error=repr(error))

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """The audit logs hear that somebody signs in with another address."""
        is_new: bool = super().confirm_email(request, email_address)
        if is_new:
            logins.tell(email_address.user, "user.address_changed", by=email_address.user)
        return is_new


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Secrets of authenticator apps and recovery codes are sealed as all others."""

    def encrypt(self, text: str) -> str:
        """Sealed."""
        return seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        """Readable."""
        return unseal(encrypted_text)
