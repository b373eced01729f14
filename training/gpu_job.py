"""Trains from a packed file for some minutes: `python -m training.gpu_job FILE --out DIRECTORY --minutes 9`.

The learning rate falls to its end with the time, whatever the speed. `--of 18` makes it two calls of nine minutes: the
second goes on where the first stopped. Needs torch, numpy and safetensors alone; `training.pack` made the file and
joins the shards that this leaves.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tarfile
import time
from hashlib import sha256
from pathlib import Path

from inference.weights import to_hf, write_shards
from training import ranks
from training.config import Config
from training.interrupt import Stopped
from training.log import Table
from training.plan import Minutes
from training.run import Run

CONFIG = "config.toml"
WORK = Path(__file__).resolve().parent.parent / "var" / "training" / "gpu"
SHARD = 16_000_000  # bytes
SPARE = 20.0  # seconds of each call for writing the result


def unpack(packed: Path, folder: Path) -> Config:
    """The configuration in a packed file, whose content then lies in `folder`; it is unpacked once."""
    mark, digest = folder / "unpacked", sha256(packed.read_bytes()).hexdigest()
    if not mark.exists() or mark.read_text() != digest:
        shutil.rmtree(folder, ignore_errors=True)
        with tarfile.open(packed, "r:xz") as file:
            file.extractall(folder, filter="data")
        mark.write_text(digest)
    return Config.read(folder / CONFIG)


def train(packed: Path, out: Path, minutes: float, of: float, work: Path = WORK, spare: float = SPARE) -> bool:
    """Train for `minutes` of the `of` that the whole run has; whether that is over. Leaves shards and log in `out`."""
    began = time.monotonic()
    if ranks.number() == 0:
        unpack(packed, work / "data")
    ranks.wait()
    config = unpack(packed, work / "data")
    run = Run(config, work / "run", work / "data", Minutes(config, of))
    first = ranks.number() == 0
    logs = [Table(work / "run" / "log.csv", run.step)] if first else []
    run.seconds += time.monotonic() - began + spare
    run.train(logs, until=began + 60 * minutes - spare)
    if first:
        write_shards(out, to_hf(run.model.state_dict(), config.model), SHARD)
        shutil.copy(work / "run" / "log.csv", out)
        print(
            f"step {run.step}, {run.seconds / 60:.1f} of {of:g} minutes, {time.monotonic() - began:.0f} s of this call"
        )
    return run.plan.at(run.step, run.seconds) is None


def main(arguments: list[str] | None = None) -> int:
    """Train; 1 when the run could not go on, 130 after Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("packed", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=9.0, help="of this call, with start and end")
    parser.add_argument("--of", type=float, help="of all calls together; as many as this one unless given")
    parser.add_argument("--work", type=Path, default=WORK, help="where the state is kept between two calls")
    given = parser.parse_args(arguments)
    try:
        with ranks.joined():
            over = train(given.packed, given.out, given.minutes, given.of or given.minutes, given.work)
    except Stopped as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped; the same command goes on from there", file=sys.stderr)
        return 130
    print("done" if over else "the same command goes on from there")
    return 0


if __name__ == "__main__":
    sys.exit(main())
