"""What agents have corrected and an administrator approved, as rows of a company's own CSV (`material.own_questions`).

Telephone numbers and e-mail addresses of customers stay out.
"""

from __future__ import annotations

from collections.abc import Iterator

from supportbot.chat.corrections.tickets import approved, hider
from supportbot.chat.models import Correction
from supportbot.workspaces.models import Workspace

Act = Correction.Act
COLUMNS = ("question", "article", "facts", "expect")


def questions(workspace: Workspace) -> Iterator[dict[str, str]]:
    """Those that can be judged: a wanted answer names its facts or an article."""
    hide = hider(workspace)
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
