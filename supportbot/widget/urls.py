"""The customer's pages: the embed script, the demo shop, the help centre."""

from __future__ import annotations

from django.urls import path

from supportbot.widget import views

urlpatterns = [
    path("", views.home),
    path("widget.js", views.loader),
    path("demo/", views.demo, name="demo"),
    path("help/<slug:workspace>/", views.help_home, name="help"),
    path("help/<slug:workspace>/<slug:article>/", views.help_article, name="help-article"),
    path("help/<slug:workspace>/<slug:language>/<slug:article>/", views.help_article, name="help-article-in"),
]
