"""From raw text to packed, memory-mapped tokens: `python -m training.data --config FILE --out DIRECTORY`.

Reads the sources that the configuration names, drops duplicates, splits by template, learns the tokenizer, packs each
stage and leaves a manifest of it all. What is packed already from the same texts and the same configuration stays.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import numpy as np

from inference.prompt import training_example
from inference.tokenizer import FILE, Tokenizer
from inference.weights import replace
from training import corpus, sources
from training.batches import VALIDATION, Packed
from training.config import Config, Stage, fingerprint
from training.manifest import FILE as MANIFEST
from training.manifest import Manifest, Portion
from training.sources import KINDS, SUPPORT, Item
from training.split import TRAIN, Split
from training.support import Document, category_index, support

HERE = Path(__file__).resolve().parent


def prepare(config: Config, folder: Path) -> Tokenizer:
    """Tokenizer and packed data of a run in `folder`, made anew where the texts or the configuration have changed."""
    inputs = _inputs(config)
    made_of = fingerprint({"configuration": config.of_data(), "inputs": inputs})
    if (folder / MANIFEST).exists():
        if Manifest.of(folder).made_of == made_of:
            return Tokenizer(folder / FILE)
        print(f"the texts or the configuration of {folder} have changed: it is packed anew")
        (folder / MANIFEST).unlink()
    split = Split(config)
    tokenizer = Tokenizer.train(_to_learn(config), folder, config.model.vocab_size, sorted(corpus.slots()))
    portions = [part for stage in config.stages for part in _pack(config, stage, split, tokenizer, folder / stage.name)]
    manifest = Manifest(
        name=config.name,
        made_of=made_of,
        date=datetime.now(UTC).strftime("%Y-%m-%d"),
        seed=config.data.seed,
        context=tokenizer.context,
        inputs=inputs,
        sets=split.tallies,
        stages=portions,
    )
    replace(folder / MANIFEST, manifest.json())
    return tokenizer


def _inputs(config: Config) -> dict[str, str]:
    """SHA-256 of each input file that is there, and of the corpus as a whole."""
    found = {"corpus": _hash(sorted(p for p in corpus.ROOT.rglob("*") if p.is_file() and "held_out" not in p.parts))}
    kinds = {config.sources[name].kind for stage in config.stages for name in stage.sources} - {SUPPORT}
    files = {KINDS[kind].file for kind in kinds} | set(config.data.tokenizer)
    for file in sorted(file for file in files if file):
        if sources.path(file).exists():
            found[sources.path(file).name] = _hash([sources.path(file)])
    return found


def _hash(paths: list[Path]) -> str:
    digest = sha256()
    for path in paths:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _to_learn(config: Config) -> Iterator[str]:
    """Texts for the tokenizer: all of the corpus three times over, and the first rows of the public files."""
    for _ in range(3):
        for intent in corpus.intents():
            yield from (*intent.messages, *intent.replies, *intent.ask)
        for article in corpus.articles():
            yield from article.body.splitlines()
        for dialogue in corpus.dialogues():
            yield from (turn.text for turn in dialogue.turns)
    for file, limit in config.data.tokenizer.items():
        for index, row in zip(range(limit), sources.rows(file), strict=False):
            yield from (row[part] for part in ("text", "passage", "question") if row.get(part))
            if row.get("reply") and index % 4 == 0:
                yield row["reply"]
            yield from (turn["text"] for turn in row.get("turns", ()))


def _pack(config: Config, stage: Stage, split: Split, tokenizer: Tokenizer, folder: Path) -> Iterator[Portion]:
    """Both sides of a stage on disk; how much of which set went in."""
    for side, where in ((TRAIN, folder), (VALIDATION, folder / VALIDATION)):
        documents = []
        for name in stage.sources:
            if config.sources[name].kind == SUPPORT:
                kept = split.messages[side]
                rounds, whole = (stage.rounds, True) if side == TRAIN else (1, False)
                documents += support(tokenizer, config.data.seed, rounds, kept, dialogues=whole)
            else:
                documents += [encode(tokenizer, item) for item in split.items[side][name]]
        random.Random(config.data.seed).shuffle(documents)
        write(where, documents)
        tokens: dict[str, int] = {}
        for document in documents:
            tokens[document.set] = tokens.get(document.set, 0) + len(document.ids)
        yield Portion(stage.name, side, len(documents), dict(sorted(tokens.items(), key=lambda pair: -pair[1])))


def encode(tokenizer: Tokenizer, item: Item) -> Document:
    """The tokens of a text; all of them count."""
    if item.brief is None:
        own = item.set == sources.OURS
        ids = [tokenizer.bos, *(tokenizer.encode_reply(item.prose) if own else tokenizer.encode(item.prose))]
    else:
        ids, _ = training_example(tokenizer, item.turns, item.brief, item.reply)
    if item.passage:
        ids[1:1] = [tokenizer.passage, *tokenizer.encode(item.passage)]
    return Document(ids, [True] * len(ids), category_index(item.category), item.set)


def write(folder: Path, documents: Iterable[Document]) -> Packed:
    """Pack documents one behind the other."""
    folder.mkdir(parents=True, exist_ok=True)
    documents = list(documents)
    lengths = [len(document.ids) for document in documents]
    ids = [np.zeros(0, np.uint16), *(np.asarray(d.ids, np.uint16) for d in documents)]
    mask = [np.zeros(0, np.bool_), *(np.asarray(d.mask, np.bool_) for d in documents)]
    np.save(folder / "tokens.npy", np.concatenate(ids))
    np.save(folder / "mask.npy", np.concatenate(mask))
    np.save(folder / "categories.npy", np.repeat([d.category for d in documents], lengths).astype(np.int8))
    np.save(folder / "offsets.npy", np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64))
    return Packed(folder)


def main(arguments: list[str] | None = None) -> int:
    """Pack, and print the manifest."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, default=HERE / "fennmoor.toml")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args(arguments)
    prepare(Config.read(given.config), given.out)
    print(Manifest.of(given.out))
    return 0


if __name__ == "__main__":
    sys.exit(main())
