"""Messages out: whatever is said in a chat of a messenger is written down in the transaction that saves it, sent after.

Of a conversation one post goes after the other, and of a post one piece after the other; which ones are out is kept, so
that a try after a failure goes on behind them. A worker that dies between the two may have a piece sent twice.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urljoin
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from supportbot.celery import app
from supportbot.channels import trying
from supportbot.channels.messengers import buttons
from supportbot.channels.messengers.adapter import Abilities, CallFailed, Enclosure, Piece, WindowClosed
from supportbot.channels.messengers.models import Messenger, Part, Post, Thread
from supportbot.channels.messengers.registry import adapter_of
from supportbot.channels.trying import PROBLEM_LENGTH
from supportbot.chat import services
from supportbot.chat.announcements import Event, Subject
from supportbot.chat.attachments import files
from supportbot.chat.mail import texts
from supportbot.chat.models import Attachment, Conversation, Message, Rating
from supportbot.chat.words import say

log = structlog.get_logger(__name__)
AGAIN = [timedelta(seconds=s) for s in (5, 30, 120, 600, 3600, 14_400)]
LEASE = timedelta(seconds=90)  # for one piece
OVER = "{} takes answers within {} hours of the customer's last message, and these are over."
State = Post.State


def write(event: Event, subject: Subject, **_: Any) -> None:
    """A post for all that the customer is told in a chat, and for the question how it was."""
    if event is Event.MESSAGE_CREATED and isinstance(subject, Message) and subject.author != Message.Author.CUSTOMER:
        _write(subject.conversation, message=subject)
    elif event is Event.CONVERSATION_RESOLVED and isinstance(subject, Conversation) and _asks(subject):
        _write(subject, message=None)


def _asks(conversation: Conversation) -> bool:
    return conversation.asks_rating and not Rating.objects.filter(conversation=conversation).exists()


def _write(conversation: Conversation, *, message: Message | None) -> None:
    if Thread.objects.filter(conversation=conversation).exists():
        Post.objects.create(conversation=conversation, message=message)
        transaction.on_commit(lambda: queue(conversation.id))


def queue(conversation_id: UUID) -> None:
    """Ask a worker; if the queue can't be reached, the sweep asks again."""
    try:
        app.send_task("supportbot.channels.tasks.post", [str(conversation_id)], expires=60)
    except Exception as error:
        log.warning("post not queued", conversation=str(conversation_id), error=repr(error))


def due() -> list[UUID]:
    """The conversations that have something to send now."""
    waiting = Post.objects.filter(state__in=Post.UNSENT, due_at__lte=timezone.now())
    return list(waiting.order_by().values_list("conversation_id", flat=True).distinct()[:500])


def send(conversation_id: UUID) -> None:
    """Send what waits in a conversation, in its order; what fails holds up what comes after it."""
    while post := _claimed(conversation_id):
        if not _try(post):
            return


def send_again(post: Post) -> None:
    """An administrator wants another try of what failed."""
    if trying.send_again(post, post.message):
        transaction.on_commit(lambda: queue(post.conversation_id))


def note_status(post: Post, status: str, why: str) -> None:
    """How far it has come, says the provider."""
    if status == "failed":
        _fail(post, why)
        return
    earlier = [State.SENT, State.DELIVERED] if status == "read" else [State.SENT]
    Post.objects.filter(pk=post.pk, state__in=earlier).update(state=State(status))
    if post.message:
        mark = services.mark_seen if status == "read" else services.mark_received
        mark(conversation_id=post.conversation_id, seq=post.message.seq)


def _claimed(conversation_id: UUID) -> Post | None:
    """The first that is not sent, if its time has come and nobody else tries."""
    rows = Post.objects.filter(conversation=conversation_id, state__in=Post.UNSENT)
    related = ("conversation__contact", "conversation__workspace", "message__user")
    post = rows.select_related(*related).order_by("id").first()
    return post if post and trying.claimed(post, LEASE) else None


def _try(post: Post) -> bool:
    """One try; whether what comes after it may go."""
    if post.message and trying.is_unfinished(post.message):
        trying.wait(post, trying.SOON, attempts=post.attempts - 1)
        return False
    threads = Thread.objects.select_related("messenger__workspace").filter(conversation=post.conversation)
    thread = threads.order_by("-heard_at").first()
    if thread is None:
        _fail(post, "Its messenger was deleted.")
        return True
    messenger = thread.messenger
    try:
        _send(post, thread)
    except WindowClosed as closed:
        return _hold(post, thread, str(closed))
    except CallFailed as error:
        return _failed(post, messenger, error)
    except Exception as error:  # whatever it is, the post must not be tried for ever
        return _failed(post, messenger, CallFailed(repr(error)))
    trying.sent(post)
    if messenger.problem:
        messenger.note_problem("")
    return True


