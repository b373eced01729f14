"""The figures and their intervals."""

from __future__ import annotations

import pytest

from supportbot.evaluation.material import Customer, Question, Turn, WantedAction, Wish
from supportbot.evaluation.play import Played, Reply, Visit
from supportbot.evaluation.score import figure, figures, resolved, wilson

ANSWER = Wish(("answer",))
CANCEL = WantedAction("cancel_order", {"order_number": "40213"}, must_happen=True)
KEEP = WantedAction("cancel_order", {"order_number": "40213"}, must_happen=False)
DONE = (("cancel_order", {"order_number": "40213", "email": "a@b.example"}),)


def played(
    act: str, *, right: bool, wish: Wish = ANSWER, kind: str = "plain", articles: str = "", found: str = ""
) -> Played:
    """A question with its reply; articles are single letters."""
    question = Question("q", "text", "en", kind, wish, tuple(articles))
    return Played(question, Reply("text", act, "", "reply", right), tuple(found))


def visit(
    *replies: Reply, action: WantedAction | None = None, done: tuple[tuple[str, dict[str, str]], ...] = ()
) -> Visit:
    """A customer with what was said to him."""
    return Visit(Customer("c", "goal", True, (Turn("hi", ANSWER),), action), replies, done)


GOOD = Reply("hi", "answer", "", "yes", True, 2)


def test_interval_of_a_share_is_wilsons() -> None:
    assert wilson(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert wilson(0, 20)[0] == 0.0


def test_mean_of_parts_gets_its_interval_by_bootstrap() -> None:
    told = figure([0.5, 1.0, 0.0, 1.0] * 20)
    assert told.value == 0.625
    assert 0.5 < told.low < 0.625 < told.high < 0.75
    assert figure([]).text == "–"


def test_one_of_the_articles_is_enough_unless_two_things_are_asked() -> None:
    rows = [
        played("answer", right=True, articles="bz", found="abc"),
        played("answer", right=True, kind="two", articles="ad", found="abc"),
        played("answer", right=True, articles="d", found="abc"),
    ]
    told = figures(rows)
    assert (told["recall_1"].hits, told["recall_3"].hits) == (1.0, 1.5)


def test_hand_over_is_judged_both_ways() -> None:
    people = Wish(("hand_off",))
    rows = [
        played("hand_off", right=True, wish=people),
        played("answer", right=False, wish=people),
        played("hand_off", right=False),
        played("hand_off", right=False),
    ]
    told = figures(rows)
    assert told["handover_precision"].value == pytest.approx(1 / 3)
    assert told["handover_recall"].value == 0.5
    assert told["right"].hits == 0 and told["right"].count == 2
    assert told["right_or_handed_over"].value == 0.25


def test_customer_is_resolved_without_people_and_without_a_wrong_word() -> None:
    assert resolved(visit(GOOD, GOOD))
    assert not resolved(visit(GOOD, Reply("hi", "answer", "", "no", False, 1)))
    assert not resolved(visit(GOOD, Reply("hi", "hand_off", "", "", True)))
    assert not resolved(visit(Reply("hi", "answer", "", "yes", True, 2, ("yes",))))


def test_actions_are_right_only_as_wanted() -> None:
    rows = [visit(GOOD, action=CANCEL, done=DONE), visit(GOOD, action=CANCEL), visit(GOOD, action=KEEP, done=DONE)]
    told = figures([], rows)
    assert (told["actions_right"].hits, told["actions_right"].count) == (1, 2)
    assert (told["actions_wrong"].hits, told["actions_wrong"].count) == (1, 3)
    assert [resolved(row) for row in rows] == [True, False, False]


def test_action_on_another_order_is_wrong_and_looking_one_up_is_not() -> None:
    other = visit(GOOD, action=CANCEL, done=(("cancel_order", {"order_number": "40214"}),))
    looked = visit(GOOD, done=(("order_status", {"order_number": "40214"}),))
    assert figures([], [other])["actions_wrong"].hits == 1
    assert figures([], [looked])["actions_wrong"].hits == 0


def test_sentences_are_counted_over_questions_and_customers() -> None:
    told = figures([played("answer", right=True)], [visit(GOOD, Reply("hi", "answer", "", "x", True, 3, ("x",)))])
    assert (told["unsupported"].hits, told["unsupported"].count) == (1, 5)
