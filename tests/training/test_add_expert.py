"""A category is added to a tiny checkpoint: it answers in the words of the tickets; what is wrong writes nothing."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from transformers import AutoModelForCausalLM

from inference import checkpoint
from inference.engine import Engine, Params, Turn
from inference.prompt import Brief
from training import add_expert, specialise
from training.add_expert import Addition
from training.added import FILE, Added, table
from training.grow import Schedule

pytestmark = pytest.mark.usefixtures("small_corpus")

REPLY = "Bring it to {{store_address}}."
ROWS = [
    {"id": f"{i}", "text": f"{verb} my {thing}", "reply": REPLY, "intent": "mend_it"}
    for i, (verb, thing) in enumerate(
        (verb, thing)
        for verb in ("please mend", "can you repair", "I need somebody to fix", "who glues", "time to patch")
        for thing in (
            "kettle",
            "old oak chair",
            "garden lantern",
            "rug",
            "coffee grinder",
            "duvet",
            "pan",
            "desk lamp",
            "sensor",
            "towel rail",
            "chopping board",
        )
    )
]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tickets") / "repairs.jsonl"
    path.write_text("\n".join(map(json.dumps, ROWS)), "utf-8")
    return path


@pytest.fixture(scope="module")
def written(
    small_corpus: None, tiny_checkpoint: Path, data: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Added]:
    """The checkpoint with one expert more, and what was measured."""
    out = tmp_path_factory.mktemp("out") / "grown"
    addition = Addition(tiny_checkpoint, data, "repairs", messages=1)
    grown = addition.run(0, Schedule(steps=60, taken=0.1, expert_rate=1e-2))
    return out, addition.write(grown, out, 60)


def test_it_writes_a_new_version_with_one_expert_more_that_loads_everywhere(
    tiny_checkpoint: Path, written: tuple[Path, Added]
) -> None:
    out, added = written
    old, new = checkpoint.load(tiny_checkpoint)[2], checkpoint.load(out)[2]
    assert new.version == added.version != old.version == added.came_from
    assert new.n_experts == old.n_experts + 1 == len(new.experts)
    assert new.needs_order == old.needs_order and new.hand_off_below == old.hand_off_below
    assert {row["category"] for row in new.experts[-1]["categories"]} >= {"repairs", "delivery"}
    assert AutoModelForCausalLM.from_pretrained(out).config.moe_num_experts == new.n_experts
    assert not list(out.parent.glob("*.part"))


def test_the_engine_tells_the_category_and_answers_in_the_words_of_the_tickets(written: tuple[Path, Added]) -> None:
    with Engine.load(written[0]) as engine:
        turns = [Turn("customer", "could you mend my lantern, please")]
        reading = engine.read(turns)
        assert (reading.category, reading.intent) == ("repairs", "mend_it")
        assert reading.out_of_scope is not None and reading.out_of_scope < 0.5
        brief = Brief(reading.category, reading.intent, "answer")
        *_, completion = engine.stream(turns, Params(brief, {"store_address": "12 Weaver Lane"}, max_tokens=30))
        assert completion.text.startswith("Bring it to 12 Weaver Lane.")
        assert completion.trace.share[:, -1].mean() > 0.3


def test_the_figures_are_printed_and_stored(written: tuple[Path, Added]) -> None:
    out, added = written
    assert json.loads((out / FILE).read_text("utf-8"))["runs"][0]["added"] == added.runs[0].added < added.before
    assert added.read > 0.9
    assert f"{added.came_from} -> {added.version}" in table(added)


def test_its_specialisation_can_be_measured(written: tuple[Path, Added], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(specialise, "DRAWS", 5)
    found = specialise.measure(written[0], 1)
    assert len(found.knock_out) == 13 and len(found.categories) == 12


@pytest.mark.parametrize(
    ("category", "rows", "told"),
    [
        ("delivery", ROWS, "'delivery' exists already"),
        ("off_topic", ROWS, "'off_topic' exists already"),
        ("Gift cards", ROWS, "is no name"),
        ("repairs", ROWS[:20], "20 different tickets, at least 50"),
        ("repairs", [row | {"reply": "{{nothing}}"} for row in ROWS], "line 1: unknown slot {{nothing}}"),
        ("repairs", [row | {"intent": "track_order"} for row in ROWS], "'track_order' (of delivery)"),
    ],
)
def test_what_cannot_be_added_is_told_and_nothing_is_written(
    tiny_checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], category: str, rows: list[Any], told: str
) -> None:
    data = tmp_path / "tickets.jsonl"
    data.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    before = sorted(tiny_checkpoint.parent.rglob("*"))
    given = ["--category", category, "--data", str(data), "--checkpoint", str(tiny_checkpoint)]
    assert add_expert.main(given) == 1
    assert told in capsys.readouterr().err
    assert sorted(tiny_checkpoint.parent.rglob("*")) == before


def test_a_checkpoint_without_triage_and_a_folder_that_exists_are_refused(
    tiny_checkpoint: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["--category", "repairs", "--data", str(data), "--checkpoint"]
    assert add_expert.main([*given, str(tiny_checkpoint), "--out", str(tmp_path)]) == 1
    assert "exists" in capsys.readouterr().err
    bare = Path(shutil.copytree(tiny_checkpoint, tmp_path / "bare"))
    (bare / "triage.json").unlink()
    assert add_expert.main([*given, str(bare)]) == 1
    assert "no triage head" in capsys.readouterr().err
