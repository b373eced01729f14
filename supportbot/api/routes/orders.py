"""Orders that the shop pushes, so that the assistant can tell how far they are."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from django.db import transaction
from django.db.models import QuerySet
from ninja import Path, Router, Status
from pydantic import Field

from supportbot.api.access import Call, needs
from supportbot.api.models import Scope
from supportbot.api.pages import At, Email, Page, one, page
from supportbot.api.routes.rows import set_up
from supportbot.api.schemas import Day, In, OneOf, OrderOut
from supportbot.knowledge.models import Order
from supportbot.workspaces.models import Workspace

router = Router(tags=["Orders"])
READ, WRITE = needs(Scope.ORDERS_READ), needs(Scope.ORDERS_WRITE)
Number = Annotated[str, Field(min_length=1, max_length=20, pattern=r"^[A-Za-z0-9][-A-Za-z0-9_.]*$")]


class OrderIn(In):
    """An order as it stands now."""

    state: Annotated[str, OneOf(Order.State)]
    placed_on: Day
    due_on: Day = Field(description="Expected delivery; of a finished order the day it ended")
    items: str = Field(min_length=1, max_length=300, description="A phrase, as 'a Brisk kettle and two pillowcases'")
    total: Decimal = Field(max_digits=10, decimal_places=2, ge=0)
    currency: str = Field("£", min_length=1, max_length=3)
    invoice_number: str = Field(min_length=1, max_length=30)
    email: str = Field("", max_length=254, description="Of the customer; with the number it proves who asks")
    delivery_address: str = Field("", max_length=300)


def orders(call: Call) -> QuerySet[Order]:
    """Those that the key reaches."""
    return Order.objects.in_workspace(call.auth.workspace)


@router.get("/orders", response=Page[OrderOut], operation_id="list_orders", **READ)
def list_orders(request: Call, at: At, email: Email = "") -> dict[str, Any]:
    """The orders, those pushed last first."""
    return page(orders(request).filter(email__iexact=email) if email else orders(request), "-pk", at)


@router.get("/orders/{number}", response=OrderOut, operation_id="get_order", **READ)
def get_order(request: Call, number: Path[Number]) -> Order:
    """One order."""
    return one(orders(request), "order", number=number)


@router.put("/orders/{number}", response={200: OrderOut, 201: OrderOut}, operation_id="put_order", **WRITE)
def put_order(request: Call, number: Path[Number], given: OrderIn) -> Status[Order]:
    """Push an order: it is made, or replaced."""
    workspace = request.auth.workspace
    with transaction.atomic():
        Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)  # of two that push it first, one makes it
        known = orders(request).filter(number=number).first()
        row = set_up(known or Order(workspace=workspace, number=number), given.model_dump())
    return Status(200 if known else 201, row)


@router.delete("/orders/{number}", response={204: None}, operation_id="delete_order", **WRITE)
def delete_order(request: Call, number: Path[Number]) -> None:
    """Delete an order, of which the assistant knows nothing any more."""
    one(orders(request), "order", number=number).delete()
