"""Who does something to a conversation: somebody who works there, or a rule of the workspace, which is nobody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from supportbot.chat.models import Conversation
from supportbot.workspaces.models import User


@dataclass(frozen=True)
class Automation:
    """A rule at work, by its name."""

    name: str
    pk: ClassVar[None] = None

    def get_short_name(self) -> str:
        """As agents read it in the transcript."""
        return f"The rule “{self.name}”"


Doer = User | Automation


def person(doer: Doer) -> User | None:
    """Whom a row names as its author; nobody for a rule."""
    return doer if isinstance(doer, User) else None


def may_put_away(doer: Doer, conversation: Conversation) -> bool:
    """What another agent has is theirs to put away, but a rule is the administrators' word."""
    return isinstance(doer, Automation) or conversation.assignee_id in (None, doer.pk)
