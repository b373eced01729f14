"""Messages in: makes of each arrival what it is, those of one chat by one worker, in their order.

A message that can't be taken in now (its customer writes too fast, its file does not come) holds up what came after it;
one that never can is kept aside.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import structlog
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from supportbot.celery import app
from supportbot.channels import arriving, trying
from supportbot.channels.messengers import buttons, outbox
from supportbot.channels.messengers.adapter import CallFailed, Came, Piece, RemoteFile, What
from supportbot.channels.messengers.models import Arrival, Messenger, Part, Post, Thread
from supportbot.channels.messengers.registry import adapter_of
from supportbot.channels.trying import PROBLEM_LENGTH
from supportbot.chat import services
from supportbot.chat.attachments import service as attachments
from supportbot.chat.attachments.service import Uploader
from supportbot.chat.masking import Rules, mask
from supportbot.chat.models import Contact, Conversation, Message
from supportbot.chat.refusals import Refused, TooFast
from supportbot.chat.visitors import begin_with
from supportbot.chat.words import LANGUAGES, say

log = structlog.get_logger(__name__)
LEASE = timedelta(seconds=90)  # by when an arrival or one of its files is taken in, or its worker has died
SOON = timedelta(seconds=3)  # until a customer who writes fast is heard again
AGAIN = [timedelta(seconds=s) for s in (5, 30, 120, 600)]  # after a failure
UNKNOWN_FOR = timedelta(minutes=1)  # a status may come before we know the id of what it is of
State = Arrival.State


class NotYet(Exception):
    """It has come too early, and is looked at again soon."""


def queue(thread_id: int) -> None:
    """Ask a worker; if the queue can't be reached, the sweep asks again."""
    try:
        app.send_task("supportbot.channels.tasks.receive", [thread_id], expires=60)
    except Exception as error:
        log.warning("arrivals not queued", thread=thread_id, error=repr(error))


def due() -> list[int]:
    """The chats in which something waits to be taken in."""
    now = timezone.now()
    waiting = Arrival.objects.filter(state=State.WAITING, due_at__lte=now)
    free = waiting.filter(Q(thread__busy_until=None) | Q(thread__busy_until__lte=now))
    return list(free.order_by().values_list("thread_id", flat=True).distinct()[:500])


def receive(thread_id: int) -> None:
    """Take in what waits in a chat, in its order; nothing if somebody does."""
    rows, now = Thread.objects.filter(pk=thread_id), timezone.now()
    if not rows.filter(Q(busy_until=None) | Q(busy_until__lte=now)).update(busy_until=now + LEASE):
        return
    try:
        while arrival := _next(thread_id):
            _take_in(arrival)
            rows.update(busy_until=timezone.now() + LEASE)
    finally:
        rows.update(busy_until=None)
    if _next(thread_id):  # it came meanwhile, while nobody else could take it
        queue(thread_id)


def take_in_again(arrival: Arrival) -> bool:
    """An administrator wants another try of what was kept aside; whether there was something to try."""
    aside = Arrival.objects.filter(pk=arrival.pk, state=State.ASIDE, thread__isnull=False)
    is_anew = bool(aside.update(state=State.WAITING, attempts=0, due_at=timezone.now()))
    if is_anew:
        transaction.on_commit(lambda: queue(arrival.thread_id or 0))
    return is_anew


def _next(thread_id: int) -> Arrival | None:
    """The first whose time has come; behind a message that waits only what says how far our own have come."""
    is_held_up, now = False, timezone.now()
    waiting = Arrival.objects.filter(thread=thread_id, state=State.WAITING).order_by("place", "id")
    for arrival in waiting.select_related("messenger__workspace", "thread__conversation")[:50]:
        is_status = arrival.content.get("what") == What.STATUS
        if arrival.due_at <= now and (is_status or not is_held_up):
            return arrival
        is_held_up = is_held_up or not is_status
    return None


def _take_in(arrival: Arrival) -> None:
    """Make of it what it is; what fails is tried again, and kept aside in the end."""
    try:
        came = Came.from_json(arrival.content)
        WAYS[came.what](arrival, came)
    except (TooFast, NotYet):
        _wait(arrival, SOON)
    except Refused as refusal:
        _settle(arrival, State.ASIDE, str(refusal))
    except (OperationalError, InterfaceError):
        raise
    except CallFailed as error:
        _failed(arrival, str(error), error.after)
    except Exception as error:  # whatever strangers may send
        log.exception("arrival not taken in", arrival=arrival.pk)
        _failed(arrival, repr(error))
    else:
        _settle(arrival, State.DONE)


