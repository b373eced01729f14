"""What a person decides on a draft: change it, put it into an article that is there, publish it, or reject it."""

from __future__ import annotations

from uuid import uuid4

from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from supportbot.chat.authoring.models import REASON_LIMIT, TITLE_LIMIT, ArticleDraft
from supportbot.chat.authoring.writing import added_to, audit
from supportbot.chat.differences import share_changed
from supportbot.chat.refusals import Refused
from supportbot.chat.storable import storable
from supportbot.knowledge.models import Article, Collection
from supportbot.workspaces.models import User

State = ArticleDraft.State


@transaction.atomic
def save(draft_id: int, *, title: str, body: str, by: User) -> ArticleDraft:
    """Keep other words for a draft that waits."""
    draft = _waiting(draft_id)
    _take(draft, title, body)
    if draft.article:
        draft.before = draft.article.body
    draft.save()
    audit(draft, "edited", by)
    return draft


@transaction.atomic
def put_into(draft_id: int, article: Article | None, *, by: User) -> ArticleDraft:
    """Make it one more section of an article of this workspace, or an article of its own again."""
    draft = _waiting(draft_id)
    if draft.is_doubt or (article and article.workspace_id != draft.workspace_id):
        raise Refused("forbidden", "This proposal is about one article.")
    if article and draft.article is None:
        heading, body = draft.title, draft.body
        draft.title, draft.before = article.title, article.body
        draft.body = added_to(article, heading, body)
    elif article is None and draft.article:
        if not draft.body.startswith(draft.before.rstrip()):
            raise Refused("conflict", "The article's own text was changed here, too. Bring that back first.")
        section = draft.body.removeprefix(draft.before.rstrip()).strip()
        heading, _, body = section.removeprefix("## ").partition("\n")
        draft.title, draft.body, draft.before = heading.strip(), body.strip(), ""
    draft.article = article
    draft.proposed = draft.body
    draft.save()
    audit(draft, "moved", by)
    return draft


@transaction.atomic
def approve(draft_id: int, *, title: str, body: str, by: User, collection: Collection | None = None) -> Article:
    """Publish it as a version of its article, under the reviewer's name, as they have left it."""
    draft = _waiting(draft_id)
    _take(draft, title, body)
    if draft.article and draft.article.body != draft.before:
        raise Refused("conflict", "The article was changed meanwhile. Look at the changes once more, then save.")
    draft.published = _published(draft, collection, by)
    draft.distance = share_changed(draft.proposed, draft.body)
    _decide(draft, State.APPROVED, by)
    return draft.published


@transaction.atomic
def reject(draft_id: int, *, reason: str, by: User) -> ArticleDraft:
    """Leave everything as it is, and keep why."""
    draft = _waiting(draft_id)
    draft.reason = storable(reason).strip()
    if not draft.reason:
        raise Refused("empty", "Say in a few words why it is rejected.")
    if len(draft.reason) > REASON_LIMIT:
        raise Refused("too_long", f"A reason may have {REASON_LIMIT} characters; this one has {len(draft.reason)}.")
    _decide(draft, State.REJECTED, by)
    return draft


def _waiting(draft_id: int) -> ArticleDraft:
    """The draft, locked; refused where somebody has decided meanwhile."""
    rows = ArticleDraft.objects.select_for_update(of=("self",)).select_related("workspace", "article__workspace")
    draft = rows.get(pk=draft_id)
    if draft.state != State.WAITING:
        raise Refused("conflict", f"It does not wait any more: {draft.get_state_display()}.")
    return draft


def _take(draft: ArticleDraft, title: str, body: str) -> None:
    draft.title, draft.body = storable(title).strip(), storable(body).replace("\r\n", "\n").strip() + "\n"
    if not draft.title or not draft.body.strip():
        raise Refused("empty", "An article has a title and a text.")
    if len(draft.title) > TITLE_LIMIT:
        raise Refused("too_long", f"A title may have {TITLE_LIMIT} characters; this one has {len(draft.title)}.")


def _published(draft: ArticleDraft, collection: Collection | None, by: User) -> Article:
    if draft.article:
        draft.article.title, draft.article.body = draft.title, draft.body
        draft.article.save(by=by)
        return draft.article
    article = Article(
        workspace=draft.workspace,
        collection=collection,
        title=draft.title,
        slug=f"{slugify(draft.title)[:60]}-{uuid4().hex[:8]}".strip("-"),
        body=draft.body,
        category=draft.category,
        language=draft.language,
        status=Article.Status.PUBLISHED,
    )
    article.save(by=by)
    return article


def _decide(draft: ArticleDraft, state: State, by: User) -> None:
    draft.state, draft.reviewer, draft.decided_at = state, by, timezone.now()
    draft.save()
    audit(draft, str(state), by)
