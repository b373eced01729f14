"""Documents to articles: what is new, what has changed, what is there already. Knows no files and no network."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.text import slugify

from supportbot.knowledge.imports.documents import Document, Skipped
from supportbot.knowledge.models import Article, ArticleVersion, Collection, Import, ImportItem

TEXT = ("title", "body")
KEPT = (*TEXT, "slug", "language", "category", "intents", "kind", "audience", "status")  # what an undo brings back
LONGEST = 200_000  # characters of an article
REASON = ImportItem._meta.get_field("reason").max_length
Outcome = ImportItem.Outcome


def store(run: Import, found: Document | Skipped) -> ImportItem:
    """Take a document in, and write down what became of it."""
    source = found.source[-500:].replace("\0", "")
    if isinstance(found, Skipped):
        return _note(run, source, Outcome.SKIPPED, reason=found.reason)
    try:
        with transaction.atomic():
            return _take(run, source, found)
    except ValidationError as error:
        return _note(run, source, Outcome.SKIPPED, title=found.title, reason="; ".join(error.messages))


def _take(run: Import, source: str, document: Document) -> ImportItem:
    wanted = _wanted(run, document)
    article = _known(run, source, wanted)
    if reason := _objection(run, article, document):
        return _note(run, source, Outcome.SKIPPED, title=document.title, reason=reason)
    if article is None:
        article = Article(workspace=run.workspace, source=source, imported_by=run)
        return _write(run, article, document, {**wanted, "slug": _free_slug(run, wanted, document)}, None)
    said = {name: wanted[name] for name in document.fields if name in wanted}
    if _is_unchanged(article, document, said):
        return _note(run, source, Outcome.UNCHANGED, title=article.title, article=article)
    return _write(run, article, document, said, _snapshot(article))  # who may read it stays as people decided here


def _wanted(run: Import, document: Document) -> dict[str, Any]:
    """The article's fields; what the source does not say, the import does."""
    status = Article.Status.PUBLISHED if run.publish else Article.Status.DRAFT
    fields = {"language": run.language, "audience": run.audience, "status": status}
    said = {name: value for name, value in document.fields.items() if value not in (None, "")}
    if isinstance(said.get("intents"), str):
        said["intents"] = [intent.strip() for intent in said["intents"].split(",") if intent.strip()]
    fields |= said
    if not run.publish or run.audience == Article.Audience.AGENTS:  # a source may narrow what the import allows
        fields |= {"status": status} if not run.publish else {}
        fields |= {"audience": run.audience} if run.audience == Article.Audience.AGENTS else {}
    fields["language"] = str(fields["language"]).lower()[:2]
    return fields


def _objection(run: Import, article: Article | None, document: Document) -> str:
    """Why a document is not taken; nothing if it is."""
    if not document.body.strip():
        return "no text in it"
    if len(document.body) > LONGEST:
        return f"longer than {LONGEST} characters"
    same = Article.objects.in_workspace(run.workspace).filter(title=document.title, body=document.body)
    twin = (same.exclude(id=article.id) if article else same).first()
    return f"the same text as {twin.source or twin.slug}" if twin else ""


def _known(run: Import, source: str, wanted: Mapping[str, Any]) -> Article | None:
    """The article that came from this source, or that bears the slug which the source names."""
    articles = Article.objects.in_workspace(run.workspace).select_related("workspace")
    by_source = articles.filter(source=source).first()
    if by_source or "slug" not in wanted:
        return by_source
    return articles.filter(slug=wanted["slug"], language=wanted["language"]).first()


def _is_unchanged(article: Article, document: Document, fields: Mapping[str, Any]) -> bool:
    """Whether the source says what it said before: then what people changed here since stays."""
    texts = [{"title": article.title, "body": article.body}]
    last = (
        ImportItem.objects.filter(article=article, version__gt=0).exclude(import_run__state=Import.State.UNDONE).last()
    )
    if last and (version := ArticleVersion.objects.filter(article=article, number=last.version).first()):
        texts.append({"title": version.title, "body": version.body})
    said = {"title": document.title, "body": document.body}
    return said in texts and all(getattr(article, name) == value for name, value in fields.items())


def _write(
    run: Import, article: Article, document: Document, wanted: Mapping[str, Any], before: dict[str, Any] | None
) -> ImportItem:
    for name, value in {**wanted, "title": document.title.replace("\0", ""), "body": document.body}.items():
        setattr(article, name, value)
    full = _kept_as_draft(article)
    article.imported_by = run
    article.collection = _collection(run, document) or article.collection
    article.full_clean(exclude=["collection", "imported_by", "author"])
    article.save(by=run.started_by)
    version = article.versions.values_list("number", flat=True).first() or 0
    outcome = Outcome.UPDATED if before else Outcome.ADDED
    return _note(
        run,
        article.source or document.source,
        outcome,
        title=article.title,
        article=article,
        version=version,
        before=before,
        reason=full,
    )


def _kept_as_draft(article: Article) -> str:
    """Why there is no room to publish it, after which it is a draft; empty if there is."""
    try:
        article.clean()
    except ValidationError as error:
        article.status = Article.Status.DRAFT
        return " ".join(error.messages)
    return ""


def _collection(run: Import, document: Document) -> Collection | None:
    """The shelf that the source names, or the folder that it lies in."""
    folder = document.source.rpartition("/")[0].partition("/")[0] if "://" not in document.source else ""
    title = (document.collection or re.sub(r"[-_]+", " ", folder).capitalize())[:200]
    slug = slugify(title)[:80]
    if not slug:
        return None
    return Collection.objects.get_or_create(workspace=run.workspace, slug=slug, defaults={"title": title})[0]


def _free_slug(run: Import, wanted: Mapping[str, Any], document: Document) -> str:
    base = slugify(str(wanted.get("slug") or document.title))[:70] or "article"
    taken = set(
        Article.objects.in_workspace(run.workspace)
        .filter(language=wanted["language"], slug__startswith=base)
        .values_list("slug", flat=True)
    )
    return next(
        slug for number in range(1, len(taken) + 2) if (slug := f"{base}-{number}" if number > 1 else base) not in taken
    )


def _snapshot(article: Article) -> dict[str, Any]:
    return {name: getattr(article, name) for name in (*KEPT, "collection_id", "imported_by_id", "source")}


def _note(run: Import, source: str, outcome: str, *, reason: str = "", title: str = "", **fields: Any) -> ImportItem:
    return ImportItem.objects.create(
        import_run=run,
        source=source,
        outcome=outcome,
        reason=reason[:REASON],
        title=title[:200].replace("\0", ""),
        **fields,
    )
