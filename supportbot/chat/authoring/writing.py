"""Article drafts: asking for one, and writing it in a worker from what agents said in resolved conversations.

Every sentence of a draft is supported by its sources (`grounding`), or it is left out, whoever wrote it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Self
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from supportbot.celery import app
from supportbot.chat import quoting
from supportbot.chat.authoring import drafting, larger
from supportbot.chat.authoring.drafting import Line, Said, Source
from supportbot.chat.authoring.general import General, general
from supportbot.chat.authoring.models import TITLE_LIMIT, ArticleDraft
from supportbot.chat.grounding import Evidence, Piece
from supportbot.chat.masking import Rules
from supportbot.chat.models import Conversation, Message
from supportbot.knowledge import retrieval
from supportbot.knowledge.models import Article
from supportbot.knowledge.passages import sentences
from supportbot.workspaces.models import AuditEntry, User, Workspace

if TYPE_CHECKING:
    from inference.engine import Engine

log = structlog.get_logger(__name__)
State = ArticleDraft.State
ASKED = 40  # questions that are read
NEAR, SHOWN = 0.45, 3  # cosine from which an article may say it already; how many are shown
LATE = timedelta(minutes=5)  # after which a draft that nobody has written is queued again
ATTEMPTS = 3
SURE = 0.9  # probability that an article answers, from which its sentences are taken, too
TASK = """Write a help centre article from the agents' sentences that follow. Answer the customers' questions.
First line: a short title. Then one sentence a line, at most 14, first what holds, then the steps.
Begin a line that tells the reader to do something with "- ". Say "you" to the reader."""


@transaction.atomic
def ask(
    workspace: Workspace,
    questions: Sequence[str],
    *,
    origin: ArticleDraft.Origin,
    key: str,
    by: User | None,
    article: Article | None = None,
    **more: object,
) -> ArticleDraft:
    """Have a draft written that answers these messages; the one that is open already, if there is one."""
    language = article.language if article else workspace.language[:2]
    told = {"origin": origin, "asked": list(questions)[:ASKED], "article": article, "language": language, **more}
    draft, is_new = ArticleDraft.objects.get_or_create(
        workspace=workspace, key=key, state__in=ArticleDraft.OPEN, defaults={**told, "requested_by": by}
    )
    if not is_new:
        return draft
    if by:
        audit(draft, "asked", by)
    transaction.on_commit(lambda: queue(draft.pk))
    return draft


def ask_of(conversation: Conversation, by: User) -> ArticleDraft:
    """Of what was asked and answered in one resolved conversation."""
    said = conversation.messages.filter(author=Message.Author.CUSTOMER).exclude(body="").order_by("seq")
    ids = [str(id_) for id_ in said.values_list("id", flat=True)]
    key = f"conversation:{conversation.id}"
    return ask(conversation.workspace, ids, origin=ArticleDraft.Origin.CONVERSATION, key=key, by=by)


def queue(draft_id: int) -> None:
    """Ask a worker to write it; if the queue can't be reached, the sweep asks again."""
    ArticleDraft.objects.filter(pk=draft_id).update(queued_at=timezone.now())
    try:
        app.send_task("supportbot.chat.authoring.tasks.write", [draft_id])
    except Exception as error:
        log.warning("draft not queued", draft=draft_id, error=repr(error))


def queue_due() -> None:
    """Queue again what was queued and nobody has written; what failed too often is given up."""
    late = ArticleDraft.objects.filter(state=State.WRITING, queued_at__lt=timezone.now() - LATE)
    late.filter(attempts__gte=ATTEMPTS).update(state=State.FAILED)
    for draft_id in late.values_list("pk", flat=True):
        queue(draft_id)


