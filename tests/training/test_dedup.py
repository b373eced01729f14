"""Duplicates and near-twins are found, and nothing else is taken for one."""

from __future__ import annotations

import random

from training import dedup

WORDS = [
    "order",
    "parcel",
    "lamp",
    "kettle",
    "refund",
    "late",
    "broken",
    "where",
    "invoice",
    "please",
    "account",
    "card",
    "delivery",
    "address",
    "change",
]


def sentences(count: int, length: int = 12) -> list[str]:
    rng = random.Random(1)
    return [" ".join(rng.choices(WORDS, k=length)) for _ in range(count)]


def test_case_accents_and_punctuation_do_not_tell_texts_apart_and_signs_alone_do() -> None:
    assert dedup.normalised("  Où est  MON colis?! ") == dedup.normalised("ou est mon colis")
    assert dedup.normalised("👍") != dedup.normalised("🎉")


def test_a_template_masks_numbers_names_addresses_and_placeholders() -> None:
    said = (
        "cancel order 4711 for Mary, please",
        "Cancel order #99-A1 for Peter, please",
        "cancel order {{Order Number}} for Mary, please",
    )
    assert len({dedup.template(text) for text in said}) == 1
    assert dedup.template("write to a@b.example") == dedup.template("write to other@shop.example")
    assert dedup.template("cancel my order") != dedup.template("cancel my account")


def test_a_twin_points_to_the_first_of_its_kind() -> None:
    texts = ["where is my parcel now", "cancel the lamp", "where is my parcel now then", "where is my parcel now"]
    assert dedup.twins(texts, dedup.grams, 0.7) == [0, 1, 0, 0]
    assert dedup.twins([], dedup.grams, 0.7) == []


def test_clusters_are_joined_transitively() -> None:
    chain = ["a b c d e f g h i j", "b c d e f g h i j k l", "c d e f g h i j k l m n"]
    first = dedup.grams(chain[0])
    assert dedup.overlap(first, dedup.grams(chain[2])) < 0.7 < dedup.overlap(first, dedup.grams(chain[1]))
    assert dedup.clusters([*chain, "something else entirely"], dedup.grams, 0.7) == [0, 0, 0, 3]


def test_every_pair_that_overlaps_is_found_as_a_plain_comparison_finds_it() -> None:
    texts = sentences(300, 8)
    texts += [text.replace(" ", " very ", 1) for text in texts[::3]]
    shingles = [dedup.grams(text) for text in texts]
    places = dedup.clusters(texts, dedup.grams, 0.75)
    for b in range(len(texts)):
        for a in range(b):
            if dedup.overlap(shingles[a], shingles[b]) >= 0.75:
                assert places[a] == places[b]


def test_long_texts_are_told_apart_by_runs_of_words() -> None:
    one, other = sentences(2, 200)
    changed = one.replace("lamp", "chair", 1)
    assert dedup.twins([one, other, changed], dedup.runs, 0.8) == [0, 1, 0]
