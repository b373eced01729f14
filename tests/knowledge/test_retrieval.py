"""Which passages are found, for whom, and how soon after a change; on both databases."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from supportbot.knowledge import retrieval, tasks
from supportbot.knowledge.models import Article, Passage
from supportbot.knowledge.retrieval import Embed, fuse
from supportbot.workspaces.models import Workspace

TEXTS = {
    "returns": "You can send an item back within {{return_days}} of delivery, in the original box.",
    "invoice": "Every invoice is a PDF. Download it under My orders, where invoice ZX-4410 is, too.",
    "shop": "Our shop in Bristol opens at ten in the morning.",
}
Find = Callable[..., list[str]]


@pytest.fixture
def find(shop: Workspace, embed: Embed) -> Find:
    """Slugs of the articles that are found, best first."""

    def ask(text: str, **options: Any) -> list[str]:
        return [hit.passage.article.slug for hit in retrieval.find(shop, text, embed=embed, **options)]

    return ask


@pytest.fixture
def articles(shop: Workspace) -> dict[str, Article]:
    """Three published articles, indexed."""
    made = {slug: write(shop, slug, body) for slug, body in TEXTS.items()}
    tasks.index()
    return made


def write(shop: Workspace, slug: str, body: str, **fields: Any) -> Article:
    """A published article."""
    return Article.objects.create(workspace=shop, slug=slug, title=slug, body=body, **{"status": "published", **fields})


def test_words_and_meaning_both_find_the_passage(articles: dict[str, Article], find: Find) -> None:
    assert find("ZX-4410")[0] == "invoice"
    assert find("I changed my mind and do not want to keep this")[0] == "returns"
    assert find("at what time can I come and visit you")[0] == "shop"


def test_hits_say_how_near_they_are(articles: dict[str, Article], shop: Workspace, embed: Embed) -> None:
    hits = retrieval.find(shop, "send an item back", embed=embed, limit=2)
    assert len(hits) == 2 and hits[0].score > hits[1].score and 1 >= hits[0].cosine > hits[1].cosine
    assert hits[0].passage.heading == "returns" and "within thirty days" in hits[0].passage.text


def test_change_is_found_after_indexing_and_only_what_changed_is_embedded(
    articles: dict[str, Article], shop: Workspace, find: Find
) -> None:
    before = set(Passage.objects.values_list("id", flat=True))
    articles["shop"].body = "We sell penguins."
    articles["shop"].save()
    tasks.index()
    assert find("penguins")[0] == "shop" and find("penguin birds")[0] == "shop"
    assert len(before & set(Passage.objects.values_list("id", flat=True))) == 2


def test_withdrawn_article_is_not_found_any_more_from_that_moment(articles: dict[str, Article], find: Find) -> None:
    articles["invoice"].status = "draft"
    articles["invoice"].save()
    assert "invoice" not in find("ZX-4410")
    articles["shop"].audience = "agents"
    articles["shop"].save()
    assert "shop" not in find("when does the shop open") and "shop" in find("shop opens", audience="agents")
    Article.objects.filter(slug="returns").delete()
    assert find("send an item back ZX-4410 shop") == []


def test_change_past_the_model_is_respected_too(articles: dict[str, Article], find: Find) -> None:
    Article.objects.filter(slug="invoice").update(status="draft")
    Article.objects.filter(slug="shop").update(audience="agents")
    assert find("invoice ZX-4410 of the shop in Bristol") == ["returns"]


def test_draft_is_never_found_and_a_snippet_is(shop: Workspace, find: Find) -> None:
    write(shop, "draft", "Penguins live here.", status="draft")
    write(shop, "snippet", "Penguins eat fish.", kind="snippet")
    tasks.index()
    assert find("penguins", audience="agents") == find("penguins") == ["snippet"]


def test_article_in_the_customers_language_comes_before_the_workspaces_own(shop: Workspace, find: Find) -> None:
    write(shop, "returns", "You can send an item back within 30 days.")
    write(shop, "returns-fr", "Vous pouvez renvoyer un article sous 30 jours.", language="fr")
    write(shop, "returns-de", "Artikel können Sie zurückschicken.", language="de")
    tasks.index()
    assert find("renvoyer un article sous 30 jours", language="fr") == ["returns-fr", "returns"]
    assert find("send an item back", language="es") == find("send an item back") == ["returns"]


def test_changed_setting_is_found_after_the_sweep(articles: dict[str, Article], shop: Workspace, find: Find) -> None:
    tasks.sweep()
    tasks.index()
    shop.settings = {"return_days": "ninety fortnights"}
    shop.save()
    tasks.sweep()
    tasks.index()
    assert Passage.objects.get(article=articles["returns"]).text.count("ninety fortnights") == 1
    assert find("fortnights")[0] == "returns"


def test_other_workspaces_find_nothing_of_it(articles: dict[str, Article], embed: Embed) -> None:
    other = Workspace.objects.create(name="Other", slug="other")
    assert retrieval.find(other, "send an item back", embed=embed) == []


def test_strange_questions_are_no_error(articles: dict[str, Article], find: Find) -> None:
    for text in (
        "",
        "'\"); DROP TABLE x; -- NEAR(a b) * ^",
        "AND OR NOT",
        "!?…",
        "x" * 5000,
        "a\x00b",
        "\ud800 x",
        "的 🙂",
    ):
        assert len(find(text)) == 3


def test_text_that_changes_while_it_is_indexed_is_indexed_again(shop: Workspace, find: Find, embed: Embed) -> None:
    from supportbot.knowledge import indexing

    article = write(shop, "page", "Old text about penguins.")

    def slow(texts: Any) -> Any:
        if article.body.startswith("Old"):
            article.body = "New text about walruses."
            article.save()
        return embed(texts)

    indexing.index_due(slow)
    assert find("penguins") == [] and indexing.is_due()
    tasks.index()
    assert find("walruses") == ["page"]


def test_reciprocal_ranks_are_summed() -> None:
    assert fuse((1, [1, 2]), (3, [2, 3])) == pytest.approx({2: 1 / 12 + 3 / 11, 3: 3 / 12, 1: 1 / 11})


def test_indexing_anew_forgets_every_vector_and_makes_them_again(articles: dict[str, Article], find: Find) -> None:
    Passage.objects.update(embedding=[1.0] + 383 * [0.0])
    Article.objects.filter(slug="shop").update(status="draft")
    said = StringIO()
    call_command("reindex", stdout=said)
    assert "2 articles will be indexed anew" in said.getvalue() and not Passage.objects.exists()
    tasks.index()
    assert find("I changed my mind and do not want to keep this")[0] == "returns"
    assert Passage.objects.filter(embedding__isnull=False).count() == 2