def write(draft_id: int, engine: Engine) -> None:
    """Write a draft that waits for it; outside any transaction, for it takes seconds."""
    waiting = ArticleDraft.objects.filter(pk=draft_id, state=State.WRITING)
    if not waiting.update(attempts=F("attempts") + 1):
        return
    draft = waiting.select_related("workspace", "article__workspace").get()
    asked, words = _asked(draft), _Words.of(draft.workspace)
    texts = [words.plain(message.body, message.conversation).text for message in asked]
    said = [*_agents(asked, words), *_passages(draft, texts, engine)]
    lines = drafting.choose(texts, said, engine.embed, engine.find_answers)
    title, lines, by = _larger(draft, texts, lines, engine) or (drafting.title_of(texts), lines, "")
    _fill(draft, title[:TITLE_LIMIT], supported(lines))
    draft.writer = by
    draft.category = next((message.category for message in asked if message.category), "")
    draft.near = _near(draft, engine) if draft.title and not draft.is_doubt else []
    kept = ("state", "title", "body", "proposed", "before", "lines", "writer", "category", "near")
    waiting.update(**{name: getattr(draft, name) for name in kept})


def supported(lines: Sequence[Line]) -> list[Line]:
    """The lines whose words and figures stand in what they rest on."""
    kept = []
    for line in lines:
        verdict = Evidence(tuple(Piece(one.text, one) for one in line.said)).judge(line.text)
        if verdict.objection is None and verdict.piece is not None:
            kept.append(line)
    return kept


def added_to(article: Article, title: str, body: str) -> str:
    """The article's text with the draft's as one more section."""
    return f"{article.body.rstrip()}\n\n## {title}\n\n{body}\n"


def audit(draft: ArticleDraft, done: str, actor: User, **details: object) -> None:
    """Tell the audit log, without texts."""
    told = {"origin": draft.origin, "article": draft.article_id, **details}
    where = {"workspace": draft.workspace, "target": str(draft.pk)}
    AuditEntry.objects.create(**where, actor=actor, action=f"article_draft.{done}", details=told)


def _asked(draft: ArticleDraft) -> list[Message]:
    """The questions that are still there, in their order."""
    rows = Message.objects.in_workspace(draft.workspace).select_related("conversation__contact")
    found = {str(id_): row for id_, row in rows.in_bulk([UUID(id_) for id_ in draft.asked]).items()}
    return [found[id_] for id_ in draft.asked if id_ in found]


def _agents(asked: Sequence[Message], words: _Words) -> Iterator[Said]:
    """What agents said behind the questions, in conversations that were resolved."""
    first: dict[UUID, int] = {}
    for message in asked:
        first[message.conversation_id] = min(message.seq, first.get(message.conversation_id, message.seq))
    resolved = {m.conversation_id: m.conversation for m in asked if m.conversation.status == "resolved"}
    for id_, conversation in resolved.items():
        replies = conversation.messages.filter(author=Message.Author.AGENT, seq__gt=first[id_]).order_by("seq")
        told = [(sentence, reply) for reply in replies for sentence in sentences(reply.body)]
        for at, (sentence, reply) in enumerate(told):
            plain = words.plain(sentence, conversation)
            source, moment = Source("conversation", str(id_)), reply.created_at.timestamp()
            yield Said(plain.text, source, (at + 1) / len(told), moment, plain.is_of_one)


@dataclass(frozen=True)
class _Words:
    """Words of a workspace's conversations, in general ones."""

    workspace: Workspace
    rules: Rules
    colleagues: Sequence[str]
    settings: str

    @classmethod
    def of(cls, workspace: Workspace) -> Self:
        """As they are now."""
        colleagues = list(workspace.members.values_list("user__name", flat=True))
        told = " ".join(str(value) for value in workspace.settings.values())
        return cls(workspace, Rules.of(workspace), colleagues, told)

    def plain(self, text: str, conversation: Conversation) -> General:
        """A text of this conversation."""
        return general(text, self.rules, conversation.contact.name, self._is_public, self.colleagues)

    def _is_public(self, words: str) -> bool:
        articles = Article.objects.in_workspace(self.workspace).public()
        return words in self.settings or articles.filter(body__contains=words).exists()


