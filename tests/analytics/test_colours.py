"""The colours of the charts are told apart by whoever sees less of them, and from the page, in light and dark."""

from __future__ import annotations

import re
from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.stack import ROOT

# Machado, Oliveira and Fernandes 2009, severity 1.0, on linear RGB.
SEEN = {
    "by all": np.eye(3),
    "without red": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "without green": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "without blue": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
# Oklab, by Björn Ottosson.
CONES = np.array(
    [[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566]]
    + [[0.0883024619, 0.2817188376, 0.6299787005]]
)
LAB = np.array(
    [[0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099]]
    + [[0.0259040371, 0.7827717662, -0.8086757660]]
)
LUMINANCE = np.array([0.2126, 0.7152, 0.0722])
SHEETS = {"light": "#ffffff", "dark": "#111827"}
APART = 0.1  # in Oklab; two greys as far apart as #777 and #999
CONTRAST = 3  # WCAG 1.4.11
Colour = NDArray[np.float64]


def linear(colour: str) -> Colour:
    """From `#2563c9`."""
    part = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)


def oklab(colour: Colour) -> Colour:
    """Where equal distances look equal."""
    return np.asarray(LAB @ np.cbrt(CONES @ np.clip(colour, 0, 1)))


@pytest.mark.parametrize("look", SHEETS)
def test_bars_are_told_apart_and_from_the_page(look: str) -> None:
    sheet = (ROOT / "static" / "analytics" / "figures.css").read_text("utf-8")
    line = re.search(rf"^{'.dark ' if look == 'dark' else ''}\.figures {{(.*)}}$", sheet, re.M)
    assert line
    colours = {name: linear(value) for name, value in re.findall(r"--(bot|people|left|going): (#\w{6})", line[1])}
    assert len(colours) == 4
    page = float(LUMINANCE @ linear(SHEETS[look]))
    for colour in colours.values():
        darker, lighter = sorted([float(LUMINANCE @ colour), page])
        assert (lighter + 0.05) / (darker + 0.05) >= CONTRAST
    for who, matrix in SEEN.items():
        for (one, first), (other, second) in combinations(colours.items(), 2):
            apart = np.linalg.norm(oklab(matrix @ first) - oklab(matrix @ second))
            assert apart > APART, (one, other, who)
