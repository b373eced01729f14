"""The pages behind links to who comes new: of an invitation to a workspace, and of signing up for one's own."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from smtplib import SMTPException
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.forms import BaseUserCreationForm
from django.db import IntegrityError
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from supportbot.workspaces import inviting, pace, signing_up
from supportbot.workspaces.models import User
from supportbot.workspaces.sign_on import rules

MOST, WITHIN = 20, 900  # tries of one address, seconds
LINKS, A_DAY = 5, 86_400  # links to one e-mail address, seconds
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


class WelcomeForm(BaseUserCreationForm):  # type: ignore[type-arg]
    """Who is new: a name, and a password that the rules allow."""

    field_order = ("name", "password1", "password2")
    name = forms.CharField(label="Your name", max_length=100, widget=forms.TextInput(attrs={"autocomplete": "name"}))

    class Meta:
        model = User
        fields = ("name",)

    def __init__(self, email: str, data: QueryDict | None) -> None:
        super().__init__(data, instance=User(email=email), label_suffix="")


class SignUpForm(forms.Form):
    """Who wants a workspace."""

    email = forms.EmailField(label="E-mail", widget=forms.EmailInput(attrs={"autocomplete": "email"}))
    company = forms.CharField(
        label="Company", max_length=100, widget=forms.TextInput(attrs={"autocomplete": "organization"})
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_up(request: HttpRequest) -> HttpResponse:
    """Take address and company, and send a link; the answer is the same whoever has the address."""
    if not settings.SIGN_UP:
        raise Http404("Signing up is switched off.")
    form = SignUpForm(request.POST if request.method == "POST" else None, label_suffix="")
    if not form.is_valid():
        return render(request, "workspaces/sign_up.html", {"form": form}, status=422 if form.is_bound else 200)
    email = form.cleaned_data["email"]
    by_address = pace.is_too_often(request, "sign-up", most=MOST, within=WITHIN)
    key = f"sign-up:{sha256(email.lower().encode()).hexdigest()}"
    if by_address or pace.is_too_much(key, most=LINKS, within=A_DAY):
        return render(request, "429.html", status=429)
    try:
        signing_up.send_link(email, form.cleaned_data["company"])
    except (OSError, SMTPException):
        form.add_error(None, "The e-mail could not be sent. Please try again a little later.")
        return render(request, "workspaces/sign_up.html", {"form": form}, status=503)
    return render(request, "workspaces/sign_up_sent.html", {"email": email})


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_up_link(request: HttpRequest, token: str) -> HttpResponse:
    """Make the workspace of who opens the link."""
    asked = signing_up.sign_up_of(token) if settings.SIGN_UP else None
    if asked is None:
        return render(request, "workspaces/link_over.html", status=404)

    def enter(user: User) -> HttpResponse:
        signing_up.make_workspace(asked, user)
        return redirect("admin:index")

    return _receive(request, asked.email, enter, {"company": asked.company})


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Make who opens the link a member."""
    found = inviting.invitation_of(token)
    if found is None:
        return render(request, "workspaces/link_over.html", status=404)

    def enter(user: User) -> HttpResponse:
        if inviting.accept(found, user) is None:
            return render(request, "workspaces/link_over.html", status=404)
        return redirect(f"{reverse('inbox')}?{urlencode({'workspace': found.workspace.slug})}")

    return _receive(request, found.email, enter, {"company": found.workspace.name, "invitation": found})


def _receive(
    request: HttpRequest, email: str, enter: Callable[[User], HttpResponse], context: dict[str, Any]
) -> HttpResponse:
    """Ask who is new for a name and a password, and who has an account to sign in and assent; then let them enter."""
    if request.method == "POST" and pace.is_too_often(request, "link", most=MOST, within=WITHIN):
        return render(request, "429.html", status=429)
    context = {**context, "email": email, "here": request.path}
    known = User.objects.filter(email=email).first()
    if known is None:
        return _introduce(request, email, enter, context)
    if request.user.pk != known.pk:
        context["sign_in"] = f"{reverse('account_login')}?{urlencode({'next': request.path})}"
        return render(request, "workspaces/link_other.html", context)
    if words := rules.objection(known):
        return render(request, "workspaces/sign_on_refused.html", {"words": words}, status=403)
    return enter(known) if request.method == "POST" else render(request, "workspaces/link.html", context)


def _introduce(
    request: HttpRequest, email: str, enter: Callable[[User], HttpResponse], context: dict[str, Any]
) -> HttpResponse:
    form = WelcomeForm(email, request.POST if request.method == "POST" else None)
    if not form.is_valid():
        status = 422 if form.is_bound else 200
        return render(request, "workspaces/link.html", {**context, "form": form}, status=status)
    try:
        user = form.save()
    except IntegrityError:  # a second click on the same button was quicker
        return redirect("account_login")
    login(request, user, backend=BACKEND)
    return enter(user)
