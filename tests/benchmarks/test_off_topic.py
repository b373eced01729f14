"""What the out-of-scope score is worth: scores that anybody can judge, and the shipped checkpoint on a few messages."""

from __future__ import annotations

import numpy as np

from benchmarks import off_topic


def test_scores_that_tell_all_apart_are_worth_all() -> None:
    shown = off_topic.rows(np.asarray([0.9, 1.0]), np.asarray([0.0, 0.0, 0.1]))
    assert [figure for _, figure in shown] == ["1.0000", "100.0%", "4.0%"]


def test_the_shipped_checkpoint_tells_small_talk_from_support() -> None:
    held_out = {
        "smalltalk_greeting": ["hey you", "good morning to ya"],
        "general_knowledge": ["what is the biggest ocean", "is it raining in manchester"],
        "track_order": ["where is my parcel", "has my order left yet"],
        "reset_password": ["i forgot my password", "the reset link does not work"],
    }
    assert "| area under the ROC curve | 1.0000 |" in off_topic.report(held_out)
