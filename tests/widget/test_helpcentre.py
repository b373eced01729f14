"""The public help centre over HTTP: what it shows, and what it must never show."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from html import unescape

import numpy as np
import pytest
from django.core.cache import cache
from django.test import Client
from numpy.typing import NDArray
from pytest_django import DjangoAssertNumQueries

from supportbot.knowledge.indexing import index_due
from supportbot.knowledge.models import Article, ArticleFeedback, Collection
from supportbot.widget.helpcentre import theme
from supportbot.widget.helpcentre.feedback import MOST
from supportbot.widget.helpcentre.words import LANGUAGES, TEXTS
from supportbot.workspaces.models import Member, User, Workspace

RETURN = "/help/lumen/articles/return-a-lamp/"
LONG = "Send the lamp back within {{days}}.\n\n# Pack it\n\nUse the box.\n\n# Label\n\nPrint it.\n\n# Wait\n\nA week."
PAGES = ("", "topics/returns/", "more/", "articles/return-a-lamp/", "search/?q=lamp", "es/", "sitemap.xml", "nowhere/")


def write(workspace: Workspace, slug: str, title: str, body: str = "About the lamp.", **fields: object) -> Article:
    """A published article."""
    given = {"slug": slug, "title": title, "body": body, "status": "published", **fields}
    return Article.objects.create(workspace=workspace, **given)


def index() -> None:
    """Cut every article into passages; the search by words needs no vectors that mean anything."""

    def embed(texts: object) -> NDArray[np.float32]:
        return np.full((len(list(texts)), 384), 384**-0.5, np.float32)  # type: ignore[call-overload]

    while index_due(embed):
        pass


@pytest.fixture
def shop(db: None) -> Workspace:
    """A workspace with public articles in two languages, and with everything that is not for the public."""
    shop = Workspace.objects.create(name="Lumen", slug="lumen", colour="#ffd400", settings={"days": "40 days"})
    returns = Collection.objects.create(workspace=shop, slug="returns", title="Returns", description="Send it back.")
    empty = Collection.objects.create(workspace=shop, slug="secret", title="Secret shelf")
    write(shop, "return-a-lamp", "Return a lamp", LONG, collection=returns)
    write(shop, "refund", "When is my refund paid?", "The refund of a lamp is paid within a week.", collection=returns)
    write(shop, "clean-a-lamp", "Clean a lamp", "Wipe the lamp with a dry cloth <script>alert(1)</script>.")
    write(shop, "return-a-lamp", "Devolver una lámpara", "Devuelva la lámpara.", collection=returns, language="es")
    write(shop, "draft", "HIDDEN draft", "A HIDDEN lamp.", status="draft", collection=empty)
    write(shop, "agents", "HIDDEN agents", "A HIDDEN lamp.", audience="agents", collection=empty)
    write(shop, "snippet", "HIDDEN snippet", "A HIDDEN lamp.", kind="snippet", collection=empty)
    write(shop, "reply", "HIDDEN reply", "A HIDDEN lamp.", kind="reply", collection=empty)
    other = Workspace.objects.create(name="HIDDEN other", slug="other")
    write(other, "foreign", "HIDDEN foreign", "A HIDDEN lamp.")
    index()
    return shop


@pytest.fixture(autouse=True)
def no_answers_yet() -> None:
    """The count of answers from this address begins anew."""
    cache.clear()


def page(client: Client, path: str, status: int = 200) -> str:
    """A page's HTML."""
    response = client.get(path)
    assert response.status_code == status, path
    return response.content.decode()


@pytest.mark.parametrize("path", PAGES)
def test_what_is_not_public_is_on_no_page(client: Client, shop: Workspace, path: str) -> None:
    html = client.get(f"/help/lumen/{path}").content.decode()
    assert "lumen" in html and "HIDDEN" not in html and "Secret shelf" not in html
    assert not re.search(r"articles/(draft|agents|snippet|reply|foreign)/", html)


@pytest.mark.parametrize("slug", ["draft", "agents", "snippet", "reply", "foreign"])
def test_what_is_not_public_is_not_found(client: Client, shop: Workspace, slug: str) -> None:
    assert "HIDDEN" not in page(client, f"/help/lumen/articles/{slug}/", 404)
    assert client.get(f"/help/lumen/articles/{slug}/feedback/").status_code == 404
    assert client.post(f"/help/lumen/articles/{slug}/feedback/", {"helpful": "yes"}).status_code == 404
    assert not ArticleFeedback.objects.exists()
    assert "HIDDEN" not in page(client, "/help/lumen/search/?q=HIDDEN").replace("“HIDDEN”", "").replace('"HIDDEN"', "")


