"""The rule behind `workspaces.limits`: hard limits of the plan. Whoever may not begin anything reads why in words.

Seats and articles are counted at the moment of the question. Conversations and model minutes are asked about on the
way of a message, so the answer is kept for some seconds; a limit may be passed by what begins meanwhile.
"""

from __future__ import annotations

import structlog
from django.core.cache import cache

from supportbot.billing import metering
from supportbot.billing.contract import Contract, contract_of
from supportbot.workspaces.limits import Kind
from supportbot.workspaces.models import Workspace

log = structlog.get_logger(__name__)
KEPT = 30  # seconds
WHERE = "See Plan and usage in the administration."
WORDS = {
    Kind.CONVERSATIONS: "The plan {plan} has {limit} conversations in this period; new ones go to people.",
    Kind.MINUTES: "The plan {plan} has {limit} model minutes in this period; new conversations go to people.",
    Kind.SEATS: "The plan {plan} has {limit} seats, and all are taken or promised. Revoke an invitation, or make "
    "somebody a viewer, who needs none.",
    Kind.KNOWLEDGE: "The plan {plan} has room for {limit} published articles, and so many there are. As a draft it is "
    "kept.",
}


def objection(workspace: Workspace, kind: Kind, more: int) -> str:
    """Why there is no room, in words for an administrator; empty if there is."""
    if kind in metering.HAPPENING:
        return _closed(workspace).get(kind, "")
    contract = contract_of(workspace)
    limit = _limit(contract, kind)
    if limit is None:
        return ""
    promised = metering.invited(workspace) if kind == Kind.SEATS else 0
    is_full = metering.used(workspace, kind, contract.period.start) + promised + more > limit
    return _words(contract, kind, limit) if is_full else ""


def forget(workspace_id: int) -> None:
    """Look anew at the next question."""
    try:
        cache.delete(_name(workspace_id))
    except Exception as error:
        log.warning("limits not forgotten; they are in some seconds", error=repr(error))


def _closed(workspace: Workspace) -> dict[str, str]:
    """The kinds of which nothing new may begin, with the words; without a cache they are reckoned each time."""
    try:
        known: dict[str, str] | None = cache.get(_name(workspace.pk))
        if known is None:
            known = _reckoned(workspace)
            cache.set(_name(workspace.pk), known, KEPT)
    except Exception as error:
        log.warning("limits not kept", error=repr(error))
        return _reckoned(workspace)
    return known


def _reckoned(workspace: Workspace) -> dict[str, str]:
    contract = contract_of(workspace)
    limits = {kind: limit for kind in metering.HAPPENING if (limit := _limit(contract, kind)) is not None}
    start = contract.period.start
    return {
        str(kind): _words(contract, kind, limit)
        for kind, limit in limits.items()
        if metering.used(workspace, kind, start) >= limit
    }


def _limit(contract: Contract, kind: Kind) -> int | None:
    return contract.allowances[kind].hard_limit if kind in contract.allowances else None


def _words(contract: Contract, kind: Kind, limit: int) -> str:
    return f"{WORDS[kind].format(plan=contract.plan, limit=f'{limit:,}')} {WHERE}"


def _name(workspace_id: int) -> str:
    return f"billing:closed:{workspace_id}"
