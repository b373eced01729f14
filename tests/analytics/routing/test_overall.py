"""All conversations together: sums that are exact, alarms at their thresholds, and messages that fit no label."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from supportbot.analytics.routing import rollup
from supportbot.analytics.routing.tasks import tend
from supportbot.chat.experts import installed
from supportbot.chat.models import Conversation, Generation, Message, RoutingAlert, RoutingDay
from supportbot.chat.routed import unpack
from tests.analytics.conftest import Shop, answered, signed_in, traced
from tests.analytics.routing.conftest import text

PAGE = "/admin/routing/overall/"


def page(shop: Shop, query: str = "") -> str:
    """The page of all conversations, as the administrator gets it."""
    return signed_in(shop.admin).get(PAGE + query).content.decode()


def sums() -> list[dict[str, Any]]:
    """All daily sums, without their ids."""
    names = [field.name for field in RoutingDay._meta.fields if field.name != "id"]
    return list(RoutingDay.objects.order_by("workspace", "day", "stretch", "category", "version").values(*names))


def say(shop: Shop, category: str, leader: int, times: int, *, days_ago: int = 0) -> None:
    """So many messages of a category by the installed checkpoint, whose words an expert read."""
    at = timezone.now() - timedelta(days=days_ago)
    first = answered(shop.workspace)
    Message.objects.filter(conversation=first).update(category=category)
    words = traced(["a", "b", "c", "d", "e"], 5, leader=leader).to_bytes()
    pairs = [list(first.messages.order_by("seq")), *(copies(first) for _ in range(times - 1))]
    Generation.objects.filter(message__conversation=first).delete()
    Generation.objects.bulk_create(
        Generation(
            in_reply_to=asked, message=reply, act="answer", reason="known", model_version=installed().version,
            reading=words, routing=traced(["<s>", "x", "y"], 1, leader=leader).to_bytes(), mean_logprob=-0.1,
        )
        for asked, reply in pairs
    )  # fmt: skip
    Generation.objects.filter(message__in=[reply for _, reply in pairs]).update(created_at=at)


def copies(conversation: Conversation) -> list[Message]:
    """Question and reply once more, as the next two messages."""
    last = conversation.messages.count()
    rows = conversation.messages.order_by("seq")[:2]
    made = [
        Message(conversation=conversation, seq=last + n, author=row.author, body=row.body, category=row.category)
        for n, row in enumerate(rows, start=1)
    ]
    return Message.objects.bulk_create(made)


def test_a_table_counts_experts_by_category_and_follows_new_replies(shop: Shop) -> None:
    tend()
    assert "1 message from" in text(page(shop))
    conversation = answered(shop.workspace)
    Message.objects.filter(conversation=conversation).update(category="returns")
    tend()
    source = page(shop)
    assert "2 messages from" in text(source)
    assert 'data-title="expert 2, returns" data-text="75 % of the router’s weight; leads 1 of 1 messages"' in source
    cell = re.search(r'data-title="expert 7, delivery" data-text="(.*?)"', page(shop, "?of=reply&days=7"))
    assert cell and cell[1].startswith("75 %")
    assert 'data-text="100 %: ' in source  # expert 2 and expert 1 share every token


def test_sums_are_the_digits_that_one_counts_by_hand(shop: Shop) -> None:
    tend()
    words, reply = RoutingDay.objects.order_by("-stretch")
    assert (words.stretch, words.category, words.messages, words.experts) == ("words", "delivery", 1, 12)
    shares, leads, chosen, pairs = np.split(unpack(words.sums), [12, 24, 36])
    assert sum(shares) == pytest.approx(1_000_000, abs=2) and shares[2] == pytest.approx(750_000, rel=0.005)
    assert leads.tolist() == [0, 0, 1] + [0] * 9
    assert chosen.tolist() == [0, 15, 15] + [0] * 9  # 5 tokens in 3 layers
    assert dict(enumerate(pairs)) == {n: 15 if n == 11 else 0 for n in range(66)}  # the first pair after expert 0's
    assert unpack(reply.sums)[24:36].tolist() == [0, 12] + [0] * 5 + [12] + [0] * 4  # 4 tokens in 3 layers


def test_a_recount_gives_the_same_sums_as_counting_bit_by_bit(shop: Shop, other_shop: Shop, trained: None) -> None:
    tend()
    for category, leader, days_ago in (("delivery", 2, 0), ("returns", 2, 3), ("delivery", 5, 3), ("returns", 5, 40)):
        say(shop, category, leader, 3, days_ago=days_ago)
        tend()
    say(other_shop, "delivery", 2, 2)
    tend()
    before = sums()
    assert sum(row["strays"] for row in before) == 6
    call_command("recount_routing", "fennmoor")
    assert sums() == before
    Conversation.objects.filter(id=shop.conversation.id).delete()  # as when a customer has it erased
    assert sums() == before
    call_command("recount_routing", "fennmoor")
    assert sum(row["messages"] for row in before) - sum(row["messages"] for row in sums()) == 2


def test_what_is_counted_is_counted_once(shop: Shop) -> None:
    tend()
    before = sums()
    assert rollup.count() == set()
    tend()
    assert sums() == before


def test_the_page_reads_no_trace_and_no_more_rows_with_more_messages(shop: Shop) -> None:
    say(shop, "delivery", 2, 2)
    tend()

    def queries() -> tuple[int, bool]:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            page(shop)
        return len(seen), any('"reading"' in one["sql"] for one in seen)

    few = queries()
    say(shop, "delivery", 2, 40)
    tend()
    assert queries() == few == (few[0], False)


def test_drift_from_training_raises_an_alarm_here_and_on_the_front_page_until_it_is_over(
    shop: Shop, trained: None
) -> None:
    Generation.objects.all().delete()
    say(shop, "delivery", 2, 199)
    tend()
    assert not RoutingAlert.objects.exists()  # too few to tell
    say(shop, "delivery", 2, 1)
    tend()
    alert = RoutingAlert.objects.get(kind="categories")
    assert alert.value > alert.threshold == 0.25
    words = text(page(shop))
    assert "Customers ask about other things than the model was trained on" in words and "drifted" in words
    assert "routing needs a look" in text(signed_in(shop.admin).get("/admin/").content.decode())
    say(shop, "returns", 5, 200)
    tend()
    assert "other things than the model was trained on" not in text(page(shop))
    assert RoutingAlert.objects.get(kind="categories").until is not None


def test_experts_without_work_and_with_too_much_are_named(shop: Shop, trained: None) -> None:
    Generation.objects.all().delete()
    say(shop, "delivery", 2, 100)
    say(shop, "returns", 5, 100)
    tend()
    found = {(alert.kind, alert.subject) for alert in RoutingAlert.objects.all()}
    assert {("overloaded", "1"), ("dead", "0"), ("dead", "11")} <= found
    assert ("dead", "2") not in found and ("overloaded", "2") not in found
    words = text(page(shop))
    assert "0 expert of 0: An expert has next to no work" in words
    assert "1 expert of 1 6.00 times 4200 overloaded" in words


def test_words_that_go_to_other_experts_than_in_training_are_drift_and_strays(shop: Shop, trained: None) -> None:
    Generation.objects.all().delete()
    say(shop, "delivery", 2, 150)
    say(shop, "delivery", 5, 50)
    tend()
    words = text(page(shop))
    assert "50 of 200 messages in these days" in words
    assert "delivery 91 % returns" not in words and re.search(r"where is my .*? delivery returns 0\.75", words)
    assert RoutingAlert.objects.filter(kind="routing", until=None).exists()


def test_traces_are_deleted_after_the_workspaces_days_and_the_sums_stay(shop: Shop, other_shop: Shop) -> None:
    say(shop, "delivery", 2, 2, days_ago=40)
    say(other_shop, "delivery", 2, 2, days_ago=40)
    tend()
    before = sums()
    shop.workspace.routing_days_kept = 30
    shop.workspace.save()
    assert rollup.forget() == 2
    old = Generation.objects.in_workspace(shop.workspace).filter(traces=Generation.Traces.DELETED)
    assert [(bytes(one.reading), bytes(one.routing), one.prompt) for one in old] == [(b"", b"", {})] * 2
    assert sums() == before
    call_command("recount_routing", "fennmoor")
    assert sums() == before
    gone = old.select_related("message")[0].message.conversation_id
    assert (
        "The routing of this reply was deleted" in signed_in(shop.admin).get(f"/admin/routing/{gone}/").content.decode()
    )
