"""What the API tells of rows. What it takes stands beside each route."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, TypeVar
from uuid import UUID

from django.db.models import Choices
from ninja import Schema
from pydantic import AfterValidator, AwareDatetime, ConfigDict, Field
from pydantic_core import CoreSchema, core_schema

from supportbot.actions.models import ActionCall
from supportbot.chat.models import Attachment, Contact, Conversation, Message, Rating, Remark
from supportbot.chat.sorting import Label
from supportbot.knowledge.models import Article, Order
from supportbot.workspaces.models import Member, User


@dataclass(frozen=True)
class OneOf:
    """One of a model's choices."""

    choices: type[Choices]

    def __get_pydantic_core_schema__(self, source: object, handler: object) -> CoreSchema:
        """As the literal values."""
        return core_schema.literal_schema([value for value in self.choices.values if value])


D = TypeVar("D", bound=date)


def _in_calendar(at: D) -> D:
    if not 2000 <= at.year < 3000:
        raise ValueError("the year must be from 2000 to 2999")
    return at


Moment = Annotated[AwareDatetime, AfterValidator(_in_calendar)]
Day = Annotated[date, AfterValidator(_in_calendar)]


class In(Schema):
    """What is sent; a name that is none is an error, not a silence."""

    model_config = ConfigDict(extra="forbid")


class Named(Schema):
    """A row by its name."""

    id: int
    name: str


class PersonOut(Schema):
    """An agent."""

    id: int
    name: str

    @staticmethod
    def resolve_name(user: User) -> str:
        """The whole name."""
        return str(user)


class LabelOut(Schema):
    """A label."""

    id: int
    name: str
    colour: Annotated[str, OneOf(Label.Colour)]


class ContactRef(Schema):
    """The customer of a conversation."""

    id: int
    name: str = Field(description="As agents see it; for a stranger `Visitor` and four letters")
    email: str
    verified: bool = Field(description="Whether the workspace's site vouches for who it is")

    @staticmethod
    def resolve_name(contact: Contact) -> str:
        """What the inbox shows."""
        return str(contact)

    @staticmethod
    def resolve_verified(contact: Contact) -> bool:
        """By a token of the site."""
        return contact.is_verified


class ContactOut(ContactRef):
    """All that is known of a customer."""

    external_id: str = Field(description="Who it is for the workspace's site; empty: nobody vouches")
    attributes: dict[str, str | float | bool]
    language: str
    page: str
    blocked: bool
    created_at: datetime
    seen_at: datetime

    @staticmethod
    def resolve_blocked(contact: Contact) -> bool:
        """Whether what it writes is refused."""
        return contact.blocked_at is not None


class ConversationOut(Schema):
    """A conversation as agents see it."""

    id: UUID
    channel: Annotated[str, OneOf(Conversation.Channel)] = Field(description="How it came")
    status: Annotated[str, OneOf(Conversation.Status)]
    handler: Annotated[str, OneOf(Conversation.Handler)] = Field(description="Who has the turn")
    assignee: PersonOut | None
    team: Named | None
    priority: Annotated[str, OneOf(Conversation.Priority)]
    labels: list[LabelOut]
    spam: bool
    contact: ContactRef
    category: str
    language: str
    attributes: dict[str, str | float | bool]
    last_seq: int = Field(description="Number of the last message")
    merged: list[UUID] = Field(description="The ids of those that were merged into it; they lead here")
    waiting_since: datetime | None = Field(description="Since when the customer waits for a person")
    snoozed_until: datetime | None
    reply_due_at: datetime | None
    resolution_due_at: datetime | None
    created_at: datetime
    active_at: datetime = Field(description="When something was last said")
    updated_at: datetime

    @staticmethod
    def resolve_merged(row: Conversation) -> list[UUID]:
        """Older ids of what is said in it."""
        return [old.pk for old in row.merged.all()]

    @staticmethod
    def resolve_spam(row: Conversation) -> bool:
        """Whether it lies among the spam."""
        return row.is_spam

    @staticmethod
    def resolve_language(row: Conversation) -> str:
        """Of the last message that was triaged."""
        return row.spoken


class SourceOut(Schema):
    """An article that an answer rests on."""

    title: str
    url: str


class AttachmentOut(Schema):
    """A file of a message. It is opened in the inbox."""

    id: UUID
    name: str
    content_type: str
    size: int = Field(description="Bytes")
    state: Annotated[str, OneOf(Attachment.State)]


class MessageOut(Schema):
    """One thing said."""

    id: UUID
    conversation: UUID
    seq: int
    author: Annotated[str, OneOf(Message.Author)]
    agent: PersonOut | None = Field(description="Who wrote it, of an agent's message")
    body: str
    attachments: list[AttachmentOut]
    in_reply_to: int | None = Field(description="Number of the message that it answers")
    sources: list[SourceOut]
    choices: list[str] = Field(description="Answers that are offered as buttons")
    category: str
    intent: str
    confidence: float | None
    verdict: Annotated[str, OneOf(Message.Verdict)] | None
    outcome: Annotated[str, OneOf(Message.Outcome)] | None = Field(description="Of a customer's message")
    masked: bool = Field(description="A part was hidden before it was saved")
    failure: str = Field(description="Why it has not reached the customer; empty: it has, as far as is known")
    created_at: datetime

    @staticmethod
    def resolve_conversation(message: Message) -> UUID:
        """Its id."""
        return message.conversation_id

    @staticmethod
    def resolve_agent(message: Message) -> User | None:
        """Nobody, of others' messages."""
        return message.user if message.author == Message.Author.AGENT else None

    @staticmethod
    def resolve_verdict(message: Message) -> str | None:
        """None where nobody was asked."""
        return message.verdict or None

    @staticmethod
    def resolve_outcome(message: Message) -> str | None:
        """None for what is not the customer's."""
        return message.outcome or None


