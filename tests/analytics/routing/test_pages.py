"""The routing pages: what an administrator reads of a conversation and of its experts."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from supportbot.analytics.routing.tasks import tend
from supportbot.chat.experts import installed
from supportbot.chat.models import Conversation, Generation, Message, Milestone
from tests.analytics.conftest import VERSION, Shop, answered, signed_in, traced
from tests.analytics.routing.conftest import text


def routing(shop: Shop) -> str:
    """The source of the conversation's routing page."""
    answer = signed_in(shop.admin).get(shop.routing_page)
    assert answer.status_code == 200
    return answer.content.decode()


def test_page_shows_triage_decision_and_timings(shop: Shop) -> None:
    words = text(routing(shop))
    assert "Category delivery" in words
    assert "Intent track_order" in words
    assert "91 %" in words
    assert "says triage delivery 93 % order 5 % returns 2 %" in words
    assert "Answered : It knew the intent well enough" in words
    assert f"Checkpoint {VERSION}" in words
    assert "First token 50 ms" in words
    assert "5 written, about 20 a second" in words
    assert "Sources Track it" in words


def test_heat_map_has_a_row_for_each_layer_and_the_share_of_each_expert(shop: Shop) -> None:
    page = routing(shop)
    reply, words = page.split('class="part part-words"')
    for part, leader in ((reply, 7), (words, 2)):
        table = part.split('data-inspect="cells"')[1].split("</table>")[0]
        rows = re.findall(r"<tr>.*?</tr>", table.split("<tbody>")[1], re.S)
        assert len(rows) == 3
        shares = re.findall(r"<td class=\"heat heat-\d\".*?>(.*?)</td>", rows[0], re.S)
        assert [index for index, share in enumerate(shares) if share == "75"] == [leader]
        assert shares[1] == "25"
        assert "close call" not in rows[0]
        assert "fairly clear" in rows[0]


def test_each_token_names_its_leading_expert_and_all_layers(shop: Shop) -> None:
    reply = routing(shop).split('class="part part-words"')[0]
    tokens = re.findall(r'<span class="token (expert-\d+)".*?data-routes="(.*?)" data-leader="(\d+)">(.*?)[<&]', reply)
    assert [token[3] for token in tokens] == ["Your", "order", "10023", ""]
    assert {token[:3] for token in tokens} == {("expert-7", "|".join(["7:75,1:25"] * 3), "7")}


def test_legend_says_who_the_experts_are_and_what_they_do(shop: Shop) -> None:
    words = text(routing(shop))
    assert "Expert 7: parcels delivery 40% 3.1×" in words
    assert "expert of 3 no speciality on its card" in words


def test_checkpoint_without_a_card_numbers_its_experts(shop: Shop, checkpoint: Path) -> None:
    (checkpoint / "experts.json").write_text('{"name": "tiny", "experts": []}')
    assert "Expert 7: expert 7" in text(routing(shop))


@pytest.mark.parametrize("card", ["{", "[]", '{"name": "x", "experts": [{"categories": [{"share": 1}]}]}', None])
def test_damaged_or_missing_card_does_not_break_the_page(shop: Shop, checkpoint: Path, card: str | None) -> None:
    path = checkpoint / "experts.json"
    path.unlink() if card is None else path.write_text(card)
    assert "Expert 7: expert 7" in text(routing(shop))
    assert signed_in(shop.admin).get("/admin/").status_code == 200


def test_names_of_another_checkpoint_are_marked(shop: Shop) -> None:
    assert "another checkpoint than the installed one" in text(routing(shop))


def test_html_in_messages_and_tokens_is_text(shop: Shop) -> None:
    for page in (routing(shop), signed_in(shop.admin).get(conversation_page(shop)).content.decode()):
        assert "<script>alert" not in page
        assert "<b>order" not in page
        assert "&lt;b&gt;order&lt;/b&gt;" in page
    assert "&lt;i&gt;" in routing(shop)


def conversation_page(shop: Shop) -> str:
    """The conversation in the admin."""
    return f"/admin/chat/conversation/{shop.conversation.id}/change/"


def test_conversation_in_the_admin_shows_its_transcript_and_leads_to_the_routing(shop: Shop) -> None:
    page = signed_in(shop.admin).get(conversation_page(shop)).content.decode()
    assert "Your order 10023 is on its way." in page
    assert f'href="{shop.routing_page}"' in page


