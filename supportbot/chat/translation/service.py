"""Has messages translated beside their delivery: what is written is delivered at once, its translation follows.

A message's `Translation` is made in the transaction that saves the message, a worker fills it in, and the sweep finds
what was missed. Whatever goes wrong, the message stands as it was written.
"""

from __future__ import annotations

from datetime import timedelta
from functools import cache

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from inference.language import UNKNOWN, Languages
from supportbot.celery import app
from supportbot.chat import events
from supportbot.chat.models import Conversation, Message
from supportbot.chat.translation.backends import NotTranslated, backend
from supportbot.chat.translation.facts import objection
from supportbot.chat.translation.interpreter import Said
from supportbot.chat.translation.models import Translation, Translator
from supportbot.workspaces.scoping import ScopedQuerySet

log = structlog.get_logger(__name__)
ATTEMPTS = 3
MARGIN = 5.0  # seconds by which a worker's claim outlives its attempt
OVERDUE = timedelta(seconds=10)  # after which the sweep asks again
PAUSE = timedelta(seconds=30)  # before the second attempt, doubled before the third
LOOK_BACK = 5  # messages of the customer that tell the language
TELLING = 12  # letters below which a message tells little: "ok" is English everywhere
Reader, State = Translation.Reader, Translation.State


def prepare(message: Message) -> None:
    """Have a message translated if its reader has another language; in the transaction that saves the message."""
    conversation = message.conversation
    translator = Translator.objects.in_workspace(conversation.workspace).first()
    if translator is None or message.author == Message.Author.SYSTEM or not message.body:
        return
    reader, source, target = _way(message, translator)
    if UNKNOWN in (source, target) or source == target:
        return
    row = Translation.objects.create(
        message=message, reader=reader, source=source, target=target, due_at=timezone.now()
    )
    transaction.on_commit(lambda: queue(row.id))


def keep(message: Message, said: Said) -> None:
    """Save what came of translating an answer before it was sent; in the transaction that saves it."""
    own = {"source": said.source, "target": said.target, "text": said.translated}
    state = State.DONE if said.translated else State.FAILED
    Translation.objects.create(message=message, reader=Reader.CUSTOMER, state=state, **own)


def customers_language(conversation: Conversation) -> str:
    """What the customer wrote last in, as far as the words tell; else the workspace's language."""
    home = conversation.workspace.language[:2]
    said = conversation.messages.filter(author=Message.Author.CUSTOMER).exclude(body="").order_by("-seq")
    bodies = list(said.values_list("body", flat=True)[:LOOK_BACK])
    telling = [body for body in bodies if sum(map(str.isalpha, body)) >= TELLING]
    read = (_read(body, home) for body in telling or bodies)
    return next((language for language in read if language != UNKNOWN), home)


def due() -> list[int]:
    """The translations that nobody works on, each once in ten seconds; one whose workers always died is given up."""
    now = timezone.now()
    late = Translation.objects.filter(due_at__lt=now - OVERDUE)
    late.filter(attempts__gte=ATTEMPTS).update(state=State.FAILED, due_at=None)
    found = list(late.order_by("due_at").values_list("id", flat=True)[:200])
    late.filter(id__in=found).update(due_at=now)
    return found


def complete(translation_id: int) -> None:
    """Make one attempt at a translation, and tell everybody what came of it.

    An attempt that outlived its claim changes nothing: another one has begun.
    """
    row = _claimed(translation_id)
    if row is None:
        return
    own = Translation.objects.filter(id=row.id, attempts=row.attempts)
    try:
        row.text, row.state, row.due_at = _translated(row), State.DONE, None
    except Exception as error:
        log.warning("message not translated", message=str(row.message_id), error=str(error), attempt=row.attempts)
        is_over = row.attempts >= ATTEMPTS or not (isinstance(error, NotTranslated) and error.passes)
        row.state = State.FAILED if is_over else State.LATE
        row.due_at = None if is_over else timezone.now() + PAUSE * 2 ** (row.attempts - 1)
    if own.update(text=row.text, state=row.state, due_at=row.due_at):
        events.publish_again(_with_message().get(id=row.id).message)  # read anew: it may have changed meanwhile


def queue(translation_id: int) -> None:
    """Ask a worker; if the queue can't be reached, the sweep asks again."""
    try:
        app.send_task("supportbot.chat.tasks.translate", [translation_id])
    except Exception as error:
        log.warning("translation not queued", translation=translation_id, error=repr(error))


def _way(message: Message, translator: Translator) -> tuple[str, str, str]:
    """For whom a message is translated, from what, to what."""
    conversation, home, own = message.conversation, message.conversation.workspace.language[:2], translator.language
    if message.author == Message.Author.CUSTOMER:
        return Reader.AGENTS, _read(message.body, home), own
    is_agent, spoken = message.author == Message.Author.AGENT, customers_language(conversation)
    written = _read(message.body, own if is_agent else home)
    if is_agent:
        return Reader.CUSTOMER, own if written == UNKNOWN else written, spoken
    return (Reader.AGENTS, written, own) if written == spoken else (Reader.CUSTOMER, written, spoken)


def _claimed(translation_id: int) -> Translation | None:
    now = timezone.now()
    free = Translation.objects.filter(id=translation_id, due_at__lte=now, attempts__lt=ATTEMPTS)
    until = now + timedelta(seconds=settings.TRANSLATION_SECONDS + MARGIN)
    if not free.update(due_at=until, attempts=F("attempts") + 1):
        return None
    return _with_message().get(id=translation_id)


def _with_message() -> ScopedQuerySet[Translation]:
    rows = Translation.objects.select_related("message__user", "message__conversation__workspace__translator")
    return rows.select_related("message__conversation__contact")


def _translated(row: Translation) -> str:
    """The text; what a customer is to read must hold the original's facts."""
    conversation, body = row.message.conversation, row.message.body
    translator = Translator.objects.in_workspace(conversation.workspace).first()
    if translator is None:
        raise NotTranslated("no translation is configured any more")
    text = backend(translator).translate([body], row.source, row.target, seconds=settings.TRANSLATION_SECONDS)[0]
    names = (conversation.workspace.name, conversation.contact.name)
    why = objection(body, text, source=row.source, target=row.target, names=names)
    if why and row.reader == Reader.CUSTOMER:
        raise NotTranslated(f"the translation does not hold the original's facts ({why.partition(':')[0]})")
    return text


def _read(text: str, home: str) -> str:
    return _languages().read(text, home=home)


@cache
def _languages() -> Languages:
    return Languages()
