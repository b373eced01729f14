"""Conversations as the product would have kept them, told step by step with their times."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from supportbot.chat.models import Contact, Conversation, Generation, Message, Milestone, Rating
from supportbot.workspaces.models import User, Workspace


class Told:
    """One conversation; each step happens so many seconds after the first message."""

    def __init__(
        self, workspace: Workspace, begins: datetime, category: str = "delivery", language: str = "en"
    ) -> None:
        self.workspace, self.begins = workspace, begins
        self.said = {"category": category, "language": language}
        contact = Contact.objects.create(workspace=workspace, name="Iris", token_hash=uuid4().hex)
        self.conversation = Conversation.objects.create(workspace=workspace, contact=contact, category=category)
        self.customer(0)

    def customer(self, after: float) -> Told:
        """The customer writes."""
        self.last = self._message("customer", after, **self.said)
        return self

    def bot(self, after: float, act: str = "answer", reason: str = "known", **fields: Any) -> Told:
        """The bot writes: an answer, a question, or that people take over."""
        message = self._message("bot", after, in_reply_to=self.last.seq, **fields)
        Generation.objects.create(in_reply_to=self.last, message=message, act=act, reason=reason)
        if act == "hand_off":
            self.note(after, "handed_off", reason)
        return self

    def agent(self, after: float, user: User) -> Told:
        """An agent writes."""
        self._message("agent", after, user=user)
        return self

    def note(self, after: float, kind: str, detail: str = "") -> Told:
        """A milestone."""
        seq = self.conversation.messages.count()
        Milestone.objects.create(
            conversation=self.conversation, kind=kind, detail=detail, after=seq, at=self._at(after)
        )
        return self

    def rate(self, after: float, score: int, of: str) -> Told:
        """The customer rates."""
        rating = Rating.objects.create(conversation=self.conversation, score=score, of=of)
        Rating.objects.filter(pk=rating.pk).update(created_at=self._at(after))
        return self

    def _message(self, author: str, after: float, **fields: Any) -> Message:
        seq = self.conversation.messages.count() + 1
        own = {"seq": seq, "author": author, "body": f"{author} {seq}", "created_at": self._at(after)}
        return Message.objects.create(conversation=self.conversation, **own, **fields)

    def _at(self, after: float) -> datetime:
        return self.begins + timedelta(seconds=after)
