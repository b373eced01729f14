"""The page on which the widget's functions can be tried, and what a shop's own server does for it: signing tokens.

Its two customers belong to everybody who opens the page, so what is said as one of them is no secret.
"""

from __future__ import annotations

import secrets
import time

import jwt
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from supportbot.workspaces.models import Workspace

SLUG = "fennmoor"
LIFE = 300  # seconds
CUSTOMERS = {"21": ("Nora Quinn", "customer21@fennmoor.example"), "31": ("Sam Reyes", "customer31@fennmoor.example")}


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """A shop's page that embeds the widget as a customer of ours would."""
    return render(request, "demo/home.html", {"workspace": get_object_or_404(Workspace, slug=SLUG)})


@require_safe
def sdk(request: HttpRequest) -> HttpResponse:
    """Every function and event of the widget."""
    customers = [(number, name) for number, (name, _) in CUSTOMERS.items()]
    context = {"workspace": get_object_or_404(Workspace, slug=SLUG), "customers": customers}
    return render(request, "demo/sdk.html", context)


@require_safe
@never_cache
def token(request: HttpRequest, customer: str) -> HttpResponse:
    """A token of one of the two customers, as a shop would sign it for who is signed in."""
    secret = get_object_or_404(Workspace, slug=SLUG).identity_secret
    if not secret or customer not in CUSTOMERS:
        raise Http404
    name, email = CUSTOMERS[customer]
    now = int(time.time())
    claims = {"sub": customer, "iat": now, "exp": now + LIFE, "jti": secrets.token_hex(16)}
    claims |= {"name": name, "email": email}
    return HttpResponse(jwt.encode(claims, secret, "HS256"), content_type="text/plain")
