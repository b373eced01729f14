"""Signing in and out, and one's own account; allauth's names, without the pages that are not in use."""

from __future__ import annotations

from allauth.account import views
from allauth.socialaccount.providers.openid_connect.views import callback
from django.contrib.auth.decorators import login_required
from django.urls import include, path, re_path
from django.views.generic import RedirectView

from supportbot.workspaces.account import SignIn, account
from supportbot.workspaces.sign_on.views import sign_on, sign_on_at
from supportbot.workspaces.welcome import invitation, sign_up, sign_up_link

urlpatterns = [
    path("login/", SignIn.as_view(), name="account_login"),
    path("logout/", views.logout, name="account_logout"),
    path("login/inactive/", views.account_inactive, name="account_inactive"),
    path("login/forgotten/", views.password_reset, name="account_reset_password"),
    path("login/forgotten/sent/", views.password_reset_done, name="account_reset_password_done"),
    path("login/forgotten/done/", views.password_reset_from_key_done, name="account_reset_password_from_key_done"),
    re_path(
        r"^login/forgotten/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[^/]+)/$",
        views.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path("login/address/<str:key>/", views.confirm_email, name="account_confirm_email"),
    path("login/invitation/<str:token>/", invitation, name="invitation"),
    path("login/sso/", sign_on, name="sign-on"),
    path("login/sso/back/<str:provider_id>/", callback, name="openid_connect_callback"),
    path("login/sso/<slug:slug>/", sign_on_at, name="sign-on-at"),
    path("login/new/", sign_up, name="sign-up"),
    path("login/new/<str:token>/", sign_up_link, name="sign-up-link"),
    path("account/", account, name="account"),
    path("account/address/", views.email, name="account_email"),
    path("account/confirm/", views.reauthenticate, name="account_reauthenticate"),
    path("account/second-factor/webauthn/", login_required(RedirectView.as_view(pattern_name="mfa_index"))),
    path("account/second-factor/", include("allauth.mfa.urls")),
]
