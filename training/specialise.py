"""How far the experts specialise by category: `python -m training.specialise` measures it on held-out messages.

Prints Markdown tables, a twin's figures beside the checkpoint's, and leaves `specialisation.json` in each directory;
what stands there for the same weights is printed without measuring `--again`.
Each message has its brief and a reply; losses are of the reply alone. Knows nothing of training.
Letters: n messages, C categories, E experts, L expert layers, M experts of a group.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from inference import checkpoint
from inference.model import Decoder
from inference.weights import replace
from training import corpus, finish
from training.config import HERE, WORK
from training.finish import by_category
from training.masking import Batch, Experts, Support, batches, elsewhere, kept, knock_out, reply_losses

FILE = "specialisation.json"
MODEL, TWIN = HERE.parent / "models" / "fennmoor", WORK / "fennmoor-twin-model"
SEED = 0
MESSAGES = 40  # of each category
DRAWS = 1000  # of the bootstrap
SHUFFLES = 20
NEAR = 3  # experts of about equal load that are the control of one
FLOOR = 1e-3  # nats a token; a lower rise is not told from none
HIGHEST = 1000.0  # of the ratios that are told
PARTS = (100.0, 50.0, 25.0, 12.5)  # percent of the experts
WRONG = 25.0

Figures = NDArray[np.float32]
Statistic = Callable[[Figures, list[str]], ArrayLike]


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Information:
    """Mutual information of expert and category as a part of its highest value; `shuffled` is what chance gives."""

    layers: list[Estimate]
    mean: Estimate
    shuffled: float


@dataclass(frozen=True)
class Specialisation:
    """The measures of one checkpoint on `messages` messages, `at_most` of each of the C `categories`, in that order.

    shares [C, E] are those of the replies. A lift is a share by the expert's mean share: lifts [C] are of each
    category's `own` expert, the one that has the highest. loss is in nats a token, knock_out [E, C] its rise without
    the expert; ratio and control are the rise of the own category by that of the others. kept and wrong_pool are
    rises of the loss in percent; kept has them by the percentage of experts that stay.
    """

    name: str
    version: str
    seed: int
    messages: int
    at_most: int
    categories: list[str]
    words: Information
    replies: Information
    shares: list[list[float]]
    own: list[int]
    lifts: list[Estimate]
    lift: Estimate
    lift_shuffled: float
    loss: Estimate
    knock_out: list[list[float]]
    ratio: Estimate
    control: Estimate
    kept: dict[str, Estimate]
    wrong_pool: Estimate

    def save(self, directory: Path) -> None:
        """Write `FILE`; a reader sees the old one or the new one, never a part."""
        replace(directory / FILE, (json.dumps(asdict(self), indent=1) + "\n").encode())

    @classmethod
    def load(cls, directory: Path) -> Specialisation:
        """The opposite of `save`."""
        return cls(**json.loads((directory / FILE).read_text("utf-8"), object_hook=_revive))


def _revive(data: dict[str, Any]) -> Any:
    for kind in (Estimate, Information):
        if data.keys() == {field.name for field in fields(kind)}:
            return kind(**data)
    return data


def sample(messages: int) -> tuple[list[str], list[Support]]:
    """At most `messages` held-out messages of each category: their categories and turns, like lengths together."""
    categories, turns = finish.support_turns(corpus.held_out())
    rng = np.random.default_rng(SEED)
    picks: list[int] = []
    for group in _groups(categories):
        some = rng.permutation(group)[:messages].tolist()
        picks += sorted(some, key=lambda i: len(turns[i][0]) + len(turns[i][2]))
    return [categories[i] for i in picks], [turns[i] for i in picks]


def pools(shares: Figures, categories: list[str], part: float, k: int) -> Experts:
    """The experts with the highest share of each category in each layer [C, L, M]: `part` percent of all, k at least.

    `shares` are [n, L, E]; a broken number of experts counts as the next whole one.
    """
    given = by_category(shares, categories)
    size = max(k, math.ceil(given.shape[-1] * part / 100))
    return np.argsort(-given, axis=-1, kind="stable")[..., :size]


def lifts(shares: Figures, categories: list[str]) -> Figures:
    """Each expert's share of a category by its mean share over all [C, E], layers together; 1 is chance."""
    given = by_category(shares, categories).mean(axis=1)
    return np.asarray(given / np.maximum(given.mean(axis=0), 1e-9), np.float32)


def ratio(rises: Figures, experts: Experts) -> float:
    """What masking the experts [C, M] of a category costs itself, by the mean of what it costs the others.

    `rises` [E, C] are in nats a token; others that lose less than `FLOOR` count as that.
    """
    own, others = costs(rises, experts)
    return float(own.mean() / max(others.mean(), FLOOR))


def costs(rises: Figures, experts: Experts) -> tuple[Figures, Figures]:
    """Rises [C] in nats a token of each category and of the mean of the others without its experts [C, M]."""
    each = rises[experts].mean(axis=1)  # [C, C]
    own = np.diagonal(each)
    return own, (each.sum(axis=1) - own) / (len(own) - 1)


