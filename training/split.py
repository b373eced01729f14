"""Reads the sources of a configuration, drops duplicates, and puts whole templates on one side: train or validation."""

from __future__ import annotations

from collections import Counter
from hashlib import sha256

from training import corpus, dedup, sources
from training.batches import VALIDATION
from training.config import Config, Source
from training.manifest import Tally
from training.sources import KINDS, SUPPORT, Item

TRAIN = "train"
SHARE = 0.25  # of the validation part that one cluster may fill; a larger one is trained on


class Split:
    """Items by side and source, and the corpus' messages by side; `tallies` say what became of each set's rows."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self._counts: dict[tuple[str, str], Counter[str]] = {}
        names = list(dict.fromkeys(name for stage in config.stages for name in stage.sources))
        read = {name: self._read(name, config.sources[name]) for name in names if config.sources[name].kind != SUPPORT}
        kept = {name: self._limited(name, rows) for name, rows in self._distinct(read).items()}
        sides = self._sides(kept)
        self.items = {
            side: {name: [i for i in rows if sides[dedup.template(i.origin)] == side] for name, rows in kept.items()}
            for side in (TRAIN, VALIDATION)
        }
        said = [message for intent in corpus.intents() for message in intent.messages]
        self.messages = {
            side: frozenset(m for m in said if sides[dedup.template(m)] == side) for side in (TRAIN, VALIDATION)
        }

    @property
    def tallies(self) -> list[Tally]:
        """What became of the rows of each source's sets."""
        found = []
        for (name, label), counts in self._counts.items():
            kind = KINDS[self.config.sources[name].kind]
            file = sources.path(kind.file).name if kind.file else sources.OURS
            dropped = {reason: n for reason, n in counts.items() if reason not in ("read", "kept")}
            licence = sources.LICENCE[label]
            found.append(Tally(name, label, licence, file, counts["read"], counts["kept"], dropped))
        return found

    def _read(self, name: str, source: Source) -> list[Item]:
        kind, items = KINDS[source.kind], []
        for row in sources.rows(kind.file):
            label = row["source"]
            if source.sets and label not in source.sets:
                continue
            if label not in sources.LICENCE:
                raise ValueError(f"the licence of the set {label!r} is not known: add it to training/sources.py")
            self._count(name, label, "read")
            taken = kind.take(row, source)
            if isinstance(taken, Item):
                items.append(taken)
            else:
                self._count(name, label, taken)
        return items

    def _distinct(self, read: dict[str, list[Item]]) -> dict[str, list[Item]]:
        """Without texts that came before, as they are or nearly so; short and long texts are told apart by kind."""
        kept: dict[str, list[Item]] = {name: [] for name in read}
        for short in (True, False):
            seen: dict[str, tuple[str, Item]] = {}
            for name, items in read.items():
                for item in items if KINDS[self.config.sources[name].kind].short == short else ():
                    key = dedup.normalised(item.key)
                    if key in seen:
                        self._count(name, item.set, "duplicate")
                    else:
                        seen[key] = (name, item)
            shingle = dedup.grams if short else dedup.runs
            first = dedup.twins(list(seen), shingle, self.config.data.duplicate)
            for index, (name, item) in enumerate(seen.values()):
                if first[index] == index:
                    kept[name].append(item)
                else:
                    self._count(name, item.set, "near-duplicate")
        return kept

    def _limited(self, name: str, items: list[Item]) -> list[Item]:
        limit = self.config.sources[name].rows or len(items)
        for place, item in enumerate(items):
            self._count(name, item.set, "kept" if place < limit else "over the limit")
        return items[:limit]

    def _sides(self, kept: dict[str, list[Item]]) -> dict[str, str]:
        """The side of each template. What a conversation or an article of the corpus says is always trained on."""
        said = [dedup.template(m) for intent in corpus.intents() for m in intent.messages]
        fixed = {dedup.template(turn.text) for dialogue in corpus.dialogues() for turn in dialogue.turns}
        groups: dict[bool, list[str]] = {True: [*said, *fixed], False: []}
        for name, items in kept.items():
            kind = self.config.sources[name].kind
            texts = [dedup.template(item.origin) for item in items]
            groups[KINDS[kind].short] += texts
            fixed |= set(texts) if kind == "articles" else set()
        return {t: side for short, texts in groups.items() for t, side in self._of_group(texts, fixed, short).items()}

    def _of_group(self, texts: list[str], fixed: set[str], short: bool) -> dict[str, str]:
        weight = Counter(texts)
        distinct = sorted(weight)
        places = dedup.clusters(distinct, dedup.grams if short else dedup.runs, self.config.data.twin)
        sizes: Counter[int] = Counter()
        for text, place in zip(distinct, places, strict=True):
            sizes[place] += weight[text]
        pinned = {place for text, place in zip(distinct, places, strict=True) if text in fixed}
        room = SHARE * self.config.data.validation * len(texts)
        aside = {
            place
            for place, size in sizes.items()
            if place not in pinned and size <= max(1, room) and _draw(distinct[place]) < self.config.data.validation
        }
        return {t: VALIDATION if place in aside else TRAIN for t, place in zip(distinct, places, strict=True)}

    def _count(self, name: str, label: str, what: str) -> None:
        self._counts.setdefault((name, label), Counter())[what] += 1


def _draw(text: str) -> float:
    """A number from 0 to 1 that depends on the text alone: a cluster stays on its side when others join."""
    return int.from_bytes(sha256(text.encode()).digest()[:6]) / 2**48
