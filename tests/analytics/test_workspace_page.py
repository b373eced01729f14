"""A workspace's page in the admin refuses hours, names and patterns that nobody could use, in words."""

from __future__ import annotations

import pytest

from supportbot.workspaces.models import HiddenPattern, Holiday, OpeningTime, Workspace
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
    page = f"/admin/workspaces/workspace/{shop.workspace.id}/change/"
    return signed_in(shop.admin).post(page, {**fields, **changed}).content.decode()


def test_an_administrator_sets_hours_holidays_and_patterns(shop: Shop) -> None:
    assert save(shop) == ""
    workspace = Workspace.objects.get(id=shop.workspace.id)
    hours = workspace.hours()
    assert hours and hours.zone.key == "Europe/London" and len(hours.week) == 2 and len(hours.holidays) == 1
    assert workspace.routing_days_kept == 30
    assert workspace.reserved == ["invoice"] and HiddenPattern.objects.get().workspace == workspace


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