def alike(load: Figures, experts: Experts) -> Experts:
    """The others [C, NEAR] whose load [E] is nearest to that of each expert [C]: each of them is a control."""
    distance = np.abs(load - load[experts, None])
    distance[np.arange(len(experts)), experts] = np.inf
    return np.argsort(distance, axis=1, kind="stable")[:, :NEAR]


def estimates(statistic: Statistic, values: Figures, categories: list[str]) -> list[Estimate]:
    """Figures of the messages' values [n, ...], each with its bootstrap interval over the messages of each category.

    An interval has the draws' spread around the estimate, not around their mean: information and highest lifts rise
    with drawing again, as they do with few messages. Their value for shuffled labels shows how much.
    """
    groups, names, rng = _groups(categories), np.asarray(categories), np.random.default_rng(SEED)
    value = np.atleast_1d(statistic(values, categories))
    drawn = np.empty((DRAWS, len(value)))
    for draw in range(DRAWS):
        rows = np.concatenate([rng.choice(group, len(group)) for group in groups])
        drawn[draw] = statistic(values[rows], names[rows].tolist())
    low, high = np.quantile(drawn - drawn.mean(axis=0), (0.025, 0.975), axis=0) + value
    return [Estimate(*(round(float(x), 6) for x in row)) for row in zip(value, low, high, strict=True)]


def shuffled(statistic: Statistic, shares: Figures, categories: list[str]) -> float:
    """The mean of a statistic with the labels shuffled: what chance alone gives."""
    rng = np.random.default_rng(SEED)
    return float(np.mean([statistic(shares, rng.permutation(categories).tolist()) for _ in range(SHUFFLES)]))


def information(shares: Figures, categories: list[str]) -> Information:
    """How much the expert tells of the category, from shares [n, L, E]."""
    *layers, mean = estimates(lambda x, names: _and_mean(finish.information(x, names)), shares, categories)
    return Information(layers, mean, shuffled(finish.information, shares, categories))


def measure(directory: Path, messages: int = MESSAGES) -> Specialisation:
    """Every measure of a checkpoint."""
    model, tokenizer, info = checkpoint.load(directory)
    categories, turns = sample(messages)
    words, shares = finish.route(model, tokenizer, turns)
    given = by_category(shares, categories).mean(axis=1)
    own = lifts(shares, categories).argmax(axis=1)
    *each, lift = estimates(lambda x, names: _and_mean(lifts(x, names)[range(len(own)), own]), shares, categories)
    data = batches(tokenizer, turns)
    full = reply_losses(model, data)
    rises = knock_out(model, data) - full[:, None]
    chosen = own[:, None], alike(given.mean(axis=0), own)
    own_ratio, control = estimates(lambda x, c: [ratio(by_category(x, c).T, e) for e in chosen], rises, categories)
    loss, *narrowed, wrong = _narrowed(model, data, full, shares, categories)
    return Specialisation(
        name=info.name,
        version=info.version,
        seed=SEED,
        messages=len(turns),
        at_most=messages,
        categories=list(corpus.CATEGORIES),
        words=information(words, categories),
        replies=information(shares, categories),
        shares=given.round(6).tolist(),
        own=own.tolist(),
        lifts=each,
        lift=lift,
        lift_shuffled=shuffled(lambda x, names: lifts(x, names).max(axis=1), shares, categories),
        loss=loss,
        knock_out=by_category(rises, categories).T.round(6).tolist(),
        ratio=own_ratio,
        control=control,
        kept={f"{part:g}": rise for part, rise in zip(PARTS, narrowed, strict=True)},
        wrong_pool=wrong,
    )


def _narrowed(
    model: Decoder, data: Sequence[Batch], full: Figures, shares: Figures, categories: list[str]
) -> list[Estimate]:
    """The mean loss in nats a token; its rises in percent with each of `PARTS`, and with the wrong experts."""
    pool = {part: pools(shares, categories, part, model.config.moe_k) for part in {*PARTS, WRONG}}
    narrow = [kept(model, data, pool[part]) for part in PARTS] + [elsewhere(model, data, pool[WRONG])]

    def statistic(losses: Figures, names: list[str]) -> Figures:
        mean = by_category(losses, names).mean(axis=0)
        return np.append(mean[:1], 100 * (mean[1:] / mean[0] - 1))

    return estimates(statistic, np.stack([full, *narrow], axis=1), categories)


def _groups(categories: Sequence[str]) -> list[Experts]:
    return [np.flatnonzero(np.asarray(categories) == name) for name in corpus.CATEGORIES]


def _and_mean(values: NDArray[Any]) -> NDArray[Any]:
    return np.append(values, values.mean())


