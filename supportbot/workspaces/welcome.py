"""The page behind the link of an invitation: a name and a password, or signing in, and one is a colleague."""

from __future__ import annotations

from django import forms
from django.contrib.auth import login
from django.contrib.auth.forms import BaseUserCreationForm
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from supportbot.workspaces import inviting, pace
from supportbot.workspaces.invitation import Invitation
from supportbot.workspaces.models import User

MOST, WITHIN = 20, 900  # tries of one address, seconds
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


class WelcomeForm(BaseUserCreationForm):  # type: ignore[type-arg]
    """Who is new: a name, and a password that the rules allow."""

    field_order = ("name", "password1", "password2")
    name = forms.CharField(label="Your name", max_length=100, widget=forms.TextInput(attrs={"autocomplete": "name"}))

    class Meta:
        model = User
        fields = ("name",)

    def __init__(self, invitation: Invitation, data: QueryDict | None) -> None:
        super().__init__(data, instance=User(email=invitation.email), label_suffix="")


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Say who invites whom; take what is needed of who is new, or the assent of who has an account."""
    found = inviting.invitation_of(token)
    if found is None:
        return render(request, "workspaces/invitation_over.html", status=404)
    known = User.objects.filter(email=found.email).first()
    if request.method == "POST" and pace.is_too_often(request, "invitation", most=MOST, within=WITHIN):
        return render(request, "429.html", status=429)
    if known is None:
        return _introduce(request, found)
    if request.user.pk != known.pk:
        back = urlencode({"next": request.path})
        context = {"invitation": found, "sign_in": f"{reverse('account_login')}?{back}", "here": request.path}
        return render(request, "workspaces/invitation_other.html", context)
    if request.method == "POST":
        return _enter(request, found, known)
    return render(request, "workspaces/invitation.html", {"invitation": found})


def _introduce(request: HttpRequest, found: Invitation) -> HttpResponse:
    form = WelcomeForm(found, request.POST if request.method == "POST" else None)
    if not form.is_valid():
        status = 422 if form.is_bound else 200
        return render(request, "workspaces/invitation.html", {"invitation": found, "form": form}, status=status)
    user = form.save()
    login(request, user, backend=BACKEND)
    return _enter(request, found, user)


def _enter(request: HttpRequest, found: Invitation, user: User) -> HttpResponse:
    if inviting.accept(found, user) is None:
        return render(request, "workspaces/invitation_over.html", status=404)
    return redirect(f"{reverse('inbox')}?{urlencode({'workspace': found.workspace.slug})}")
