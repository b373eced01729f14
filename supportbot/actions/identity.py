"""Whether the customer is who the order belongs to: signed in, or order number and e-mail address that match.

A wrong pair and an unknown order look the same. After a few wrong pairs, from one visitor or about one order or one
address, none is looked at any more for a while.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.core.cache import cache
from django.utils import timezone

from supportbot.actions.models import ActionCall
from supportbot.knowledge.models import Order
from supportbot.workspaces.models import AuditEntry, Workspace

WRONG_PAIRS = 5
FOR = 3600  # seconds
STANDS_FOR = timedelta(hours=1)  # a proof, within its conversation


@dataclass(frozen=True)
class Visitor:
    """Who is in front of the chat. `email` is trusted only where the shop has signed the visitor in."""

    id: str
    email: str = ""
    signed_in: bool = False
    language: str = "en"

    @property
    def known_email(self) -> str:
        """The address that the shop vouches for."""
        return self.email.strip().lower() if self.signed_in else ""


class TooManyWrong(Exception):
    """No pair is looked at any more for a while."""


def proves(workspace: Workspace, visitor: Visitor, order_number: str, email: str) -> bool:
    """Whether the pair belongs together; a wrong one is counted and noted."""
    keys = [_key(workspace, kind, value) for kind, value in _counted(visitor, order_number, email)]
    if any(count >= WRONG_PAIRS for count in cache.get_many(keys).values()):
        raise TooManyWrong
    order = Order.objects.in_workspace(workspace).filter(number=order_number).exclude(email="").first()
    if hmac.compare_digest((order.email if order else "").lower().encode() or b"\0", email.lower().encode()):
        return True
    for key in keys:
        cache.add(key, 0, FOR)
        cache.incr(key)
    AuditEntry.objects.create(workspace=workspace, action="identity.refused", target=order_number)
    return False


def owns(workspace: Workspace, visitor: Visitor, order_number: str) -> bool:
    """Whether a signed-in visitor's own order is meant."""
    rows = Order.objects.in_workspace(workspace).filter(number=order_number, email__iexact=visitor.known_email)
    return bool(visitor.known_email) and rows.exists()


def has_proven(conversation_id: UUID, order_number: str) -> bool:
    """Whether the customer has proven a while ago, in this conversation, that the order is his."""
    calls = ActionCall.objects.filter(conversation_id=conversation_id, by=ActionCall.By.CUSTOMER, is_verified=True)
    return calls.filter(arguments__order_number=order_number, updated_at__gt=timezone.now() - STANDS_FOR).exists()


def _counted(visitor: Visitor, order_number: str, email: str) -> list[tuple[str, str]]:
    return [("visitor", visitor.id), ("order", order_number), ("email", email)]


def _key(workspace: Workspace, kind: str, value: str) -> str:
    return f"identity:{workspace.pk}:{kind}:{hashlib.sha256(value.lower().encode()).hexdigest()}"
