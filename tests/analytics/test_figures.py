"""The figures of six conversations, counted by hand, on the pages of analytics."""

from __future__ import annotations

import csv
import html
import re
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from supportbot.analytics.models import Preferences
from supportbot.analytics.rollup import roll_up
from supportbot.chat.models import Conversation, Correction, Message, SuggestionUse
from supportbot.workspaces.models import AuditEntry, User
from tests.analytics.conftest import Shop, signed_in
from tests.analytics.told import Told

DAY = 86_400
MARCH = "?period=custom&from=2025-03-01&to=2025-03-31"
MONDAY = datetime(2025, 3, 3, tzinfo=UTC)


@pytest.fixture
def march(shop: Shop) -> Shop:
    """Six conversations of one Monday."""
    at, workspace, agent = (lambda hour: MONDAY.replace(hour=hour)), shop.workspace, shop.agent
    Told(workspace, at(9)).bot(4, verdict="helped").note(60, "confirmed").rate(70, 5, "bot")
    Told(workspace, at(10)).bot(6, sources=[{"title": "Delivery times", "url": "/help/delivery/"}])
    Told(workspace, at(11), "returns", "de").bot(5, "ask", "order_needed")
    people = Told(workspace, at(12), "returns").bot(2, "hand_off", "unsure").agent(122, agent).agent(522, agent)
    people.note(522, "kept", "reply").note(1000, "resolved").rate(1100, 2, "people")
    back = Told(workspace, at(13), "payment").bot(8).customer(2 * DAY).note(2 * DAY, "handed_off", "asked")
    back.agent(2 * DAY + 600, agent).note(2 * DAY + 600, "missed", "reply").note(2 * DAY + 1800, "resolved")
    Told(workspace, at(14)).bot(5, verdict="did_not_help").note(30, "handed_off", "not_helped")
    roll_up()
    return shop


def words(shop: Shop, path: str) -> str:
    """The text of a page as its administrator reads it."""
    answer = signed_in(shop.admin).get(path)
    assert answer.status_code == 200
    body = re.sub(r"<script.*?</script>|<span class=\"about\">.*?</span></span>|<[^>]+>", " ", answer.content.decode())
    return re.sub(r"\s+", " ", html.unescape(body))


def test_overview_has_the_figures_to_the_digit(march: Shop) -> None:
    Preferences.objects.filter(workspace=march.workspace).update(minute_cost="0.60")
    page = words(march, f"/admin/analytics/{MARCH}")
    for figure in (
        "Conversations 6 the bot dealt with 6",
        "Resolved by the bot 33.3 % 16.7 % confirmed, 16.7 % unchallenged",
        "Handed over 50.0 % 3 of 6",
        "First response 5 s median; 9 of 10 within 2.0 min",
        "First response of people 2.0 min median; 9 of 10 within 10.0 min",
        "Time to resolution 1.0 min median; 9 of 10 within 2.0 days",
        "CSAT 50.0 % of 2 ratings",
        "SLA met 50.0 % of 2 due times",
        "Reopened 25.0 % of 4 resolved",
        "Left without an answer 16.7 % 1 of 6",
        "Cost per conversation £1.20 2.0 min of agents’ time",
        "Backlog 1",
        " 3 Mar 2 2 1 1 4 Mar 0 0 0 0",
        "The bot alone 3 5 s 6 s 100.0 % 0.0 % 0 s",
        "People 3 8 s 16.7 min 0.0 % 50.0 % 4.0 min",
        "Delivery 3 66.7 % 33.3 % 5 s 6 s 100.0 % – 0.0 %",
        "English 5 40.0 % 60.0 % 6 s 1.0 min 50.0 % 50.0 % 25.0 %",
        "The customer asked for a person 1 10.0 min –",
        "09:00 1 100.0 % 0.0 % 4 s 1.0 min 100.0 % – 0.0 % 10:00 1 100.0 % 0.0 % 6 s",
    ):
        assert figure in page, figure


def test_figures_follow_the_filters_of_the_address(march: Shop) -> None:
    page = words(march, f"/admin/analytics/{MARCH}&category=returns&language=en")
    assert "Conversations 1 the bot dealt with 1" in page and "Handed over 100.0 %" in page
    Conversation.objects.filter(category="payment").update(channel="api")
    roll_up()
    page = words(march, f"/admin/analytics/{MARCH}")
    assert "API 1 0.0 % 100.0 % 8 s 2.0 days – 0.0 % 100.0 %" in page and "Chat on the site 5 40.0 % 40.0 %" in page
    assert "Conversations 1 the bot" in words(march, f"/admin/analytics/{MARCH}&channel=api")
    page = words(march, f"/admin/analytics/{MARCH}&hour=9")
    assert "Conversations 1" in page and "Resolved by the bot 100.0 %" in page


def test_each_figure_leads_to_its_conversations(march: Shop) -> None:
    page = signed_in(march.admin).get(f"/admin/analytics/{MARCH}").content.decode()
    for which, count in (("resolved_by_bot", 2), ("handed_off", 3), ("reopened", 1), ("left", 1), ("rated", 2)):
        address = html.unescape(re.search(rf'href="([^"]*which={which})"', page)[1])  # type: ignore[index]
        assert f"{count} conversation" in words(march, address)
    later = "?period=custom&from=2025-06-01&to=2025-06-30"
    assert "Backlog 1 with people now" in words(march, f"/admin/analytics/{later}")
    assert "1 conversation " in words(march, f"/admin/analytics/conversations/{later}&which=backlog&category=delivery")
    assert "Nobody 1 1" in words(march, f"/admin/analytics/people/{MARCH}")