def test_withdrawn_article_is_gone_at_once(client: Client, shop: Workspace) -> None:
    article = Article.objects.get(slug="refund")
    article.audience = "agents"
    article.save()
    for path in ("topics/returns/", "search/?q=refund", "sitemap.xml", "articles/return-a-lamp/"):
        assert "articles/refund/" not in page(client, f"/help/lumen/{path}")
    page(client, "/help/lumen/articles/refund/", 404)


def test_articles_collection_of_another_workspace_is_not_named(client: Client, shop: Workspace) -> None:
    other = Workspace.objects.get(slug="other")
    foreign = Collection.objects.create(workspace=other, slug="foreign", title="HIDDEN shelf")
    Article.objects.filter(slug="refund").update(collection=foreign)
    assert "HIDDEN" not in page(client, "/help/lumen/articles/refund/")
    assert "articles/refund/" in page(client, "/help/lumen/more/")
    page(client, "/help/lumen/topics/foreign/", 404)


def test_home_lists_collections_with_the_number_of_articles_in_this_language(client: Client, shop: Workspace) -> None:
    html = page(client, "/help/lumen/")
    assert "Send it back." in html and "2 articles" in html and "More answers" in html
    first = Collection.objects.create(workspace=shop, slug="zoo", title="Zoo lamps", position=0)
    Collection.objects.filter(slug="returns").update(position=1)
    Article.objects.filter(slug="clean-a-lamp").update(collection=first)
    html = page(client, "/help/lumen/")
    assert html.index("Zoo lamps") < html.index("Returns") and "More answers" not in html
    spanish = page(client, "/help/lumen/es/")
    assert '<html lang="es">' in spanish and "1 artículo<" in spanish and "/help/lumen/es/topics/returns/" in spanish


def test_article_has_its_way_contents_date_and_related_articles(client: Client, shop: Workspace) -> None:
    html = page(client, RETURN)
    assert "within 40 days" in html and '<h2 id="pack-it">' in html and 'href="#pack-it"' in html
    assert '<a href="/help/lumen/topics/returns/">Returns</a>' in html and "/help/lumen/articles/refund/" in html
    assert "<time datetime=" in html and "Was this helpful?" in html and html.count("<h1>") == 1
    assert '<meta name="description" content="Send the lamp back within 40 days.">' in html
    assert 'id="help-contents"' not in page(client, "/help/lumen/articles/refund/")


def test_search_finds_begun_words_and_marks_them(client: Client, shop: Workspace) -> None:
    html = page(client, "/help/lumen/search/?q=refu")
    assert "1 result" in html and "The <mark>refund</mark> of a lamp" in html and 'content="noindex"' in html
    assert "Nothing found for “zebra”." in page(client, "/help/lumen/search/?q=zebra")
    assert "<mark>lámpara</mark>" in page(client, "/help/lumen/es/search/?q=lámpara")


def test_article_whose_title_has_the_text_is_found_first(client: Client, shop: Workspace) -> None:
    write(shop, "lamps", "Lamps", "Lamp, lamp and lamp again: clean. Clean lamps, a clean lamp.")
    index()
    html = page(client, "/help/lumen/search/?q=clean+a+lam")
    assert html.index("articles/clean-a-lamp/") < html.index("articles/lamps/")


def test_search_takes_any_text_and_shows_it_as_text(client: Client, shop: Workspace) -> None:
    for query in ("<script>alert(1)</script>", "' OR 1=1 --", '"*: NEAR(', "%00", "\ud83d", "a" * 5000):
        html = client.get("/help/lumen/search/", {"q": query.encode("utf-8", "surrogatepass")}).content.decode()
        assert "<script>alert" not in html and 'id="help-results"' in html


def test_translations_point_to_each_other(client: Client, shop: Workspace) -> None:
    spanish = "http://testserver/help/lumen/es/articles/return-a-lamp/"
    assert f'hreflang="es" href="{spanish}"' in page(client, RETURN)
    html = page(client, "/help/lumen/es/articles/return-a-lamp/")
    assert (
        f'<link rel="canonical" href="{spanish}">' in html and f'hreflang="en" href="http://testserver{RETURN}"' in html
    )
    only_english = page(client, "/help/lumen/articles/refund/")
    assert 'rel="alternate" hreflang="es"' not in only_english and 'href="/help/lumen/es/" lang="es"' in only_english


