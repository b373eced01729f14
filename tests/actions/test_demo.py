"""What the demo shop has for actions, what of it stays, and the mail that an action sends."""

from __future__ import annotations

import re

import pytest
from django.core import mail
from django.core.management import call_command
from django.utils import timezone
from pytest_django import Settings

from supportbot.actions import dialogue, tasks, words
from supportbot.actions.models import CallbackSlot, InvoiceMail
from supportbot.workspaces.models import Workspace
from tests.actions.conftest import EMAIL, Chat, order


def test_demo_has_customers_and_free_times_and_a_second_run_keeps_what_was_changed(db: None) -> None:
    call_command("demo", password="a long password", verbosity=0)
    assert order("10023").email == "customer23@fennmoor.example" and order("10023").delivery_address
    shop = Workspace.objects.get()
    times = [timezone.localtime(slot.starts_at) for slot in CallbackSlot.free(shop)]
    assert len(times) > 30 and all(time.weekday() < 5 for time in times)
    dialogue.trigger(shop, "cancel_order", {"order_number": "10021"}, shop.members.all()[0].user)
    call_command("demo", password="a long password", verbosity=0)
    assert (order("10021").state, order("10031").state) == ("cancelled", "placed")
    assert CallbackSlot.free(shop).count() == len(times)


def test_invoice_is_sent_once_and_after_the_mail_server_was_away(chat: Chat, settings: Settings) -> None:
    chat.through("resend_invoice", "10003", EMAIL, "yes")
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    tasks.send_invoices()
    assert InvoiceMail.objects.get().sent_at is None
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    tasks.send_invoices()
    tasks.send_invoices()
    assert [(letter.to, "FM-210003" in letter.body) for letter in mail.outbox] == [([EMAIL], True)]
    assert InvoiceMail.objects.get().sent_at is not None


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_every_sentence_exists_in_every_language_with_the_same_facts(language: str) -> None:
    english, other = words.sentences("en"), words.sentences(language)
    assert english.keys() == other.keys()
    slots = set(re.findall(r"{(\w+)}", " ".join(english.values())))
    assert all("{" not in words.say(language, name, **dict.fromkeys(slots, 7)) for name in other)


def test_day_and_time_are_written_as_the_language_does() -> None:
    at = timezone.make_aware(timezone.datetime(2026, 11, 25, 10, 15))
    assert words.shown("de", at.date()) == "25. November"
    assert "novembre" in words.shown("fr", at.date()) and "10:15" in words.shown("it", at)
