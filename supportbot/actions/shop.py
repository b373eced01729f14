"""The built-in actions on a shop's orders: what each needs, when it can't be done, and how it is done.

`knowledge.order_words` says the same rules in a reply: an order can be changed until it is packed, and sent back within
the time for returns after its delivery.
"""

from __future__ import annotations

import re
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from pydantic import BaseModel

from supportbot.actions import tasks
from supportbot.actions.models import InvoiceMail, Return
from supportbot.actions.parameters import Address, OrderNumber, Statement, Typed
from supportbot.actions.registry import Action, Case, Refused, Said, register
from supportbot.knowledge.models import Order

State = Order.State
CHANGEABLE = {State.PLACED}
WHY_NOT = {State.PACKING: "packing", State.SHIPPED: "shipped", State.LATE: "shipped", State.DELIVERED: "delivered"}
RETURN_DAYS = 30  # where the workspace's setting names no number


class OfOrder(BaseModel):
    """Nothing but an order."""

    order_number: OrderNumber


class NewAddress(OfOrder):
    """Where it shall go."""

    address: Address


class Reason(OfOrder):
    """Why it comes back."""

    reason: Statement


def _order(order: Order) -> dict[str, object]:
    slots = order.slots()
    return {
        "number": order.number,
        "day": order.due_on,
        "placed": order.placed_on,
        "items": slots["order_items"],
        "total": slots["order_total"],
        "invoice": order.invoice_number,
        "days": _return_days(order),
    }


def _return_days(order: Order) -> int:
    number = re.match(r"\d+", order.workspace.settings.get("return_days", ""))
    return int(number[0]) if number else RETURN_DAYS


def _demand_order(case: Case) -> None:
    _ = case.order  # refuses where there is none


def _demand_changeable(case: Case) -> None:
    if case.order.state not in CHANGEABLE:
        why = WHY_NOT.get(State(case.order.state), "over")
        raise Refused(Said(f"{case.call.action}.{why}", _order(case.order)))


def _proposal(case: Case) -> Said:
    slots = _order(case.order) | {
        name: case.arguments[name] for name in ("address", "reason") if name in case.arguments
    }
    return Said(f"{case.call.action}.propose", slots | {"email": _masked(case.order.email)})


def _status(case: Case) -> Said:
    return Said(f"status.{case.order.state}", _order(case.order))


def _details(case: Case) -> Said:
    return Said("order_details.done", _order(case.order))


def _refund(case: Case) -> Said:
    state = case.order.state
    known = state in (State.CANCELLED, State.REFUND_PENDING, State.REFUND_PAID)
    return Said(f"refund.{state if known else 'none'}", _order(case.order))


def _cancel(case: Case) -> Said:
    order = case.locked_order()
    _demand_changeable(case)
    order.state, order.due_on = State.CANCELLED, timezone.localdate()
    order.save(update_fields=["state", "due_on"])
    return Said("cancel_order.done", _order(order))


def _change_address(case: Case) -> Said:
    order = case.locked_order()
    _demand_changeable(case)
    order.delivery_address = case.arguments["address"]
    order.save(update_fields=["delivery_address"])
    return Said("change_address.done", _order(order) | {"address": order.delivery_address})


def _demand_returnable(case: Case) -> None:
    order = case.order
    if open_one := Return.objects.filter(order=order).first():
        raise Refused(Said("start_return.open", _order(order) | {"return_number": open_one.number}))
    if order.state in (State.CANCELLED, State.REFUND_PENDING, State.REFUND_PAID):
        raise Refused(Said("start_return.over", _order(order)))
    if order.state != State.DELIVERED:
        raise Refused(Said("start_return.not_delivered", _order(order)))
    if timezone.localdate() > order.due_on + timedelta(days=_return_days(order)):
        raise Refused(Said("start_return.too_late", _order(order)))


def _start_return(case: Case) -> Said:
    order = case.locked_order()
    _demand_returnable(case)
    begun = Return.objects.create(
        workspace=case.workspace,
        order=order,
        call=case.call,
        number=f"R-{order.number}",
        reason=case.arguments["reason"],
    )
    return Said("start_return.done", _order(order) | {"return_number": begun.number})


def _resend_invoice(case: Case) -> Said:
    order = case.order
    InvoiceMail.objects.create(workspace=case.workspace, order=order, call=case.call, email=order.email)
    transaction.on_commit(tasks.queue_invoices)
    return Said("resend_invoice.done", _order(order) | {"email": _masked(order.email)})


def _demand_email(case: Case) -> None:
    if not case.order.email:
        raise Refused(Said("agent.only"), hand_off="failed")


def _masked(email: str) -> str:
    """Enough to know it again, not enough to learn it."""
    name, _, host = email.partition("@")
    return f"{name[:1]}…@{host}"


register(
    Action(
        "order_status",
        "Order status",
        "Says where an order is.",
        Typed(OfOrder),
        _status,
        changes=False,
        needs_identity=False,
        check=_demand_order,
        intents=("track_order", "late_parcel", "order_confirmation"),
    )
)
register(
    Action(
        "order_details",
        "Order details",
        "Says what was ordered, when, and what it cost.",
        Typed(OfOrder),
        _details,
        changes=False,
        intents=("order_details",),
    )
)
register(
    Action(
        "refund_status",
        "Refund status",
        "Says where the refund of an order stands.",
        Typed(OfOrder),
        _refund,
        changes=False,
        intents=("refund_status",),
    )
)
register(
    Action(
        "cancel_order",
        "Cancel an order",
        "Cancels an order that is not being packed yet.",
        Typed(OfOrder),
        _cancel,
        check=_demand_changeable,
        propose=_proposal,
        intents=("cancel_order",),
        verbs=frozenset(
            [
                "cancel",
                "it",
                "the",
                "my",
                "order",
                "storniere",
                "stornieren",
                "annulez",
                "annule",
                "cancélelo",
                "cancele",
                "annulli",
            ]
        ),
    )
)
register(
    Action(
        "change_address",
        "Change a delivery address",
        "Sends an order that is not being packed yet to another address.",
        Typed(NewAddress),
        _change_address,
        check=_demand_changeable,
        propose=_proposal,
        intents=("change_address",),
    )
)
register(
    Action(
        "start_return",
        "Start a return",
        "Opens the return of a delivered order.",
        Typed(Reason),
        _start_return,
        check=_demand_returnable,
        propose=_proposal,
        suggestions={"reason": ("reason.damaged", "reason.wrong", "reason.different", "reason.unneeded")},
        intents=("start_return",),
    )
)
register(
    Action(
        "resend_invoice",
        "Resend an invoice",
        "Sends the invoice of an order once more, to the address of the order.",
        Typed(OfOrder),
        _resend_invoice,
        check=_demand_email,
        propose=_proposal,
        intents=("get_invoice",),
        verbs=frozenset({"send", "it", "the", "invoice"}),
    )
)
