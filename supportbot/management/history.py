"""Tells the past of a shop: conversations of the corpus spread over a year, as the product would have kept them.

The same seed tells the same story. `Story` writes rows with bulk inserts; it sends nothing and asks no model.
"""

from __future__ import annotations

import json
import math
import random
import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Min, OuterRef, Subquery

from supportbot.chat.models import Contact, Conversation, Generation, Message, Milestone, Rating, SuggestionUse
from supportbot.knowledge.models import Article
from supportbot.workspaces.models import Member, Team, User, Workspace

BATCH = 500
HOURS = (1, 1, 0, 0, 0, 1, 2, 5, 9, 12, 13, 12, 10, 11, 12, 12, 11, 10, 9, 9, 8, 6, 4, 2)  # how much is asked when
WEEKDAYS = (13, 11, 10, 10, 11, 8, 7)
MONTHS = (9, 8, 8, 8, 9, 9, 9, 9, 10, 11, 15, 16)
CATEGORIES = {"delivery": 24, "order": 15, "returns": 14, "payment": 9, "product": 9, "invoice": 5, "account": 6}
CATEGORIES |= {"promotions": 5, "technical": 5, "contact": 3, "feedback": 3, "subscription": 2}
REASONS = {"asked": 38, "unsure": 30, "unsupported": 12, "reserved": 8, "angry": 6, "unknown_order": 4, "failed": 2}
HARD = {"invoice": 0.5, "payment": 0.44, "technical": 0.48, "subscription": 0.42}  # share that goes to people
ELSEWHERE = {
    "de": ("Wo ist meine Bestellung 10023?", "Kann ich das zurückgeben?", "Wie kann ich bezahlen?"),
    "fr": ("Où est ma commande 10023 ?", "Puis-je renvoyer cet article ?", "Comment puis-je payer ?"),
    "es": ("¿Dónde está mi pedido 10023?", "¿Puedo devolverlo?", "¿Cómo puedo pagar?"),
}
TOPICS = {"delivery": "track_order", "returns": "return_policy", "payment": "payment_methods"}  # of the questions above
NAMES = ("Iris", "Noah", "Lena", "Amir", "Joan", "Otto", "Priya", "Hugo", "Mona", "Theo", "Vera", "Finn", "Zoe", "Ruth")
FAMILIES = ("Hale", "Brook", "Marsh", "Okoro", "Lund", "Keane", "Pryor", "Sandoval", "Weiss", "Dale", "Ferro", "Quinn")
ASSEMBLY = "Our fitters come to you for £40 and assemble up to four chairs. Tell us which day suits you."
PRICE_MATCH = "We match the price of any shop that has it in stock. Send us a link to its page within 14 days."
UNKNOWN = {  # what no article tells, so that there are content gaps to find; and what agents say then
    "Do you offer an assembly service for the garden chairs?": ASSEMBLY,
    "Can somebody come and assemble the chair for me?": ASSEMBLY,
    "Is there an assembly service and what does it cost?": ASSEMBLY,
    "Would you assemble the garden chairs at my place?": ASSEMBLY,
    "Do you match the price if I find it cheaper elsewhere?": PRICE_MATCH,
    "I found the kettle cheaper in another shop, do you match the price?": PRICE_MATCH,
    "Is there a price match if another shop is cheaper?": PRICE_MATCH,
}
OBJECTION = "Nothing that was found says this."
SLA = timedelta(minutes=30)
SLOT = re.compile(r"\{\{(\w+)\}\}")


@dataclass(frozen=True)
class Material:
    """What customers ask and how it is answered: per category the intents with messages and replies."""

    intents: dict[str, list[dict[str, Any]]]
    values: dict[str, str]
    order: dict[str, str]  # what is known of an order, by way of example

    @classmethod
    def read(cls, corpus: Path) -> Material:
        """From the corpus; slots get the shop's own values, and for orders an example."""
        shop = json.loads((corpus / "shop.json").read_text())
        values = {name: slot["value"] for name, slot in shop["settings"].items()}
        order = {"order_number": "10023"} | {name: examples[0] for name, examples in shop["order_examples"].items()}
        files = {name: json.loads((corpus / "intents" / f"{name}.json").read_text()) for name in CATEGORIES}
        return cls({name: entry["intents"] for name, entry in files.items()}, values | order, order)

    def say(self, text: str) -> str:
        """A reply with its slots filled."""
        return SLOT.sub(lambda slot: self.values.get(slot[1], "10023"), text)