def test_the_list_is_downloaded_as_csv(march: Shop) -> None:
    answer = signed_in(march.admin).get(f"/admin/analytics/conversations/{MARCH}&format=csv")
    rows = list(csv.DictReader(answer.getvalue().decode().splitlines()))
    assert [row["category"] for row in rows] == ["Delivery", "Payment", "Returns", "Returns", "Delivery", "Delivery"]
    payment = rows[1]
    assert (payment["first_response_s"], payment["people_response_s"], payment["resolution_s"]) == (
        "8",
        "600",
        "174600",
    )
    assert payment["agent"] == "Fennmoor Agent" and payment["began_at"] == "2025-03-03T13:00:00+00:00"


def test_the_list_is_downloaded_as_parquet(march: Shop, tmp_path: Path) -> None:
    march.agent.name = '=Agent, "A"'
    march.agent.save()
    answer = signed_in(march.admin).get(f"/admin/analytics/conversations/{MARCH}&format=parquet")
    assert 'filename="fennmoor-2025-03-01-2025-03-31.parquet"' in answer["Content-Disposition"]
    file = tmp_path / "rows.parquet"
    file.write_bytes(answer.getvalue())
    with duckdb.connect() as engine:
        rows = engine.read_parquet(str(file))
        found = rows.select("category, agent, first_response_s, rating, reopened, epoch(began_at)::BIGINT").fetchall()
    assert found[1] == ("Payment", '=Agent, "A"', 8, None, 1, int(MONDAY.replace(hour=13).timestamp()))
    assert [row[0] for row in found] == ["Delivery", "Payment", "Returns", "Returns", "Delivery", "Delivery"]


def test_quality_and_people_have_theirs(march: Shop) -> None:
    reply = Message.objects.filter(author="bot").earliest("created_at")
    Correction.objects.create(message=reply, act="ask", category="order", reply="Which order?")
    Correction.objects.update(created_at=MONDAY.replace(hour=20))
    talk, sent = reply.conversation, Message.objects.filter(author="agent").earliest("created_at")
    for message in (sent, None, None):
        SuggestionUse.objects.create(conversation=talk, user=march.agent, text="Hello", message=message)
    SuggestionUse.objects.filter(message=None).update(created_at=MONDAY.replace(hour=21))
    SuggestionUse.objects.filter(message=sent).update(created_at=MONDAY.replace(hour=21))
    SuggestionUse.objects.create(conversation=talk, user=march.agent, text="After the period")
    quality = words(march, f"/admin/analytics/quality/{MARCH}")
    assert "Corrections of the bot’s replies by agents: 1 waits for review." in quality
    assert "Answers that helped 50.0 % of 2 that customers judged" in quality
    assert "Delivery times 1 100.0 % 0.0 % 0 0" in quality
    people = words(march, f"/admin/analytics/people/{MARCH}")
    assert "Fennmoor Agent 0 2 2.0 min 16.7 min 0.0 % 50.0 % 50.0 % 6.0 min 1 of 3" in people
    assert "Nobody 1 1 – – – – – 0 s –" in people


def test_a_workspace_can_show_teams_only(march: Shop) -> None:
    preferences = Preferences.objects.get(workspace=march.workspace)
    page = f"/admin/analytics/preferences/{preferences.pk}/change/"
    signed_in(march.admin).post(page, {"minute_cost": "0.5", "currency": "€", "teams_only": "on"})
    assert AuditEntry.objects.get(action="analytics.preferences_changed").details["teams_only"] == "True"
    assert "Fennmoor Agent" not in words(march, f"/admin/analytics/people/{MARCH}")
    listed = words(march, f"/admin/analytics/conversations/{MARCH}&agent={march.agent.id}")
    assert "6 conversations" in listed and "Fennmoor Agent" not in listed
    answer = signed_in(march.admin).get(f"/admin/analytics/conversations/{MARCH}&format=csv")
    assert "Fennmoor Agent" not in answer.getvalue().decode()


def test_another_workspace_sees_nothing_of_it(march: Shop, other_shop: Shop, superuser: User) -> None:
    roll_up()
    for page in ("", "quality/", "people/", "conversations/"):
        seen = words(other_shop, f"/admin/analytics/{page}{MARCH}&workspace=fennmoor")
        assert "Iris" not in seen and "Delivery times" not in seen and "33.3 %" not in seen
    assert "Iris" in words(
        Shop(march.workspace, superuser, superuser, march.conversation),
        f"/admin/analytics/conversations/{MARCH}&workspace=fennmoor",
    )


@pytest.mark.parametrize(
    ("query", "words_of_problem"),
    [
        ("?period=custom&from=2025-03-31&to=2025-03-01", "The first day is after the last"),
        ("?period=custom&from=soon&to=", "Choose both days"),
        ("?period=custom&from=1990-01-01&to=2025-01-01", "at most three years"),
        ("?period=never&team=x&hour=99999999999999999999&handler=cat&which=none&category=%00", "Last 28 days"),
    ],
)
def test_an_address_that_makes_no_sense_is_answered_in_words(shop: Shop, query: str, words_of_problem: str) -> None:
    assert words_of_problem in words(shop, f"/admin/analytics/{query}")
