"""Plays questions and customers through the product's own services, each in a transaction that is taken back.

What is played is never committed, so no event, task or call goes out and a workspace stays as it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from django.apps import apps
from django.db import transaction

from supportbot.chat import assistant, context, services
from supportbot.chat.models import Conversation, Generation, Message
from supportbot.chat.visitors import Visitor
from supportbot.evaluation.material import Customer, Question, Wish
from supportbot.evaluation.support import Knowledge, sentences, unsupported
from supportbot.knowledge import retrieval
from supportbot.knowledge.models import Article, Order
from supportbot.knowledge.pages import fill
from supportbot.workspaces.models import Workspace

LOOK_AT = 3  # articles


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
    """A question with its reply and the slugs that retrieval found, best first."""

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
            message, reply = self._say(conversation, question.text, question.wish)
            return Played(question, reply, self._found(message) if question.articles else ())

    def receive(self, customer: Customer) -> Visit:
        """A customer, turn by turn, in one conversation."""
        with taken_back():
            conversation = Visitor(self.workspace, uuid4().hex).begin()
            replies = tuple(self._say(conversation, turn.say, turn.wish)[1] for turn in customer.turns)
            return Visit(customer, replies, _done(conversation))

    def _say(self, conversation: Conversation, text: str, wish: Wish) -> tuple[Message, Reply]:
        message = services.post_message(conversation_id=conversation.id, body=text, client_id=uuid4())
        if message.outcome == Message.Outcome.PENDING:
            assistant.write_reply(message.id)
        made = Generation.objects.select_related("message").filter(in_reply_to=message).first()
        message.refresh_from_db()
        if made is None:  # people have the conversation by now
            return message, Reply(text, "hand_off", "", "", wish.grants("hand_off", ""))
        sent, act = made.message.body, str(made.act)
        if made.message.author != Message.Author.BOT:  # the product's own fixed words
            return message, Reply(text, act, made.reason, sent, wish.grants(act, sent))
        wrong = unsupported(sent, self.knowledge, said=_said(conversation), order=_order(conversation))
        reply = Reply(text, act, made.reason, sent, wish.grants(act, sent), len(sentences(sent)), tuple(wrong))
        return message, reply

    def _found(self, message: Message) -> tuple[str, ...]:
        """The articles that retrieval finds for a message."""
        embed = assistant.engine().embed
        sources = retrieval.find(self.workspace, message.body, message.category, LOOK_AT, embed=embed)
        return tuple(dict.fromkeys(source.article.slug for source in sources))


@contextmanager
def taken_back() -> Iterator[None]:
    """A transaction of which nothing stays."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def knowledge_of(workspace: Workspace) -> Knowledge:
    """Its articles with their slots filled, and its settings."""
    settings = {name: str(value) for name, value in workspace.settings.items()}
    rows = Article.objects.in_workspace(workspace).order_by("slug")
    articles = [(row.title, fill(row.body, settings)) for row in rows]
    return Knowledge.of(articles, [workspace.name, *settings.values()], [assistant.UNKNOWN_ORDER])


def _said(conversation: Conversation) -> str:
    rows = conversation.messages.filter(author=Message.Author.CUSTOMER).order_by("seq")
    return "\n".join(rows.values_list("body", flat=True))


def _order(conversation: Conversation) -> list[str]:
    """What may be said of the orders that the customer has named."""
    numbers = {number for pair in context.ORDER_NUMBER.findall(_said(conversation)) for number in pair if number}
    orders = Order.objects.in_workspace(conversation.workspace).filter(number__in=numbers)
    return [value for order in orders for value in order.slots().values()]


def _done(conversation: Conversation) -> tuple[tuple[str, dict[str, Any]], ...]:
    """The actions that were done in a conversation, once the product has any."""
    if not apps.is_installed("supportbot.actions"):
        return ()
    calls = apps.get_model("actions", "ActionCall").objects.filter(conversation=conversation, state="done")
    return tuple((call.action, dict(call.arguments)) for call in calls)
