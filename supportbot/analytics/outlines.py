"""What an article for a content gap could say: the questions as headings, and below them what agents answered.

Each line is a sentence of a conversation that was resolved, without names, telephone numbers and e-mail addresses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from django.utils.text import slugify

from supportbot.analytics import alike
from supportbot.analytics.models import Gap
from supportbot.chat.masking import Rules, anonymous
from supportbot.chat.models import Conversation, Message
from supportbot.knowledge.models import Article
from supportbot.knowledge.passages import sentences
from supportbot.workspaces.models import User

QUESTIONS = 8
ANSWERS = 6  # sentences below a question
TITLE_LIMIT, QUESTION_LIMIT = 120, 200
FEWEST = 4  # words of a sentence that says something
WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Line:
    """A sentence of an agent, and where it was said."""

    text: str
    conversation_id: UUID


@dataclass(frozen=True)
class Section:
    """A question as a customer asked it, and what agents answered to it."""

    question: str
    conversation_id: UUID
    answers: list[Line]
    is_answered_above: bool


@dataclass(frozen=True)
class Outline:
    """A title and the questions that the article has to answer."""

    title: str
    sections: list[Section]

    @property
    def markdown(self) -> str:
        """The same as an article's body; a question that nobody answered has none below it."""
        parts = [
            f"## {part.question}\n\n" + "".join(f"- {line.text}\n" for line in part.answers) for part in self.sections
        ]
        return "\n".join(parts).replace("{{", "{ {")


def of(gap: Gap) -> Outline | None:
    """The outline of a gap; None where its questions were erased."""
    (questions,) = alike.still_there(gap.workspace, [gap])
    if not questions:
        return None
    rules, contacts = Rules.of(gap.workspace), _contacts(questions)
    sections, seen = [], set[str]()
    for question in _distinct(questions):
        asked = _plain(question.body, rules, contacts[question.conversation_id], QUESTION_LIMIT)
        said = list(_answers(question, rules, contacts))
        lines = [line for line in said if line.text not in seen][:ANSWERS]
        seen |= {line.text for line in lines}
        sections.append(Section(asked, question.conversation_id, lines, bool(said) and not lines))
    return Outline(sections[0].question[:TITLE_LIMIT], sections)


def draft(gap: Gap, outline: Outline, by: User) -> Article:
    """A new article that nobody outside sees before a person publishes it."""
    (questions,) = alike.still_there(gap.workspace, [gap])
    article = Article(
        workspace=gap.workspace,
        title=outline.title,
        slug=f"{slugify(outline.title)[:60]}-{uuid4().hex[:8]}".strip("-"),
        body=outline.markdown,
        category=questions[0].category if questions else "",
        language=gap.workspace.language[:2],
        status=Article.Status.DRAFT,
    )
    article.save(by=by)
    return article


def _contacts(questions: Sequence[Message]) -> dict[UUID, str]:
    ids = {question.conversation_id for question in questions}
    return dict(Conversation.objects.filter(id__in=ids).values_list("id", "contact__name"))


def _distinct(questions: Sequence[Message]) -> list[Message]:
    """The most typical first, each wording once."""
    first = {" ".join(WORD.findall(question.body.lower())): question for question in reversed(questions)}
    return list(reversed(first.values()))[:QUESTIONS]


def _answers(question: Message, rules: Rules, contacts: dict[UUID, str]) -> Iterator[Line]:
    """What agents said after it, if the conversation was resolved; questions and greetings answer nothing."""
    id_ = question.conversation_id
    said = Message.objects.filter(
        conversation=id_, conversation__status=Conversation.Status.RESOLVED, seq__gt=question.seq
    )
    for body in said.filter(author=Message.Author.AGENT).order_by("seq").values_list("body", flat=True):
        for sentence in sentences(body):
            if not sentence.rstrip().endswith("?") and len(WORD.findall(sentence)) >= FEWEST:
                yield Line(_plain(sentence, rules, contacts[id_]), id_)


def _plain(text: str, rules: Rules, name: str, limit: int | None = None) -> str:
    return " ".join(anonymous(text, rules, name).split())[:limit]