class RemarkOut(Schema):
    """A line that only agents see."""

    conversation: UUID
    number: int
    after: int = Field(description="Number of the message below which it stands")
    kind: Annotated[str, OneOf(Remark.Kind)]
    agent: PersonOut | None
    body: str
    mentions: list[PersonOut]
    created_at: datetime

    @staticmethod
    def resolve_conversation(remark: Remark) -> UUID:
        """Its id."""
        return remark.conversation_id

    @staticmethod
    def resolve_agent(remark: Remark) -> User | None:
        """Who wrote or did it."""
        return remark.user

    @staticmethod
    def resolve_mentions(remark: Remark) -> list[User]:
        """Who is called to it."""
        return [mention.user for mention in remark.mentions.all()]


class RatingOut(Schema):
    """What a customer thinks."""

    id: int
    conversation: UUID
    score: int = Field(ge=1, le=5)
    comment: str
    of: Annotated[str, OneOf(Rating.Of)] = Field(description="Who answered the customer")
    created_at: datetime
    updated_at: datetime

    @staticmethod
    def resolve_conversation(rating: Rating) -> UUID:
        """Its id."""
        return rating.conversation_id


class ActionCallOut(Schema):
    """One wish to have something done."""

    id: UUID
    conversation: UUID | None
    action: str
    arguments: dict[str, Any]
    state: Annotated[str, OneOf(ActionCall.State)]
    result: dict[str, Any]
    by: Annotated[str, OneOf(ActionCall.By)]
    agent: PersonOut | None
    verified: bool = Field(description="The customer had proven who he is")
    created_at: datetime
    updated_at: datetime

    @staticmethod
    def resolve_conversation(call: ActionCall) -> UUID | None:
        """Its id."""
        return call.conversation_id

    @staticmethod
    def resolve_agent(call: ActionCall) -> User | None:
        """Who triggered it."""
        return call.user

    @staticmethod
    def resolve_verified(call: ActionCall) -> bool:
        """As of the call."""
        return call.is_verified


class TeamOut(Named):
    """A team with its people."""

    members: list[PersonOut]

    @staticmethod
    def resolve_members(team: Any) -> list[User]:
        """As agents."""
        return [member.user for member in team.members.all()]


class MemberOut(Schema):
    """Somebody who works here."""

    id: int = Field(description="Of the agent, as in `assignee`")
    name: str
    email: str
    role: Annotated[str, OneOf(Member.Role)]
    active: bool
    away: bool
    seen_at: datetime | None = Field(description="Last sign of life from an open inbox")

    @staticmethod
    def resolve_id(member: Member) -> int:
        """The user's."""
        return member.user_id

    @staticmethod
    def resolve_name(member: Member) -> str:
        """The user's."""
        return str(member.user)

    @staticmethod
    def resolve_email(member: Member) -> str:
        """The user's."""
        return member.user.email

    @staticmethod
    def resolve_active(member: Member) -> bool:
        """Whether they may log in."""
        return member.user.is_active

    @staticmethod
    def resolve_away(member: Member) -> bool:
        """Now."""
        return member.is_away_now


class CannedOut(Schema):
    """A text that all agents may send."""

    id: int
    code: str
    title: str
    body: str
    updated_at: datetime


class CollectionOut(Schema):
    """A shelf of the help centre."""

    id: int
    slug: str
    title: str
    description: str
    position: int


class ArticleOut(Schema):
    """An article, a snippet or an approved reply."""

    id: int
    slug: str
    language: str
    title: str
    body: str = Field(description="Markdown; may name slots")
    kind: Annotated[str, OneOf(Article.Kind)]
    audience: Annotated[str, OneOf(Article.Audience)]
    status: Annotated[str, OneOf(Article.Status)]
    collection: int | None
    category: str
    intents: list[str]
    url: str = Field(description="Of the public page, where there is one")
    published_at: datetime | None
    updated_at: datetime

    @staticmethod
    def resolve_collection(article: Article) -> int | None:
        """Its id."""
        return article.collection_id

    @staticmethod
    def resolve_url(article: Article) -> str:
        """A path of this server."""
        return article.get_absolute_url() if article.is_public else ""


class OrderOut(Schema):
    """An order of the workspace's shop."""

    number: str
    state: Annotated[str, OneOf(Order.State)]
    placed_on: date
    due_on: date
    items: str
    total: Decimal
    currency: str
    invoice_number: str
    email: str
    delivery_address: str


class AuditOut(Schema):
    """Who did what."""

    id: int
    actor: PersonOut | None
    action: str
    target: str
    details: dict[str, Any]
    created_at: datetime
