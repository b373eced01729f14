"""The way to a workspace's provider: everybody's page, which asks for the workspace, and the page of one."""

from __future__ import annotations

import structlog
from allauth.socialaccount.adapter import get_adapter
from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from requests import RequestException

from supportbot.workspaces import pace
from supportbot.workspaces.models import SignOn

log = structlog.get_logger(__name__)
MOST, WITHIN = 100, 900  # of one address, seconds


class WhereForm(forms.Form):
    """Which workspace."""

    workspace = forms.SlugField(
        label="Workspace", max_length=60, help_text="Its short name, as it stands in the addresses of your inbox"
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_on(request: HttpRequest) -> HttpResponse:
    """Ask for the workspace."""
    form = WhereForm(request.POST if request.method == "POST" else None, label_suffix="")
    if form.is_valid():
        if _provider(form.cleaned_data["workspace"]):
            return redirect("sign-on-at", form.cleaned_data["workspace"])
        form.add_error("workspace", "There is no workspace of this name that has single sign-on.")
    return render(request, "workspaces/sign_on.html", {"form": form}, status=422 if form.is_bound else 200)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_on_at(request: HttpRequest, slug: str) -> HttpResponse:
    """The page of one workspace, which people keep as a bookmark; its button leads to the provider."""
    found = _provider(slug)
    if found is None:
        return redirect("sign-on")
    if request.method != "POST":
        return render(request, "workspaces/sign_on_at.html", {"sign_on": found, "next": request.GET.get("next", "")})
    if pace.is_too_often(request, "sign-in", most=MOST, within=WITHIN):
        return render(request, "429.html", status=429)
    wanted = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    provider = get_adapter().get_provider(request, found.reference)
    try:
        answer: HttpResponse = provider.redirect(request, process="login", next_url=wanted if is_ours else None)
    except RequestException as error:
        log.warning("sign-on out of reach", workspace=slug, error=repr(error))
        words = "Your company's sign-in can't be reached. Please try again a little later."
        return render(request, "workspaces/sign_on_refused.html", {"words": words}, status=503)
    return answer


def _provider(slug: str) -> SignOn | None:
    return SignOn.objects.select_related("workspace").filter(workspace__slug=slug, enabled=True).first()