def _send(post: Post, thread: Thread) -> None:
    """The pieces that are not out yet."""
    messenger, adapter = thread.messenger, adapter_of(thread.messenger)
    if not messenger.enabled:
        raise CallFailed(f"{messenger} is disconnected.")
    if messenger.rests_until and (rest := (messenger.rests_until - timezone.now()).total_seconds()) > 0:
        raise CallFailed("The provider wants a pause.", after=rest)
    window = adapter.abilities.window
    if window and (thread.heard_at is None or thread.heard_at < timezone.now() - window):
        raise WindowClosed(OVER.format(messenger.get_kind_display(), window // timedelta(hours=1)))
    out = post.parts.count()
    for number, piece in enumerate(pieces(post, adapter.abilities)):
        if number < out:
            continue
        Post.objects.filter(pk=post.pk).update(due_at=timezone.now() + LEASE)
        provider_id = adapter.send(messenger, thread.address, piece)
        Part.objects.create(post=post, number=number, provider_id=provider_id)


def pieces(post: Post, abilities: Abilities) -> list[Piece]:
    """What goes out as one message each: the text in parts, the last with its buttons, then the files."""
    conversation, message = post.conversation, post.message
    language = conversation.language
    if message is None:
        return [Piece(say("rate", language), buttons.scores(conversation))]
    offered = buttons.below(message, language)
    fits = len(offered) <= abilities.buttons and all(len(button.words) <= abilities.words for button in offered)
    parts = _split(_text(message, language, with_numbers=not fits), abilities.text)
    found = [Piece(part) for part in parts[:-1]]
    found += [Piece(part, offered if fits else ()) for part in parts[-1:]]
    ready = message.attachments.filter(state=Attachment.State.READY)
    return [*found, *(Piece(file=Enclosure(row.name, row.content_type, files.load(row))) for row in ready)]


def _text(message: Message, language: str, *, with_numbers: bool) -> str:
    parts = texts(message, language, names_files=False)
    if with_numbers and message.choices:
        parts.append("\n".join(f"{number}. {words}" for number, words in enumerate(message.choices, start=1)))
    linked: list[dict[str, Any]] = [source for source in message.sources if source.get("url")]
    parts += ["\n".join(f"{one['title']}: {urljoin(settings.SITE_ADDRESS, one['url'])}" for one in linked)]
    return "\n\n".join(filter(None, parts))


def _split(text: str, most: int) -> list[str]:
    """In parts of at most so many characters, between lines or words where that can be."""
    parts = []
    while len(text) > most:
        cut = max(text.rfind("\n", most // 2, most), text.rfind(" ", most // 2, most))
        cut = cut if cut > 0 else most
        parts.append(text[:cut].rstrip())
        text = text[cut:].lstrip()
    return [*parts, text] if text else parts


def _hold(post: Post, thread: Thread, why: str) -> bool:
    """The customer must write first: a template asks for that, once, where there is one."""
    messenger = thread.messenger
    if not messenger.template or post.message is None:
        _fail(post, f"{why} The answer can go out once the customer writes again.")
        return True
    held = Post.objects.filter(conversation=post.conversation, state=State.HELD)
    if not held.exists():
        try:
            adapter_of(messenger).send_template(messenger, thread.address)
        except CallFailed as error:
            return _failed(post, messenger, error)
        line = f"The template {messenger.template} went out. What was written follows when the customer replies."
        trying.tell_agents(post.conversation, f"{why} {line}")
    Post.objects.filter(pk=post.pk).update(state=State.HELD, problem=why[:PROBLEM_LENGTH])
    return True


def _failed(post: Post, messenger: Messenger, error: CallFailed) -> bool:
    why = str(error)
    log.warning("post not sent", post=post.pk, error=why, attempt=post.attempts)
    if error.is_ours:
        messenger.note_problem(why)
    if error.after:
        rest = timedelta(seconds=error.after)
        Messenger.objects.filter(pk=messenger.pk).update(rests_until=timezone.now() + rest)
        trying.wait(post, rest, attempts=post.attempts - 1, problem=why[:PROBLEM_LENGTH])
    elif error.is_final and not error.is_ours or post.attempts > len(AGAIN):
        _fail(post, why)
        return True
    else:
        trying.wait(post, AGAIN[post.attempts - 1], attempts=post.attempts, problem=why[:PROBLEM_LENGTH])
    return False


def _fail(post: Post, why: str) -> None:
    if post.message:
        trying.fail(post, post.message, "A message", why)
    else:
        Post.objects.filter(pk=post.pk).update(state=State.FAILED, problem=why[:PROBLEM_LENGTH])
