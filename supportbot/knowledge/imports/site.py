"""A web site's pages as documents, by its sitemap or from a start address. Knows no database.

Asks one host only, as its robots.txt allows, one page after the other; the guard of `outgoing` refuses private ones.
"""

from __future__ import annotations

import re
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import urldefrag, urljoin, urlsplit

import httpx
from bs4 import BeautifulSoup
from protego import Protego

from supportbot.knowledge.imports.documents import TITLE, Document, Skipped, Unreadable
from supportbot.knowledge.imports.readers import from_html, language_of, text
from supportbot.workspaces import outgoing

PAGES = 1_000
PAGE = 3 * 1024 * 1024  # bytes
SITEMAP = 20 * 1024 * 1024  # bytes, unpacked
SITEMAPS = 50
MINUTES = 30
REDIRECTS = 5
PAUSE, LONGEST_PAUSE = 0.1, 5.0  # seconds between two pages
LOCATION = re.compile(r"<(?:\w+:)?loc>\s*(?:<!\[CDATA\[)?\s*(.*?)\s*(?:\]\]>)?\s*</", re.DOTALL)
NOT_PAGES = re.compile(r"\.(?:png|jpe?g|gif|svg|webp|ico|css|js|json|xml|zip|gz|mp[34]|pdf|docx?|xlsx?|woff2?)$", re.I)


@dataclass
class Crawl:
    """One walk through a site; `found` grows while it goes on."""

    start: str
    found: dict[str, None] = field(default_factory=dict)

    def documents(self) -> Iterator[Document | Skipped]:
        """Every page that can be read; Unreadable when the site as a whole cannot."""
        end = time.monotonic() + MINUTES * 60
        with outgoing.client(headers={"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9"}) as client:
            self._client = client
            self._host = urlsplit(self.start).netloc
            self._robots = self._read_robots()
            try:
                follow = self._begin()
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                raise Unreadable(_why(error)) from error
            for number, address in enumerate(self._queue()):
                if number >= PAGES or time.monotonic() > end:
                    yield Skipped(address, f"the limit of {PAGES} pages or {MINUTES} minutes was reached")
                    return
                if number:
                    time.sleep(self._pause())
                yield self._page(address, follow)

    def _queue(self) -> Iterator[str]:
        """The addresses, with those that are found on the way."""
        at = 0
        while at < len(self.found):
            yield from (addresses := list(self.found)[at:])
            at += len(addresses)

    def _begin(self) -> bool:
        """Fill the queue; whether links are followed."""
        if not self._robots.can_fetch(self.start, outgoing.AGENT):
            raise Unreadable("the site's robots.txt forbids it")
        _, kind, content = self._get(self.start, SITEMAP)
        if "xml" not in kind and not urlsplit(self.start).path.endswith((".xml", ".xml.gz")) or "xhtml" in kind:
            self.found[urldefrag(self.start).url] = None
            return True
        self._read_sitemap(self.start, content)
        if not self.found:
            raise Unreadable("the sitemap names no page of its own host")
        return False

    def _read_sitemap(self, address: str, content: bytes) -> None:
        """Take in a sitemap's pages, or those of the sitemaps that it names."""
        waiting, seen = [(address, content)], {address}
        while waiting:
            body = _unzipped(waiting.pop()[1]).decode("utf-8", "replace")
            named = [unescape(location) for location in LOCATION.findall(body)]
            if "<sitemapindex" in body:
                new = [one for one in named if self._is_ours(one) and one not in seen][: SITEMAPS - len(seen)]
                seen.update(new)
                waiting += [(one, self._get(one, SITEMAP)[2]) for one in new]
            else:
                self.found.update(dict.fromkeys(urldefrag(one).url for one in named if self._is_ours(one)))

    def _page(self, address: str, follow: bool) -> Document | Skipped:
        if not self._robots.can_fetch(address, outgoing.AGENT):
            return Skipped(address, "robots.txt forbids it")
        try:
            final, kind, content = self._get(address, PAGE)
            if "html" not in kind:
                return Skipped(address, f"not a page ({kind or 'of no named kind'})")
            if final != address and final in self.found:
                return Skipped(address, f"leads to {final}")
            markup = text(content)
        except (httpx.HTTPError, Unreadable) as error:
            return Skipped(address, _why(error))
        if follow:
            self._follow(final, markup)
        title, body = from_html(markup)
        if not body:
            return Skipped(address, "no text in it")
        return Document(address, (title or address)[:TITLE], body, language_of(markup))

    def _follow(self, page: str, markup: str) -> None:
        """Queue the links that stay under the start address."""
        below = self.start.rsplit("/", 1)[0] + "/" if urlsplit(self.start).path else self.start + "/"
        for link in BeautifulSoup(markup, "lxml").find_all("a", href=True):
            try:
                address = urldefrag(urljoin(page, str(link["href"]))).url
            except ValueError:
                continue
            if self._is_ours(address) and address.startswith(below) and not NOT_PAGES.search(urlsplit(address).path):
                self.found.setdefault(address)

    def _get(self, address: str, most: int) -> tuple[str, str, bytes]:
        """Where it leads, its kind and its content; Unreadable for anything but success on this host."""
        for _ in range(REDIRECTS):
            with self._client.stream("GET", address) as answer:
                if not answer.is_redirect:
                    if not answer.is_success:
                        raise Unreadable(f"the site answered {answer.status_code}")
                    return address, answer.headers.get("Content-Type", "").lower(), outgoing.read(answer, most)
                address = urldefrag(urljoin(address, answer.headers["Location"])).url
            if not self._is_ours(address):
                raise Unreadable(f"leads to another host: {urlsplit(address).netloc}")
        raise Unreadable("leads on and on")

    def _read_robots(self) -> Protego:
        """The site's rules; none is no rule, a server that fails forbids everything (RFC 9309)."""
        try:
            with self._client.stream("GET", urljoin(self.start, "/robots.txt"), follow_redirects=True) as answer:
                if answer.status_code >= 500:
                    raise Unreadable(f"its robots.txt can't be read: the site answered {answer.status_code}")
                rules = outgoing.read(answer, PAGE).decode("utf-8", "replace") if answer.is_success else ""
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unreadable(_why(error)) from error
        return Protego.parse(rules)

    def _pause(self) -> float:
        return min(self._robots.crawl_delay(outgoing.AGENT) or PAUSE, LONGEST_PAUSE)

    def _is_ours(self, address: str) -> bool:
        parts = urlsplit(address)
        return parts.scheme in ("http", "https") and parts.netloc == self._host


def _unzipped(content: bytes) -> bytes:
    """A sitemap that may be gzipped."""
    if not content.startswith(b"\x1f\x8b"):
        return content
    try:
        return zlib.decompressobj(wbits=31).decompress(content, SITEMAP)
    except zlib.error as error:
        raise Unreadable("the sitemap is a broken gzip file") from error


def _why(error: Exception) -> str:
    if isinstance(error, httpx.TimeoutException):
        return "the site did not answer in time"
    if isinstance(error, (Unreadable, outgoing.Refused, outgoing.TooLarge)):
        return str(error)
    return f"the site could not be reached ({type(error).__name__})"
