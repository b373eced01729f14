"""The addresses of charts and dashboards, below those of analytics."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.urls import URLPattern, path

from supportbot.analytics.boards import pages


def urls(admin_view: Callable[[Any], Any]) -> list[URLPattern]:
    """Each behind the admin's door."""
    return [
        path("analytics/dashboards/", admin_view(pages.overview), name="dashboards"),
        path("analytics/dashboards/<int:dashboard_id>/", admin_view(pages.dashboard), name="dashboard"),
        path("analytics/charts/", admin_view(pages.save), name="chart-save"),
        path("analytics/charts/<int:chart_id>/", admin_view(pages.change_chart), name="chart-change"),
    ]
