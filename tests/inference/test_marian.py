"""A tiny Marian model that has learnt two sentences by heart, from a folder as transformers saves it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from pytest_django import Settings

from inference.marian import Marian, MarianError
from supportbot.chat.translation.backends import Folder, NotTranslated, directions
from tests.tiny_marian import make

KNOWN = {"Wo ist mein Paket?": "Where is my parcel?", "Danke schön.": "Thank you."}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where an installation keeps its models: German to English."""
    path = tmp_path_factory.mktemp("models")
    make(path / "opus-mt-de-en", KNOWN)
    return path


def test_folder_translates_with_the_model_of_the_direction(folder: Path) -> None:
    assert Folder(folder).translate(list(KNOWN), "de", "en", seconds=60) == list(KNOWN.values())


def test_sentences_keep_their_order_and_their_lines(folder: Path) -> None:
    said = Folder(folder).translate(["Danke schön.\n\nWo ist mein Paket? Danke schön."], "de", "en", seconds=60)
    assert said == ["Thank you.\n\nWhere is my parcel? Thank you."]


def test_folder_names_what_it_translates_and_says_what_it_does_not(folder: Path) -> None:
    assert list(directions(folder)) == [("de", "en")]
    with pytest.raises(NotTranslated, match="no model from English to German"):
        Folder(folder).translate(["Hello"], "en", "de", seconds=60)


def test_model_that_takes_too_long_is_given_up(folder: Path) -> None:
    with pytest.raises(NotTranslated) as error:
        Folder(folder).translate(["Wo ist mein Paket?"], "de", "en", seconds=0.0)
    assert error.value.passes


def test_threads_that_need_a_model_at_once_load_it_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path / "opus-mt-de-en", KNOWN)
    load, together = Marian.load, Barrier(4)
    loads: list[Path] = []
    monkeypatch.setattr(Marian, "load", lambda path: loads.append(path) or load(path))

    def translate(text: str) -> str:
        together.wait(30)
        return Folder(tmp_path).translate([text], "de", "en", seconds=60)[0]

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(translate, [*KNOWN, *KNOWN])) == [*KNOWN.values(), *KNOWN.values()]
    assert len(loads) == 1


def test_folder_without_a_model_is_told(tmp_path: Path, settings: Settings) -> None:
    with pytest.raises(MarianError, match="holds no Marian model"):
        Marian.load(tmp_path)
