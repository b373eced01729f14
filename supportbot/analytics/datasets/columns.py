"""What a dataset's columns are: their types as a sample has them, and what each is used for. Knows no database."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self

TYPES = {"text": "Text", "number": "Number", "date": "Date", "time": "Date and time", "bool": "Yes or no"}
SQL = {"text": "VARCHAR", "number": "DOUBLE", "date": "DATE", "time": "TIMESTAMP", "bool": "BOOLEAN"}
USES = {"split": "Split and filter", "sum": "Add up", "average": "Average", "hidden": "Neither"}
SURE = 0.95  # of a sample's values have to be of a type
FEW = 200  # values of a column that are kept by name, for filters and for questions in words
PERSONAL = re.compile(
    r"e-?mail|phone|mobile|first.?name|last.?name|surname|customer.?name|full.?name|address|street|iban"
)
RATES = re.compile(r"rate|share|percent|%|score|rating|average|mean|age\b|weight|price|margin")
NAMES_A_ROW = re.compile(r"(^|[^a-z])(id|no|number|nr|code|sku|zip|postcode|phone)$")
ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[a-z]+", re.IGNORECASE)


@dataclass(frozen=True)
class Column:
    """One column: `key` is its name in the files, `label` its heading, `words` what else people call it."""

    key: str
    label: str
    type: str = "text"
    use: str = "split"
    words: str = ""
    unit: str = ""
    is_personal: bool = False
    values: list[str] = field(default_factory=list)  # the most frequent, if it is split by
    low: str = ""  # the first and the last day, of dates
    high: str = ""

    @classmethod
    def read(cls, kept: dict[str, Any]) -> Self:
        """As `kept` has it."""
        return cls(**kept)

    @property
    def kept(self) -> dict[str, Any]:
        """As the database has it."""
        return asdict(self)

    @property
    def sql(self) -> str:
        """Its type in the files."""
        return SQL[self.type]

    @property
    def is_day(self) -> bool:
        """Whether a period can be of it."""
        return self.type in ("date", "time")

    @property
    def is_measured(self) -> bool:
        """Whether figures are made of its numbers."""
        return self.type == "number" and self.use in ("sum", "average")

    @property
    def is_split(self) -> bool:
        """Whether figures are split by it."""
        return self.use == "split" and not self.is_day and not self.is_personal

    @property
    def phrases(self) -> str:
        """How a question may call it, with commas between."""
        plain = re.sub(r"[^\w%'-]+", " ", re.sub(r"([a-z])([A-Z])", r"\1 \2", self.label)).replace("_", " ")
        names = [plain.lower().strip(), *(word.strip().lower() for word in self.words.split(","))]
        return ", ".join(dict.fromkeys(form for name in names if name for form in forms(name)))


def forms(name: str) -> list[str]:
    """Singular and plural of an English noun, the given one first."""
    if name.endswith("ies"):
        return [name, f"{name[:-3]}y"]
    if name.endswith("s") and not name.endswith("ss"):
        return [name, name[:-1]]
    if name.endswith("y") and name[-2:-1] not in "aeiou":
        return [name, f"{name[:-1]}ies"]
    return [name, f"{name}es" if name.endswith(("s", "x", "ch", "sh")) else f"{name}s"]


def guessed(key: str, label: str, type_: str, sample: Sequence[str]) -> Column:
    """A column of a type with some of its values: what it will probably be used for."""
    name = re.sub(r"([a-z])([A-Z])", r"\1 \2", label).lower().replace("_", " ")
    is_personal = bool(PERSONAL.search(name) or any(ADDRESS.fullmatch(value) for value in sample[:50]))
    if is_personal:
        return Column(key, label, type_, "hidden", is_personal=True)
    if type_ == "number":
        if NAMES_A_ROW.search(name):
            return Column(key, label, "text" if not re.search(r"\.", "".join(sample[:50])) else type_, "hidden")
        return Column(key, label, type_, "average" if RATES.search(name) else "sum")
    is_unique = len(sample) > 20 and len(set(sample)) > 0.9 * len(sample)
    return Column(key, label, type_, "hidden" if is_unique or type_ in ("date", "time") else "split")


def key_of(columns: Sequence[Column]) -> tuple[str, str]:
    """The kind of key, and its column, that headings suggest."""
    patterns = {
        "order": r"order.?(no|number|nr|id)|^order$",
        "email": r"e-?mail",
        "product": r"^(product|sku|article|item)( ?name| ?title)?$",
    }
    for kind, pattern in patterns.items():
        for column in columns:
            name = re.sub(r"([a-z])([A-Z])", r"\1 \2", column.label).lower().replace("_", " ")
            if re.search(pattern, name):
                return kind, column.key
    days = [column.key for column in columns if column.is_day]
    return ("date", days[0]) if days and len(columns) <= 6 else ("", "")