def _passages(draft: ArticleDraft, texts: Sequence[str], engine: Engine) -> list[Said]:
    """What articles say to the most typical question, where they answer it surely."""
    if not texts:
        return []
    hits = retrieval.find(draft.workspace, texts[0], embed=engine.embed, language=draft.language)
    found = quoting.best(texts[0], [hit.passage for hit in hits if hit.passage.article.is_public], engine.find_answers)
    if found is None or found.sureness < max(SURE, quoting.threshold(draft.workspace)):
        return []
    quote = found.quotes[0]
    article = quote.passage.article
    source = Source("article", str(article.pk), article.title)
    parts = [drafting.BULLET.sub("", unit) for unit in quoting.units_of(quote.text)]
    return [Said(part, source, 1.0, article.updated_at.timestamp()) for part in parts]


def _near(draft: ArticleDraft, engine: Engine) -> list[dict[str, float]]:
    """Articles of which a passage is near to the draft, the nearest first."""
    near: dict[int, float] = {}
    for text in (draft.title, f"{draft.title}\n{draft.body}"):
        for hit in retrieval.find(draft.workspace, text, embed=engine.embed, limit=10, language=draft.language):
            article = hit.passage.article
            if article.kind == Article.Kind.ARTICLE and hit.cosine >= NEAR:
                near[article.pk] = max(hit.cosine, near.get(article.pk, 0.0))
    ranked = sorted(near.items(), key=lambda pair: -pair[1])
    return [{"id": id_, "nearness": round(cosine, 2)} for id_, cosine in ranked if id_ != draft.article_id][:SHOWN]


def _larger(
    draft: ArticleDraft, texts: Sequence[str], lines: Sequence[Line], engine: Engine
) -> tuple[str, list[Line], str] | None:
    """Title, lines and name of what a larger model makes of the same sentences; None where it makes nothing of them."""
    if not lines:
        return None
    notes = "\n".join(["Questions:", *texts[: drafting.QUESTIONS], "", "Sentences:", *(line.text for line in lines)])
    written = larger.write(engine, draft.workspace, TASK, notes)
    rows = [row.strip() for row in (written or "").splitlines() if row.strip()]
    kept = list(_resting(rows[1:], lines))
    if len(kept) < 2:
        return None
    title = rows[0].strip("#* ")
    evidence = Evidence(tuple(Piece(text) for text in (*texts, *(line.text for line in lines))))
    is_sound = evidence.judge(title).objection is None
    return title if is_sound else drafting.title_of(texts), kept, engine.info.version


def _resting(rows: Sequence[str], lines: Sequence[Line]) -> Iterator[Line]:
    """What was written, each sentence with the agents' sentence that it rests on; what rests on none is left out."""
    evidence = Evidence(tuple(Piece(line.text, line) for line in lines))
    for row in rows:
        for sentence in sentences(drafting.BULLET.sub("", row)):
            verdict = evidence.judge(sentence)
            if verdict.objection is None and verdict.piece is not None:
                source: Line = verdict.piece.source
                yield Line(sentence, source.said, source.otherwise)


def _fill(draft: ArticleDraft, title: str, lines: Sequence[Line]) -> None:
    """With what was written: a text of its own, or one more section of the article that it is to change."""
    draft.title = title
    draft.lines = [
        {"text": line.text, "sources": [asdict(one) for one in line.sources], "otherwise": list(line.otherwise)}
        for line in lines
    ]
    draft.body = draft.proposed = drafting.markdown(lines)
    draft.state = State.WAITING if lines else State.EMPTY
    if draft.article:
        draft.before = draft.article.body
        draft.body = draft.proposed = added_to(draft.article, title, draft.body) if lines else draft.before
        draft.title, draft.state = draft.article.title, State.WAITING
