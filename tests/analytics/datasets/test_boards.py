"""Saved charts, dashboards and alerts on a chart's figure: who sees them, what they show."""

from __future__ import annotations

from django.core import mail
from django.test import Client

from supportbot.analytics import tasks
from supportbot.analytics.models import Alert, Chart, Dashboard
from supportbot.workspaces.models import Member, User
from tests.analytics.conftest import Shop, signed_in
from tests.analytics.datasets.conftest import Table, words


def saved(client: Client, name: str, query: str, **form: str) -> Chart:
    """A chart of a query."""
    client.post("/admin/analytics/charts/", {"name": name, "query": query, **form})
    return Chart.objects.get(name=name)


def test_charts_stand_on_dashboards_and_are_watched(orders: Table, other_shop: Shop) -> None:
    shop, client = orders.shop, orders.client
    dataset = {"dataset": str(orders.dataset.pk)}
    amount = saved(client, "Amount", "figure=sum:c4&by=c2&period=all&q=x", **dataset)
    assert not amount.is_shared and amount.query == {"figure": "sum:c4", "by": "c2", "period": "all"}
    csat = saved(client, "CSAT", "measure=csat&by=category&period=365", workspace=shop.workspace.slug, is_shared="on")
    client.post("/admin/analytics/dashboards/", {"name": "Season"})
    at = f"/admin/analytics/dashboards/{Dashboard.objects.get().pk}/"
    for chart in (amount, csat):
        client.post(at, {"what": "add", "number": chart.pk})
    tiles = list(Dashboard.objects.get().tiles.all())
    client.post(at, {"what": "up", "number": tiles[1].pk})
    client.post(at, {"what": "full", "number": tiles[1].pk})
    page = words(client, at)
    assert page.index("CSAT 50.0 %") < page.index("Amount 409.80 Total of Amount: 409.80.")
    assert list(Dashboard.objects.get().tiles.values_list("chart__name", "width")) == [
        ("CSAT", "full"),
        ("Amount", "half"),
    ]

    colleague = User.objects.create_user("kim@fennmoor.example")
    Member.objects.create(workspace=shop.workspace, user=colleague, role=Member.Role.ADMIN)
    theirs = signed_in(colleague)
    assert theirs.get(at).status_code == 404 and "Amount" not in words(theirs, "/admin/analytics/dashboards/")
    client.post(at, {"what": "rename", "name": "Season", "is_shared": "on"})
    assert "409.80" in words(theirs, at) and Chart.objects.get(pk=amount.pk).is_shared
    client.post(f"/admin/analytics/charts/{amount.pk}/", {"what": "hide"})
    assert Chart.objects.get(pk=amount.pk).is_shared, "it is on a shared dashboard"
    assert signed_in(other_shop.admin).get(at).status_code == 404

    form = {"workspace": shop.workspace.pk, "recipients": [shop.workspace.members.get(user=shop.admin).pk]}
    form |= {"figure": "chart", "side": "above", "threshold": "400", "days": "7"}
    refused = client.post("/admin/analytics/alert/add/", form).content.decode()
    assert "Choose a chart if its figure is watched" in refused
    client.post("/admin/analytics/alert/add/", {**form, "chart": amount.pk})
    assert (
        "has no history"
        in client.post("/admin/analytics/alert/add/", {**form, "chart": amount.pk, "side": "unusual"}).content.decode()
    )
    tasks.sweep()
    (sent,) = mail.outbox
    assert sent.subject == "Fennmoor: Amount above 400"
    assert "Amount: 409.8; you asked" in sent.body and f"/datasets/{orders.dataset.pk}/?" in sent.body
    client.post(f"/admin/analytics/charts/{amount.pk}/", {"what": "delete"})
    assert not Alert.objects.exists() and "409.80" not in words(client, at)
