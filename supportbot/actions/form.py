"""What a call knows of its parameters so far, and how the customer's words get in. Knows no questions and no states."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel

from supportbot.actions import words
from supportbot.actions.identity import Visitor
from supportbot.actions.models import ActionCall
from supportbot.actions.parameters import EMAIL, ORDER_NUMBER, Email, Invalid, OrderNumber, Typed
from supportbot.actions.registry import Action, Case
from supportbot.knowledge.models import Order

OWN_ORDERS = 4
ORDER_WORD = re.compile(r"#|order|pedido|commande|bestell|encomenda|ordine", re.IGNORECASE)


class _Pair(BaseModel):
    order_number: OrderNumber
    email: Email


PAIR = Typed(_Pair)


class Form:
    """The arguments of one call."""

    def __init__(self, call: ActionCall, action: Action, visitor: Visitor) -> None:
        self.call, self.action, self.visitor = call, action, visitor
        self.case = Case(self.call, self.visitor.known_email)
        self._named: list[str] = []  # order numbers, where one was asked for and several were said

    def take(self, name: str, text: str) -> bool:
        """Whether the text has a value of this parameter; it is an argument then."""
        try:
            self._set(name, self._read(name, text))
        except Invalid:
            return False
        return True

    def forget(self, names: Sequence[str]) -> None:
        """These have to be asked for anew."""
        for name in names:
            self.call.arguments.pop(name, None)
        self.case = Case(self.call, self.visitor.known_email)

    def choices(self, name: str) -> dict[str, object]:
        """The values that may be picked, each with what the customer sees."""
        if name in self.action.choices:
            return dict(self.action.choices[name](self.case))
        if name == "order_number":
            return self._orders()
        language = self.visitor.language
        if suggested := self.action.suggestions.get(name):
            return {text: text for text in (words.say(language, key) for key in suggested)}
        options = self.action.parameters.options(name) if name in self.action.parameters.names else ()
        return {option: words.say(language, option) if option in ("yes", "no") else option for option in options}

    def corrects_order(self, text: str) -> bool:
        """Whether the customer names another order instead."""
        before = self.call.arguments.get("order_number")
        if not before or not ORDER_WORD.search(text) or EMAIL.search(text) or "?" in text:
            return False
        others = {match[1] for match in ORDER_NUMBER.finditer(text)} - {before}
        return len(others) == 1 and self.take("order_number", others.pop())

    def _read(self, name: str, text: str) -> Any:
        picked = self._picked(name, text)
        if name in self.action.choices:
            if picked is None:
                raise Invalid("not in the list")
            return picked
        if name == "order_number":
            self._named = list(dict.fromkeys(match[1] for match in ORDER_NUMBER.finditer(text)))[:OWN_ORDERS]
        parameters = self.action.parameters if name in self.action.parameters.names else PAIR
        return parameters.parse(name, picked or text)

    def _orders(self) -> dict[str, object]:
        """Those that the customer named at once, else the newest that are known to be the customer's."""
        if len(self._named) > 1 or not self.visitor.known_email:
            return {number: number for number in self._named}
        orders = Order.objects.in_workspace(self.case.workspace).filter(email__iexact=self.visitor.known_email)
        return {order.number: f"{order.number} ({order.items})" for order in orders.order_by("-placed_on")[:OWN_ORDERS]}

    def _set(self, name: str, value: Any) -> None:
        """Another order has to be proven anew."""
        if name == "order_number" and value != self.call.arguments.get(name):
            self.call.is_verified = False
        self.call.arguments[name] = value
        self.case = Case(self.call, self.visitor.known_email)

    def _picked(self, name: str, text: str) -> str | None:
        """The choice that the customer names by its words, or by its place in a list that changes by the hour."""
        choices = self.choices(name)
        labels = {words.shown(self.visitor.language, label).casefold(): value for value, label in choices.items()}
        wanted = text.strip().rstrip(".").casefold()
        if name in self.action.choices and wanted.isdigit() and 0 < int(wanted) <= len(choices):
            return list(choices)[int(wanted) - 1]
        return labels.get(wanted)
