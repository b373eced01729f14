"""Trains a checkpoint: tokenizer, packed data, pre-training, then support turns with the loss on the reply.

`python -m training.train` makes the one that ships; `--without-category` its twin, which differs in that term alone
and shares the pre-training, where no run has it. An interrupted run goes on where it stopped, to the same result.
`torchrun --nproc-per-node 2 -m training.train` shares each batch among two processes.
"""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack
from pathlib import Path

from inference import checkpoint
from training import ranks
from training.config import HERE, WORK, Config, Router, Source, Stage
from training.data import prepare
from training.finish import finish
from training.interrupt import Stopped
from training.log import Table
from training.run import Log, Run
from training.screen import Bar, Board

__all__ = ["HERE", "WORK", "Config", "Router", "Run", "Source", "Stage", "main"]

STOPPED, INTERRUPTED = 1, 130


def main(arguments: list[str] | None = None) -> int:
    """Train, and write the checkpoint; 1 when the run could not go on, 130 after Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, default=HERE / "fennmoor.toml")
    parser.add_argument("--without-category", action="store_true", help="train the twin without the category term")
    parser.add_argument("--work", type=Path, default=WORK, help="where data, state and logs are kept")
    parser.add_argument("--out", type=Path, help="checkpoint directory; models/NAME unless given")
    given = parser.parse_args(arguments)
    config = Config.read(given.config, without_category=given.without_category)
    name = f"{config.name}-twin" if given.without_category else config.name
    out = given.out or (given.work / f"{name}-model" if given.without_category else HERE.parent / "models" / name)
    try:
        with ranks.joined():
            version = _train(config, given.work / name, given.work / f"{config.name}-data", out)
    except Stopped as error:
        print(error, file=sys.stderr)
        return STOPPED
    except KeyboardInterrupt:
        print("stopped; the same command goes on from there", file=sys.stderr)
        return INTERRUPTED
    if version and not given.without_category:
        print("fitting triage")
        finish(out)
    if version:
        print(f"wrote {out}, version {version}")
    return 0


def _train(config: Config, folder: Path, prepared: Path, out: Path) -> str | None:
    """The version of the checkpoint that the first process writes; None in others."""
    first = ranks.number() == 0
    if first:
        prepare(config, prepared)
    ranks.wait()
    tokenizer = prepare(config, prepared)
    run = Run(config, folder, prepared)
    with ExitStack() as stack:
        logs: list[Log] = []
        if first:
            bar = stack.enter_context(Bar(run.step, run.total))
            logs = [Table(folder / "log.csv", run.step), Board(folder / "board", run.step), bar]
        run.train(logs)
    if not first:
        return None
    return checkpoint.save(out, run.model, config.model, tokenizer, checkpoint.blank_card(folder.name, config.model))


if __name__ == "__main__":
    sys.exit(main())
