"""Parts of the running product crash in the middle of its work: nothing that was accepted is lost or said twice.

In the end every accepted message has exactly one answer or one hand-over, the numbers have no holes, and what the
customer sees is what the database holds.
"""

from __future__ import annotations

import signal

import pytest

from tests.customer import Customer
from tests.servers import wait_until
from tests.stack import Row, ServicesStack

RECOVERY = 90.0  # seconds; includes the start of a worker
FIRST = 10001


@pytest.fixture(autouse=True)
def all_services_run(services_stack: ServicesStack) -> None:
    """What an earlier test has killed and not started again, because it failed."""
    services_stack.revive()


def question(index: int) -> str:
    """A message that the bot answers from an order."""
    return f"where is order {FIRST + index}?"


def messages_of(stack: ServicesStack, customer: Customer) -> list[Row]:
    """The customer's conversation as the database has it."""
    return stack.rows(
        "SELECT message.*, generation.id AS generation_id FROM chat_message message"
        " LEFT JOIN chat_generation generation ON generation.in_reply_to_id = message.id"
        " WHERE message.conversation_id = %s ORDER BY message.seq",
        customer.conversation,
    )


def settled(stack: ServicesStack, customer: Customer, *client_ids: str) -> list[Row]:
    """Wait until every message was accepted and has its outcome, and check that all is as promised; the rows."""
    customer.accepted(*client_ids)

    def is_settled() -> bool:
        rows = messages_of(stack, customer)
        return not any(row["outcome"] == "pending" for row in rows) and customer.complete == len(rows)

    wait_until(is_settled, seconds=RECOVERY, what=f"an outcome of every message; seen: {customer.shown()}")
    rows = messages_of(stack, customer)
    assert [row["seq"] for row in rows] == list(range(1, len(rows) + 1)), "numbers without holes"
    assert customer.shown() == [(row["seq"], row["author"], row["body"]) for row in rows]
    written = [row for row in rows if row["author"] == "customer"]
    assert sorted(str(row["client_id"]) for row in written) == sorted(customer.acks), "each message once"
    assert all(row["outcome"] in ("answered", "handed_off", "by_agent") for row in written)
    check_replies(rows)
    return rows


def check_replies(rows: list[Row]) -> None:
    """Each reply belongs to one message, and answers it and the unanswered ones before it."""
    answered = [row["in_reply_to"] for row in rows if row["author"] == "bot" and row["in_reply_to"]]
    assert len(answered) == len(set(answered)), "no message is answered twice"
    assert answered == [row["seq"] for row in rows if row["generation_id"]]
    last = max(answered, default=0)
    waiting = [row for row in rows if row["author"] == "customer" and row["outcome"] != "by_agent"]
    assert all(row["seq"] <= last for row in waiting), "no message is without an answer or a hand-over"


def ask_until_in_mid_answer(stack: ServicesStack, customer: Customer) -> list[str]:
    """Ask until an answer has begun and is not saved; how fast the bot is must not matter."""
    asked: list[str] = []
    for index in range(4):
        seen = len(customer.heard("reply.chunk"))
        asked.append(customer.write(question(22 + index)))
        customer.until(lambda seen=seen: len(customer.heard("reply.chunk")) > seen, what="the beginning of an answer")
        stack.suspend("worker")
        customer.accepted(*asked)
        if any(row["outcome"] == "pending" for row in messages_of(stack, customer)):
            return asked
        stack.resume("worker")
    raise AssertionError("every answer was saved before the worker could be stopped")


def test_worker_dies_in_mid_answer_and_another_one_answers(services_stack: ServicesStack) -> None:
    with Customer(services_stack.url) as customer:
        asked = ask_until_in_mid_answer(services_stack, customer)
        services_stack.kill("worker")
        services_stack.start_service("worker")
        rows = settled(services_stack, customer, *asked)
        assert rows[-1]["author"] == "bot"


def test_rolling_restart_under_load_loses_nothing_and_begins_nothing_twice(services_stack: ServicesStack) -> None:
    stack, twin = services_stack, f"http://127.0.0.1:{services_stack.ports['web-2']}"
    with Customer(stack.url, twin) as one, Customer(stack.url, twin) as other:
        asked = {customer: [customer.write(question(index))] for index, customer in enumerate((one, other), 12)}
        for name in stack.TWINS:
            stack.start_service(name)
        wait_until(lambda: stack.answers(twin) and stack.takers() == 3, seconds=RECOVERY, what="both twins")
        ask(asked, 14)
        assert stack.terminate("web") == -signal.SIGTERM
        ask(asked, 16)
        assert stack.terminate("worker") == 0
        stack.start_service("web")
        wait_until(stack.answers, seconds=RECOVERY, what="web again")
        ask(asked, 18)
        assert stack.terminate("web-2") == -signal.SIGTERM
        for customer, written in asked.items():
            rows = settled(stack, customer, *written)
            assert max(row["attempts"] for row in rows) == 1, "a reply that was begun was ended"
            assert customer.hung_up and set(customer.hung_up) == {1012}, "the server told them to come back"
    stack.kill("worker-2")


def ask(asked: dict[Customer, list[str]], index: int) -> None:
    """Everybody asks something, and nobody waits for it."""
    for offset, customer in enumerate(asked):
        asked[customer].append(customer.write(question(index + offset)))


def test_message_written_while_no_worker_runs_is_accepted_and_answered_later(services_stack: ServicesStack) -> None:
    services_stack.kill("worker")
    with Customer(services_stack.url) as customer:
        asked = customer.write(question(1))
        customer.accepted(asked)
        assert [row["outcome"] for row in messages_of(services_stack, customer)] == ["pending"]
        services_stack.start_service("worker")
        rows = settled(services_stack, customer, asked)
        assert [row["author"] for row in rows] == ["customer", "bot"]


def test_redis_dies_and_comes_back_empty(services_stack: ServicesStack) -> None:
    with Customer(services_stack.url) as customer:
        before = customer.write(question(2))
        customer.accepted(before)
        services_stack.redis.kill()
        during = customer.write(question(3))
        customer.until(lambda: customer.connections > 2, what="attempts to come back")
        services_stack.redis.start()
        after = customer.write(question(4))
        settled(services_stack, customer, before, during, after)


def test_web_dies_with_messages_under_way(services_stack: ServicesStack) -> None:
    with Customer(services_stack.url) as customer:
        first = customer.write(question(5))
        customer.accepted(first)
        on_their_way = [customer.write(question(6 + index)) for index in range(2)]
        services_stack.kill("web")
        written_offline = customer.write(question(8))
        services_stack.start_service("web")
        settled(services_stack, customer, first, *on_their_way, written_offline)
        assert customer.connections > 1


def test_postgres_restarts_as_after_a_crash(services_stack: ServicesStack) -> None:
    with Customer(services_stack.url) as customer:
        asked = [customer.write(question(9))]
        customer.accepted(*asked)
        services_stack.postgres.stop("immediate")
        asked.append(customer.write(question(10)))
        services_stack.postgres.start()
        asked.append(customer.write(question(11)))
        settled(services_stack, customer, *asked)
