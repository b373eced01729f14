"""Events reach a real HTTPS server: signed, in order, again after a failure, and never lost or told to others."""

from __future__ import annotations

import html
import json
import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core import mail
from django.db import transaction
from django.test import Client
from django.utils import timezone

from supportbot.api import tasks
from supportbot.api.webhooks import outbox, sending
from supportbot.api.webhooks.models import EVENTS, Delivery, Endpoint
from supportbot.chat import erasing, feedback, services
from supportbot.chat.models import Conversation
from supportbot.workspaces.models import AuditEntry, User, Workspace
from tests.actions.shop_server import says
from tests.actions.test_custom import Start, shop  # noqa: F401  (a fixture)
from tests.api.conftest import a_conversation, a_shop

OK = says(200, "taken")
State = Delivery.State


def listening(workspace: Workspace, address: str, events: list[str] | None = None) -> Endpoint:
    """An address that hears of these events, or of all."""
    endpoint = Endpoint(workspace=workspace, address=address, events=EVENTS if events is None else events)
    endpoint.renew_secret()
    endpoint.save()
    return endpoint


def told(server: Any) -> list[dict[str, Any]]:
    """What the server has heard."""
    return [json.loads(request.raw) for request in server.asked]


def make_due(endpoint: Endpoint) -> None:
    """The waits are over."""
    past = timezone.now() - timedelta(seconds=1)
    Endpoint.objects.filter(pk=endpoint.pk).update(free_at=past)
    Delivery.objects.filter(endpoint=endpoint, state=State.WAITING).update(due_at=past)


def test_a_conversation_is_heard_of_in_order_and_signed(workspace: Workspace, maya: User, shop: Start) -> None:  # noqa: F811
    server = shop(OK)
    endpoint = listening(workspace, server.address)
    talk = a_conversation(workspace)
    services.request_agent(conversation_id=talk.id, client_id=uuid4())
    services.take(conversation_id=talk.id, agent=maya)
    services.resolve(conversation_id=talk.id, agent=maya)
    feedback.rate(conversation_id=talk.id, score=5, comment="")
    services.post_message(conversation_id=talk.id, body="One more thing", client_id=uuid4())
    tasks.send(endpoint.pk)
    heard = [one["type"] for one in told(server)]
    assert [name for name in heard if name != "message.created"] == [
        "conversation.created",
        "conversation.handed_over",
        "conversation.assigned",
        "conversation.resolved",
        "rating.created",
        "conversation.reopened",
    ]
    said = [one["data"]["message"] for one in told(server) if one["type"] == "message.created"]
    assert [one["seq"] for one in said] == list(range(1, len(said) + 1))
    assert said[0]["conversation"] == str(talk.id) and said[0]["author"] == "customer"
    assigned = next(one for one in told(server) if one["type"] == "conversation.assigned")
    assert assigned["workspace"] == "fennmoor"
    assert assigned["data"]["conversation"]["assignee"] == {"id": maya.pk, "name": "Maya Brandt"}
    assert all(request.is_signed_with(endpoint.secret) for request in server.asked)
    assert len({request.id for request in server.asked}) == len(server.asked)
    assert set(Delivery.objects.values_list("state", "attempts")) == {(State.DELIVERED, 1)}


def test_only_what_is_wanted_is_heard_and_only_of_the_own_workspace(workspace: Workspace, maya: User) -> None:
    listening(workspace, "https://shop.example/", ["rating.created"])
    listening(a_shop("other"), "https://other.example/")
    off = listening(workspace, "https://off.example/")
    Endpoint.objects.filter(pk=off.pk).update(is_active=False)
    talk = a_conversation(workspace)
    services.resolve(conversation_id=talk.id, agent=maya)
    assert not Delivery.objects.exists()
    feedback.rate(conversation_id=talk.id, score=5, comment="")
    assert [made.event for made in Delivery.objects.all()] == ["rating.created"]


