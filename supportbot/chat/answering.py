"""One question, from what is known of it to a text that may be sent.

The model writes, a passage is quoted where what it wrote does not hold, and where neither serves people answer. Knows
no database but through retrieval; the model is handed in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from django.conf import settings

from supportbot.actions import dialogue
from supportbot.chat import quoting
from supportbot.chat.categories.learnt import recognised
from supportbot.chat.context import ANGRY, Context, asks_how, small_talk, wants_to_know
from supportbot.chat.decision import OFF_TOPIC, SMALL_TALK, WANTS_PERSON, Decision, Situation, decide
from supportbot.chat.grounding import ENDS, Evidence, Piece
from supportbot.chat.quoting import Quotation
from supportbot.chat.translation.interpreter import Interpreter
from supportbot.chat.words import say
from supportbot.knowledge import retrieval
from supportbot.knowledge.models import Article, Passage
from supportbot.knowledge.pages import fill
from supportbot.knowledge.retrieval import Hit
from supportbot.knowledge.spelling import corrected
from supportbot.workspaces.models import Workspace

if TYPE_CHECKING:
    from inference.engine import Completion, Engine, Reading, ReplyStream

HITS = 6
GROUND_LIMIT = 600  # characters of a passage that agents read
READ_CLOSELY = 4  # of these; each takes a tenth of a second
UNTOLD = "{{private}}"  # stands for what an order has for its proven customer alone; no sentence with it is sent
READ = "en"  # the language that triage and our model were trained on
DIGITS = re.compile(r"\d+")
MANY = 2  # articles
SAME = 0.9  # likeness from which two messages ask the same


class Unsupported(Exception):
    """A sentence that nothing we know supports."""


@dataclass
class Question:
    """One thing that is asked, what was read from it and found for it, and what will be done."""

    text: str
    triage: Mapping[str, Any]
    reading: Reading
    hits: Sequence[Hit]
    evidence: Evidence
    quotation: Quotation | None  # None until it is needed
    decision: Decision
    language: str  # to answer fixed words in
    interpreter: Interpreter | None = None  # where it was translated to be understood

    @property
    def passages(self) -> list[Passage]:
        """What was found, best first."""
        return [hit.passage for hit in self.hits]

    @property
    def retrieved(self) -> list[dict[str, Any]]:
        """The same as it is kept beside the reply: the nearest passage of each article."""
        nearest: dict[str, dict[str, Any]] = {}
        for hit in self.hits:
            title = hit.passage.article.title
            found = {"title": title, "heading": hit.passage.heading, "nearness": round(float(hit.cosine), 2)}
            nearest.setdefault(title, found)
        return list(nearest.values())

    @property
    def quoted(self) -> str:
        """What the passages say; of two pages each under its title."""
        quotes = self.quotation.quotes if self.quotation else ()
        articles = {quote.passage.article for quote in quotes}
        if len(articles) < MANY or not all(article.is_public for article in articles):
            return "\n\n".join(quote.text for quote in quotes)
        lead = say("two_pages", READ if self.interpreter else self.language)
        return "\n\n".join([lead, *(f"{quote.passage.article.title}:\n{quote.text}" for quote in quotes)])

    @property
    def is_sure(self) -> bool:
        """Whether triage is sure enough of the intent to act on it."""
        return self.decision.act in ("answer", "ask") and self.decision.reason not in ("found", *SMALL_TALK)

    @property
    def may_need_interpreter(self) -> bool:
        """Whether nothing in the customer's language answers it, although it could be answered."""
        language = self.reading.language
        is_open = self.decision.reason in ("unsure", "found", "off_topic")
        return language != "und" and is_open and all(p.article.language != language for p in self.passages)

    def sources(self, text: str) -> list[dict[str, Any]]:
        """The public articles that the sentences of a text rest on, in the order of their first use."""
        used: dict[str, dict[str, Any]] = {}
        for article in (piece.source for piece in self._used(text)):
            if article.is_public:
                url = article.get_absolute_url()
                used.setdefault(url, {"title": article.title, "url": url})
        return list(used.values())

    def grounds(self, text: str) -> list[dict[str, Any]]:
        """The passages that the sentences of a text rest on, for people of the workspace: also what has no page."""
        used = {piece.text: piece.source for piece in self._used(text)}
        return [_ground(words, article) for words, article in used.items()]

    def _used(self, text: str) -> Iterator[Piece]:
        """Pieces of articles."""
        if self.decision.reason in (OFF_TOPIC, *SMALL_TALK):
            return
        if self.quotation and text.endswith(self.quoted):
            yield from _pieces([quote.passage for quote in self.quotation.quotes])
            return
        for sentence in ENDS.split(text):
            piece = self.evidence.judge(sentence.strip()).piece
            if piece and piece.source:
                yield piece


