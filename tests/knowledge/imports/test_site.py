"""A web site comes in by its sitemap or its links, as far as its rules and ours allow."""

from __future__ import annotations

import gzip
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from supportbot.knowledge.imports import service
from supportbot.knowledge.models import Article, Import
from tests.knowledge.imports.conftest import Site, Take, outcomes, reasons

TEXT = "You can send an item back within thirty days of delivery, in the original box."


def test_links_are_followed_on_the_same_host_below_the_start(take: Take, site: Site) -> None:
    site.write(
        "/help/", "Help", "Choose one of our topics below, or write to us.", "a", "/blog/x", "http://other.invalid/"
    )
    site.write("/help/a", "Returns", TEXT, "/help/", "/help/b", "/help/logo.png", "mailto:x@y.z", "http://[bad")
    run = take(address=f"{site.url}/help/")
    assert run.state == "done" and outcomes(run)[f"{site.url}/help/a"] == "added"
    assert reasons(run) == {f"{site.url}/help/b": "the site answered 404"}
    article = Article.objects.get(title="Returns")
    assert article.body == TEXT and article.source == f"{site.url}/help/a"
    assert not {"/blog/x", "/help/logo.png"} & set(site.asked)


def test_sitemap_names_the_pages_and_robots_txt_is_respected(take: Take, site: Site) -> None:
    site.pages["/robots.txt"] = "User-agent: *\nDisallow: /secret\nCrawl-delay: 0.01"
    index = f"<sitemapindex><sitemap><loc>{site.url}/pages.xml.gz</loc></sitemap></sitemapindex>"
    urls = [f"{site.url}/a", f"{site.url}/secret/b", "http://127.0.0.2/c"]
    pages = "<urlset>" + "".join(f"<url><loc>{url}</loc></url>" for url in urls) + "</urlset>"
    site.pages |= {"/sitemap.xml": index, "/pages.xml.gz": gzip.compress(pages.encode())}
    site.write("/a", "Returns", TEXT, "/not-named")
    run = take(address=f"{site.url}/sitemap.xml")
    assert outcomes(run) == {f"{site.url}/a": "added", f"{site.url}/secret/b": "skipped"}
    assert reasons(run) == {f"{site.url}/secret/b": "robots.txt forbids it"}
    assert not {"/secret/b", "/not-named"} & set(site.asked)


def test_second_visit_updates_and_undo_goes_back(take: Take, site: Site) -> None:
    site.write("/", "Returns", TEXT)
    take(address=f"{site.url}/")
    site.write("/", "Returns", TEXT.replace("thirty", "forty"))
    again = take(address=f"{site.url}/")
    assert set(outcomes(again).values()) == {"updated"} and "forty" in Article.objects.get().body
    service.undo(again)
    assert "thirty" in Article.objects.get().body


def test_redirect_to_another_host_is_not_followed(take: Take, site: Site) -> None:
    site.write("/", "Help", "Choose one of our topics below.", "/away", "/loop")
    site.pages |= {"/away": (302, "http://localhost:9/x"), "/loop": (302, "/loop")}
    run = take(address=f"{site.url}/")
    assert reasons(run) == {
        f"{site.url}/away": "leads to another host: localhost:9",
        f"{site.url}/loop": "leads on and on",
    }


@pytest.mark.parametrize(
    ("robots", "why"),
    [("User-agent: *\nDisallow: /", "robots.txt forbids it"), ((503, ""), "its robots.txt can't be read")],
)
def test_site_that_wants_no_visit_gets_none(take: Take, site: Site, robots: str | tuple[int, str], why: str) -> None:
    site.pages["/robots.txt"] = robots
    run = take(address=f"{site.url}/")
    assert run.state == "failed" and why in run.message and site.asked == ["/robots.txt"]


def test_private_address_is_refused(take: Take, site: Site, settings: Settings) -> None:
    settings.OUTGOING_NETWORKS = []
    run = take(address=f"{site.url}/")
    assert (run.state, run.message, site.asked) == ("failed", "127.0.0.1: not a public address", [])


def test_site_comes_again_when_its_day_has_come(take: Take, site: Site) -> None:
    site.write("/", "Returns", TEXT)
    run = take(address=f"{site.url}/", refresh="daily")
    assert run.next_run_at is not None
    service.queue_waiting()
    assert Import.objects.count() == 1
    Import.objects.update(next_run_at=timezone.now() - timedelta(seconds=1))
    service.queue_waiting()
    service.queue_waiting()
    new = Import.objects.exclude(id=run.id).get()
    service.carry_out(new.id)
    assert outcomes(new) == {f"{site.url}/": "unchanged"}
