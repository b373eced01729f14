"""What a workspace is made of: labels, teams, members, canned responses, and the record of who did what."""

from __future__ import annotations

from typing import Annotated, Any

from django.db.models import QuerySet
from ninja import Router
from pydantic import Field

from supportbot.api.access import Call, needs
from supportbot.api.models import Scope
from supportbot.api.pages import At, Email, Id, Page, Word, one, page
from supportbot.api.routes.rows import delete, write
from supportbot.api.schemas import AuditOut, CannedOut, In, LabelOut, MemberOut, OneOf, TeamOut
from supportbot.api.told import fetched
from supportbot.chat import leaving, organising
from supportbot.chat.composing import BODY_LIMIT
from supportbot.chat.models import CannedResponse
from supportbot.chat.sorting import Label
from supportbot.workspaces.models import AuditEntry, Member, Team

router = Router(tags=["Workspace"])
READ, WRITE = needs(Scope.SETTINGS_READ), needs(Scope.SETTINGS_WRITE)


class LabelIn(In):
    """A new label."""

    name: str = Field(min_length=1, max_length=40)
    colour: Annotated[str, OneOf(Label.Colour)] = Label.Colour.GREY.value


class CannedIn(In):
    """A text that all agents may send."""

    code: str = Field(min_length=1, max_length=30, pattern=r"^[-a-zA-Z0-9_]+$", description="What one types after /")
    title: str = Field(min_length=1, max_length=100)
    body: str = Field(min_length=1, max_length=BODY_LIMIT, description="May name {{contact.name}} and other variables")


@router.get("/labels", response=Page[LabelOut], operation_id="list_labels", **READ)
def list_labels(request: Call, at: At) -> dict[str, Any]:
    """The labels that conversations can carry."""
    return page(Label.objects.in_workspace(request.auth.workspace), "pk", at)


@router.post("/labels", response={201: LabelOut}, operation_id="create_label", **WRITE)
def create_label(request: Call, given: LabelIn) -> Label:
    """Define a label; one of that name, in any case of letters, is given as it is."""
    return organising.add_label(workspace=request.auth.workspace, name=given.name, colour=given.colour)


@router.delete("/labels/{label_id}", response={204: None}, operation_id="delete_label", **WRITE)
def delete_label(request: Call, label_id: Id) -> None:
    """Delete a label, which conversations carry no longer."""
    delete(request.auth, one(Label.objects.in_workspace(request.auth.workspace), "label", id=label_id))


@router.get("/teams", response=Page[TeamOut], operation_id="list_teams", **READ)
def list_teams(request: Call, at: At) -> dict[str, Any]:
    """The teams with their people."""
    return page(fetched(Team.objects.in_workspace(request.auth.workspace)), "pk", at)


def shared_texts(call: Call) -> QuerySet[CannedResponse]:
    """Those of everybody; an agent's own are nobody else's."""
    return CannedResponse.objects.in_workspace(call.auth.workspace).filter(owner=None)


@router.get("/canned-responses", response=Page[CannedOut], operation_id="list_canned_responses", **READ)
def list_canned_responses(request: Call, at: At) -> dict[str, Any]:
    """The texts that all agents may send."""
    return page(shared_texts(request), "pk", at)


@router.post("/canned-responses", response={201: CannedOut}, operation_id="create_canned_response", **WRITE)
def create_canned_response(request: Call, given: CannedIn) -> CannedResponse:
    """Add a text for all agents."""
    return write(request.auth, CannedResponse(workspace=request.auth.workspace), given.model_dump())


@router.put("/canned-responses/{response_id}", response=CannedOut, operation_id="replace_canned_response", **WRITE)
def replace_canned_response(request: Call, response_id: Id, given: CannedIn) -> CannedResponse:
    """Change a text of all agents."""
    return write(request.auth, one(shared_texts(request), "canned response", id=response_id), given.model_dump())


@router.delete("/canned-responses/{response_id}", response={204: None}, operation_id="delete_canned_response", **WRITE)
def delete_canned_response(request: Call, response_id: Id) -> None:
    """Delete a text of all agents that no macro sends."""
    delete(request.auth, one(shared_texts(request), "canned response", id=response_id))


def members(call: Call) -> QuerySet[Member]:
    """Those that the key reaches."""
    return Member.objects.in_workspace(call.auth.workspace).select_related("user", "workspace")


@router.get("/members", response=Page[MemberOut], operation_id="list_members", **needs(Scope.MEMBERS_READ))
def list_members(request: Call, at: At, email: Email = "") -> dict[str, Any]:
    """Who works here."""
    rows = members(request)
    return page(rows.filter(user__email=email.lower()) if email else rows, "pk", at)


@router.get("/members/{agent_id}", response=MemberOut, operation_id="get_member", **needs(Scope.MEMBERS_READ))
def get_member(request: Call, agent_id: Id) -> Member:
    """One of them."""
    return one(members(request), "member", user=agent_id)


@router.delete("/members/{agent_id}", response={204: None}, operation_id="remove_member", **needs(Scope.MEMBERS_WRITE))
def remove_member(request: Call, agent_id: Id) -> None:
    """End somebody's access to this workspace, and to keys in their name; their conversations go to the queue."""
    leaving.dismiss(one(members(request), "member", user=agent_id), by=request.auth.user)


@router.get("/audit-log", response=Page[AuditOut], operation_id="list_audit_log", **needs(Scope.AUDIT_READ))
def list_audit_log(request: Call, at: At, action: Word = "") -> dict[str, Any]:
    """Who did what, the newest first."""
    rows = fetched(AuditEntry.objects.in_workspace(request.auth.workspace))
    return page(rows.filter(action=action) if action else rows, "-pk", at)
