"""Files to documents, by their kind. Knows no database and no network."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import PurePosixPath
from typing import Any

import mammoth
import pypdf
import trafilatura
import yaml
from bs4 import BeautifulSoup, Tag
from charset_normalizer import from_bytes
from django.utils.text import slugify
from markdownify import markdownify
from pypdf.errors import PyPdfError

from supportbot.knowledge.imports.documents import TITLE, Document, Unreadable

FILE = 20 * 1024 * 1024  # bytes
UNPACKED = 100 * 1024 * 1024  # bytes of a DOCX file's parts
PAGES = 1_000  # of a PDF
ROWS = 20_000  # of a CSV file
FRONT = re.compile(r"\A---\r?\n(.*?)\r?\n---\r?\n", re.DOTALL)
HEADING = re.compile(r"\A\s*#[ \t]+(.+?)[ \t#]*(?:\r?\n|\Z)")
CHROME = ("script", "style", "template", "noscript", "iframe", "nav", "header", "footer", "aside", "form", "svg")
SAID = {"slug", "language", "category", "intents", "kind", "audience", "status"}
look_for_main = partial(trafilatura.extract, output_format="markdown", include_comments=False, include_links=True)
CODE = re.compile(r"[a-z]{2}\b")


def read(source: str, content: bytes) -> list[Document]:
    """The documents of a file; Unreadable when there is none."""
    reader = READERS.get(PurePosixPath(source).suffix.lower())
    if reader is None:
        raise Unreadable(f"not a kind of file that can be read: {', '.join(sorted(READERS))}")
    if len(content) > FILE:
        raise Unreadable(f"larger than {FILE // 1024**2} MB")
    if not content.strip():
        raise Unreadable("empty")
    documents = list(reader(source, content))
    if not any(document.body for document in documents):
        raise Unreadable("no text in it")
    return documents


def text(content: bytes) -> str:
    """The text of a file in whatever encoding it is."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    try:
        found = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        best = from_bytes(content).best()
        if best is None:
            raise Unreadable("not text in an encoding that is known; save it as UTF-8") from None
        found = str(best)
    if "\0" in found:
        raise Unreadable("not text, though its name says so")
    return found


def from_html(markup: str) -> tuple[str, str]:
    """Title and Markdown of a page's main part: the one that it names, else what looks like it, else all."""
    title, main, is_named = _main_part(markup)
    looks_like = "" if is_named else look_for_main(f"<html><body>{main}</body></html>")
    body = looks_like or markdownify(str(main), heading_style="ATX", bullets="-", strip=["img"])
    return title, re.sub(r"\n{3,}", "\n\n", body).strip()


def _main_part(markup: str) -> tuple[str, Tag, bool]:
    """Title and main part of a page without what stands around it, and whether the page names that part."""
    soup = BeautifulSoup(markup, "lxml")
    heading = soup.find("h1")
    title = (heading or soup.title or soup.new_tag("p")).get_text(" ", strip=True)
    for tag in soup.find_all(CHROME):
        tag.decompose()
    if heading and not heading.decomposed:
        heading.decompose()
    named = soup.find("main") or soup.find("article")
    return title, named or soup.body or soup, named is not None


def _markdown(source: str, content: bytes) -> Iterable[Document]:
    body = text(content)
    front = _front(body)
    body = FRONT.sub("", body, count=1) if front is not None else body
    said = front or {}
    heading = HEADING.match(body)
    title = str(said.get("title") or (heading[1] if heading else "") or _name(source))
    if heading and heading[1].strip() == title.strip():
        body = body[heading.end() :]
    fields = {name: value for name, value in said.items() if name in SAID}
    yield Document(source, title.strip()[:TITLE], body.strip(), fields, str(said.get("collection") or ""))


def _front(body: str) -> dict[str, Any] | None:
    found = FRONT.match(body)
    if not found:
        return None
    try:
        front = yaml.safe_load(found[1])
    except yaml.YAMLError as error:
        raise Unreadable("its front matter (between the --- lines) is not valid YAML") from error
    return front if isinstance(front, dict) else None


def _html(source: str, content: bytes) -> Iterable[Document]:
    markup = text(content)
    title, body = from_html(markup)
    yield Document(source, (title or _name(source))[:TITLE], body, language_of(markup))


def language_of(markup: str) -> dict[str, str]:
    """What the page's `lang` says."""
    root = BeautifulSoup(markup[:5_000], "lxml").find("html")
    found = CODE.match(str(root.get("lang") or "").lower()) if root else None
    return {"language": found[0]} if found else {}


def _docx(source: str, content: bytes) -> Iterable[Document]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            if sum(part.file_size for part in parts.infolist()) > UNPACKED:
                raise Unreadable("unpacks to far more than its size")
        markup = mammoth.convert_to_html(io.BytesIO(content), convert_image=mammoth.images.img_element(_no_image)).value
    except (zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise Unreadable("not a DOCX file, or a broken one") from error
    title, body = from_html(markup)
    yield Document(source, (title or _name(source))[:TITLE], body)


def _no_image(image: object) -> dict[str, str]:
    return {"src": ""}


def _pdf(source: str, content: bytes) -> Iterable[Document]:
    try:
        pdf = pypdf.PdfReader(io.BytesIO(content))
        if pdf.is_encrypted and not pdf.decrypt(""):
            raise Unreadable("protected by a password")
        if len(pdf.pages) > PAGES:
            raise Unreadable(f"more than {PAGES} pages")
        body = "\n\n".join(_paragraphs(page.extract_text()) for page in pdf.pages)
        said = pdf.metadata.title if pdf.metadata else None
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, RecursionError, OSError) as error:
        raise Unreadable("not a PDF file, or a broken one") from error
    if not body.strip():
        raise Unreadable("no text in it: a scan?")
    yield Document(source, (said or "").strip()[:TITLE] or _name(source), body.replace("\0", "").strip())


def _paragraphs(page: str) -> str:
    """Lines joined to paragraphs: a line that ends a sentence, or an empty one, ends one."""
    return re.sub(r"(?<![.!?:\n])\n(?=\S)(?![-•*\d])", " ", page)


def _csv(source: str, content: bytes) -> Iterable[Document]:
    body = text(content)
    delimiter = max(",;\t", key=body.partition("\n")[0].count)
    try:
        rows = list(csv.DictReader(io.StringIO(body, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise Unreadable(f"not a CSV file: {error}") from error
    if len(rows) > ROWS:
        raise Unreadable(f"more than {ROWS} rows")
    for row in rows:
        said = {
            str(name).strip().lower(): (value or "").strip() for name, value in row.items() if isinstance(value, str)
        }
        if not {"question", "answer"} <= said.keys():
            raise Unreadable("the first line must name the columns question and answer")
        fields = {name: said[name] for name in SAID & said.keys() if said[name]}
        key = slugify(said["question"])[:100]
        yield Document(f"{source}#{key}", said["question"][:TITLE], said["answer"], fields, said.get("collection", ""))


def _name(source: str) -> str:
    """A title from the file's name."""
    words = re.sub(r"[-_]+", " ", PurePosixPath(source).stem).strip()
    return words[:1].upper() + words[1:]


READERS: dict[str, Callable[[str, bytes], Iterable[Document]]] = {
    ".md": _markdown,
    ".markdown": _markdown,
    ".txt": _markdown,
    ".html": _html,
    ".htm": _html,
    ".docx": _docx,
    ".pdf": _pdf,
    ".csv": _csv,
}
