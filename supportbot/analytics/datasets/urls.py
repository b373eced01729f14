"""The addresses of datasets, below those of analytics."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.urls import URLPattern, path

from supportbot.analytics.datasets import pages


def urls(admin_view: Callable[[Any], Any]) -> list[URLPattern]:
    """Each behind the admin's door."""
    at = "analytics/datasets/"
    return [
        path(at, admin_view(pages.overview), name="datasets"),
        path(f"{at}<int:dataset_id>/", admin_view(pages.ask), name="dataset"),
        path(f"{at}<int:dataset_id>/columns/", admin_view(pages.columns), name="dataset-columns"),
        path(f"{at}<int:dataset_id>/files/", admin_view(pages.files), name="dataset-files"),
        path(f"{at}<int:dataset_id>/progress/", admin_view(pages.progress), name="dataset-progress"),
        path(f"{at}<int:dataset_id>/files/<int:upload_id>/bad/", admin_view(pages.bad_rows), name="dataset-bad"),
        path(f"{at}<int:dataset_id>/change/", admin_view(pages.change), name="dataset-change"),
    ]
