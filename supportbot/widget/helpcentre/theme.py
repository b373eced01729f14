"""A workspace's colour as a style sheet: what can be read on light and on dark, computed by WCAG's contrast."""

from __future__ import annotations

import colorsys
import re

RGB = tuple[float, float, float]
COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
DEFAULT = "#1c2420"
BLACK, WHITE = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
CONTRAST = 4.6  # 4.5 with room for rounding
ON_LIGHT, ON_DARK = 0.80, 0.03  # luminance of the accent's hardest surfaces in either scheme: its own soft colour
DEEP = 0.09  # luminance that a large area of colour may have on a dark page
STEPS = 50
SHEET = """:root {{
  --brand: light-dark({brand}, {deep});
  --on-brand: light-dark({on_brand}, #ffffff);
  --accent: light-dark({light}, {dark});
  --accent-hover: light-dark({light_hover}, {dark_hover});
  --accent-soft: light-dark({light_soft}, {dark_soft});
  --on-accent: light-dark(#ffffff, #000000);
  --focus: light-dark({light}, {dark});
}}
supportbot-widget {{ --supportbot-colour: {brand}; }}
"""


def sheet(colour: str) -> str:
    """The custom properties that stand in for those of tokens.css."""
    brand = _parse(colour if COLOUR.fullmatch(colour) else DEFAULT)
    light, dark = _readable(brand, ON_LIGHT, BLACK), _readable(brand, ON_DARK, WHITE)
    return SHEET.format(
        brand=_hex(brand),
        deep=_hex(_deep(brand)),
        on_brand="#ffffff" if contrast(luminance(brand), 1) >= CONTRAST else "#000000",
        light=_hex(light),
        dark=_hex(dark),
        light_hover=_hex(_mix(light, BLACK, 0.25)),
        dark_hover=_hex(_mix(dark, WHITE, 0.35)),
        light_soft=_hex(_mix(light, WHITE, 0.9)),
        dark_soft=_hex(_mix(dark, BLACK, 0.8)),
    )


def luminance(rgb: RGB) -> float:
    """Relative luminance, WCAG 2.2."""
    red, green, blue = (share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in rgb)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: float, other: float) -> float:
    """The contrast of two luminances, from 1 to 21."""
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)


def _readable(rgb: RGB, background: float, towards: RGB) -> RGB:
    """The colour in another lightness, so that it keeps its hue and its strength."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*rgb)
    goal = towards[0]
    steps = (lightness + (goal - lightness) * step / STEPS for step in range(STEPS))
    tried = (colorsys.hls_to_rgb(hue, step, saturation) for step in steps)
    return next((other for other in tried if _is_beyond(other, background, towards)), towards)


def _is_beyond(rgb: RGB, background: float, towards: RGB) -> bool:
    own = luminance(rgb)
    return (own < background) == (towards == BLACK) and contrast(own, background) >= CONTRAST


def _deep(rgb: RGB) -> RGB:
    return next(mixed for step in range(STEPS + 1) if luminance(mixed := _mix(rgb, BLACK, step / STEPS)) <= DEEP)


def _mix(rgb: RGB, other: RGB, share: float) -> RGB:
    red, green, blue = (a + (b - a) * share for a, b in zip(rgb, other, strict=True))
    return red, green, blue


def _parse(colour: str) -> RGB:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def _hex(rgb: RGB) -> str:
    return "#" + "".join(f"{round(share * 255):02x}" for share in rgb)
