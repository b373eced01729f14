"""What a configuration may say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from training.config import Config


def test_a_window_that_the_context_does_not_hold_is_refused(tiny: Config) -> None:
    first, second = tiny.stages
    widest = replace(first, window=tiny.model.max_position_embeddings - 1)
    assert replace(tiny, stages=(widest, second)).stages[0] == widest
    with pytest.raises(ValueError, match="windows of pretrain .* do not fit the model's context"):
        replace(tiny, stages=(replace(first, window=tiny.model.max_position_embeddings), second))


def test_a_precision_that_is_none_is_refused(tiny: Config) -> None:
    assert replace(tiny, precision="bfloat16").precision == "bfloat16"
    with pytest.raises(ValueError, match="one of auto, float32, bfloat16, not half"):
        replace(tiny, precision="half")
