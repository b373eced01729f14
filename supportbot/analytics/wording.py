"""Figures as they are read: numbers, shares, times and money in words, and how they changed."""

from __future__ import annotations

from dataclasses import dataclass

from supportbot.analytics.measures import Measure, Unit

MINUTE, HOUR, DAY = 60, 3600, 86400
UNKNOWN = "–"
SAME = "as before"
ALIKE = 0.0005  # a smaller change is none


def words(value: float | None, unit: Unit, currency: str = "") -> str:
    """A value of a measure; a dash where there is none. Times are seconds, shares 0 to 1."""
    if value is None:
        return UNKNOWN
    match unit:
        case "share":
            return f"{value:.1%}".replace("%", " %")
        case "time":
            return span(value)
        case "money":
            return f"{currency}{value:,.2f}"
        case "score":
            return f"{value:.2f}"
        case _:
            return f"{value:,.0f}"


def span(seconds: float) -> str:
    """A length of time with two or three figures, as `48 s`, `3.5 min`, `2.1 h`, `4.0 days`."""
    if seconds < MINUTE:
        return f"{seconds:.0f} s"
    if seconds < HOUR:
        return f"{seconds / MINUTE:.1f} min"
    return f"{seconds / HOUR:.1f} h" if seconds < 2 * DAY else f"{seconds / DAY:.1f} days"


@dataclass(frozen=True)
class Change:
    """Against the period before: in words, and whether it is `better`, `worse` or neither."""

    text: str = ""
    kind: str = ""

    @classmethod
    def of(cls, measure: Measure, now: float | None, before: float | None) -> Change:
        """Shares change by points, everything else by its share; from nothing there is no change."""
        if now is None or before is None or (not before and measure.unit != "share"):
            return cls()
        by = now - before if measure.unit == "share" else now / before - 1
        if abs(by) < ALIKE:
            return cls(SAME)
        amount = f"{by * 100:+.1f} points" if measure.unit == "share" else f"{by:+.0%}".replace("%", " %")
        direction = measure.good * (1 if by > 0 else -1)
        return cls(amount.replace("-", "−"), {1: "better", -1: "worse"}.get(direction, ""))