def consider(said: Context, workspace: Workspace, text: str, reading: Reading, model: Engine) -> Question:
    """Look up what is known of a question and decide; a mere order number belongs to the question before it."""
    triage = {"category": reading.category, "intent": reading.intent, "confidence": reading.confidence}
    if said.taken_up and said.taken_up.intent in model.info.needs_order:
        triage = {name: getattr(said.taken_up, name) for name in triage}
    elif (own := recognised(reading.own)) and reading.intent != WANTS_PERSON:
        triage = {"category": own, "intent": "", "confidence": reading.own[own]}
    hits = [] if settings.ANSWERS == "model" else _look_up(said, workspace, text, reading.language, model)
    passages = [hit.passage for hit in hits]
    evidence = Evidence((*_known(said, workspace), *_pieces(passages), *_approved(workspace, triage)), said.question)
    nearest = max((hit.cosine for hit in hits), default=None)
    situation = _situation(said, workspace, triage, reading, model, nearest, text)
    decision, found = decide(situation), None
    if decision.is_open and (found := best_quotation(said, text, workspace, passages, reading, model)):
        decision = decide(replace(situation, found=found.sureness))
    return Question(text, triage, reading, hits, evidence, found, decision, said.language_of(reading.language))


def best_quotation(
    said: Context, text: str, workspace: Workspace, passages: Sequence[Passage], reading: Reading, model: Engine
) -> Quotation | None:
    """The sentences of the first passages that answer best."""
    wanted = corrected(workspace, said.search(text), _spoken(said, reading.language))
    return quoting.best(wanted, passages[:READ_CLOSELY], model.find_answers)


def _spoken(said: Context, language: str) -> str:
    return language if language != "und" else said.language


def checked(stream: ReplyStream, evidence: Evidence) -> Iterator[str | Completion]:
    """Whole sentences of a reply, each once nothing speaks against it, then its Completion; else Unsupported."""
    text, sent = "", 0
    for piece in stream:
        if isinstance(piece, str):
            text += piece
            ends = [match.end() for match in ENDS.finditer(text, sent)]
        else:
            ends = [len(text)]
        for end in ends:
            if objection := _objection(text[sent:end].strip(), evidence):
                raise Unsupported(objection)
            yield text[sent:end]
            sent = end
        if not isinstance(piece, str):
            yield piece


def _objection(sentence: str, evidence: Evidence) -> str | None:
    if UNTOLD in sentence:
        return "private"
    return evidence.judge(sentence).objection if settings.ANSWERS != "model" else None


def _situation(
    said: Context,
    workspace: Workspace,
    triage: Mapping[str, Any],
    reading: Reading,
    model: Engine,
    nearest: float | None,
    text: str,
) -> Situation:
    own = workspace.hand_off_below
    return Situation(
        **triage,
        is_own=not triage["intent"],
        off_topic=reading.categories.get(OFF_TOPIC, 0.0),
        nearest=nearest,
        threshold=model.info.hand_off_below if own is None else own,
        found_threshold=quoting.threshold(workspace),
        needs_order=triage["intent"] in model.info.needs_order,
        order_named=said.order_number is not None,
        order_known=said.order is not None,
        asks_before=len(said.asked),
        repeats=_repeats(said, model),
        angry_in_a_row=said.angry_before + 1 if reading.sentiment == ANGRY else 0,
        reserved=not {triage["category"], triage["intent"]}.isdisjoint(workspace.reserved),
        withheld=dialogue.is_withheld(workspace, triage["intent"], asks=wants_to_know(said.question)),
        asks_how=asks_how(said.question),
        readable=reading.language in (READ, "und"),
        small_talk=small_talk(text),
    )


def _repeats(said: Context, model: Engine) -> int:
    """How often the customer asked the same before."""
    if not said.by_customer or said.taken_up:
        return 0
    numbers = DIGITS.findall(said.question)  # the same of another order is no repetition
    before = [message.body for message in said.by_customer if DIGITS.findall(message.body) == numbers]
    return int((model.likeness(said.question, before) >= SAME).sum()) if before else 0


def _look_up(said: Context, workspace: Workspace, text: str, language: str, model: Engine) -> list[Hit]:
    spoken = _spoken(said, language)
    return retrieval.find(workspace, said.search(text), embed=model.embed, limit=HITS, language=spoken)


def _approved(workspace: Workspace, triage: Mapping[str, Any]) -> Iterator[Piece]:
    """What is about the intent: articles that name it, and the replies that may be given."""
    about = Article.objects.in_workspace(workspace).filter(status=Article.Status.PUBLISHED, audience="public")
    for article in about.filter(category=triage["category"]):
        if triage["intent"] in article.intents:
            yield Piece(f"{article.title}\n{fill(article.body, workspace.settings)}", article)


def _ground(words: str, article: Article) -> dict[str, Any]:
    heading, _, text = words.partition("\n")
    shown = text if len(text) <= GROUND_LIMIT else f"{text[: GROUND_LIMIT - 1]}…"
    return {"article": article.pk, "title": heading, "kind": article.kind, "text": shown}


def _pieces(passages: list[Passage]) -> Iterator[Piece]:
    for passage in passages:
        yield Piece(f"{passage.heading}\n{passage.text}", passage.article)


def _known(said: Context, workspace: Workspace) -> Iterator[Piece]:
    """What the workspace and the order say without a passage."""
    yield Piece(workspace.name)
    yield from (Piece(f"{name.replace('_', ' ')} {value}") for name, value in workspace.settings.items())
    if slots := said.order_slots:
        text = " ".join(f"{name.replace('_', ' ')} {value}" for name, value in slots.items())
        yield Piece(f"parcel delivery {text}", is_of_order=True)