def damaged() -> dict[str, bytes]:
    """Records that are no trace, or one whose parts don't fit."""
    good = traced(["a", "b"], 1, leader=5)
    few = type(good)(good.tokens, 1, good.ids, good.weights, n_experts=3)
    short = type(good)(["a"], 1, good.ids, good.weights, good.n_experts)
    late = type(good)(good.tokens, 9, good.ids, good.weights, good.n_experts)
    whole = good.to_bytes()
    return {
        "cut": whole[: len(whole) // 2],
        "noise": b"\x00\x01noise",
        "few": few.to_bytes(),
        "short": short.to_bytes(),
        "late": late.to_bytes(),
    }


@pytest.mark.parametrize("kind", list(damaged()))
def test_damaged_record_gives_words(shop: Shop, kind: str) -> None:
    Generation.objects.update(reading=damaged()[kind], routing=damaged()[kind])
    words = text(routing(shop))
    assert words.count("The routing record can’t be read") == 2
    tend()
    overall = text(signed_in(shop.admin).get("/admin/routing/overall/").content.decode())
    assert "Nothing was generated in this workspace yet" in overall


def test_reply_without_generation_says_so(shop: Shop) -> None:
    Generation.objects.update(routing=b"", act="hand_off", reason="unsure", first_token_s=None, sureness=0.213)
    words = text(routing(shop))
    assert "No words were generated" in words
    assert "That a passage answers 21" in words
    assert "Handed off : Its confidence was below" in words


def test_reply_of_an_engine_that_tells_no_routing_says_so(shop: Shop) -> None:
    Generation.objects.update(routing=b"", model_version=f"{installed().version}+server")
    assert "The engine that wrote this reply does not tell its routing" in text(routing(shop))
    tend()
    assert "No message in these days" in signed_in(shop.admin).get("/admin/routing/overall/?of=reply").content.decode()


def test_experts_of_another_engine_do_not_get_the_names_of_ours(shop: Shop) -> None:
    Generation.objects.update(model_version=f"{installed().version}+server")
    tend()
    words, reply = (
        signed_in(shop.admin).get(f"/admin/routing/overall/?of={stretch}").content.decode()
        for stretch in ("words", "reply")
    )
    assert "parcels" in words and "parcels" not in reply and "expert 7" in reply


def test_messages_that_no_model_saw_have_a_place_too(shop: Shop) -> None:
    Generation.objects.all().delete()
    Message.objects.create(conversation=shop.conversation, seq=3, author="agent", user=shop.agent, body="Maya here")
    Message.objects.create(conversation=shop.conversation, seq=4, author="customer", body="thanks", outcome="by_agent")
    words = text(routing(shop))
    assert "Maya here" in words
    assert "Decision For the agent who has the turn" in words
    assert "wrote this itself" in words


def test_long_conversation_opens_at_its_newest_page(shop: Shop) -> None:
    rows = [
        Message(conversation=shop.conversation, seq=seq, author="system", body=f"line {seq}.") for seq in range(3, 60)
    ]
    Message.objects.bulk_create(rows)
    words = text(routing(shop))
    assert "line 59." in words
    assert "line 10." not in words
    assert "Page 2 of 2" in words


def test_overview_lists_conversations_with_their_leading_experts(shop: Shop) -> None:
    page = text(signed_in(shop.admin).get("/admin/routing/").content.decode())
    assert "Fennmoor Customer delivery track_order 91 % Answered 2" in page


def test_front_page_counts_today(shop: Shop) -> None:
    words = text(signed_in(shop.admin).get("/admin/").content.decode())
    assert "Conversations 1 begun today" in words
    assert "Answered 1 messages" in words
    assert "Waiting 0 for an agent now" in words
    assert "Checkpoint tiny" in words


def test_experts_page_shows_what_was_measured_of_these_weights_and_nothing_of_others(
    shop: Shop, checkpoint: Path, specialised: dict[str, Any]
) -> None:
    visitor = signed_in(shop.admin)
    page = text(visitor.get("/admin/routing/experts/").content.decode())
    assert "delivery 7 parcels 4.5 times 0.50 0.10 5.0" in page
    assert "another category’s quarter by 412 %" in page
    (checkpoint / "specialisation.json").write_text(json.dumps(specialised | {"version": "other"}))
    assert "What the experts are worth" not in text(visitor.get("/admin/routing/experts/").content.decode())


def test_conversations_whose_words_went_to_the_same_experts_are_shown_with_how_they_ended(
    shop: Shop, other_shop: Shop
) -> None:
    near, far, open_one = (answered(shop.workspace) for _ in range(3))
    words = traced(["x", "y"], 2, leader=9).to_bytes()
    Generation.objects.filter(message__conversation=far).update(reading=words)
    Conversation.objects.exclude(id__in=[shop.conversation.id, open_one.id]).update(status="resolved")
    Milestone.objects.create(conversation=near, kind="resolved", after=2, user=shop.agent)
    kept = [{"id": str(one.id), "sentence": f"of {one.pk}"} for one in (near, open_one, other_shop.conversation)]
    Conversation.objects.filter(id=shop.conversation.id).update(summary={"similar": kept})
    page = signed_in(shop.admin).get(shop.routing_page).content.decode()
    links = re.findall(r"/admin/routing/([0-9a-f-]{36})/", page[page.index("Similar, resolved") :])
    assert links == [str(near.id), str(near.id), str(far.id)]
    assert "Resolved by Fennmoor, 1.00 of 1" in text(page)
