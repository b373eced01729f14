"""The measure of public intent sets, on small sets of our own in their format."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from benchmarks import intents
from benchmarks.intents import calibration_error, figures
from benchmarks.readers import Answers, Messages
from training import sources

SAID = {
    "alarm": ["wake me at {}", "set an alarm for {}", "alarm at {} please", "i must be up by {}", "ring at {}"],
    "lights": ["turn on the lamp in room {}", "lights off in {}", "dim lamp {}", "make room {} brighter", "lamp {} on"],
    "music": ["play song {}", "put on {} again", "skip to track {}", "louder music in {}", "play {} by anyone"],
    "oos": ["who won the cup in {}", "what is the capital of land {}", "how tall is tower {}", "name river {}"],
}
MAIL = ["any mail from bob number {}", "read my latest email {}", "has {} written me an email"]
FOREIGN = {"alarm_set": SAID["alarm"], "play_music": SAID["music"], "email_query": MAIL}


def rows(said: dict[str, list[str]], numbers: Sequence[str]) -> list[dict[str, str]]:
    return [{"text": text.format(n), "intent": i} for i, texts in said.items() for text in texts for n in numbers]


def write(path: Path, lines: list[dict[str, str]]) -> None:
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two small sets, and results of their own."""
    numbers = {"train": ["one", "two", "three", "four"], "dev": ["five", "six"], "test": ["seven", "eight"]}
    where = tmp_path / "intents"
    where.mkdir()
    for part, some in numbers.items():
        write(where / f"clinc150.{part}.jsonl.gz", rows(SAID, some))
        write(where / f"hwu64.{part}.jsonl.gz", rows(FOREIGN, some))
    questions = [{"source": "squad1.1-dev", "question": f"Which king ruled in {n}?"} for n in ("1500", "1600")]
    write(tmp_path / "grounded.train.jsonl.gz", questions)
    monkeypatch.setattr(sources, "PUBLIC", tmp_path)
    monkeypatch.setattr(intents, "STORED", tmp_path / "intents.json")
    monkeypatch.setattr(intents, "TUNING", {"clinc150": (2, 0), "hwu64": (2, 3)})
    return tmp_path


def test_it_measures_every_reader_stores_the_figures_and_prints_them(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    intents.main(["--again"])
    found = json.loads((folder / "intents.json").read_text())
    assert set(found) == {"clinc150", "hwu64"}
    assert set(found["clinc150"]["readers"]) == {"ours", "frozen", "words"}
    assert found["clinc150"]["readers"]["ours"]["auroc"] > 0.9
    assert found["hwu64"]["readers"]["ours"]["accuracy"] > 0.9
    assert found["hwu64"]["readers"]["ours"]["recall"] is None
    capsys.readouterr()
    intents.main([])
    printed = capsys.readouterr().out
    assert "### clinc150: 38 test messages" in printed
    assert "| BERT, by threshold (arXiv 1909.02027) | 96.2% | 52.3% |" in printed


def test_without_the_data_it_says_what_is_missing(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sources, "PUBLIC", folder / "none")
    with pytest.raises(SystemExit):
        intents.main(["--again"])
    assert "SUPPORTBOT_DATA" in capsys.readouterr().err


def test_a_message_in_scope_that_is_rejected_counts_as_wrong() -> None:
    """The threshold comes from dev: the rejected ones are those beyond what dev has in scope."""

    def answer(texts: Sequence[str]) -> Answers:
        strange = np.asarray([float(text) for text in texts])
        return Answers(np.full(len(texts), "a"), np.full(len(texts), 0.5), strange)

    dev = Messages(["0.1", "0.2", "0.9"], np.asarray(["a", "a", "oos"]))
    test = Messages(["0.1", "0.8", "0.9", "0.15"], np.asarray(["a", "a", "oos", "oos"]))
    told = figures(answer, dev, test, begun=0)
    assert (told.accuracy, told.recall, told.auroc) == (0.5, 0.5, 0.75)
    assert told.ece == pytest.approx(0.5)


def test_calibration_is_the_gap_between_what_is_said_and_what_is_right() -> None:
    confidence = np.asarray([0.9, 0.9, 0.9, 0.9, 0.31, 0.31])
    right = np.asarray([True, True, True, False, False, True])
    assert calibration_error(confidence, right) == pytest.approx((4 * 0.15 + 2 * 0.19) / 6)


def test_outliers_are_of_the_intents_that_the_other_set_lacks(folder: Path) -> None:
    found = intents.outliers(intents.frozen(intents.read("clinc150", "train")))
    assert set(found.texts) <= {text.format(n) for text in MAIL for n in ("one", "two", "three", "four")} | {
        "which king ruled in 1500",
        "which king ruled in 1600",
    }
    assert set(found.intents) <= {intents.OUTSIDE}
