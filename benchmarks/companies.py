"""The two companies that the assistant is judged on, from corpus/: what they know and what their customers ask.

`problems` checks the material against the articles and against what training reads.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from supportbot.evaluation.material import Customer, Question, Wish, customers, plain, questions
from training import corpus

if TYPE_CHECKING:
    from supportbot.workspaces.models import Workspace

FOLDER = corpus.ROOT / "evaluation"
SLUGS = ("pedalbay", "fennmoor")
LEAST = {"questions": 220, "customers": 40}
# Facts of a customer's turns that stand in no article: sentences of an order, questions asked back, ends of actions.
SAID_OTHERWISE = ("order number", "cancel", "cancelled", "refund", "return", "reach")


@dataclass(frozen=True)
class Page:
    """An article as it is judged by: slots filled."""

    title: str
    body: str


@dataclass(frozen=True)
class Company:
    """One company's material."""

    slug: str
    root: Path = FOLDER

    @property
    def folder(self) -> Path:
        """Where its files are."""
        return self.root / self.slug

    @cached_property
    def questions(self) -> list[Question]:
        """What is asked."""
        return questions(self.folder / "questions.jsonl")

    @cached_property
    def customers(self) -> list[Customer]:
        """Who comes."""
        return customers(self.folder / "customers.jsonl")

    @cached_property
    def pages(self) -> dict[str, Page]:
        """Its help centre by slug; Fennmoor's is the demo's."""
        own = sorted((self.folder / "articles").glob("*/*.md"))
        if own:
            return {path.stem: _page(path) for path in own}
        values = {name: slot["value"] for name, slot in corpus.shop()["settings"].items()}
        return {row.slug: Page(row.title, _fill(row.body, values)) for row in corpus.articles()}

    def load(self) -> Workspace:
        """Put it into the database."""
        if self.slug == "fennmoor":
            workspace = _load_demo()
        else:
            workspace = _load_workspace(json.loads((self.folder / "company.json").read_text("utf-8")))
            load_articles(workspace, self.folder / "articles")
        load_orders(workspace, json.loads((self.folder / "orders.json").read_text("utf-8")))
        return workspace


def load_articles(workspace: Workspace, folder: Path) -> None:
    """As an administrator would: by the importer."""
    from django.core.management import call_command  # noqa: PLC0415  (Django is set up only in main)

    call_command("import_articles", workspace.slug, str(folder), stdout=io.StringIO())


def index() -> None:
    """Make all that was loaded searchable, here and now."""
    from inference.encoder import shared_encoder  # noqa: PLC0415
    from supportbot.knowledge import indexing  # noqa: PLC0415

    indexing.notice_settings()
    while indexing.index_due(shared_encoder().embed):
        pass


def load_orders(workspace: Workspace, rows: list[dict[str, Any]]) -> None:
    """New orders, with days counted from today; of a known one only the e-mail address is set."""
    from django.utils import timezone  # noqa: PLC0415

    from supportbot.knowledge.models import Order  # noqa: PLC0415

    known, today = {field.name for field in Order._meta.get_fields()}, timezone.localdate()
    for row in rows:
        fields = {name: value for name, value in row.items() if name in known and name != "number"}
        if "state" in row:
            fields["placed_on"] = today - timedelta(days=row["placed_days_ago"])
            fields["due_on"] = today + timedelta(days=row["due_in_days"])
        Order.objects.update_or_create(workspace=workspace, number=row["number"], defaults=fields)


def _load_demo() -> Workspace:
    from django.core.management import call_command  # noqa: PLC0415

    from supportbot.workspaces.models import Workspace  # noqa: PLC0415

    call_command("demo", stdout=io.StringIO())
    return Workspace.objects.get(slug="fennmoor")


def _load_workspace(data: dict[str, Any]) -> Workspace:
    from supportbot.workspaces.models import Workspace  # noqa: PLC0415

    fields = {name: data[name] for name in ("name", "colour", "greeting", "language", "settings")}
    return Workspace.objects.update_or_create(slug=data["slug"], defaults=fields)[0]


def problems(root: Path = FOLDER) -> list[str]:
    """What is wrong with the material, in words; a malformed row raises `BadMaterial`."""
    both = [Company(slug, root) for slug in SLUGS]
    found = [problem for company in both for problem in _company_problems(company)]
    asked = [(f"{q.id}: {q.text}", q.text) for company in both for q in company.questions]
    said = [(f"{c.id}: {turn.say}", turn.say) for company in both for c in company.customers for turn in c.turns]
    trained = [(f"{intent.name}: {m}", m) for intent in corpus.intents() for m in intent.messages]
    kept = [(f"{name} (held out): {m}", m) for name, rows in corpus.held_out().items() for m in rows]
    ours, turns = {label for label, _ in asked}, {label for label, _ in said}
    for a, b in corpus.near_duplicates(asked + said, known=trained + kept):
        if a in ours and b in ours:
            found.append(f"asked twice: {a!r} and {b!r}")
        elif a not in ours | turns:
            found.append(f"stands in the corpus: {a!r} and {b!r}")
    return found


def _company_problems(company: Company) -> Iterator[str]:
    for part, least in LEAST.items():
        if len(getattr(company, part)) < least:
            yield f"{company.slug}: fewer than {least} {part}"
    ids = [*(row.id for row in company.questions), *(row.id for row in company.customers)]
    yield from (f"{name} stands twice" for name in sorted({name for name in ids if ids.count(name) > 1}))
    for question in company.questions:
        yield from _question_problems(question, company.pages)
    known = _known(company)
    for customer in company.customers:
        for turn in customer.turns:
            yield from (f"{customer.id}: {wrong}" for wrong in _missing(turn.wish, known))


def _question_problems(question: Question, pages: Mapping[str, Page]) -> Iterator[str]:
    if unknown := sorted(set(question.articles) - set(pages)):
        yield f"{question.id}: no article {', '.join(unknown)}"
    elif question.articles:
        text = "\n".join(f"{pages[slug].title}\n{pages[slug].body}" for slug in question.articles)
        yield from (f"{question.id}: {wrong}" for wrong in _missing(question.wish, text))
    elif question.kind not in ("order", "unanswerable", "off_topic", "person", "injection"):
        yield f"{question.id}: no article answers it"


def _missing(wish: Wish, text: str) -> Iterator[str]:
    held = plain(text)
    for group in wish.must:
        if not any(plain(fact) in held for fact in group):
            yield f"none of {group} stands there"


def _known(company: Company) -> str:
    from supportbot.knowledge import order_words  # noqa: PLC0415

    pages = [f"{page.title}\n{page.body}" for page in company.pages.values()]
    words = [*order_words.STATE.values(), *order_words.NEXT.values(), *SAID_OTHERWISE]
    return "\n".join((*pages, *words))


def _page(path: Path) -> Page:
    _, head, body = path.read_text("utf-8").split("---\n", 2)
    return Page(yaml.safe_load(head)["title"], body.strip())


def _fill(text: str, values: Mapping[str, str]) -> str:
    return re.sub(r"\{\{(\w+)\}\}", lambda match: values.get(match[1], match[0]), text)
