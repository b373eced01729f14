"""Usage as the page shows it: numbers in words, and the lengths of a bar in per cent."""

from __future__ import annotations

from dataclasses import dataclass

from supportbot.billing.standing import Standing


@dataclass(frozen=True)
class Shown:
    """One kind on the page."""

    standing: Standing

    @property
    def scale(self) -> float:
        """What the whole bar stands for."""
        allowance = self.standing.allowance
        least = max(allowance.included, allowance.hard_limit or 0) if allowance else 0
        return max(least, self.standing.amount, 1)

    @property
    def used(self) -> str:
        """The dark part of the bar."""
        return f"{self.standing.amount / self.scale * 100:.1f}"

    @property
    def forecast(self) -> str:
        """Its light part, to the end of the bar at most."""
        return f"{min(1, (self.standing.forecast or 0) / self.scale) * 100:.1f}"

    @property
    def mark(self) -> str:
        """Where the bar passes what is included; nothing where it ends there."""
        allowance = self.standing.allowance
        return f"{allowance.included / self.scale * 100:.1f}" if allowance and allowance.included < self.scale else ""

    @property
    def amount(self) -> str:
        """What is used."""
        return number(self.standing.amount)

    @property
    def included(self) -> str:
        """What the plan includes."""
        return f"{self.standing.allowance.included:,}" if self.standing.allowance else ""

    @property
    def sentences(self) -> list[str]:
        """What stands below the bar."""
        return [words for words in (self._coming(), self._end()) if words]

    @property
    def alarm(self) -> str:
        """What has to be noticed."""
        level = self.standing.level
        words = {"hard": "Limit reached.", "over": "More than is included.", "soft": f"{self.standing.percent} % used."}
        return words.get(level, "")

    def _coming(self) -> str:
        forecast = self.standing.forecast
        return "" if forecast is None else f"About {number(forecast)} at the end of the period."

    def _end(self) -> str:
        allowance = self.standing.allowance
        if allowance is None:
            return "No limit."
        price = f"{allowance.overage:.4f}".removesuffix("00")
        beyond = f"Beyond that {price} {allowance.plan.currency} each" if allowance.overage else ""
        due = f"; so far {self.standing.charge} {allowance.plan.currency}" if self.standing.charge else ""
        end = "" if allowance.hard_limit is None else f"At most {allowance.hard_limit:,}."
        return " ".join(part for part in (f"{beyond}{due}." if beyond else "", end) if part)


def number(amount: float) -> str:
    """With a decimal place where that says something."""
    return f"{amount:,.0f}" if amount >= 100 or amount == int(amount) else f"{amount:,.1f}"