def _settle(arrival: Arrival, state: str, reason: str = "") -> None:
    rows = Arrival.objects.filter(pk=arrival.pk, state=State.WAITING)
    kept: dict[str, Any] = {} if state == State.ASIDE else {"content": {}}
    rows.update(state=state, reason=reason[:PROBLEM_LENGTH], **kept)


def _wait(arrival: Arrival, span: timedelta) -> None:
    Arrival.objects.filter(pk=arrival.pk).update(due_at=timezone.now() + span)


def _failed(arrival: Arrival, why: str, after: float = 0) -> None:
    if arrival.attempts >= len(AGAIN):
        _settle(arrival, State.ASIDE, why)
        return
    span = max(AGAIN[arrival.attempts], timedelta(seconds=after))
    Arrival.objects.filter(pk=arrival.pk).update(attempts=F("attempts") + 1, reason=why[:PROBLEM_LENGTH])
    _wait(arrival, span)


def _say(arrival: Arrival, came: Came) -> None:
    """A message of the customer, with the files that may be sent."""
    messenger = arrival.messenger
    if talk := _of_somebody_else(arrival, came):
        _set_aside(arrival, came, talk)
        return
    uploader = Uploader(messenger.workspace, token_hash=_token_hash(messenger, came))
    loads = [(file.name, partial(_fetch, arrival, file)) for file in came.files]
    _post(arrival, came, *arriving.keep(uploader, loads, "The customer's file"))
    _thank(arrival, came)


@transaction.atomic
def _post(arrival: Arrival, came: Came, files: list[UUID], lines: list[str]) -> None:
    conversation = _conversation(arrival, came)
    text = _chosen_by_number(conversation, came.text.strip())
    if came.what is What.EDIT and conversation.messages.filter(author=Message.Author.CUSTOMER, body=text).exists():
        return  # as when only a link's preview has changed
    if text or files:
        services.post_message(
            conversation_id=conversation.id,
            body=arriving.shortened(text),
            client_id=_client_id(arrival),
            files=files,
            token_hash=_token_hash(arrival.messenger, came),
        )
    else:
        services.tell(conversation_id=conversation.id, body=say("unreadable", conversation.language))
    if came.unread:
        lines = [f"The customer sent what can't be taken in here: {came.unread}.", *lines]
    if came.what is What.EDIT:
        lines = ["The customer changed an earlier message.", *lines]
    trying.tell_agents(conversation, *lines)
    _done(arrival, conversation)


def _greet(arrival: Arrival, came: Came) -> None:
    """The customer has opened the chat."""
    with transaction.atomic():
        conversation = _conversation(arrival, came)
        words = arrival.messenger.workspace.greeting or say("hello", conversation.language)
        services.tell(conversation_id=conversation.id, body=words)
        _done(arrival, conversation)


def _press(arrival: Arrival, came: Came) -> None:
    """A button below something that we said."""
    if _of_somebody_else(arrival, came):
        raise Refused("forbidden", "Somebody else than the customer pressed a button.")
    with transaction.atomic():
        conversation = _conversation(arrival, came)
        buttons.press(conversation, came.button, _client_id(arrival))
        _done(arrival, conversation)
    _thank(arrival, came)


def _set_aside(arrival: Arrival, came: Came, talk: Conversation) -> None:
    """Agents read it, the assistant doesn't: it answers the customer alone."""
    text = mask(arriving.shortened(came.text), Rules.of(arrival.messenger.workspace))
    who = _name(arrival.messenger, came) or "Somebody else"
    trying.tell_agents(talk, f"{who} wrote in the customer's thread: {text or came.unread or 'a file'}")


def _note_status(arrival: Arrival, came: Came) -> None:
    """How far a message of ours has come."""
    own = Part.objects.filter(provider_id=came.of, post__conversation__threads=arrival.thread)
    part = own.select_related("post__message", "post__conversation").first()
    if part is None:
        if timezone.now() < arrival.created_at + UNKNOWN_FOR:
            raise NotYet
        return
    outbox.note_status(part.post, came.status, came.why)


