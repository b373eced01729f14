"""The customer's pages: the embed script, the demo shop, the help centre."""

from __future__ import annotations

from django.urls import include, path

from supportbot.widget import views

urlpatterns = [
    path("", views.home),
    path("widget.js", views.loader),
    path("demo/", views.demo, name="demo"),
    path("", include("supportbot.widget.helpcentre.urls")),
]