@dataclass
class Rows:
    """What one batch inserts, in the order in which the tables need it."""

    contacts: list[Contact] = field(default_factory=list)
    conversations: list[Conversation] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    generations: list[Generation] = field(default_factory=list)
    milestones: list[Milestone] = field(default_factory=list)
    ratings: list[Rating] = field(default_factory=list)
    uses: list[SuggestionUse] = field(default_factory=list)


class Story:
    """The conversations of one workspace up to a moment."""

    def __init__(self, workspace: Workspace, material: Material, *, until: datetime, seed: int = 0) -> None:
        self.workspace, self.material, self.until = workspace, material, until
        self.draw = random.Random(f"{seed} {workspace.slug}")  # noqa: S311  (a story, no secret)
        members = Member.objects.in_workspace(workspace).select_related("user").order_by("pk")
        self.agents: list[User] = [member.user for member in members]
        self.teams: list[Team] = list(Team.objects.in_workspace(workspace))
        self.articles: dict[str, list[Article]] = {}
        for article in Article.objects.in_workspace(workspace).filter(kind=Article.Kind.ARTICLE).order_by("slug"):
            self.articles.setdefault(article.category, []).append(article)

    def write(self, conversations: int, days: int) -> None:
        """So many conversations in so many days, the oldest first; each batch is one transaction."""
        begins = sorted(self._moment(days) for _ in range(conversations))
        for start in range(0, conversations, BATCH):
            rows = Rows()
            for number, at in enumerate(begins[start : start + BATCH], start):
                Telling(self, rows, number, at).tell()
            _insert(rows)

    def pick(self, weights: dict[str, int]) -> str:
        """One of the names, by weight."""
        return self.draw.choices(list(weights), list(weights.values()))[0]

    def _moment(self, days: int) -> datetime:
        """More in the day than at night, at the beginning of the week, before Christmas, and from month to month."""
        while True:
            day = (self.until - timedelta(days=self.draw.randrange(days))).date()
            growth = 1 - 0.4 * (self.until.date() - day).days / max(days, 1)
            busy = WEEKDAYS[day.weekday()] / 13 * MONTHS[day.month - 1] / 16 * growth
            if self.draw.random() > busy:
                continue
            at = self._at(day, self.draw.choices(range(24), HOURS)[0])
            if at < self.until:
                return at

    def _at(self, day: date, hour: int) -> datetime:
        local = datetime.combine(day, time(hour, self.draw.randrange(60), self.draw.randrange(60)))
        return local.replace(tzinfo=self.workspace.zone).astimezone(UTC)


