"""The built-in actions that need no order: newsletter, call-backs, tasks for a team."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel

from supportbot.actions.models import Callback, CallbackSlot, Subscription, Task
from supportbot.actions.parameters import Email, Phone, Statement, Typed
from supportbot.actions.registry import Action, Case, Refused, Said, register
from supportbot.actions.todo import TITLE_LIMIT
from supportbot.workspaces.models import Team

SLOTS_SHOWN = 6


class Reader(BaseModel):
    """Who reads the newsletter."""

    email: Email


class Appointment(BaseModel):
    """When to call whom."""

    slot: str
    phone: Phone


class Job(BaseModel):
    """What a team has to do."""

    team: str
    subject: Statement


def _proposal(case: Case) -> Said:
    return Said(f"{case.call.action}.propose", dict(case.arguments))


def _done(case: Case) -> Said:
    return Said(f"{case.call.action}.done", dict(case.arguments))


def _subscribe(case: Case) -> Said:
    Subscription.objects.update_or_create(
        workspace=case.workspace, email=case.arguments["email"], defaults={"is_active": True}
    )
    return _done(case)


def _unsubscribe(case: Case) -> Said:
    """Says the same whether the address was on the list or not: nobody learns who reads."""
    Subscription.objects.in_workspace(case.workspace).filter(email=case.arguments["email"]).update(is_active=False)
    return _done(case)


def _free_slots(case: Case) -> Mapping[str, object]:
    """Of times at which several agents are free, one; the next few."""
    shown: dict[object, str] = {}
    for slot in CallbackSlot.free(case.workspace)[:100]:
        shown.setdefault(slot.starts_at, str(slot.id))
    return {slot_id: starts_at for starts_at, slot_id in list(shown.items())[:SLOTS_SHOWN]}


def _slot(case: Case) -> CallbackSlot:
    slot = CallbackSlot.free(case.workspace).filter(id=case.arguments["slot"]).first()
    if slot is None:
        raise Refused(Said("book_callback.taken"), ask="slot")
    return slot


def _demand_free_slot(case: Case) -> None:
    if not CallbackSlot.free(case.workspace).exists():
        raise Refused(Said("book_callback.full"), hand_off="failed")
    if "slot" in case.arguments:
        _slot(case)


def _propose_callback(case: Case) -> Said:
    return Said("book_callback.propose", {**case.arguments, "slot": _slot(case).starts_at})


def _book(case: Case) -> Said:
    # Locked before it is looked up: whoever waited in the look-up itself would see it free, as it was before the wait.
    list(CallbackSlot.objects.select_for_update().filter(id=case.arguments["slot"]))
    slot = _slot(case)
    Callback.objects.create(workspace=case.workspace, slot=slot, call=case.call, phone=case.arguments["phone"])
    return Said("book_callback.done", {**case.arguments, "slot": slot.starts_at})


def _teams(case: Case) -> Mapping[str, object]:
    """Those of the workspace; who has none does everything together."""
    teams = {str(team.pk): team.name for team in Team.objects.in_workspace(case.workspace)}
    return teams or {"": case.workspace.name}


def _team(case: Case) -> tuple[Team | None, str]:
    """The team that was chosen, by its id or, by whoever triggers it, its name; and how it is called."""
    wanted, teams = str(case.arguments["team"]), Team.objects.in_workspace(case.workspace)
    team = teams.filter(pk=wanted).first() if wanted.isdecimal() else teams.filter(name__iexact=wanted).first()
    if team is None and (wanted or teams.exists()):
        raise Refused(Said("ask.team"), ask="team")
    return team, team.name if team else case.workspace.name


def _propose_task(case: Case) -> Said:
    return Said("open_task.propose", {**case.arguments, "team": _team(case)[1]})


def _open_task(case: Case) -> Said:
    call, (team, name) = case.call, _team(case)
    maker = Task.Maker.AGENT if call.by == call.By.AGENT else Task.Maker.BOT
    made = {"call": call, "conversation_id": call.conversation_id, "maker": maker, "made_by": call.user}
    Task.objects.create(workspace=case.workspace, title=case.arguments["subject"][:TITLE_LIMIT], team=team, **made)
    return Said("open_task.done", {"team": name})


register(
    Action(
        "newsletter_subscribe",
        "Subscribe to the newsletter",
        "Puts an address on the list of the newsletter.",
        Typed(Reader),
        _subscribe,
        propose=_proposal,
        needs_identity=False,
        needs_order=False,
        intents=("newsletter_subscribe",),
        verbs=frozenset({"subscribe", "me"}),
    )
)
register(
    Action(
        "newsletter_unsubscribe",
        "Unsubscribe from the newsletter",
        "Takes an address off the list of the newsletter.",
        Typed(Reader),
        _unsubscribe,
        propose=_proposal,
        needs_identity=False,
        needs_order=False,
        intents=("newsletter_unsubscribe",),
        verbs=frozenset({"unsubscribe", "me"}),
    )
)
register(
    Action(
        "book_callback",
        "Book a call-back",
        "Books a free time in which an agent calls.",
        Typed(Appointment),
        _book,
        check=_demand_free_slot,
        propose=_propose_callback,
        choices={"slot": _free_slots},
        needs_identity=False,
        needs_order=False,
        verbs=frozenset({"book", "it", "call", "me"}),
    )
)
register(
    Action(
        "open_task",
        "Open a task for a team",
        "Puts something on the list of a team.",
        Typed(Job),
        _open_task,
        propose=_propose_task,
        choices={"team": _teams},
        needs_identity=False,
        needs_order=False,
    )
)
