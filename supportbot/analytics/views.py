"""The page of the evaluation, inside the admin."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from supportbot.analytics.evaluated import evaluated
from supportbot.chat.experts import installed


def evaluation(request: HttpRequest) -> HttpResponse:
    """How well the assistant does on the companies that it is judged on."""
    checkpoint = installed()
    context = {"title": "Evaluation", "checkpoint": checkpoint, "evaluated": evaluated(checkpoint)}
    return render(request, "analytics/evaluation.html", {**admin.site.each_context(request), **context})
