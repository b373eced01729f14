"""A workspace, files of every kind made on the spot, and a small web site."""

from __future__ import annotations

import io
import threading
import zipfile
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from pytest_django import Settings

from supportbot.knowledge.imports import service
from supportbot.knowledge.models import Import
from supportbot.workspaces.models import Workspace

WORD = (
    '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>'
    '<w:p><w:pPr><w:pStyle w:val="Heading1"/></w:pPr><w:r><w:t>Warranty</w:t></w:r></w:p>'
    "<w:p><w:r><w:t>Two years from delivery.</w:t></w:r></w:p></w:body></w:document>"
)
STYLES = (
    '<w:styles xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
    '<w:style w:type="paragraph" w:styleId="Heading1"><w:name w:val="heading 1"/></w:style></w:styles>'
)
Take = Callable[..., Import]


@pytest.fixture
def workspace(db: None) -> Workspace:
    """A workspace without articles."""
    return Workspace.objects.create(name="Fennmoor", slug="fennmoor")


@pytest.fixture
def take(workspace: Workspace) -> Take:
    """Import files, or an address, to the end."""

    def import_(files: Mapping[str, bytes] | None = None, **options: Any) -> Import:
        run = service.start(Import(workspace=workspace, **options), (files or {}).items())
        service.carry_out(run.id)
        run.refresh_from_db()
        return run

    return import_


def outcomes(run: Import) -> dict[str, str]:
    """What became of each source."""
    return {item.source: item.outcome for item in run.items.all()}


def reasons(run: Import) -> dict[str, str]:
    """Why something was not taken."""
    return {item.source: item.reason for item in run.items.exclude(reason="")}


def zipped(files: Mapping[str, bytes | str]) -> bytes:
    """A zip of these files."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


def docx() -> bytes:
    """A document of two paragraphs."""
    return zipped({"word/document.xml": WORD, "word/styles.xml": STYLES})


def pdf(text: str) -> bytes:
    """A page with one line of text."""
    stream = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET".encode()
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    body, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return body + b"xref\n0 6\n0000000000 65535 f \n%strailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (
        table,
        len(body),
    )


class Site:
    """Pages by path, served on the loopback address; each is a body, or a status with a place to go."""

    def __init__(self) -> None:
        self.pages: dict[str, str | bytes | tuple[int, str]] = {}
        self.asked: list[str] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.asked.append(self.path)
                found = site.pages.get(self.path, (404, ""))
                status, place = found if isinstance(found, tuple) else (200, "")
                body = found if isinstance(found, bytes) else b"" if isinstance(found, tuple) else found.encode()
                kind = "application/xml" if self.path.endswith((".xml", ".gz")) else "text/html; charset=utf-8"
                self.send_response(status)
                self.send_header("Content-Type", "text/plain" if self.path.endswith(".txt") else kind)
                self.send_header("Content-Length", str(len(body)))
                if place:
                    self.send_header("Location", place)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def write(self, path: str, title: str, text: str, *links: str) -> None:
        """A page with a menu around its article."""
        menu = "".join(f'<a href="{link}">{link}</a>' for link in links)
        self.pages[path] = (
            f'<html lang="en"><head><title>{title} | Shop</title></head><body><nav>Menu {menu}</nav>'
            f"<main><h1>{title}</h1><p>{text}</p></main><footer>Imprint</footer></body></html>"
        )


@pytest.fixture
def site(settings: Settings) -> Iterator[Site]:
    """A site that this installation may reach."""
    settings.OUTGOING_NETWORKS = ["127.0.0.0/8"]
    site = Site()
    yield site
    site.server.shutdown()
    site.server.server_close()
