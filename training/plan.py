"""Where a run stands in its stages: by the steps it has done, or by the time that it has had."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from training.config import Config

WARM = 20  # steps


@dataclass(frozen=True)
class Place:
    """The stage's number, the step in it, and how far the stage and the whole run are, from 0 to 1."""

    stage: int
    step: int
    part: float
    whole: float

    @property
    def rate(self) -> float:
        """Share of the peak learning rate: a linear warm-up times a cosine that ends at 5 %."""
        return min(1.0, (self.step + 1) / WARM) * (0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * self.part)))


class Steps:
    """Each stage has the steps that its tokens need."""

    def __init__(self, config: Config) -> None:
        self.counts, self.total = [stage.steps for stage in config.stages], config.steps

    def at(self, step: int, _: float) -> Place | None:
        """The place of a step, or None behind the last."""
        local = step
        for index, count in enumerate(self.counts):
            if local < count:
                return Place(index, local, local / count, step / self.total)
            local -= count
        return None


@dataclass
class Minutes:
    """Each stage has the share of the time that it has of all tokens, whatever the speed.

    `firsts` are the steps at which the stages reached so far began.
    """

    config: Config
    minutes: float
    firsts: list[int] = field(default_factory=list)

    def at(self, step: int, seconds: float) -> Place | None:
        """The place of a step after so many seconds of work, or None when the time is up."""
        whole, total = seconds / (60 * self.minutes), sum(stage.tokens for stage in self.config.stages)
        begins = 0.0
        for index, stage in enumerate(self.config.stages):
            share = stage.tokens / total
            if whole < begins + share or (index == len(self.config.stages) - 1 and whole < 1):
                self.firsts += [step] * (index + 1 - len(self.firsts))
                return Place(index, step - self.firsts[index], (whole - begins) / share, whole)
            begins += share
        return None
