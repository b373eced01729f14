"""Every HTTP route: the admin, signing in and out, health, and the surfaces."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from supportbot.api.site import api
from supportbot.billing.pages import stripe_event
from supportbot.widget import health

urlpatterns = [
    path("", include("supportbot.offboarding.urls")),
    path("admin/", admin.site.urls),
    path("healthz", health.alive),
    path("readyz", health.ready),
    path("api/v1/", api.urls),
    path("billing/stripe/", stripe_event, name="stripe-events"),
    path("", include("supportbot.channels.urls")),
    path("", include("supportbot.workspaces.urls")),
    path("", include("supportbot.dashboard.urls")),
    path("", include("supportbot.widget.urls")),
]
