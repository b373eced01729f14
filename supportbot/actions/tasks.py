"""Celery's entry points of actions: mail that was written down is sent, also after the mail server was away."""

from __future__ import annotations

import structlog
from django.core.mail import EmailMessage
from django.db import transaction
from django.utils import timezone

from supportbot.actions.models import InvoiceMail
from supportbot.celery import app

log = structlog.get_logger(__name__)
INVOICE = """Invoice {order.invoice_number} of {order.workspace.name}

Order {order.number} of {order.placed_on:%d %B %Y}
{order.items}
Total: {order.currency}{order.total:.2f}
"""


@app.task
def send_invoices() -> None:
    """Send what waits; what the mail server refuses waits for the next time."""
    for mail_id in InvoiceMail.objects.filter(sent_at=None).values_list("id", flat=True)[:200]:
        try:
            _send(mail_id)
        except OSError as error:
            log.warning("invoice not sent; the next round tries again", mail=mail_id, error=repr(error))


def queue_invoices() -> None:
    """Ask a worker; if the queue can't be reached, the timetable does it."""
    try:
        send_invoices.delay()
    except Exception as error:
        log.warning("invoices not queued", error=repr(error))


@transaction.atomic
def _send(mail_id: int) -> None:
    rows = InvoiceMail.objects.select_for_update(of=("self",), skip_locked=True).filter(sent_at=None, id=mail_id)
    if mail := rows.select_related("order__workspace").first():
        order = mail.order
        text = INVOICE.format(order=order)
        EmailMessage(f"Invoice {order.invoice_number}", text, to=[mail.email]).send()
        mail.sent_at = timezone.now()
        mail.save(update_fields=["sent_at"])