def tables(results: Sequence[Specialisation]) -> str:
    """The figures of all checkpoints side by side, then the shares and losses by expert of the first."""
    names, first = [one.name for one in results], results[0]
    sides = [side for one in results for side in (one.words, one.replies)]
    experts = [f"e{i}" for i in range(len(first.knock_out))]
    return "\n".join(
        [
            f"{first.messages} held-out messages with a reply to each; in brackets 95 % intervals over the messages.\n",
            "Mutual information of expert and category, as a part of its highest value (0 none, 1 all):\n",
            *_table(
                ["layer", *(f"{part}, {name}" for name in names for part in ("words", "replies"))], _information(sides)
            ),
            "\nThe experts of the replies, and what masking some of them costs:\n",
            *_table(["", *names], _figures(results)),
            "\nShare of each expert in the replies, and lift of the category's own one:\n",
            *_table(["category", *experts, *(f"lift, {name}" for name in names)], _shares(results)),
            "\nRise of the loss with one expert masked, in nats a token; that of the own one by that of the others:\n",
            *_table(["category", *experts, "ratio"], _knock_out(first)),
        ]
    )


def _information(sides: Sequence[Information]) -> list[list[str]]:
    layers = zip(*(side.layers for side in sides), strict=True)
    return [
        *([str(1 + i), *(_shown(figure, 3) for figure in row)] for i, row in enumerate(layers)),
        ["mean", *(f"**{_shown(side.mean, 3)}**" for side in sides)],
        ["labels shuffled", *(f"{side.shuffled:.3f}" for side in sides)],
    ]


def _figures(results: Sequence[Specialisation]) -> list[list[str]]:
    kept = [f"loss with a category's own {part} % of the experts, rise in percent" for part in results[0].kept]
    labels = [
        "lift of a category's own expert",
        "the same, labels shuffled",
        "own expert masked: rise of the own category by that of the others",
        "another of about equal load masked: the same",
        "loss, nats a token",
        *kept,
        f"loss with another category's {WRONG:g} %, rise in percent",
    ]
    columns = [
        [
            _shown(one.lift, 2),
            f"{one.lift_shuffled:.2f}",
            _ratio(one.ratio),
            _ratio(one.control),
            _shown(one.loss, 3),
            *(_shown(figure, 1) for figure in (*one.kept.values(), one.wrong_pool)),
        ]
        for one in results
    ]
    return [list(row) for row in zip(labels, *columns, strict=True)]


def _shares(results: Sequence[Specialisation]) -> list[list[str]]:
    return [
        [
            name,
            *_cells(results[0], i, [f"{share:.0%}" for share in shares]),
            *(_shown(one.lifts[i], 1) for one in results),
        ]
        for i, (name, shares) in enumerate(zip(corpus.CATEGORIES, results[0].shares, strict=True))
    ]


def _knock_out(one: Specialisation) -> list[list[str]]:
    rises = np.array(one.knock_out, np.float32)
    own, others = costs(rises, np.array(one.own)[:, None])
    return [
        [name, *_cells(one, i, [f"{rise:.2f}" for rise in rises[:, i]]), _over(own[i] / max(others[i], FLOOR))]
        for i, name in enumerate(corpus.CATEGORIES)
    ]


def _ratio(figure: Estimate) -> str:
    return _shown(figure, 2) if figure.value < HIGHEST else _over(figure.value)


def _over(ratio: float) -> str:
    """A ratio; where the others lose next to nothing, the floor alone would decide its size."""
    return f"{ratio:.1f}" if ratio < HIGHEST else f"over {HIGHEST:.0f}"


def _cells(one: Specialisation, category: int, cells: list[str]) -> list[str]:
    """The own expert's cell in bold."""
    return [f"**{cell}**" if expert == one.own[category] else cell for expert, cell in enumerate(cells)]


def _shown(figure: Estimate, digits: int) -> str:
    return f"{figure.value:.{digits}f} ({figure.low:.{digits}f} to {figure.high:.{digits}f})"


def _table(heads: list[str], rows: list[list[str]]) -> list[str]:
    rule = ["---", *["---:"] * (len(heads) - 1)]
    return [f"| {' | '.join(cells)} |" for cells in (heads, rule, *rows)]


def stored(directory: Path, at_most: int = MESSAGES) -> Specialisation | None:
    """What was measured of a checkpoint, if its weights and the number of messages are still the same."""
    try:
        found = Specialisation.load(directory)
    except (OSError, ValueError, TypeError):
        return None
    return found if found.version == checkpoint.version(directory) and found.at_most == at_most else None


def main(arguments: list[str] | None = None) -> int:
    """Print what is stored beside each checkpoint; measure and store it first where it is not."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, default=MODEL, metavar="DIR")
    parser.add_argument("--twin", type=Path, default=TWIN if TWIN.exists() else None, metavar="DIR")
    parser.add_argument("--messages", type=int, default=MESSAGES, help="at most so many of each category")
    parser.add_argument("--again", action="store_true", help="measure also what is stored")
    given = parser.parse_args(arguments)
    torch.set_num_threads(1)
    directories = [given.checkpoint, *([given.twin] if given.twin else [])]
    results = []
    for directory in directories:
        result = None if given.again else stored(directory, given.messages)
        if result is None:
            result = measure(directory, given.messages)
            result.save(directory)
        results.append(result)
    print(tables(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
