"""What agents have corrected and an administrator approved, as training and evaluation read it.

Tickets are rows for `training.add_expert`, questions rows of a company's own CSV (`material.own_questions`). Telephone
numbers and e-mail addresses of customers stay out of both.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from supportbot.chat.masking import Rules, anonymous
from supportbot.chat.models import Correction
from supportbot.workspaces.models import Workspace
from supportbot.workspaces.scoping import ScopedQuerySet

Act = Correction.Act
COLUMNS = ("question", "article", "facts", "expect")


def approved(workspace: Workspace) -> ScopedQuerySet[Correction]:
    """All of a workspace, the oldest first."""
    rows = Correction.objects.in_workspace(workspace).filter(state=Correction.State.APPROVED)
    return rows.select_related("message__generation__in_reply_to", "article").order_by("created_at", "pk")


def tickets(workspace: Workspace, category: str) -> Iterator[dict[str, Any]]:
    """Those of a category that have words to learn, each with the intent as far as it is known."""
    hide = _hider(workspace)
    for row in approved(workspace).filter(category=category, act__in=(Act.ANSWER, Act.ASK)):
        intent = {"intent": row.intent} if row.intent else {}
        yield {"id": f"correction-{row.pk}", "text": hide(row.question), "reply": hide(row.reply), **intent}


def questions(workspace: Workspace) -> Iterator[dict[str, str]]:
    """Those that can be judged: a wanted answer names its facts or an article."""
    hide = _hider(workspace)
    for row in approved(workspace):
        article = row.article.slug if row.article else ""
        if row.act != Act.ANSWER or row.facts.strip(" ;|") or article:
            yield {"question": hide(row.question), "article": article, "facts": row.facts, "expect": row.act}


def counts(workspace: Workspace) -> dict[str, int]:
    """How many were approved of each category."""
    found: dict[str, int] = {}
    for category in approved(workspace).values_list("category", flat=True):
        found[category] = found.get(category, 0) + 1
    return dict(sorted(found.items()))


def _hider(workspace: Workspace) -> Any:
    rules = Rules.of(workspace)
    return lambda text: anonymous(text, rules)