class Telling:
    """One conversation as it went."""

    def __init__(self, story: Story, rows: Rows, number: int, at: datetime) -> None:
        self.story, self.rows, self.draw, self.at = story, rows, story.draw, at
        self.seq = 0
        name = f"{self.draw.choice(NAMES)} {self.draw.choice(FAMILIES)}"
        key = f"history-{number}"
        self.contact = Contact(workspace=story.workspace, name=name, external_id=key, seen_at=at)
        language = self.draw.choices(("en", "de", "fr", "es"), (82, 7, 6, 5))[0]
        channel = Conversation.Channel.API if number % 9 == 4 else Conversation.Channel.WIDGET
        self.conversation = Conversation(
            id=self._id(),
            workspace=story.workspace,
            contact=self.contact,
            channel=channel,
            spoken=language,
            summary={},
        )
        self.asked: Message | None = None
        self.intent: dict[str, Any] = {}
        self.answer = ""  # of people

    def tell(self) -> None:
        """From the first question to the last word before the story ends; a few customers come back later."""
        self._case()
        if self.draw.random() < 0.05:
            self.at += timedelta(days=self.draw.randrange(9, 60))
            if self.at < self.story.until:
                self._case()
        self.conversation.last_seq = self.conversation.read_seq = self.seq
        self.rows.contacts.append(self.contact)
        self.rows.conversations.append(self.conversation)

    def _case(self) -> None:
        category = self._ask()
        if self.asked and self.conversation.spoken == "en" and self.draw.random() < 0.025:
            self.asked.body, self.answer = self.draw.choice(list(UNKNOWN.items()))
            self._to_people("unsure")
            return
        if self.draw.random() < HARD.get(category, 0.24):
            self._to_people(self.story.pick(REASONS))
            return
        if self.draw.random() < 0.12 and not self._ask_back():
            return
        self._reply(category)
        self._go_on(category)

    def _go_on(self, category: str) -> None:
        """What the customer does after an answer: judges it, asks on, comes back days later, or nothing."""
        course = self.draw.random()
        if course < 0.26:
            self._judge(helped=True)
        elif course < 0.32:
            self._judge(helped=False)
        elif course < 0.5:
            self._wait(1, 8)
            if self._said("customer", self.draw.choice(self.intent["messages"])):
                self._reply(category)
        elif course < 0.56:
            self._wait(60 * 26, 60 * 24 * 5)
            if self._said("customer", "Sorry, one more thing about this. It is still not right."):
                self._to_people("asked")

    def _ask(self) -> str:
        """The first question; gives its category."""
        conversation = self.conversation
        conversation.status, conversation.handler = Conversation.Status.PENDING, Conversation.Handler.BOT
        category = self.story.pick(CATEGORIES)
        self.intent = self.draw.choice(self.story.material.intents[category])
        text = self.draw.choice(self.intent["messages"])
        if conversation.spoken != "en":
            topic = self.draw.randrange(len(TOPICS))
            (category, name), text = list(TOPICS.items())[topic], ELSEWHERE[conversation.spoken][topic]
            self.intent = next(one for one in self.story.material.intents[category] if one["name"] == name)
        conversation.category = category
        self.answer = self.story.material.say(self.draw.choice(self.intent["replies"]))
        self._said("customer", text)
        return category

    def _ask_back(self) -> bool:
        """The bot needs the order's number; whether the customer tells it, or leaves."""
        asked = self.asked
        self._wait(0.04, 0.1)
        question = self._said("bot", "Which order is it about? Please send me the order number.")
        if asked and question:
            self._generated(asked, question, "ask", "order_needed", [])
        self._wait(0.4, 6)
        return self.draw.random() < 0.7 and self._said("customer", "It is 10023") is not None

    def _reply(self, category: str) -> None:
        """The bot answers from an article."""
        if self.asked is None:
            return
        asked, shelf = self.asked, self.story.articles.get(category, [])
        found = self.draw.sample(shelf, min(len(shelf), self.draw.choice((1, 1, 2))))
        sources = [{"title": a.title, "url": a.get_absolute_url(), "score": 0.8} for a in found]
        self._wait(0.04, 0.12)
        text = self.story.material.say(self.draw.choice(self.intent["replies"]))
        reply = self._said("bot", text, in_reply_to=asked.seq, sources=sources, verdict=Message.Verdict.ASKED)
        if reply:
            objections = [OBJECTION] if self.draw.random() < 0.05 else []
            self._generated(asked, reply, "answer", "found" if found else "known", objections)

    def _judge(self, *, helped: bool) -> None:
        """The customer says whether the last answer helped."""
        answer = self.rows.messages[-1]
        self._wait(0.3, 4)
        if answer.author != Message.Author.BOT or self.at >= self.story.until:
            return
        answer.verdict = Message.Verdict.HELPED if helped else Message.Verdict.DID_NOT_HELP
        if helped:
            self._note(Milestone.Kind.CONFIRMED)
            self.conversation.status = Conversation.Status.RESOLVED
            self._rate(Rating.Of.BOT, 0.3, (3, 3, 8, 26, 60))
        else:
            self._to_people("not_helped")

    def _to_people(self, reason: str) -> None:
        """The bot calls people, who answer and resolve."""
        asked, conversation = self.asked, self.conversation
        told = self._said("bot", "I pass this on to my colleagues. They will answer here.")
        if not told:
            return
        if asked and reason != "not_helped" and asked.outcome != Message.Outcome.HANDED_OFF:
            asked.outcome = Message.Outcome.HANDED_OFF
        if asked and asked.outcome == Message.Outcome.HANDED_OFF and self.draw.random() < 0.8:
            self._generated(asked, told, "hand_off", reason, [OBJECTION] if reason == "unsupported" else [])
        self._note(Milestone.Kind.HANDED_OFF, reason)
        conversation.status, conversation.handler = Conversation.Status.OPEN, Conversation.Handler.QUEUE
        conversation.handed_off_at = conversation.waiting_since = conversation.with_people_since = self.at
        if self.story.teams:
            conversation.team = self.story.teams[len(conversation.category) % len(self.story.teams)]
        if self.story.agents:
            self._serve(self.draw.choice(self.story.agents))

    def _serve(self, agent: User) -> None:
        waited, conversation = self.at, self.conversation
        self._open()
        self.at += timedelta(minutes=math.exp(self.draw.gauss(1.9, 1.0)))
        sent = self._said("agent", f"Thank you for waiting. {self.answer}", user=agent)
        if not sent:
            return
        self._suggested(agent, sent)
        self._note(Milestone.Kind.KEPT if self.at - waited <= SLA else Milestone.Kind.MISSED, "reply")
        conversation.handler, conversation.assignee = Conversation.Handler.AGENT, agent
        conversation.waiting_since = None
        for _ in range(self.draw.choice((0, 1, 1, 2))):
            self._wait(1, 20)
            self._said("customer", "Thank you. Is there anything I have to do?", outcome=Message.Outcome.BY_AGENT)
            self._wait(1, 9)
            self._said("agent", "No, I have done that for you. You will see it in a moment.", user=agent)
        self._wait(1, 90)
        if self.at < self.story.until and self.draw.random() < 0.985:
            self._said("system", "This conversation is closed. Write again whenever you like.")
            self._note(Milestone.Kind.RESOLVED, user=agent)
            conversation.close()
            conversation.context_seq, conversation.with_people_since = self.seq, None
            self._rate(Rating.Of.PEOPLE, 0.38, (6, 5, 12, 30, 47))

    def _suggested(self, agent: User, sent: Message) -> None:
        """Some agents put a suggested reply in; most of these are sent as they are."""
        if self.draw.random() < 0.35:
            use = SuggestionUse(conversation=self.conversation, user=agent, text=sent.body, inserted_at=self.at)
            use.message, use.distance = (sent, 0) if self.draw.random() < 0.7 else (None, None)
            self.rows.uses.append(use)

    def _open(self) -> None:
        """At night and on Sundays nobody is there until the next morning at eight."""
        local = self.at.astimezone(self.story.workspace.zone)
        if local.hour >= 20 or local.weekday() == 6:
            local += timedelta(days=1)
        if local.hour >= 20 or local.hour < 8 or local.weekday() == 6:
            self.at = local.replace(hour=8, minute=self.draw.randrange(40)).astimezone(UTC)
            self.at = max(self.at, self.rows.messages[-1].created_at)

    def _said(self, author: str, body: str, **fields: Any) -> Message | None:
        """Add a message, unless its time is after the end of the story."""
        if self.at >= self.story.until:
            return None
        self.seq += 1
        if author == "customer":
            fields = {"outcome": Message.Outcome.ANSWERED, "language": self.conversation.spoken, **fields}
            fields["category"] = self.conversation.category
        message = Message(
            id=self._id(), conversation=self.conversation, seq=self.seq, author=author, body=body, created_at=self.at
        )
        for name, value in fields.items():
            setattr(message, name, value)
        self.rows.messages.append(message)
        self.asked = message if author == "customer" else self.asked
        self.conversation.active_at = self.at
        return message

    def _generated(self, asked: Message, reply: Message, act: str, reason: str, objections: list[str]) -> None:
        self.asked = None
        self.rows.generations.append(
            Generation(in_reply_to=asked, message=reply, act=act, reason=reason, objections=objections, total_s=0.8)
        )

    def _note(self, kind: Milestone.Kind, detail: str = "", user: User | None = None) -> None:
        place = {"conversation": self.conversation, "after": self.seq, "at": self.at}
        self.rows.milestones.append(Milestone(kind=kind, detail=detail, user=user, **place))

    def _rate(self, of: Rating.Of, share: float, weights: tuple[int, ...]) -> None:
        self.conversation.asks_rating = True
        is_first = not any(rating.conversation is self.conversation for rating in self.rows.ratings[-1:])
        if self.draw.random() < share and is_first:
            score = self.draw.choices(range(1, 6), weights)[0]
            self.rows.ratings.append(Rating(conversation=self.conversation, score=score, of=of, created_at=self.at))

    def _wait(self, least: float, most: float) -> None:
        self.at += timedelta(minutes=self.draw.uniform(least, most))

    def _id(self) -> UUID:
        return UUID(int=self.draw.getrandbits(128), version=4)


@transaction.atomic
def _insert(rows: Rows) -> None:
    """All rows, and the times that Django sets by itself put back to when it was."""
    for batch in vars(rows).values():
        if batch:
            type(batch[0])._default_manager.bulk_create(batch, batch_size=BATCH)
    own = Conversation.objects.filter(id__in=[row.id for row in rows.conversations])
    first = Message.objects.filter(conversation=OuterRef("pk")).order_by().values("conversation")
    own.update(created_at=Subquery(first.values(at=Min("created_at"))))
    reply = Message.objects.filter(id=OuterRef("message_id"))
    made = Generation.objects.filter(message__in=[row.message for row in rows.generations])
    made.update(created_at=Subquery(reply.values("created_at")))
    at = Milestone.objects.filter(conversation=OuterRef("conversation_id"), kind__in=("confirmed", "resolved"))
    SuggestionUse.objects.filter(conversation__in=own).update(created_at=F("inserted_at"))
    ratings = Rating.objects.filter(conversation__in=own)
    ratings.update(created_at=Subquery(at.order_by("id").values("at")[:1]))
