"""An article becomes a safe page."""

from __future__ import annotations

from supportbot.knowledge import pages
from supportbot.knowledge.models import Article
from supportbot.workspaces.models import Workspace


def page(body: str) -> str:
    """The HTML of an article."""
    shop = Workspace(settings={"return_days": "30 days", "odd": "<b>&"})
    return str(pages.page(Article(workspace=shop, body=body)).html)


def test_markdown_is_rendered_and_slots_are_filled() -> None:
    assert page("## Back\n\nWithin {{return_days}}.") == '<h2 id="back">Back</h2>\n<p>Within 30 days.</p>\n'


def test_slot_without_a_value_is_never_shown() -> None:
    assert "{{" not in page("Within {{unknown}}.")


def test_script_in_an_article_does_nothing() -> None:
    html = page('<script>alert(1)</script><img src=x onerror="alert(1)"> [x](javascript:alert(1))')
    assert "<script" not in html and "onerror" not in html and 'href="javascript' not in html
