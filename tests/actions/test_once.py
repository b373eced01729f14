"""A change happens once: said twice, in two processes at the same time, and when a process dies in the middle of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.utils import timezone
from pytest_django import Settings

from supportbot.actions import dialogue
from supportbot.actions.dialogue import Step
from supportbot.actions.models import ActionCall, CallbackSlot
from supportbot.knowledge.models import Order
from supportbot.workspaces.models import AuditEntry
from tests.actions.conftest import EMAIL, Chat, Enter, order
from tests.actions.shop_server import Request, ShopServer
from tests.actions.test_custom import own_action
from tests.servers import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parents[2]
WORKER = """
import sys, django
django.setup()
from uuid import UUID
from supportbot.actions.dialogue import Visitor, go_on
go_on(UUID(sys.argv[1]), "yes", Visitor(id="worker"), turn=int(sys.argv[2]))
"""


def agrees(chat: Chat) -> Step | None:
    """A worker writes the reply to the customer's yes, on a connection of its own."""
    try:
        return dialogue.go_on(chat.conversation, "yes", chat.visitor, turn=chat.turn + 2)
    finally:
        connection.close()


def worker(chat: Chat) -> subprocess.Popen[bytes]:
    """A process that writes the reply to the customer's yes."""
    name = str(connection.settings_dict["NAME"])
    url = os.environ["DATABASE_URL"].rsplit("/", 1)[0] + f"/{name}"
    environment = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "supportbot.settings"}
    environment["SUPPORTBOT_OUTGOING_NETWORKS"] = "127.0.0.0/8"
    command = [sys.executable, "-c", WORKER, str(chat.conversation), str(chat.turn + 2)]
    return subprocess.Popen(command, cwd=ROOT, env=environment)


def changes() -> list[str]:
    """The states of the call that the audit log has."""
    return [entry.details["state"] for entry in AuditEntry.objects.filter(action__startswith="action.").order_by("id")]


def test_message_that_is_answered_twice_gets_the_same_answer_and_changes_once(chat: Chat) -> None:
    chat.wants("cancel_order", order_number="10001", email=EMAIL)
    first, second = agrees(chat), agrees(chat)
    assert first and second and (first.text, first.state) == (second.text, second.state)
    assert changes() == ["confirmed", "done"]


def test_two_workers_at_once_change_it_once(chat: Chat, slots: list[CallbackSlot]) -> None:
    chat.wants("cancel_order", order_number="10001", email=EMAIL)
    with ThreadPoolExecutor(4) as pool:
        steps = list(pool.map(agrees, [chat] * 4))
    assert {step.text for step in steps if step} == {"Order 10001 is cancelled. Nothing will be sent."}
    assert changes() == ["confirmed", "done"]


def test_of_two_customers_who_want_one_slot_at_once_one_has_it(enter: Enter, slots: list[CallbackSlot]) -> None:
    customers = [enter(), enter()]
    for customer in customers:
        customer.through("book_callback", "1", "07700 900123")
    with ThreadPoolExecutor(2) as pool:
        steps = list(pool.map(agrees, customers))
    assert sorted(step.state for step in steps if step) == ["collecting", "done"]


def test_start_that_is_repeated_begins_one_call(chat: Chat) -> None:
    first = chat.wants("cancel_order")
    chat.turn -= 2
    assert chat.wants("cancel_order").text == first.text
    assert ActionCall.objects.count() == 1


def test_worker_that_is_killed_before_the_change_leaves_nothing_half_done(chat: Chat) -> None:
    chat.wants("cancel_order", order_number="10001", email=EMAIL)
    with transaction.atomic():
        Order.objects.select_for_update().get(number="10001")
        process = worker(chat)
        wait_until(lambda: _waits_for_the_order(), what="the worker at the order")
        process.kill()
        process.wait()
    wait_until(lambda: chat.call.state == "confirmed", what="the state after the crash")
    assert order("10001").state == "placed"
    step = agrees(chat)
    assert step and (step.state, order("10001").state) == ("done", "cancelled")
    assert changes() == ["confirmed", "done"]


def test_after_a_crash_and_another_message_the_customer_is_asked_again(chat: Chat) -> None:
    chat.wants("cancel_order", order_number="10001", email=EMAIL)
    ActionCall.objects.update(state="confirmed", turn=chat.turn + 2)
    chat.turn += 2
    step = chat.hears("yes\nno wait")
    assert (step.state, "have done nothing yet" in step.text, order("10001").state) == ("proposed", True, "placed")


@pytest.fixture
def deadly_shop(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[ShopServer]:
    """The shop's server; who calls it first is killed before the answer."""
    settings.OUTGOING_NETWORKS = ["127.0.0.0/8", "::1/128"]
    with ShopServer([]) as server:
        server.authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        yield server


def test_worker_that_is_killed_while_it_calls_out_calls_again_with_the_same_id(
    chat: Chat, deadly_shop: ShopServer
) -> None:
    victim: list[subprocess.Popen[bytes]] = []
    started, done_for = threading.Event(), set()

    def kills(request: Request) -> None:
        started.wait(30)
        done_for.add(request.id)
        os.kill(victim[0].pid, signal.SIGKILL)

    def does(request: Request) -> None:
        done_for.add(request.id)
        request.answer(200, '{"done": true}')

    deadly_shop.serves.extend([kills, does])
    own_action(chat.workspace, deadly_shop.address, retries=0)
    chat.through("move_delivery", "Monday", "2")
    victim.append(worker(chat))
    started.set()
    assert victim[0].wait(60) == -signal.SIGKILL
    assert chat.call.state == "confirmed"
    soon = agrees(chat)
    assert soon and soon.hand_off == "failed" and len(deadly_shop.asked) == 1, "the dead one may be at work still"
    ActionCall.objects.update(runs_until=timezone.now() - timedelta(seconds=1))
    step = agrees(chat)
    assert step and step.state == "done"
    assert (len(deadly_shop.asked), done_for) == (2, {str(chat.call.id)})


def _waits_for_the_order() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])
