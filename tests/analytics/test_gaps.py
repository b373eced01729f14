"""Content gaps: what customers ask again and again and no article answers."""

from __future__ import annotations

from django.utils import timezone

from inference.encoder import shared_encoder
from supportbot.analytics import gaps, tasks
from supportbot.analytics.models import Gap, Preferences
from supportbot.chat.models import ArticleDraft, Contact, Message
from tests.analytics.conftest import Shop, signed_in
from tests.analytics.told import Told

ALIKE = (
    "Do you offer an assembly service for the garden chairs?",
    "Can somebody come and assemble the garden chair for me?",
    "Is there an assembly service for chairs?",
)
PRICES = (
    "Do you match the price if I find it cheaper elsewhere?",
    "I found the kettle cheaper in another shop, do you match the price?",
    "Is there a price match if another shop is cheaper?",
    "Do you match prices of cheaper shops?",
)
OTHERS = ("Do you match the price of another shop?", "May I bring my dog to the store?", "It is 10023")


def ask(shop: Shop, body: str, reason: str = "unsure") -> Told:
    """A question that goes to people."""
    told = Told(shop.workspace, timezone.now()).bot(1, "hand_off", reason)
    Message.objects.filter(pk=told.last.pk).update(body=body)
    return told


def test_questions_alike_make_a_gap_until_they_are_erased(shop: Shop) -> None:
    for body in (*ALIKE, *OTHERS):
        ask(shop, body)
    for _ in range(3):
        ask(shop, "I want to talk to a person", "asked")
    tasks.find_gaps(shop.workspace.id)
    assert not Gap.objects.exists()  # a sweep has to have met the workspace
    tasks.rollup.roll_up()
    assert gaps.due() == [shop.workspace.id]
    tasks.find_gaps(shop.workspace.id)
    assert [gap.size for gap in Gap.objects.all()] == [3]
    page = signed_in(shop.admin).get("/admin/analytics/quality/").content.decode()
    assert all(body in page for body in ALIKE) and OTHERS[0] not in page and "of agents’ time" not in page
    Contact.objects.filter(name="Iris").delete()
    page = signed_in(shop.admin).get("/admin/analytics/quality/").content.decode()
    assert "assembl" not in page


def test_nobody_looks_twice_a_day(shop: Shop) -> None:
    Preferences.objects.create(workspace=shop.workspace, gaps_at=timezone.now())
    for body in ALIKE:
        ask(shop, body)
    assert gaps.due() == []
    tasks.find_gaps(shop.workspace.id)
    assert not Gap.objects.exists()
    gaps.find(shop.workspace, shared_encoder().embed)
    assert Gap.objects.count() == 1


def test_gaps_stand_by_volume_or_by_the_agents_time_that_they_cost(shop: Shop) -> None:
    for body in ALIKE:
        ask(shop, body).agent(121, shop.agent)
    for body in PRICES:
        ask(shop, body)
    tasks.rollup.roll_up()
    gaps.find(shop.workspace, shared_encoder().embed)
    Preferences.objects.update(minute_cost="0.60")
    by_volume, by_cost = (
        signed_in(shop.admin).get(f"/admin/analytics/quality/{query}").content.decode() for query in ("", "?gaps=cost")
    )
    assert "6.0 min of agents’ time, £3.60" in by_volume
    assert by_volume.index(PRICES[1]) < by_volume.index(ALIKE[0])
    assert by_cost.index(ALIKE[0]) < by_cost.index(PRICES[1])


def test_an_article_is_drafted_of_a_gap_by_those_who_administer_it(shop: Shop, other_shop: Shop) -> None:
    for body in ALIKE:
        ask(shop, body)
    gaps.find(shop.workspace, shared_encoder().embed)
    (gap,) = Gap.objects.all()
    address, browser = f"/admin/analytics/gaps/{gap.pk}/", signed_in(shop.admin)
    assert signed_in(other_shop.admin).post(address).status_code == 404
    page = browser.post(address, follow=True)
    (draft,) = ArticleDraft.objects.all()
    assert (draft.asked, draft.requested_by, draft.state) == (gap.messages, shop.admin, "writing")
    assert "being written" in page.content.decode()
    assert browser.post(address).headers["Location"] == f"/admin/drafts/{draft.pk}/"  # the same once more
