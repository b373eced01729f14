"""The sweep, which heals what the queue has lost, and the queue when Redis is down."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.utils import timezone
from redis import Redis as Client

from supportbot.chat import tasks
from supportbot.chat.attempt import Attempt
from supportbot.chat.models import Message
from tests.chat.conftest import Write
from tests.servers import Redis, wait_until


def queued() -> int:
    """How many replies the queue holds."""
    with Client.from_url(settings.REDIS_URL) as redis:
        return int(redis.llen("inference"))


def emptied() -> None:
    """The queue as a Redis that came back empty has it."""
    with Client.from_url(settings.REDIS_URL) as redis:
        redis.flushall()


def age(seconds: float) -> None:
    """Let all messages have been queued that long ago."""
    Message.objects.update(queued_at=timezone.now() - timedelta(seconds=seconds))


def test_accepted_message_is_queued_for_inference(write: Write) -> None:
    emptied()
    write("hello")
    assert queued() == 1


def test_sweep_queues_again_what_was_lost_and_waits_before_the_next_time(write: Write) -> None:
    write("hello")
    emptied()
    tasks.sweep()
    assert queued() == 0, "it may still be on its way"
    age(11)
    tasks.sweep()
    tasks.sweep()
    assert queued() == 1


def test_sweep_leaves_what_somebody_works_on(write: Write) -> None:
    message = write("hello")
    assert Attempt.begin(message.id)
    emptied()
    age(11)
    tasks.sweep()
    assert queued() == 0


def test_message_is_accepted_while_redis_is_down(write: Write, redis_server: Redis) -> None:
    redis_server.kill()
    try:
        message = write("hello")
        assert message.seq == 1 and message.outcome == Message.Outcome.PENDING
    finally:
        redis_server.start()
    wait_until(swept, what="the sweep to reach Redis again")


def swept() -> bool:
    """Whether the sweep of messages that are overdue fills the queue."""
    age(11)
    tasks.sweep()
    return queued() > 0
