"""A workspace's page in the admin refuses hours, names and patterns that nobody could use, in words."""

from __future__ import annotations

from datetime import date

import pytest

from supportbot.workspaces.models import HiddenPattern, Holiday, OpeningTime, Team, Workspace
from tests.analytics.conftest import Shop, signed_in


def save(shop: Shop, **changed: str) -> str:
    """Save the page with two spans of business hours, a holiday and a pattern; what the page answers."""
    fields = {"name": "F", "slug": "fennmoor", "key": "pk_1", "language": "en", "colour": "#000000"}
    fields |= {
        "settings": "{}",
        "allowed_origins": "[]",
        "reserved": '["invoice"]',
        "routing_days_kept": "30",
        "time_zone": "Europe/London",
    }
    fields |= {"assignment": "off", "proactive_messages-TOTAL_FORMS": "0", "proactive_messages-INITIAL_FORMS": "0"}
    for rows, count in (("opening_times", 2), ("holidays", 1), ("hidden_patterns", 1)):
        fields |= {f"{rows}-TOTAL_FORMS": str(count), f"{rows}-INITIAL_FORMS": "0"}
    fields |= {"opening_times-0-weekday": "0", "opening_times-0-opens": "9:00", "opening_times-0-closes": "12:00"}
    fields |= {"opening_times-1-weekday": "0", "opening_times-1-opens": "13:00", "opening_times-1-closes": "0:00"}
    fields |= {
        "holidays-0-day": "2026-12-25",
        "hidden_patterns-0-name": "member",
        "hidden_patterns-0-pattern": "M-[0-9]+",
    }
    return signed_in(shop.admin).post(shop_page(shop), {**fields, **changed}).content.decode()


def shop_page(shop: Shop) -> str:
    """The workspace's page in the admin."""
    return f"/admin/workspaces/workspace/{shop.workspace.id}/change/"


def test_an_administrator_sets_hours_holidays_and_patterns(shop: Shop) -> None:
    assert save(shop) == ""
    workspace = Workspace.objects.get(id=shop.workspace.id)
    hours = workspace.hours()
    assert hours and hours.zone.key == "Europe/London" and len(hours.week) == 2 and len(hours.holidays) == 1
    assert workspace.routing_days_kept == 30
    assert workspace.reserved == ["invoice"] and HiddenPattern.objects.get().workspace == workspace


def test_a_team_has_hours_of_its_own_and_the_holidays_of_all(shop: Shop) -> None:
    save(shop)
    team = Team.objects.create(workspace=shop.workspace, name="Lisbon")
    assert team.hours() == shop.workspace.hours()
    page = f"/admin/workspaces/team/{team.pk}/change/"
    fields = {
        "name": "Lisbon",
        "time_zone": "Europe/Lisbon",
        "opening_times-TOTAL_FORMS": "1",
        "holidays-TOTAL_FORMS": "2",
    }
    fields |= {"opening_times-INITIAL_FORMS": "0", "holidays-INITIAL_FORMS": "0", "opening_times-0-weekday": "5"}
    fields |= {"opening_times-0-opens": "10:00", "opening_times-0-closes": "14:00"}
    fields |= {f"holidays-{n}-day": "2026-06-10" for n in range(2)}
    assert "10 June 2026 stands here twice." in signed_in(shop.admin).post(page, fields).content.decode()
    assert signed_in(shop.admin).post(page, {**fields, "holidays-1-day": "2026-06-13"}).status_code == 302
    own, shared = Team.objects.get().hours(), Workspace.objects.get(id=shop.workspace.id).hours()
    assert own and (str(own.zone), [day for day, *_ in own.week]) == ("Europe/Lisbon", [5])
    assert shared and own.holidays == shared.holidays | {date(2026, 6, 10), date(2026, 6, 13)}
    assert "2026-06-10" not in signed_in(shop.admin).get(shop_page(shop)).content.decode()


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("opening_times-0-closes", "8:00", "ends before it begins"),
        ("opening_times-0-closes", "13:30", "Two spans of Monday overlap"),
        ("time_zone", "Europe/Atlantis", "not one of the available choices"),
        ("reserved", '["Invoice!"]', "list of categories and intents"),
        ("hidden_patterns-0-pattern", "(a+)+b", "takes too long"),
        ("holidays-0-day", "tomorrow", "valid date"),
        ("routing_days_kept", "0", "greater than or equal to 1"),
    ],
)
def test_what_could_not_be_used_is_refused_and_nothing_is_kept(
    shop: Shop,
    field: str,
    value: str,
    words: str,
) -> None:
    assert words in save(shop, **{field: value})
    assert not OpeningTime.objects.exists() and not Holiday.objects.exists()
