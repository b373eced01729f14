"""Between the customer's language and the help centre's: a question to look up, and an answer that was checked.

Unlike messages these are waited for, each as long as is given; None means that the assistant does without.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from django.conf import settings

from supportbot.chat.models import Conversation
from supportbot.chat.translation.backends import Backend, NotTranslated, backend
from supportbot.chat.translation.facts import objection
from supportbot.chat.translation.models import Translator
from supportbot.chat.words import say

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Said:
    """A text as it was written and checked; and in the customer's language, empty where it could not be translated."""

    text: str
    translated: str = ""
    source: str = ""
    target: str = ""

    @property
    def shown(self) -> str:
        """What the customer reads."""
        return self.translated or self.text


def joined(parts: Sequence[Said]) -> Said:
    """Several texts as one; it is translated where any of them is."""
    text, shown = ("\n\n".join(part) for part in zip(*((part.text, part.shown) for part in parts), strict=True))
    way = next(((part.source, part.target) for part in parts if part.target), ("", ""))
    return Said(text, shown if any(part.translated for part in parts) else "", *way)


@dataclass(frozen=True)
class Interpreter:
    """Translates for one conversation, between `home`, the help centre's language, and `spoken`, the customer's."""

    backend: Backend
    home: str
    spoken: str
    names: tuple[str, ...] = ()

    def question(self, text: str, *, seconds: float) -> str | None:
        """The customer's words in the help centre's language."""
        return self._translated(text, self.spoken, self.home, seconds)

    def answer(self, text: str, *, seconds: float) -> Said | None:
        """An answer in the customer's language; only if it holds all facts of the original, and no others."""
        translated = self._translated(text, self.home, self.spoken, seconds)
        if translated is None:
            return None
        why = objection(text, translated, source=self.home, target=self.spoken, names=self.names)
        if why:
            log.info("translated answer not sent", objection=why.partition(":")[0])
        return None if why else Said(text, translated, self.home, self.spoken)

    def failed(self, text: str) -> Said:
        """The original of an answer that could not be translated, in words that say so."""
        return Said(f"{say('not_translated', self.spoken)}\n\n{text}", "", self.home, self.spoken)

    def _translated(self, text: str, source: str, target: str, seconds: float) -> str | None:
        within = min(seconds, settings.TRANSLATION_SECONDS)
        try:
            return self.backend.translate([text], source, target, seconds=within)[0]
        except Exception as error:
            log.warning("not translated for the assistant", source=source, target=target, error=str(error))
            return None


def interpreter(conversation: Conversation, spoken: str) -> Interpreter | None:
    """Whoever translates for a customer of this language; None where nobody does or need."""
    workspace, home = conversation.workspace, conversation.workspace.language[:2]
    translator = Translator.objects.in_workspace(workspace).first() if spoken != home else None
    if translator is None:
        return None
    try:
        found = backend(translator)
    except NotTranslated as error:
        log.warning("not translated for the assistant", source=spoken, target=home, error=str(error))
        return None
    return Interpreter(found, home, spoken, (workspace.name, conversation.contact.name))
