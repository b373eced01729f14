"""The customer's pages: the embed script, the demo shop, the help centre."""

from __future__ import annotations

from django.urls import include, path

from supportbot.widget import attachments, demo, views

urlpatterns = [
    path("", views.home),
    path("widget.js", views.script, {"name": "widget"}),
    path("widget/<path:name>.js", views.script),
    path("widget/<str:key>/frame/", views.frame),
    path("widget/<str:key>/start.json", views.start),
    path("widget/<str:key>/articles.json", views.articles),
    path("widget/<str:key>/attachments/", attachments.uploads),
    path("widget/<str:key>/attachments/<uuid:attachment>/", attachments.upload),
    path("demo/", demo.home, name="demo"),
    path("demo/sdk/", demo.sdk),
    path("demo/sdk/token/<str:customer>", demo.token),
    path("", include("supportbot.widget.helpcentre.urls")),
]
