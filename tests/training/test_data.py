"""From small public files to packed tokens: what is dropped, what stays together, what the manifest tells."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inference.tokenizer import FILE, Tokenizer
from training import corpus, data, dedup, sources
from training.batches import Packed
from training.config import Config, Data, Source, Stage
from training.manifest import Manifest
from training.split import Split

ANIMALS = ("otter", "heron", "lynx", "badger", "marten", "wolverine", "ibex", "capercaillie")


def ticket(
    text: str, reply: str | None = None, intent: str = "track_order", label: str = "bitext-27k"
) -> dict[str, Any]:
    return {"source": label, "intent": intent, "text": text, "reply": reply}


TICKETS = [
    ticket("where is order 12345", "It is on its way, {{Company Name}} wrote to you yesterday evening."),
    ticket("Where is order 12345?", "It is on its way, {{Company Name}} wrote to you yesterday evening!"),
    ticket("where is my parcel", "See {{Account Type}}."),
    ticket("what shall I do", "Nothing.", intent="unknown"),
    *(ticket(f"please find order {number} with the {animal} on it") for number in (1, 2) for animal in ANIMALS),
]
PAGES = [
    {"source": "sendgrid-docs", "text": " ".join(f"word{i}" for i in range(200))},
    {"source": "sendgrid-docs", "text": " ".join(f"word{i}" for i in range(199)) + " end"},
    {"source": "va-gov", "text": "A page of a set that nobody asked for."},
]
GROUNDED = [
    {"source": "xquad", "language": "en", "title": "Ibex", "passage": "It climbs.", "question": "What does it do?"}
    | {"answer": "climb", "answerable": True},
    {
        "source": "xquad",
        "language": "en",
        "title": "Ibex",
        "passage": "It climbs.",
        "question": "Who is it that climbs?",
    }
    | {"answer": "It", "answerable": True},
    {"source": "xquad", "language": "de", "title": "Ibex", "passage": "Er klettert.", "question": "Was tut er?"}
    | {"answer": "klettern", "answerable": True},
]
DIALOGUE = {
    "source": "star",
    "domain": "bank",
    "turns": [
        {"role": "customer", "text": "hello there"},
        {"role": "action", "text": "look_up()"},
        {"role": "agent", "text": "how can I help"},
        {"role": "customer", "text": "bye"},
    ],
}


@pytest.fixture
def public(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "public"
    folder.mkdir()
    files = {"tickets": TICKETS, "text": PAGES, "grounded": GROUNDED, "dialogues": [DIALOGUE]}
    for name, rows in files.items():
        (folder / f"{name}.train.jsonl.gz").write_bytes(gzip.compress("\n".join(map(json.dumps, rows)).encode()))
    monkeypatch.setattr(sources, "PUBLIC", folder)
    return folder


@pytest.fixture
def config(tiny: Config) -> Config:
    kinds = ("articles", "answered", "messages", "dialogues", "grounded")
    return replace(
        tiny,
        sources={kind: Source(kind) for kind in (*kinds, "support")} | {"help": Source("text", ("sendgrid-docs",))},
        stages=(Stage("pretrain", 4096, 512, 1e-3, (*kinds, "help"), window=64), tiny.stages[1]),
        data=Data(validation=0.1),
    )


def test_the_manifest_accounts_for_every_row_and_token(config: Config, public: Path, tmp_path: Path) -> None:
    tokenizer = data.prepare(config, tmp_path / "packed")
    manifest = Manifest.of(tmp_path / "packed")
    tallies = {(tally.source, tally.set): tally for tally in manifest.sets}
    for tally in manifest.sets:
        assert tally.read == tally.kept + sum(tally.dropped.values())
    answered = tallies["answered", "bitext-27k"]
    assert (answered.kept, answered.dropped["duplicate"], answered.dropped["no reply"]) == (1, 1, 16)
    assert answered.dropped["a placeholder of no slot"] == answered.dropped["no category of ours"] == 1
    assert tallies["help", "sendgrid-docs"].dropped == {"near-duplicate": 1}
    assert (tallies["grounded", "xquad"].kept, tallies["grounded", "xquad"].dropped) == (2, {"not English": 1})
    assert ("help", "va-gov") not in tallies
    assert tallies["help", "sendgrid-docs"].licence == "MIT"
    assert set(manifest.inputs) == {"corpus", *(path.name for path in public.iterdir())}
    for part in manifest.stages:
        folder = tmp_path / "packed" / part.stage / ("validation" if part.side == "validation" else "")
        packed = Packed(folder)
        assert len(packed.tokens) == sum(part.tokens.values()) == packed.offsets[-1]
        assert len(packed.offsets) == part.documents + 1
    texts = tokenizer.decode(Packed(tmp_path / "packed" / "pretrain").tokens.tolist())
    assert "It climbs.What does it do?" in texts
    assert "{{shop_name}} wrote to you" in texts
    assert f"| {answered.source} | bitext-27k | CDLA-Sharing-1.0 | tickets.train.jsonl.gz | 20 | 1 |" in str(manifest)


def test_templates_and_their_near_twins_stay_on_one_side(config: Config, public: Path) -> None:
    split = Split(config)
    sides = {}
    for side, items in split.items.items():
        for item in items["messages"]:
            assert sides.setdefault(dedup.template(item.origin), side) == side
    assert {len(split.messages[side]) > 0 for side in split.messages} == {True}
    assert not split.messages["train"] & split.messages["validation"]
    train = [dedup.grams(dedup.template(message)) for message in sorted(split.messages["train"])]
    for message in sorted(split.messages["validation"])[:20]:
        own = dedup.grams(dedup.template(message))
        assert all(dedup.overlap(own, other) < config.data.twin for other in train)


def test_what_a_conversation_says_is_not_validated_on(config: Config, public: Path) -> None:
    aside = {dedup.template(message) for message in Split(config).messages["validation"]}
    assert aside
    assert not aside & {dedup.template(turn.text) for dialogue in corpus.dialogues() for turn in dialogue.turns}


def test_only_the_reply_counts_in_support_turns_and_everything_in_pretraining(
    config: Config, public: Path, tmp_path: Path
) -> None:
    data.prepare(config, tmp_path)
    assert Packed(tmp_path / "pretrain").mask.all()
    support = Packed(tmp_path / "support")
    assert 0.05 < support.mask.mean() < 0.9
    assert set(np.unique(support.categories)) == set(range(-1, len(corpus.CATEGORIES)))


def test_packed_data_is_made_anew_only_when_texts_or_configuration_change(
    config: Config, public: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data.prepare(config, tmp_path)
    before = (tmp_path / FILE).stat().st_mtime_ns
    data.prepare(replace(config, seed=9), tmp_path)  # the order of the batches, not the data
    assert (tmp_path / FILE).stat().st_mtime_ns == before
    assert capsys.readouterr().out == ""
    text = public / "text.train.jsonl.gz"
    text.write_bytes(gzip.compress(json.dumps(PAGES[0]).encode()))
    assert isinstance(data.prepare(config, tmp_path), Tokenizer)
    assert "packed anew" in capsys.readouterr().out
    assert (tmp_path / FILE).stat().st_mtime_ns != before


def test_a_limit_keeps_the_first_rows(config: Config, public: Path) -> None:
    few = replace(config, sources=dict(config.sources) | {"messages": Source("messages", rows=5)})
    tally = next(t for t in Split(few).tallies if t.source == "messages")
    assert tally.kept == 5
    assert tally.dropped["over the limit"] > 0


def test_a_set_without_a_known_licence_is_refused(config: Config, public: Path) -> None:
    rows = [json.dumps(ticket("hello", label="scraped"))]
    (public / "tickets.train.jsonl.gz").write_bytes(gzip.compress("\n".join(rows).encode()))
    with pytest.raises(ValueError, match="licence of the set 'scraped'"):
        Split(config)


def test_a_stage_cannot_read_what_is_no_source(config: Config) -> None:
    with pytest.raises(ValueError, match="a stage reads nowhere"):
        replace(config, stages=(replace(config.stages[0], sources=("nowhere",)),))