def test_what_is_not_saved_is_not_told(transactional_db: None) -> None:
    shop_ = a_shop("fennmoor")
    listening(shop_, "https://shop.example/")
    with pytest.raises(RuntimeError), transaction.atomic():
        a_conversation(shop_)
        raise RuntimeError
    assert not Delivery.objects.exists()


def test_a_failure_is_tried_again_under_the_same_id(workspace: Workspace, shop: Start) -> None:  # noqa: F811
    server = shop(says(500, "busy"), says(302, Location="https://elsewhere.example/"), OK)
    endpoint = listening(workspace, server.address)
    outbox.test(endpoint)
    for _ in range(3):
        tasks.send(endpoint.pk)
        tasks.send(endpoint.pk)  # it rests, or has nothing to send: nothing is sent
        assert not sending.due()
        make_due(endpoint)
    delivery = Delivery.objects.get()
    assert (delivery.state, [one["status"] for one in delivery.tries]) == (State.DELIVERED, [500, 302, 200])
    assert delivery.tries[0]["answer"] == "busy" and delivery.tries[0]["error"] == "It answered with 500."
    assert len(server.asked) == 3 and {request.id for request in server.asked} == {str(delivery.pk)}
    assert Endpoint.objects.get().failing_since is None


def test_one_bad_event_does_not_hold_up_the_others(workspace: Workspace, shop: Start) -> None:  # noqa: F811
    server = shop(says(400), OK)
    endpoint = listening(workspace, server.address)
    first, second = outbox.test(endpoint), outbox.test(endpoint)
    tasks.send(endpoint.pk)
    Endpoint.objects.filter(pk=endpoint.pk).update(free_at=None)
    tasks.send(endpoint.pk)
    states = {made.pk: made.state for made in Delivery.objects.all()}
    assert states == {first.pk: State.WAITING, second.pk: State.DELIVERED}


def test_what_fails_to_the_end_is_kept_as_failed(workspace: Workspace, shop: Start) -> None:  # noqa: F811
    endpoint = listening(workspace, shop(says(500)).address)
    outbox.test(endpoint)
    for _ in range(len(sending.AGAIN) + 1):
        make_due(endpoint)
        tasks.send(endpoint.pk)
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempts) == (State.FAILED, 9)
    make_due(endpoint)
    assert not sending.due()


@pytest.mark.parametrize(("status", "days"), [(410, 0), (500, 4)])
def test_an_address_that_is_gone_is_switched_off_and_said(
    workspace: Workspace,
    shop: Start,  # noqa: F811
    django_capture_on_commit_callbacks: Any,
    status: int,
    days: int,
) -> None:
    endpoint = listening(workspace, shop(says(status)).address)
    if days:
        Endpoint.objects.filter(pk=endpoint.pk).update(failing_since=timezone.now() - timedelta(days=days))
    outbox.test(endpoint)
    with django_capture_on_commit_callbacks(execute=True):
        tasks.send(endpoint.pk)
    row = Endpoint.objects.get()
    assert not row.is_active and row.off_because
    assert [(message.to, endpoint.address in message.body) for message in mail.outbox] == [
        (["ada@fennmoor.example"], True)
    ]
    assert AuditEntry.objects.get(action="webhook.switched_off").details["why"] == row.off_because
    make_due(endpoint)
    assert not sending.due()


def test_addresses_inside_are_not_called(workspace: Workspace) -> None:
    endpoint = listening(workspace, "https://127.0.0.1/")
    outbox.test(endpoint)
    tasks.send(endpoint.pk)
    assert "not a public address" in Delivery.objects.get().tries[0]["error"]


def test_what_webhooks_told_of_an_erased_contact_is_erased_too(
    conversation: Conversation, workspace: Workspace
) -> None:
    endpoint = listening(workspace, "https://shop.example/")
    services.request_agent(conversation_id=conversation.id, client_id=uuid4())
    assert Delivery.objects.filter(endpoint=endpoint).count() == 2
    contact = conversation.contact
    number = contact.pk
    erasing.erase_contact(contact)
    left = Delivery.objects.get()
    assert (left.event, left.payload["data"]) == ("contact.erased", {"contact": {"id": number}})