def _refuse_group(arrival: Arrival, came: Came) -> None:
    """Once, for its id is the group's."""
    language = came.language or arrival.messenger.workspace.language
    adapter_of(arrival.messenger).send(arrival.messenger, came.address, Piece(say("private_only", language)))


WAYS: dict[What, Callable[[Arrival, Came], None]] = {
    What.MESSAGE: _say,
    What.EDIT: _say,
    What.GREETING: _greet,
    What.CHOICE: _press,
    What.STATUS: _note_status,
    What.GROUP: _refuse_group,
}


def _thread(arrival: Arrival) -> QuerySet[Thread]:
    return Thread.objects.filter(arrivals=arrival)


def _known(arrival: Arrival) -> Conversation | None:
    """As of now, for two that are merged are another one; none of a customer for whom the shop vouches.

    Whoever writes in a messenger has not signed in there, so what agents merged into such a customer's goes on apart.
    """
    thread = _thread(arrival).select_related("conversation__contact", "conversation__workspace").get()
    talk = thread.conversation
    return talk if talk and not talk.contact.is_verified else None


def _of_somebody_else(arrival: Arrival, came: Came) -> Conversation | None:
    """The conversation, where the sender is another than its customer, as in a thread that several people read."""
    talk = _known(arrival)
    if talk is None or talk.contact == arriving.known_contact(talk.workspace, _token_hash(arrival.messenger, came)):
        return None
    return talk


def _conversation(arrival: Arrival, came: Came) -> Conversation:
    """That of the chat; the first time it is made, with the contact."""
    if known := _known(arrival):
        return known
    messenger = arrival.messenger
    language = came.language if came.language in LANGUAGES else ""
    about = {"name": _name(messenger, came), "language": language}
    contact: Contact = arriving.contact_of(messenger.workspace, _token_hash(messenger, came), **about)
    begun = begin_with(contact, channel=messenger.kind, team=messenger.team)
    _thread(arrival).update(conversation=begun)
    return begun


def _done(arrival: Arrival, conversation: Conversation) -> None:
    """In the transaction that has taken it in: it is no more to be done, and answers may go out again."""
    _settle(arrival, State.DONE)
    _thread(arrival).update(heard_at=arrival.created_at)
    if Post.objects.filter(conversation=conversation, state=Post.State.HELD).update(
        state=Post.State.WAITING, due_at=timezone.now()
    ):
        transaction.on_commit(lambda: outbox.queue(conversation.id))


def _chosen_by_number(conversation: Conversation, text: str) -> str:
    """The answer that the customer chose by its number, where numbers were offered."""
    last = conversation.messages.exclude(author=Message.Author.SYSTEM).order_by("seq").last()
    if text.isdecimal() and last and last.author == Message.Author.BOT and 0 < int(text[:6]) <= len(last.choices):
        return str(last.choices[int(text[:6]) - 1])
    return text


def _fetch(arrival: Arrival, file: RemoteFile) -> bytes:
    most = attachments.limit_bytes()
    if file.size > most:
        raise attachments.TooLarge
    _thread(arrival).update(busy_until=timezone.now() + LEASE)
    try:
        return adapter_of(arrival.messenger).fetch(arrival.messenger, file, most)
    except CallFailed as error:
        if error.is_final:
            raise Refused("no_file", str(error)) from error
        raise


def _name(messenger: Messenger, came: Came) -> str:
    try:
        return adapter_of(messenger).name(messenger, came)[:100]
    except CallFailed as error:
        log.warning("name not told", messenger=messenger.pk, error=str(error))
        return came.name[:100]


def _thank(arrival: Arrival, came: Came) -> None:
    """It is saved, so a failure here loses nothing."""
    messenger, talk = arrival.messenger, _known(arrival)
    try:
        adapter_of(messenger).thank(messenger, came, writes=bool(talk and talk.handler == Conversation.Handler.BOT))
    except CallFailed as error:
        log.info("not thanked", messenger=messenger.pk, error=str(error))


def _token_hash(messenger: Messenger, came: Came) -> str:
    return arriving.token_hash(f"{messenger.kind}:{messenger.pk}:{came.sender}")


def _client_id(arrival: Arrival) -> UUID:
    return uuid5(NAMESPACE_URL, f"{arrival.messenger_id}:{arrival.provider_id}")
