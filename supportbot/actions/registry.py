"""What an action is, which ones there are, and which of them serves an intent. Knows no dialogue."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from supportbot.actions.models import ActionCall, Use
from supportbot.actions.parameters import Parameters
from supportbot.knowledge.models import Order
from supportbot.workspaces.models import Workspace


class UnknownAction(LookupError):
    """The workspace has no action of this name that this person may trigger."""


@dataclass(frozen=True)
class Said:
    """A sentence of `words` with its slots, or a text of the workspace's own."""

    name: str = ""
    slots: Mapping[str, object] = field(default_factory=dict)
    text: str = ""


class Refused(Exception):
    """The action can't be done, for a reason that the customer is told; `ask` names what to ask for anew."""

    def __init__(self, said: Said, ask: str = "", hand_off: str = "") -> None:
        super().__init__(said.name)
        self.said, self.ask, self.hand_off = said, ask, hand_off


@dataclass
class Case:
    """One call with what its action works on."""

    call: ActionCall
    signed_in_as: str = ""

    @property
    def workspace(self) -> Workspace:
        """Whose action it is."""
        return self.call.workspace

    @property
    def arguments(self) -> dict[str, Any]:
        """What the customer has said so far."""
        arguments: dict[str, Any] = self.call.arguments
        return arguments

    @property
    def customer_email(self) -> str:
        """The address that is proven to be the customer's."""
        return self.signed_in_as or (str(self.arguments.get("email", "")) if self.call.is_verified else "")

    @cached_property
    def order(self) -> Order:
        """The order that the customer named; refused if there is none."""
        rows = Order.objects.in_workspace(self.workspace).select_related("workspace")
        order = rows.filter(number=self.arguments.get("order_number", "")).first()
        if order is None:
            raise Refused(Said("order.unknown"), ask="order_number")
        return order

    def locked_order(self) -> Order:
        """The order, which nobody else may change before this transaction ends."""
        self.order = Order.objects.select_for_update(of=("self",)).select_related("workspace").get(id=self.order.id)
        return self.order


def _nothing(case: Case) -> None:
    """An action that is always possible."""


@dataclass(frozen=True)
class Action:
    """Something that is done for a customer.

    `check` raises Refused when it can't be done; `propose` says what would happen; `perform` does it, in a transaction
    that also notes the call as done, and says what was done. `calls_out` means that it leaves the database instead.
    `choices` are the values of a parameter that change by the hour, each with what the customer picks; `suggestions`
    name sentences of `words` that often answer for a free one.
    """

    name: str
    title: str
    description: str
    parameters: Parameters
    perform: Callable[[Case], Said]
    check: Callable[[Case], None] = _nothing
    propose: Callable[[Case], Said] = lambda case: Said()
    choices: Mapping[str, Callable[[Case], Mapping[str, object]]] = field(default_factory=dict)
    suggestions: Mapping[str, Sequence[str]] = field(default_factory=dict)
    use: str = Use.CHAT
    changes: bool = True
    needs_identity: bool = True
    needs_order: bool = True
    calls_out: bool = False
    intents: Sequence[str] = ()
    verbs: frozenset[str] = frozenset()

    @property
    def is_talked_through(self) -> bool:
        """Whether a dialogue leads to it; what anybody may hear is part of an ordinary answer."""
        return self.changes or self.needs_identity or self.calls_out

    def allows(self, by: str) -> bool:
        """Whether a customer, or an agent, may have it done."""
        return self.use == Use.CHAT or (self.use == Use.AGENTS and by == ActionCall.By.AGENT)


BUILT_IN: dict[str, Action] = {}


def register(action: Action) -> Action:
    """Add a built-in action."""
    BUILT_IN[action.name] = action
    return action
