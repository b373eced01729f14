"""Every HTTP route: the admin, signing in and out, health, and the surfaces."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.views import LogoutView
from django.urls import include, path

from supportbot.api.site import api
from supportbot.widget import health
from supportbot.workspaces.account import SignIn, account

urlpatterns = [
    path("admin/", admin.site.urls),
    path("login/", SignIn.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("account/", account, name="account"),
    path("healthz", health.alive),
    path("readyz", health.ready),
    path("api/v1/", api.urls),
    path("", include("supportbot.dashboard.urls")),
    path("", include("supportbot.widget.urls")),
]
