"""The addresses of the models' pages, under /admin/; all are for whoever runs the installation."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path

from supportbot.analytics.versions import jobs, views
from supportbot.workspaces.administration import is_superuser

View = Callable[..., HttpResponse]


def urls(guarded: Callable[[Any], Any]) -> list[URLPattern]:
    """All of them; `guarded` lets only administrators in, of whom the model needs a superuser: it serves everybody."""
    found: list[tuple[str, View, str]] = [
        ("models/", views.page, "models"),
        ("models/decide/", views.decide, "models-decide"),
        ("models/compare/", jobs.compare, "models-compare"),
        ("models/comparisons/<int:comparison_id>/", jobs.comparison, "models-comparison"),
        ("models/comparisons/<int:comparison_id>/state/", jobs.comparison_state, "models-comparison-state"),
        ("models/comparisons/<int:comparison_id>/cancel/", jobs.cancel_comparison, "models-comparison-cancel"),
        ("models/learn/", jobs.learn, "models-learn"),
        ("models/trainings/<int:training_id>/state/", jobs.training_state, "models-training-state"),
        ("models/trainings/<int:training_id>/cancel/", jobs.cancel_training, "models-training-cancel"),
        ("models/evaluate/", jobs.evaluate, "models-evaluate"),
        ("models/evaluations/<int:evaluation_id>/state/", jobs.evaluation_state, "models-evaluation-state"),
        ("models/evaluations/<int:evaluation_id>/cancel/", jobs.cancel_evaluation, "models-evaluation-cancel"),
    ]
    return [path(address, guarded(_for_superusers(view)), name=name) for address, view, name in found]


def _for_superusers(view: View) -> View:
    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not is_superuser(request):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return inner
