"""Plays questions and customers through the product's own services, each in a transaction that is taken back.

What is played is never committed, so no event, task or call goes out and a workspace stays as it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from django.db import transaction

from supportbot.actions import words
from supportbot.actions.models import ActionCall, Return
from supportbot.chat import assistant, context, services
from supportbot.chat.models import Conversation, Generation, Message
from supportbot.chat.visitors import Visitor
from supportbot.chat.words import SENTENCES
from supportbot.evaluation.material import Customer, Question, Wish
from supportbot.evaluation.support import Knowledge, sentences, unsupported
from supportbot.knowledge import retrieval
from supportbot.knowledge.models import Article, Order
from supportbot.knowledge.pages import fill
from supportbot.workspaces.models import Workspace

LOOK_AT = 3  # passages


@dataclass(frozen=True)
class Reply:
    """What came back for one message."""

    said: str
    act: str
    reason: str
    text: str
    right: bool
    sentences: int = 0
    unsupported: tuple[str, ...] = ()


@dataclass(frozen=True)
class Played:
    """A question with its reply and the articles of the passages that retrieval found, best first."""

    question: Question
    reply: Reply
    found: tuple[str, ...] = ()


@dataclass(frozen=True)
class Visit:
    """A customer with the replies, and the actions that were done: names with their arguments."""

    customer: Customer
    replies: tuple[Reply, ...]
    done: tuple[tuple[str, dict[str, Any]], ...] = field(default=())


class Stage:
    """A workspace to play on. What it knows is read once."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.knowledge = knowledge_of(workspace)

    def ask(self, question: Question) -> Played:
        """One question in a conversation of its own."""
        with taken_back():
            conversation = Visitor(self.workspace, uuid4().hex).begin()
            return Played(question, self._say(conversation, question.text, question.wish), self._found(question))

    def receive(self, customer: Customer) -> Visit:
        """A customer, turn by turn, in one conversation."""
        with taken_back():
            conversation = Visitor(self.workspace, uuid4().hex).begin()
            replies = tuple(self._say(conversation, turn.say, turn.wish) for turn in customer.turns)
            return Visit(customer, replies, _done(conversation))

    def _say(self, conversation: Conversation, text: str, wish: Wish) -> Reply:
        message = services.post_message(conversation_id=conversation.id, body=text, client_id=uuid4())
        if message.outcome == Message.Outcome.PENDING:
            assistant.write_reply(message.id)
        made = Generation.objects.select_related("message").filter(in_reply_to=message).first()
        if made is None:  # people have the conversation by now
            return Reply(text, "hand_off", "", "", wish.grants("hand_off", ""))
        sent, act = made.message.body, str(made.act)
        if act == "hand_off":  # said in the product's own fixed words
            return Reply(text, act, made.reason, sent, wish.grants(act, sent))
        wrong = unsupported(sent, self.knowledge, said=_said(conversation), order=_order(conversation))
        return Reply(text, act, made.reason, sent, wish.grants(act, sent), len(sentences(sent)), tuple(wrong))

    def _found(self, question: Question) -> tuple[str, ...]:
        """The articles of the passages that retrieval finds for it."""
        if not question.articles:
            return ()
        language = question.language or self.workspace.language[:2]
        hits = retrieval.find(
            self.workspace, question.text, embed=assistant.engine().embed, limit=LOOK_AT, language=language
        )
        return tuple(hit.passage.article.slug for hit in hits)


@contextmanager
def taken_back() -> Iterator[None]:
    """A transaction of which nothing stays."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def knowledge_of(workspace: Workspace) -> Knowledge:
    """What the assistant may tell customers: articles and snippets with their slots filled, and the settings."""
    settings = {name: str(value) for name, value in workspace.settings.items()}
    readable = {"status": Article.Status.PUBLISHED, "audience": Article.Audience.PUBLIC}
    rows = Article.objects.in_workspace(workspace).filter(**readable).order_by("slug")
    articles = [(row.title, fill(row.body, settings)) for row in rows]
    canned = [sentence for translations in SENTENCES.values() for sentence in translations.values()]
    canned += [sentence for language in words.LANGUAGES for sentence in words.sentences(language).values()]
    return Knowledge.of(articles, [workspace.name, *settings.values()], canned)


def _said(conversation: Conversation) -> str:
    rows = conversation.messages.filter(author=Message.Author.CUSTOMER).order_by("seq")
    return "\n".join(rows.values_list("body", flat=True))


def _order(conversation: Conversation) -> list[str]:
    """What may be said of the orders that the customer has named, and of what comes back of them."""
    numbers = context.numbers(_said(conversation))
    orders = Order.objects.in_workspace(conversation.workspace).filter(number__in=numbers)
    returns = Return.objects.in_workspace(conversation.workspace).filter(order__in=orders)
    said = [value for order in orders for value in order.slots().values()]
    return said + list(returns.values_list("number", flat=True))


def _done(conversation: Conversation) -> tuple[tuple[str, dict[str, Any]], ...]:
    """The actions that were done in a conversation."""
    calls = ActionCall.objects.filter(conversation=conversation, state=ActionCall.State.DONE)
    return tuple((call.action, dict(call.arguments)) for call in calls)
