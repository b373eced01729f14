"""Questions in words: what they become, what is answered, and what is said not to be understood."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest
from django.utils import timezone

from supportbot.analytics.rollup import roll_up
from tests.analytics.conftest import Shop, signed_in
from tests.analytics.told import Told


@pytest.fixture
def week(shop: Shop) -> Shop:
    """Three conversations about returns in the last days, one in the week before, and one about delivery in each."""
    now = timezone.now()
    for days, category in (
        (2, "returns"),
        (2, "returns"),
        (3, "returns"),
        (3, "delivery"),
        (9, "returns"),
        (9, "delivery"),
    ):
        language = "de" if days == 2 else "en"
        Told(shop.workspace, now - timedelta(days=days), category, language).bot(4, verdict="helped").note(
            9, "confirmed"
        )
    roll_up()
    return shop


def asked(shop: Shop, question: str) -> tuple[str, str]:
    """The address of the query that a question becomes, and the text of the answer."""
    answer = signed_in(shop.admin).get("/admin/analytics/ask/", {"q": question}, follow=True)
    assert answer.status_code == 200
    text = re.sub(r"<script.*?</script>|<[^>]+>", " ", answer.content.decode(), flags=re.S)
    return answer.redirect_chain[-1][0], re.sub(r"\s+", " ", html.unescape(text))


@pytest.mark.parametrize(
    ("question", "query"),
    [
        ("CSAT of German conversations by category", "measure=csat&by=category&language=de"),
        ("How many chats about refunds per day in the last 2 weeks?", "measure=conversations&by=time&category=returns"),
        ("first response of people by hour of the day", "measure=people&by=hour"),
        ("Which agent has the best rating?", "measure=csat&by=agent"),
        ("hand-over rate by reason on Mondays", "measure=handover&by=reason&weekday=0"),
        ("hand-over rate of the API by channel", "measure=handover&by=channel&channel=api"),
        ("why did refunds rise", "measure=conversations&by=&category=returns&why=1"),
    ],
)
def test_a_question_becomes_a_query_that_can_be_seen(week: Shop, question: str, query: str) -> None:
    address, text = asked(week, question)
    pairs = dict(pair.split("=") for pair in address.split("?")[1].split("&"))
    assert {name: pairs.get(name, "") for name, _ in (p.split("=") for p in query.split("&"))} == dict(
        pair.split("=") for pair in query.split("&")
    )
    assert "unknown" not in pairs and "The conversations behind it" in text


def test_the_answer_is_a_sentence_with_its_figures(week: Shop) -> None:
    _, text = asked(week, "Conversations about refunds in the last 7 days by language")
    assert ": 3, +200 % against the 7 days before (1)." in text
    assert "German 2 – –" in text and "English 1 1 as before" in text


def test_why_names_what_changed_most(week: Shop) -> None:
    _, text = asked(week, "Why did refunds rise in the last 7 days?")
    assert "What changed most against the period before: Language: German, +2" in text
    assert re.search(r"Day This period .* 1 .* 2 ", text), "its course"


def test_a_median_is_drawn_by_day(week: Shop) -> None:
    _, text = asked(week, "first response per day last 7 days")
    assert text.count(" 4 s ") == 2 and "the median is 4 s" in text


def test_what_nothing_knows_is_said(week: Shop) -> None:
    address, text = asked(week, "How is the weather in Bristol?")
    assert "This can’t be answered" in text and "measure=&" in address
    address, text = asked(week, "CSAT of premium conversations")
    assert "Not understood, and left out: premium" in text and "measure=csat" in address
    assert "This can’t be answered" in asked(week, "'; DROP TABLE <b>analytics_case</b> --")[1]