def test_the_log_is_forgotten_after_a_month(workspace: Workspace) -> None:
    endpoint = listening(workspace, "https://shop.example/")
    old = timezone.now() - timedelta(days=31)
    waiting, done = outbox.test(endpoint), outbox.test(endpoint)
    Delivery.objects.update(created_at=old, due_at=timezone.now() + timedelta(days=1))
    Delivery.objects.filter(pk=done.pk).update(state=State.DELIVERED)
    tasks.sweep()
    assert list(Delivery.objects.values_list("pk", flat=True)) == [waiting.pk]


def test_administrators_set_webhooks_up_and_send_again(workspace: Workspace, shop: Start) -> None:  # noqa: F811
    server = shop(says(500), OK)
    admin = Client()
    admin.force_login(User.objects.get(email="ada@fennmoor.example"))

    def shown(path: str, data: dict[str, Any] | None = None) -> str:
        answer = admin.post(f"/admin/api/{path}", data, follow=True) if data else admin.get(f"/admin/api/{path}")
        return html.unescape(answer.content.decode())

    form = {"workspace": workspace.pk, "address": server.address, "description": "ERP", "is_active": "on"}
    form |= {"events": ["message.created", "rating.created"]}
    assert "begins with https://" in shown("endpoint/add/", {**form, "address": "http://shop.example/"})
    assert "not a public address" in shown("endpoint/add/", {**form, "address": "https://10.0.0.1/"})
    page = shown("endpoint/add/", form)
    endpoint = Endpoint.objects.get()
    secret = re.search(r"whsec_[\w+/=]+", page)
    assert secret and secret[0] == endpoint.secret and endpoint.secret not in endpoint.sealed_secret
    change = f"endpoint/{endpoint.pk}/change/"
    assert "A test is on its way" in shown(change, {**form, "api_endpoint_try_it": "1"})
    tasks.send(endpoint.pk)
    assert "failing" in shown("endpoint/")
    assert "Failing. Nothing was taken since" in shown(change)
    log = shown("delivery/")
    assert "webhook.test" in log and "It answered with 500." in log
    delivery = Delivery.objects.get()
    assert "This is a test." in shown(f"delivery/{delivery.pk}/change/")
    Endpoint.objects.update(free_at=None)
    again = {"action": "send_again", "_selected_action": [str(delivery.pk)]}
    assert "1 on their way again." in shown("delivery/", again)
    tasks.send(endpoint.pk)
    assert Delivery.objects.filter(state=State.DELIVERED).count() == 1
    assert {request.is_signed_with(endpoint.secret) for request in server.asked} == {True}
    assert "The secret, shown this once: whsec_" in shown(change, {**form, "api_endpoint_make_secret": "1"})
    assert Endpoint.objects.get().secret != secret[0]
    shown(f"endpoint/{endpoint.pk}/delete/", {"post": "yes"})
    actions = AuditEntry.objects.order_by("pk").values_list("action", flat=True)
    assert [*dict.fromkeys(actions)] == [
        "webhook.made",
        "webhook.changed",
        "webhook.secret_renewed",
        "webhook.deleted",
    ]


def test_administrators_of_another_workspace_see_nothing(workspace: Workspace) -> None:
    endpoint = listening(workspace, "https://shop.example/")
    outbox.test(endpoint)
    a_shop("other")
    admin = Client()
    admin.force_login(User.objects.get(email="ada@other.example"))
    assert "shop.example" not in admin.get("/admin/api/endpoint/").content.decode()
    assert "webhook.test</a>" not in admin.get("/admin/api/delivery/").content.decode()
    assert admin.get(f"/admin/api/endpoint/{endpoint.pk}/change/").status_code == 302
