"""Figures by API: the six conversations that were counted by hand, to the digit, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from supportbot.analytics.models import Preferences
from tests.analytics.conftest import Shop, opened, shop
from tests.analytics.test_figures import march
from tests.api.conftest import Machine, machine

__all__ = ["march", "shop"]
DAYS = "first_day=2025-03-01&last_day=2025-03-31"


@pytest.fixture
def reader(march: Shop) -> Machine:
    """A machine that may read figures and nothing else."""
    return machine(march.workspace, ["analytics:read"])


def figures(reader: Machine, query: str) -> dict[str, Any]:
    """The figures of March by the value of the split."""
    answer = reader.get(f"analytics/figures?{DAYS}&{query}")
    assert answer.status_code == 200, answer.content
    return {row["value"]: row["figures"] for row in answer.json()["data"]}


def test_figures_are_those_of_the_pages(reader: Machine) -> None:
    asked = "measures=conversations,resolution,first,duration,csat,sla,reopened,people"
    assert figures(reader, asked)[""] == {
        "conversations": 6,
        "resolution": 2 / 6,
        "first": 5,
        "duration": 60,
        "csat": 0.5,
        "sla": 0.5,
        "reopened": 0.25,
        "people": 120,
    }
    assert figures(reader, "by=category&measures=conversations,csat") == {
        "delivery": {"conversations": 3, "csat": 1},
        "payment": {"conversations": 1, "csat": None},
        "returns": {"conversations": 2, "csat": 0},
    }
    assert figures(reader, "by=language&category=returns") == {"de": {"conversations": 1}, "en": {"conversations": 1}}
    assert figures(reader, "by=hour&which=handed_off") == {hour: {"conversations": 1} for hour in ("12", "13", "14")}


def test_days_come_in_pages(reader: Machine) -> None:
    first = reader.get(f"analytics/figures?{DAYS}&by=day&limit=20").json()
    second = reader.get(f"analytics/figures?{DAYS}&by=day&limit=20&cursor={first['next']}").json()
    rows = first["data"] + second["data"]
    assert [row["value"] for row in rows] == [f"2025-03-{day:02}" for day in range(1, 32)] and second["next"] is None
    assert [row["value"] for row in rows if row["figures"]["conversations"]] == ["2025-03-03"]
    assert list(figures(reader, "by=week"))[:2] == ["2025-03-01", "2025-03-03"]


def test_a_figure_leads_to_its_conversations(march: Shop, reader: Machine) -> None:
    kinds = {row["key"]: row["which"] for row in reader.get("analytics/measures").json()["data"]}
    found = reader.get(f"analytics/conversations?{DAYS}&which={kinds['reopened']}").json()["data"]
    (case,) = found
    expected = {"category": "payment", "first_response_s": 8, "people_response_s": 600, "resolution_s": 174_600}
    assert {name: case[name] for name in expected} == expected
    assert (case["agent"], case["reopened"], case["rating"]) == (march.agent.id, True, None)
    listed = reader.get(f"analytics/conversations?{DAYS}&limit=4").json()
    rest = reader.get(f"analytics/conversations?{DAYS}&limit=4&cursor={listed['next']}").json()
    assert len({row["conversation"] for row in listed["data"] + rest["data"]}) == 6


def test_a_question_in_words_becomes_a_query(reader: Machine) -> None:
    asked = reader.get("analytics/questions?q=CSAT+of+returns+by+language+in+March+2025+for+premium").json()
    assert asked == {
        "measures": "csat",
        "by": "language",
        "first_day": "2025-03-01",
        "last_day": "2025-03-31",
        "filters": {"category": "returns"},
        "unknown": ["premium"],
    }


@pytest.mark.parametrize(
    "query",
    [
        "measures=wisdom",
        "measures=cost",
        "by=moon",
        "which=none",
        "handler=cat",
        "hour=noon",
        "first_day=2025-03-01",
        "first_day=2025-03-02&last_day=2025-03-01",
        "by=day&cursor=%C3%A4",
    ],
)
def test_what_makes_no_sense_is_said(reader: Machine, query: str) -> None:
    answer = reader.get(f"analytics/figures?{query}")
    assert (answer.status_code, answer["Content-Type"]) == (422, "application/problem+json")
    assert len(answer.json()["detail"]) > 20


def test_teams_only_names_no_agent(march: Shop, reader: Machine) -> None:
    Preferences.objects.filter(workspace=march.workspace).update(teams_only=True)
    assert reader.get("analytics/figures?by=agent").status_code == 422
    assert reader.get(f"analytics/conversations?agent={march.agent.id}").status_code == 422
    assert {row["agent"] for row in reader.get(f"analytics/conversations?{DAYS}").json()["data"]} == {None}
    assert "agent" not in {row["key"] for row in reader.get("analytics/dimensions").json()["data"]}


def test_another_workspace_has_figures_of_its_own(march: Shop) -> None:
    other = machine(opened("Harbour").workspace, ["analytics:read"])
    assert figures(other, "by=category") == {} and figures(other, "") == {"": {"conversations": 0}}
    assert other.get(f"analytics/conversations?{DAYS}").json()["data"] == []
