"""Signing in, and the page on which everybody changes their password and sees, and ends, their own sessions."""

from __future__ import annotations

from typing import Any, ClassVar

from allauth.account.views import LoginView
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import PasswordChangeForm
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from supportbot.workspaces import logins, pace
from supportbot.workspaces.models import User

MOST, WITHIN = 10, 900  # tries at the present password, seconds
FROM_ONE_ADDRESS = 100  # sign-ins in as long; axes counts the tries at one login


class SignIn(LoginView):  # type: ignore[misc]
    """The one door of agents and administrators."""

    extra_context: ClassVar[dict[str, Any]] = {"may_sign_up": settings.SIGN_UP}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Refuse an address that tries many logins, each a few times."""
        if pace.is_too_often(request, "sign-in", most=FROM_ONE_ADDRESS, within=WITHIN):
            return render(request, "429.html", status=429)
        answer: HttpResponse = super().post(request, *args, **kwargs)
        return answer


@sensitive_post_parameters()
@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """Password and sessions, and the ways to the rest."""
    assert isinstance(request.user, User)
    if request.method != "POST":
        return _page(request, request.user)
    if "end" in request.POST or "others" in request.POST:
        return _end(request, request.user)
    return _change_password(request, request.user)


def _change_password(request: HttpRequest, user: User) -> HttpResponse:
    """Whoever knows the present one chooses another, and every other session ends."""
    form = PasswordChangeForm(user, request.POST, label_suffix="")
    if pace.is_too_often(request, "password", most=MOST, within=WITHIN):
        return _page(request, user, alarm="That were many tries. Please wait a quarter of an hour.", status=429)
    if not form.is_valid():
        return _page(request, user, form=form)
    form.save()
    update_session_auth_hash(request, user)
    logins.tell(user, "user.password_changed", by=user)
    logins.end(user, by=user, chosen=~Q(session_key=request.session.session_key))
    messages.success(request, "Your password is changed, and you are signed out everywhere else.")
    return redirect("account")


def _end(request: HttpRequest, user: User) -> HttpResponse:
    """One session, or all but this."""
    chosen, number = ~Q(session_key=request.session.session_key), request.POST.get("end", "")
    if "others" not in request.POST:
        chosen &= Q(pk=number if number.isdecimal() else 0)
    if logins.end(user, by=user, chosen=chosen):
        messages.success(request, "Signed out there.")
    return redirect("account")


def _page(request: HttpRequest, user: User, *, form: Any = None, alarm: str = "", status: int = 200) -> HttpResponse:
    logins.note(request, user)
    form = form or PasswordChangeForm(user, label_suffix="")
    for field in form.fields.values():
        field.widget.attrs["class"] = "input"
        field.widget.attrs.pop("autofocus", None)
    found = logins.living(user)
    context = {"form": form, "alarm": alarm, "logins": found, "own": request.session.session_key}
    context["length"] = settings.PASSWORD_LENGTH
    context["has_second_factor"] = Authenticator.objects.filter(user=user).exists()
    return render(request, "workspaces/account.html", context, status=status)