def test_own_language_has_one_address_and_others_need_articles(client: Client, shop: Workspace) -> None:
    assert client.get("/help/lumen/en/articles/refund/?x=1")["Location"] == "/help/lumen/articles/refund/?x=1"
    page(client, "/help/lumen/fr/", 404)
    assert client.get("/help/lumen/search").status_code == 301


def test_missing_page_offers_what_its_address_may_have_meant(client: Client, shop: Workspace) -> None:
    for path in ("refund/", "articles/my-refund/", "old/place/refund/"):
        html = page(client, f"/help/lumen/{path}", 404)
        assert 'role="search"' in html and "/help/lumen/articles/refund/" in html
    page(client, "/help/nobody/", 404)


def test_search_engines_get_valid_data(client: Client, shop: Workspace) -> None:
    def graph(path: str) -> list[dict[str, object]]:
        found = re.search(r'<script type="application/ld\+json">(.*?)</script>', page(client, path), re.S)
        assert found
        parts: list[dict[str, object]] = json.loads(found[1])["@graph"]
        return parts

    assert [part["@type"] for part in graph(RETURN)] == ["Article", "BreadcrumbList"]
    assert graph("/help/lumen/articles/refund/")[0]["@type"] == "FAQPage"
    Article.objects.filter(slug="refund").update(title="</script><script>alert(1)</script>?")
    assert "</script>" in str(graph("/help/lumen/articles/refund/")[0]["mainEntity"])


def test_sitemap_has_every_page_and_robots_txt_the_sitemap(client: Client, shop: Workspace) -> None:
    tree = ET.fromstring(page(client, "/help/lumen/sitemap.xml"))
    places = [place.text or "" for place in tree.iter() if place.tag.endswith("loc")]
    found = [place.removeprefix("http://testserver/help/lumen/") for place in places]
    assert set(found) >= {"", "es/", "topics/returns/", "es/topics/returns/", "more/", "articles/refund/"}
    assert len(found) == 9 and all(page(client, f"/help/lumen/{path}") for path in found)
    Workspace.objects.create(name="Empty", slug="empty")
    robots = page(client, "/robots.txt")
    assert "Sitemap: http://testserver/help/lumen/sitemap.xml\n" in robots and "empty" not in robots


@pytest.mark.parametrize("path", ["", "topics/returns/", "articles/return-a-lamp/", "search/?q=lamp", "theme.css"])
def test_pages_are_cacheable_and_leave_no_cookie(client: Client, shop: Workspace, path: str) -> None:
    response = client.get(f"/help/lumen/{path}")
    assert "public" in response["Cache-Control"] and not response.cookies and "Cookie" not in response.get("Vary", "")
    again = client.get(f"/help/lumen/{path}", headers={"if-none-match": response["ETag"]})
    assert again.status_code == 304


def test_number_of_queries_does_not_grow_with_the_articles(
    client: Client, shop: Workspace, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    returns = Collection.objects.get(slug="returns")
    for number in range(30):
        collection = Collection.objects.create(workspace=shop, slug=f"c{number}", title=f"Shelf {number}")
        write(shop, f"lamp-{number}", f"Lamp {number}", collection=returns)
        write(shop, f"bulb-{number}", f"Bulb {number}", collection=collection)
    index()
    for path, most in (("", 4), ("topics/returns/", 6), ("articles/return-a-lamp/", 10), ("search/?q=lamp", 6)):
        with django_assert_max_num_queries(most):
            page(client, f"/help/lumen/{path}")
    assert "1 / 2" not in page(client, "/help/lumen/topics/returns/")


@pytest.mark.parametrize("colour", ["#ffd400", "#1c2420", "#ffffff", "#000000", "#2f5d50", "#ff0000", "#7f7f7f", "red"])
def test_every_colour_becomes_readable(client: Client, shop: Workspace, colour: str) -> None:
    Workspace.objects.filter(slug="lumen").update(colour=colour)
    css = page(client, "/help/lumen/theme.css")
    pairs = dict(re.findall(r"--([\w-]+): light-dark\((#\w{6}, #\w{6})\)", css))
    colours = {name: [shade(one) for one in pair.split(", ")] for name, pair in pairs.items()}
    grounds = {"accent": ("#f4f5f3", "#222725"), "accent-hover": ("#f4f5f3", "#222725")}
    for name, surfaces in grounds.items():
        for one, surface in zip(colours[name], surfaces, strict=True):
            assert theme.contrast(one, shade(surface)) >= 4.5
    for front, back in (("on-accent", "accent"), ("on-brand", "brand"), ("accent", "accent-soft")):
        assert all(theme.contrast(a, b) >= 4.5 for a, b in zip(colours[front], colours[back], strict=True)), (
            front,
            css,
        )


def shade(colour: str) -> float:
    """A colour's luminance."""
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return theme.luminance((red, green, blue))


def answer(client: Client, **fields: str) -> tuple[int, str]:
    """Fetch the form as the page's script does, and send it."""
    form = page(client, f"{RETURN}feedback/")
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form)
    assert token
    response = client.post(f"{RETURN}feedback/", {"csrfmiddlewaretoken": token[1], **fields})
    return response.status_code, unescape(response.content.decode())


