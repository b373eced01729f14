"""Celery's entry points and the one way into its queue. Rules live in `assistant`."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from datetime import timedelta
from uuid import UUID

import structlog
from celery.signals import worker_ready
from django.conf import settings
from django.db import DatabaseError, connections
from django.db.models import Q
from django.utils import timezone

from supportbot.celery import app
from supportbot.chat import (
    assignment,
    assistant,
    breaches,
    counting,
    digest,
    mail,
    organising,
    rewriting,
    sending,
    suggesting,
    transcript_mail,
    whatif,
)
from supportbot.chat.attachments import service as attachments
from supportbot.chat.authoring import writing as authoring
from supportbot.chat.models import Conversation, Message
from supportbot.chat.translation import service as translation
from supportbot.chat.versions import comparing, learning
from supportbot.telemetry import metrics

log = structlog.get_logger(__name__)
OVERDUE = timedelta(seconds=10)
FOLLOW_EVERY = 2.0  # seconds until a worker notices another model


@app.task(expires=120)
def write_reply(message_id: str) -> None:
    """Answer a customer's message, then what was written meanwhile."""
    if later := assistant.write_reply(UUID(message_id)):
        queue_reply(later)


@app.task(expires=600)
def suggest(conversation_id: str) -> None:
    """Add the suggestions to the summary of a conversation that was handed off."""
    model = assistant.engine()
    with suppress(Conversation.DoesNotExist):  # its customer had it deleted meanwhile
        suggesting.complete_summary(UUID(conversation_id), model.embed, model.find_answers)


@app.task(expires=120)
def explore(what_if_id: int) -> None:
    """Write a reply again without some experts, for an administrator."""
    whatif.complete(what_if_id, rewriting.rewrite)


@app.task
def compare(comparison_id: int) -> None:
    """Have two versions answer the latest questions again."""
    comparing.run(comparison_id, assistant.engines.borrowed, rewriting.answer_again)


@app.task
def learn(training_id: int) -> None:
    """Have a new expert learn a category."""
    learning.run(training_id)


@app.task(expires=120)
def translate(translation_id: int) -> None:
    """Add a message's translation."""
    translation.complete(translation_id)


@app.task(expires=120)
def scan(attachment_id: str) -> None:
    """Check a file for viruses."""
    attachments.scan(UUID(attachment_id))


@app.task
def send_email(conversation_id: str) -> None:
    """Send an agent's answers by e-mail."""
    mail.send(UUID(conversation_id))


@app.task
def send_digest(member_id: int) -> None:
    """Tell an agent who is away what waits."""
    digest.send(member_id)


@app.task(expires=60)
def deliver(conversation_id: str) -> None:
    """Send what agents can no longer take back."""
    with suppress(Conversation.DoesNotExist):  # its customer had it deleted meanwhile
        sending.deliver(UUID(conversation_id))


@app.task
def send_transcript(mail_id: int) -> None:
    """Send a conversation that its customer wants."""
    transcript_mail.send(mail_id)


@app.task
def sweep() -> None:
    """Queue again what was accepted and nobody works on; send, translate, wake, assign, warn what is due."""
    now = timezone.now()
    unclaimed = Q(conversation__claimed_until=None) | Q(conversation__claimed_until__lt=now)
    waiting = Message.objects.filter(outcome=Message.Outcome.PENDING, queued_at__lt=now - OVERDUE)
    for message_id in waiting.filter(unclaimed).values_list("id", flat=True)[:500]:
        queue_reply(message_id)
    for translation_id in translation.due():
        translation.queue(translation_id)
    for conversation_id in sending.due():
        deliver.delay(str(conversation_id))
    for conversation_id in mail.due():
        send_email.delay(str(conversation_id))
    for mail_id in transcript_mail.due():
        send_transcript.delay(mail_id)
    for attachment_id in attachments.sweep():
        scan.delay(str(attachment_id))
    for member_id in digest.due():
        send_digest.delay(member_id)
    authoring.queue_due()
    organising.wake_due()
    assignment.assign_waiting()
    breaches.raise_alarms()


@worker_ready.connect
def warm_up(**_: object) -> None:
    """Tell metrics; in a worker that replies, load the engine before a customer waits, and any promoted later."""
    metrics.serve(settings.METRICS, counting.EngineLoad(assistant.loaded))
    if "inference" in app.amqp.queues.consume_from:
        threading.Thread(target=_follow_for_ever, name="follow", daemon=True).start()


def _follow_for_ever() -> None:
    """Each look is a thread that Python's end waits for: one that is stopped in native code aborts the process."""
    while True:
        look = threading.Thread(target=_follow, name="warm-up")
        look.start()
        look.join()
        time.sleep(FOLLOW_EVERY)


def _follow() -> None:
    try:
        assistant.follow()
    except DatabaseError:
        log.warning("not known which model is to answer; looking again", exc_info=True)
    finally:
        connections.close_all()


def queue_reply(message_id: UUID) -> None:
    """Ask a worker for a reply; if the queue can't be reached, the sweep asks again."""
    Message.objects.filter(id=message_id).update(queued_at=timezone.now())
    try:
        write_reply.delay(str(message_id))
    except Exception as error:
        log.warning("reply not queued", message=str(message_id), error=repr(error))
