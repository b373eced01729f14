"""What the rules forbid: each refusal has a code of the protocol and words for a person."""

from __future__ import annotations

from supportbot.chat.models import Conversation


class Refused(Exception):
    """A request that the rules forbid. Its text is shown to whoever asked."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class AlreadyTaken(Refused):
    """Another agent has the conversation."""

    def __init__(self, name: str) -> None:
        super().__init__("already_taken", f"{name} has taken this conversation.")


class Closed(Refused):
    """Nobody can have the turn in a conversation that is done."""

    def __init__(self, conversation: Conversation) -> None:
        done = "This conversation is resolved. It opens again when the customer writes."
        spam = "This conversation is marked as spam. Take it out of the spam first."
        super().__init__("forbidden", spam if conversation.is_spam else done)


class NotYours(Refused):
    """Only the agent who has the conversation may do this."""

    def __init__(self) -> None:
        super().__init__("not_yours", "Take the conversation first.")


class TooFast(Refused):
    """A visitor writes faster than people do."""

    def __init__(self) -> None:
        super().__init__("too_fast", "That was fast. Please wait a moment; your message is kept and will be sent.")
