"""The help centre: articles, snippets, approved replies, and the collections in which articles stand."""

from __future__ import annotations

from typing import Annotated, Any

from django.db.models import QuerySet
from ninja import Query, Router, Schema
from pydantic import Field

from supportbot.api.access import Call, needs
from supportbot.api.models import Scope
from supportbot.api.pages import At, Id, Page, one, page
from supportbot.api.routes.rows import delete, write
from supportbot.api.schemas import ArticleOut, CollectionOut, In, OneOf
from supportbot.api.told import fetched
from supportbot.knowledge.models import Article, Collection

router = Router(tags=["Knowledge"])
READ, WRITE = needs(Scope.KNOWLEDGE_READ), needs(Scope.KNOWLEDGE_WRITE)
Slug = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[-a-zA-Z0-9_]+$")]
Title = Annotated[str, Field(min_length=1, max_length=200)]
Body = Annotated[str, Field(min_length=1, max_length=200_000, description="Markdown; may name slots")]
Language = Annotated[str, Field(pattern=r"^[a-z]{2}$")]
Category = Annotated[str, Field(max_length=40, description="What kind of ticket it answers")]
Intents = Annotated[list[Annotated[str, Field(max_length=60)]], Field(max_length=50)]
Description = Annotated[str, Field(max_length=300)]
Position = Annotated[int, Field(ge=0, le=2**31 - 1)]


class ArticleIn(In):
    """A new article."""

    slug: Slug
    title: Title
    body: Body
    language: Language = "en"
    kind: Annotated[str, OneOf(Article.Kind)] = Article.Kind.ARTICLE.value
    audience: Annotated[str, OneOf(Article.Audience)] = Article.Audience.PUBLIC.value
    status: Annotated[str, OneOf(Article.Status)] = Article.Status.DRAFT.value
    collection: Id | None = None
    category: Category = ""
    intents: Intents = []


class ArticlePatch(In):
    """What changes of an article."""

    slug: Slug | None = None
    title: Title | None = None
    body: Body | None = None
    language: Language | None = None
    kind: Annotated[str, OneOf(Article.Kind)] | None = None
    audience: Annotated[str, OneOf(Article.Audience)] | None = None
    status: Annotated[str, OneOf(Article.Status)] | None = None
    collection: Id | None = Field(None, description="Null takes it off its shelf")
    category: Category | None = None
    intents: Intents | None = None


class ArticlesWanted(Schema):
    """Which articles are wanted."""

    status: Annotated[str, OneOf(Article.Status)] | None = None
    kind: Annotated[str, OneOf(Article.Kind)] | None = None
    language: Language | None = None
    collection: Id | None = None
    slug: Slug | None = None


class CollectionIn(In):
    """A new collection."""

    slug: Slug
    title: Title
    description: Description = ""
    position: Position = 0


class CollectionPatch(In):
    """What changes of a collection."""

    slug: Slug | None = None
    title: Title | None = None
    description: Description | None = None
    position: Position | None = None


def articles(call: Call) -> QuerySet[Article]:
    """Those that the key reaches."""
    return fetched(Article.objects.in_workspace(call.auth.workspace))


def collections(call: Call) -> QuerySet[Collection]:
    """Those that the key reaches."""
    return Collection.objects.in_workspace(call.auth.workspace)


@router.get("/articles", response=Page[ArticleOut], operation_id="list_articles", **READ)
def list_articles(request: Call, at: At, wanted: Query[ArticlesWanted]) -> dict[str, Any]:
    """The articles of the workspace, drafts too."""
    return page(articles(request).filter(**wanted.model_dump(exclude_none=True)), "pk", at)


@router.post("/articles", response={201: ArticleOut}, operation_id="create_article", **WRITE)
def create_article(request: Call, given: ArticleIn) -> Article:
    """Write an article; published, it is found within seconds."""
    article = Article(workspace=request.auth.workspace)
    return _written(request, article, given.model_dump())


@router.get("/articles/{article_id}", response=ArticleOut, operation_id="get_article", **READ)
def get_article(request: Call, article_id: Id) -> Article:
    """One article."""
    return one(articles(request), "article", id=article_id)


@router.patch("/articles/{article_id}", response=ArticleOut, operation_id="change_article", **WRITE)
def change_article(request: Call, article_id: Id, given: ArticlePatch) -> Article:
    """Change an article; its earlier text stays as a version."""
    article = one(articles(request), "article", id=article_id)
    return _written(request, article, _said(given, "collection"))


@router.delete("/articles/{article_id}", response={204: None}, operation_id="delete_article", **WRITE)
def delete_article(request: Call, article_id: Id) -> None:
    """Delete an article with its versions."""
    delete(request.auth, one(articles(request), "article", id=article_id))


@router.get("/collections", response=Page[CollectionOut], operation_id="list_collections", **READ)
def list_collections(request: Call, at: At) -> dict[str, Any]:
    """The shelves of the help centre."""
    return page(collections(request), "pk", at)


@router.post("/collections", response={201: CollectionOut}, operation_id="create_collection", **WRITE)
def create_collection(request: Call, given: CollectionIn) -> Collection:
    """Put up a shelf."""
    return write(request.auth, Collection(workspace=request.auth.workspace), given.model_dump())


@router.get("/collections/{collection_id}", response=CollectionOut, operation_id="get_collection", **READ)
def get_collection(request: Call, collection_id: Id) -> Collection:
    """One shelf."""
    return one(collections(request), "collection", id=collection_id)


@router.patch("/collections/{collection_id}", response=CollectionOut, operation_id="change_collection", **WRITE)
def change_collection(request: Call, collection_id: Id, given: CollectionPatch) -> Collection:
    """Change a shelf."""
    return write(request.auth, one(collections(request), "collection", id=collection_id), _said(given))


@router.delete("/collections/{collection_id}", response={204: None}, operation_id="delete_collection", **WRITE)
def delete_collection(request: Call, collection_id: Id) -> None:
    """Take a shelf down; its articles stay."""
    delete(request.auth, one(collections(request), "collection", id=collection_id))


def _said(given: In, *nullable: str) -> dict[str, Any]:
    """What the request names; null says something of these fields only."""
    said = given.model_dump(exclude_unset=True)
    return {name: value for name, value in said.items() if value is not None or name in nullable}


def _written(call: Call, article: Article, fields: dict[str, Any]) -> Article:
    if fields.get("collection") is not None:
        fields["collection"] = one(collections(call), "collection", id=fields["collection"])
    return write(call.auth, article, fields, by=call.auth.user)
