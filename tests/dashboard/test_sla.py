"""What is due in the inbox: told to every agent as it happens, found by a filter, set up by administrators."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from asgiref.sync import sync_to_async
from django.utils import timezone

from supportbot.chat import services, tasks
from supportbot.chat.models import Conversation, SlaPolicy
from supportbot.workspaces.models import User, Workspace
from tests.dashboard.conftest import Sit
from tests.dashboard.test_lists import begin, ids, signed_in


def late(workspace: Workspace, minutes: int) -> Conversation:
    """A customer who has waited that long."""
    conversation = begin(workspace)
    services.request_agent(conversation_id=conversation.id, client_id=uuid4())
    since = timezone.now() - timedelta(minutes=minutes)
    due = since + timedelta(minutes=30)
    Conversation.objects.filter(id=conversation.id).update(waiting_since=since, reply_due_at=due)
    return conversation


def sweep_three(workspace: Workspace) -> tuple[Conversation, Conversation, Conversation]:
    """One that is overdue, one that soon is, and one that has time."""
    SlaPolicy.objects.create(workspace=workspace, name="All", first_minutes=30, in_business_hours=False)
    found = late(workspace, 31), late(workspace, 20), late(workspace, 1)
    tasks.sweep()
    return found


async def test_every_inbox_hears_of_a_breach(maya: User, workspace: Workspace, sit: Sit) -> None:
    inbox = await sit(maya)
    over, _, _ = await sync_to_async(sweep_three)(workspace)
    breach = await inbox.hear("sla.breached")
    facts = {"conversation": str(over.id), "what": "first response", "assignee": None}
    assert facts.items() <= breach.items()
    (row, *_) = await inbox.open(over)
    assert [(due["what"], due["alarm"]) for due in row["conversation"]["due"]] == [("reply", "breached")]


def test_what_is_due_is_found(maya: User, stranger: User, workspace: Workspace) -> None:
    over, soon, _ = sweep_three(workspace)
    assert ids(maya, "all", due="breached") == [str(over.id)]
    assert ids(maya, "all", due="soon") == [str(soon.id)]
    assert set(ids(maya, "all", due=["soon", "breached"])) == {str(over.id), str(soon.id)}
    assert ids(stranger, "all", due=["soon", "breached"]) == []


def test_an_administrator_makes_policies_for_the_own_workspace(ada: User, stranger: User, workspace: Workspace) -> None:
    asked = {"workspace": workspace.pk, "name": "Calm", "first_minutes": 240, "in_business_hours": "on"}
    other = Workspace.objects.get(slug="other")
    admin = signed_in(ada)
    assert admin.post("/admin/chat/slapolicy/add/", {**asked, "workspace": other.pk}).status_code == 200, "not saved"
    assert admin.post("/admin/chat/slapolicy/add/", asked).status_code == 302
    assert [(made.workspace, made.first_minutes) for made in SlaPolicy.objects.all()] == [(workspace, 240)]
    assert signed_in(stranger).get("/admin/chat/slapolicy/").status_code in (302, 403)
