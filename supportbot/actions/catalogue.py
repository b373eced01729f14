"""Which actions a workspace has, and who may have each done: the built-in ones that it has data for, and its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from django.db import transaction

from supportbot.actions import contact, custom, shop
from supportbot.actions.models import ActionCall, BuiltInUse, CallbackSlot, CustomAction, Use
from supportbot.actions.registry import BUILT_IN, Action, UnknownAction
from supportbot.knowledge.models import Order
from supportbot.workspaces.models import AuditEntry, User, Workspace

__all__ = [
    "actions",
    "contact",
    "every",
    "find",
    "for_intent",
    "is_withheld",
    "look_up_for",
    "note_use",
    "set_use",
    "shop",
]
CUSTOMER = ActionCall.By.CUSTOMER


def every(workspace: Workspace) -> Iterator[Action]:
    """All actions, also those that are off or lack data; one of the workspace's own comes before a built-in one."""
    yield from map(custom.action, CustomAction.objects.in_workspace(workspace))
    uses = dict(BuiltInUse.objects.in_workspace(workspace).values_list("action", "use"))
    for action in BUILT_IN.values():
        yield replace(action, use=uses.get(action.name, action.use))


def lacks(workspace: Workspace) -> dict[str, str]:
    """The built-in actions for which the workspace has no data, each with what there is none of."""
    missing: dict[str, str] = {}
    if not Order.objects.in_workspace(workspace).exists():
        missing |= {action.name: "orders" for action in BUILT_IN.values() if action.needs_order}
    if not CallbackSlot.objects.in_workspace(workspace).exists():
        missing["book_callback"] = "call-back slots"
    return missing


def actions(workspace: Workspace) -> Iterator[Action]:
    """What can be done there, whoever may have it done."""
    missing = lacks(workspace)
    return (action for action in every(workspace) if action.calls_out or action.name not in missing)


def find(workspace: Workspace, name: str, by: str = CUSTOMER) -> Action:
    """The action of this name; UnknownAction if the workspace has none that this person may have done."""
    for action in actions(workspace):
        if action.name == name and action.allows(by):
            return action
    raise UnknownAction(name)


def for_intent(workspace: Workspace, intent: str, *, asks: bool = False) -> str | None:
    """The name of the action to begin for a customer's intent, if there is one; who `asks` wants nothing changed."""
    serving = (action for action in _serving(workspace, intent, asks) if action.is_talked_through)
    return next((action.name for action in serving if action.allows(CUSTOMER)), None)


def look_up_for(workspace: Workspace, intent: str) -> str | None:
    """The name of the action that answers a customer's intent by a look alone, if there is one."""
    serving = (action for action in _serving(workspace, intent, asks=True) if not action.is_talked_through)
    return next((action.name for action in serving if action.allows(CUSTOMER)), None)


def is_withheld(workspace: Workspace, intent: str, *, asks: bool = False) -> bool:
    """Whether the workspace keeps it from the chat: actions serve the intent, and a customer may have none of them."""
    serving = list(_serving(workspace, intent, asks))
    return bool(serving) and not any(action.allows(CUSTOMER) for action in serving)


@transaction.atomic
def set_use(workspace: Workspace, name: str, use: Use, by: User) -> bool:
    """Decide who may have an action done, and tell the audit log; False if it was so before."""
    action = next((action for action in every(workspace) if action.name == name), None)
    if action is None or action.use == use:
        return False
    if action.calls_out:
        CustomAction.objects.in_workspace(workspace).filter(name=name).update(use=use)
    else:
        BuiltInUse.objects.update_or_create(workspace=workspace, action=name, defaults={"use": use})
    note_use(workspace, name, action.use, use, by)
    return True


def note_use(workspace: Workspace, name: str, before: str, use: str, by: User) -> None:
    """Write into the audit log who changed what an action may be used for."""
    details = {"before": before, "use": use}
    AuditEntry.objects.create(workspace=workspace, actor=by, action="action.use", target=name, details=details)


def _serving(workspace: Workspace, intent: str, asks: bool) -> Iterator[Action]:
    return (action for action in actions(workspace) if intent in action.intents and not (asks and action.changes))
