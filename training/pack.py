"""What goes to a GPU machine and what becomes of what comes back.

`python -m training.pack --config training/large.toml --out FILE` packs texts, sizes and tokenizer into one file for
`training.gpu_job`. `python -m training.pack --join SHARDS --packed FILE --out DIRECTORY` makes a checkpoint of its
shards.
"""

from __future__ import annotations

import argparse
import sys
import tarfile
import tempfile
from pathlib import Path

from inference import checkpoint
from inference.model import Decoder
from inference.tokenizer import FILE, Tokenizer
from inference.weights import CheckpointError, stored
from training.config import Config
from training.data import prepare
from training.gpu_job import CONFIG, unpack
from training.train import HERE, WORK

LIMIT = 50_000_000  # bytes


class TooLarge(RuntimeError):
    """The packed file is larger than may travel."""


def pack(config: Path, out: Path, work: Path = WORK, limit: int = LIMIT) -> int:
    """Write one compressed file with all that a run needs; its size in bytes. TooLarge leaves no file."""
    read = Config.read(config)
    folder = work / f"{read.name}-data"
    prepare(read, folder)
    part = out.with_name(f"{out.name}.part")
    out.parent.mkdir(parents=True, exist_ok=True)
    try:
        with tarfile.open(part, "w:xz") as file:
            file.add(config, CONFIG)
            for path in sorted(p for p in folder.rglob("*") if p.is_file() and p.suffix != ".pt"):
                file.add(path, str(path.relative_to(folder)))
        size = part.stat().st_size
        if size > limit:
            raise TooLarge(f"{size:,} bytes are more than {limit:,}: take fewer rows or sets in {config}")
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
    return size


def join(shards: Path, packed: Path, out: Path) -> str:
    """Make a checkpoint of the shards that a run left; its version. CheckpointError where they do not fit."""
    with tempfile.TemporaryDirectory() as folder:
        config = unpack(packed, Path(folder))
        tokenizer = Tokenizer(Path(folder) / FILE)
    state, _ = stored(shards, config.model)
    model = Decoder(config.model)
    model.load_state_dict(state, strict=False)
    return checkpoint.save(out, model, config.model, tokenizer, checkpoint.blank_card(config.name, config.model))


def main(arguments: list[str] | None = None) -> int:
    """Pack or join; 1 when it cannot be done."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, default=HERE / "large.toml")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--join", type=Path, metavar="SHARDS")
    parser.add_argument("--packed", type=Path, metavar="FILE")
    given = parser.parse_args(arguments)
    if given.join and not given.packed:
        parser.error("--join needs --packed, the file that the run started from")
    try:
        if given.join:
            print(f"wrote {given.out}, version {join(given.join, given.packed, given.out)}")
        else:
            print(f"wrote {given.out}, {pack(given.config, given.out):,} bytes")
    except (TooLarge, CheckpointError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