def test_answer_is_kept_once_for_a_reader_and_shown_to_the_administrator(client: Client, shop: Workspace) -> None:
    reader, another = Client(enforce_csrf_checks=True), Client(enforce_csrf_checks=True)
    assert "What was missing?" in answer(reader, helpful="no")[1]
    assert "Thank you" in answer(reader, helpful="no", comment="Where is the <box>?")[1]
    assert "Thank you" in answer(another, helpful="yes")[1]
    given = ArticleFeedback.objects.order_by("id").values_list("helpful", "comment", "article__title")
    assert [*given] == [(False, "Where is the <box>?", "Return a lamp"), (True, "", "Return a lamp")]
    Member.objects.create(workspace=shop, user=User.objects.create_user("a@lumen.example", name="A"), role="admin")
    client.force_login(User.objects.get())
    article = Article.objects.get(slug="return-a-lamp", language="en")
    shown = page(client, f"/admin/knowledge/article/{article.id}/change/")
    assert "1 yes, 1 no" in shown and "Where is the &lt;box&gt;?" in shown
    assert "1 yes, 1 no" in page(client, "/admin/knowledge/article/")
    assert "Where is the &lt;box&gt;?" in page(client, "/admin/knowledge/articlefeedback/")


def test_reading_and_following_the_links_stores_nothing(client: Client, shop: Workspace) -> None:
    page(client, f"{RETURN}feedback/?helpful=yes")
    assert "no-store" in client.get(f"{RETURN}feedback/?helpful=no")["Cache-Control"]
    assert not ArticleFeedback.objects.exists() and "help_reader" not in client.cookies


def test_answer_without_the_forms_token_or_of_nonsense_is_refused(shop: Workspace) -> None:
    reader = Client(enforce_csrf_checks=True)
    assert reader.post(f"{RETURN}feedback/", {"helpful": "yes"}).status_code == 403
    assert answer(reader, helpful="perhaps")[0] == 400
    assert answer(reader, helpful="no", comment="x" * 1001)[0] == 400
    assert not ArticleFeedback.objects.exists()


def test_forged_reader_is_a_new_one(shop: Workspace) -> None:
    reader = Client(enforce_csrf_checks=True)
    reader.cookies["help_reader"] = "somebody:else"
    assert answer(reader, helpful="yes")[0] == 200
    assert ArticleFeedback.objects.get().visitor != "somebody:else"


def test_too_many_answers_of_one_address_are_refused(shop: Workspace) -> None:
    for _ in range(MOST):
        assert answer(Client(), helpful="yes")[0] == 200
    status, text = answer(Client(), helpful="yes")
    assert status == 429 and "Please try again in an hour" in text and ArticleFeedback.objects.count() == MOST


@pytest.mark.parametrize("path", ["", "topics/returns/", "articles/return-a-lamp/", "search/?q=lamp", "nowhere/"])
def test_help_pages_forbid_inline_code(client: Client, shop: Workspace, path: str) -> None:
    response = client.get(f"/help/lumen/{path}")
    assert "unsafe" not in response["Content-Security-Policy"]
    html = response.content.decode()
    scripts = re.findall(r"<script(?![^>]*(?:src=|application/ld\+json))[^>]*>", html)
    assert scripts == [] and not re.search(r"\s(style|on\w+)=", html)


def test_every_text_is_there_in_all_languages_with_the_same_values() -> None:
    for name, texts in TEXTS.items():
        assert len(texts) == len(LANGUAGES) and all(texts), name
        assert len({tuple(re.findall(r"{\w+}", text)) for text in texts}) == 1, name
