"""The administrator's pages of saved charts and dashboards."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from supportbot.analytics.boards.charts import answer_of, page_of, settled
from supportbot.analytics.boards.models import Chart, Dashboard, Tile
from supportbot.analytics.datasets.engine import Refused
from supportbot.analytics.datasets.models import Dataset
from supportbot.chat.storable import storable
from supportbot.workspaces.administration import administered, chosen
from supportbot.workspaces.models import AuditEntry, User, Workspace

MOST = 24  # tiles of a dashboard
WAYS = {"up": -1, "down": 1}


def overview(request: HttpRequest) -> HttpResponse:
    """Dashboards and saved charts; by POST a new dashboard."""
    workspace, user = chosen(request), _user(request)
    if workspace is None:
        return _page(request, "overview", "Dashboards", {})
    if request.method == "POST":
        name = storable(request.POST.get("name", "")).strip()[:100] or "Dashboard"
        made = Dashboard.objects.create(workspace=workspace, name=name, created_by=user)
        _audit(made, user, "dashboard.added")
        return redirect(f"{reverse('admin:dashboard', args=[made.pk])}?edit=1")
    charts = Chart.objects.in_workspace(workspace).visible_to(user).select_related("workspace", "dataset", "created_by")
    context = {
        "workspace": workspace,
        "workspaces": administered(request),
        "dashboards": Dashboard.objects.in_workspace(workspace).visible_to(user).select_related("created_by"),
        "charts": [(chart, page_of(chart)) for chart in charts],
    }
    return _page(request, "overview", "Dashboards", context)


def dashboard(request: HttpRequest, dashboard_id: int) -> HttpResponse:
    """Its tiles as of now; by POST one change of it."""
    board, user = _board(request, dashboard_id), _user(request)
    if request.method == "POST":
        return _changed(request, board, user)
    tiles = [(tile, _answered(tile.chart)) for tile in board.tiles.select_related("chart__workspace", "chart__dataset")]
    context = {
        "board": board,
        "tiles": tiles,
        "edits": "edit" in request.GET,
        "widths": Tile.Width.choices,
        "charts": Chart.objects.in_workspace(board.workspace).visible_to(user),
        "is_full": len(tiles) >= MOST,
    }
    return _page(request, "dashboard", board.name, context)


@require_POST
def save(request: HttpRequest) -> HttpResponse:
    """A query under a name; where it was asked, it is seen again."""
    user = _user(request)
    rows = Dataset.objects.in_workspaces(user.administers()).select_related("workspace")
    dataset_id = request.POST.get("dataset", "")
    dataset = get_object_or_404(rows, pk=dataset_id) if dataset_id.isdecimal() else None
    workspace = dataset.workspace if dataset else _workspace(request)
    name = storable(request.POST.get("name", "")).strip()[:100]
    try:
        if not name:
            raise Refused("Give the chart a name.")
        query = settled(workspace, dataset, QueryDict(request.POST.get("query", "")).dict())
    except Refused as error:
        messages.error(request, str(error))
        return redirect(f"{reverse('admin:dashboards')}?workspace={workspace.slug}")
    own = {"is_shared": "is_shared" in request.POST, "created_by": user}
    chart = Chart.objects.create(workspace=workspace, dataset=dataset, name=name, query=query, **own)
    _audit(chart, user, "chart.added")
    messages.success(request, f"“{chart}” was saved. You find it under Dashboards, and alerts can watch it.")
    return redirect(page_of(chart))


@require_POST
def change_chart(request: HttpRequest, chart_id: int) -> HttpResponse:
    """Share it, keep it to oneself, or delete it."""
    user = _user(request)
    mine = Chart.objects.in_workspaces(user.administers()).visible_to(user).select_related("workspace")
    chart, what = get_object_or_404(mine, pk=chart_id), request.POST.get("what", "")
    if what in ("share", "hide") and (what == "share" or _is_free(chart, user)):
        Chart.objects.filter(pk=chart.pk).update(is_shared=what == "share")
        _audit(chart, user, f"chart.{what}d" if what == "share" else "chart.hidden")
    elif what == "hide":
        messages.error(request, "It is on a shared dashboard or somebody else’s; it stays shared.")
    elif what == "delete":
        _audit(chart, user, "chart.deleted")
        chart.delete()
        messages.success(request, f"“{chart}” was deleted.")
    return redirect(f"{reverse('admin:dashboards')}?workspace={chart.workspace.slug}")


@transaction.atomic
def _changed(request: HttpRequest, board: Dashboard, user: User) -> HttpResponse:
    what, at = request.POST.get("what", ""), f"{reverse('admin:dashboard', args=[board.pk])}?edit=1"
    number = request.POST.get("number", "")
    tiles = list(board.tiles.select_for_update())
    tile = next((one for one in tiles if str(one.pk) == number), None)
    if what == "delete":
        _audit(board, user, "dashboard.deleted")
        board.delete()
        messages.success(request, f"“{board}” was deleted. Its charts are still there.")
        return redirect(f"{reverse('admin:dashboards')}?workspace={board.workspace.slug}")
    if what == "add" and number.isdecimal() and len(tiles) < MOST:
        charts = Chart.objects.in_workspace(board.workspace).visible_to(user)
        chart = get_object_or_404(charts, pk=number)
        Tile.objects.create(dashboard=board, chart=chart, position=len(tiles) + 1)
    elif what == "rename":
        board.name = storable(request.POST.get("name", "")).strip()[:100] or board.name
        board.is_shared = "is_shared" in request.POST
        board.save(update_fields=["name", "is_shared"])
    elif tile and what in WAYS:
        _move(tiles, tile, WAYS[what])
    elif tile and what in Tile.Width.values:
        Tile.objects.filter(pk=tile.pk).update(width=what)
    elif tile and what == "remove":
        tile.delete()
    if board.is_shared:
        Chart.objects.filter(tiles__dashboard=board).update(is_shared=True)
    _audit(board, user, "dashboard.changed", what=what)
    return redirect(at)


def _move(tiles: list[Tile], tile: Tile, way: int) -> None:
    """Past its neighbour; positions are counted anew."""
    place = tiles.index(tile)
    tiles.insert(max(0, place + way), tiles.pop(place))
    for position, one in enumerate(tiles, 1):
        one.position = position
    Tile.objects.bulk_update(tiles, ["position"])


def _answered(chart: Chart) -> dict[str, Any]:
    try:
        return {"answer": answer_of(chart), "page": page_of(chart)}
    except Refused as error:
        return {"problem": str(error), "page": page_of(chart)}


def _is_free(chart: Chart, user: User) -> bool:
    on_shared = chart.tiles.filter(dashboard__is_shared=True).exists()
    return chart.created_by_id == user.pk and not on_shared


def _board(request: HttpRequest, dashboard_id: int) -> Dashboard:
    user = _user(request)
    mine = Dashboard.objects.in_workspaces(user.administers()).visible_to(user).select_related("workspace")
    return get_object_or_404(mine, pk=dashboard_id)


def _workspace(request: HttpRequest) -> Workspace:
    return get_object_or_404(administered(request), slug=request.POST.get("workspace", ""))


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _audit(row: Chart | Dashboard, user: User, action: str, **details: object) -> None:
    own = {"workspace": row.workspace, "actor": user, "target": row.name, "details": details}
    AuditEntry.objects.create(action=action, **own)


def _page(request: HttpRequest, name: str, title: str, context: dict[str, Any]) -> HttpResponse:
    shared = {"title": title, **admin.site.each_context(request)}
    return render(request, f"analytics/boards/{name}.html", {**shared, **context})
