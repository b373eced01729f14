"""Which actions a workspace has: the built-in ones that it has data for, and its own."""

from __future__ import annotations

from collections.abc import Iterator

from supportbot.actions import contact, custom, shop
from supportbot.actions.models import CallbackSlot, CustomAction
from supportbot.actions.registry import BUILT_IN, Action, UnknownAction
from supportbot.knowledge.models import Order
from supportbot.workspaces.models import Workspace

__all__ = ["actions", "contact", "find", "for_intent", "shop"]


def actions(workspace: Workspace) -> Iterator[Action]:
    """All that can be done there; an action of the workspace's own comes before a built-in one."""
    own = CustomAction.objects.in_workspace(workspace).filter(is_active=True)
    yield from map(custom.action, own)
    has_orders = Order.objects.in_workspace(workspace).exists()
    has_slots = CallbackSlot.objects.in_workspace(workspace).exists()
    for action in BUILT_IN.values():
        if (has_orders or not action.needs_order) and (has_slots or action.name != "book_callback"):
            yield action


def find(workspace: Workspace, name: str, by: str = "customer") -> Action:
    """The action of this name; UnknownAction if the workspace has none that this person may trigger."""
    for action in actions(workspace):
        if action.name == name and by in action.who:
            return action
    raise UnknownAction(name)


def for_intent(workspace: Workspace, intent: str) -> str | None:
    """The name of the action that serves a customer's intent, if there is one."""
    served = (action.name for action in actions(workspace) if intent in action.intents and "customer" in action.who)
    return next(served, None)
