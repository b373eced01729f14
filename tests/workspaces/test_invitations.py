"""People are invited by e-mail, and have the role that was meant for them; owners stay."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from supportbot.workspaces import inviting
from supportbot.workspaces.invitation import LASTS
from supportbot.workspaces.models import AuditEntry, Invitation, Member, Team, User, Workspace
from tests.api.conftest import a_shop
from tests.workspaces.test_second_factor import NEW, link

pytestmark = pytest.mark.django_db
INVITATIONS = "/admin/workspaces/invitation/"


@pytest.fixture
def shop() -> Workspace:
    """A shop with Maya, an agent, and Ada, an administrator."""
    return a_shop("fennmoor")


def browser(name: str) -> Client:
    """Of somebody who is signed in."""
    client = Client()
    client.force_login(User.objects.get(email=f"{name}@fennmoor.example"))
    return client


def invite(
    shop: Workspace, email: str = "Ida@New.example", role: str = "agent", by: str = "ada", **more: object
) -> str:
    """Invite somebody in the admin; what the page says."""
    form = {"workspace": shop.pk, "email": email, "role": role, **more}
    return str(browser(by).post(f"{INVITATIONS}add/", form, follow=True).content.decode())


def place(email: str) -> Member:
    """Where somebody works."""
    return Member.objects.get(user__email=email)


def test_who_is_new_gets_a_name_a_password_and_the_inbox(shop: Workspace) -> None:
    team = Team.objects.create(workspace=shop, name="Returns")
    assert "holds for a week" in invite(shop, teams=[team.pk])
    assert mail.outbox[-1].to == ["ida@new.example"]
    client, opened = Client(), link()
    assert "ida@new.example" in client.get(opened).content.decode()
    poor = client.post(opened, {"name": "Ida Holm", "password1": "ida@new.example", "password2": "ida@new.example"})
    assert poor.status_code == 422 and "too similar" in poor.content.decode() and "Ida Holm" in poor.content.decode()
    answer = client.post(opened, {"name": "Ida Holm", "password1": NEW, "password2": NEW}, follow=True)
    assert answer.redirect_chain == [("/inbox/?workspace=fennmoor", 302)] and "Ida Holm" in answer.content.decode()
    ida = place("ida@new.example")
    assert ida.role == "agent" and list(ida.teams.all()) == [team]
    told = {entry.action: entry for entry in AuditEntry.objects.filter(action__startswith="invitation.")}
    assert told["invitation.added"].actor == User.objects.get(email="ada@fennmoor.example")
    assert told["invitation.accepted"].details == {"role": "agent", "email": "ida@new.example"}
    assert Client().get(opened).status_code == 404, "it opens once"
    assert "works here already" in invite(shop)


def test_who_has_an_account_signs_in_and_nobody_else_can_use_the_link(shop: Workspace) -> None:
    a_shop("harbour")
    invite(shop, "maya@harbour.example", "viewer")
    opened = link()
    assert "Sign in as" in Client().get(opened).content.decode()
    stranger = browser("maya")
    assert "signed in as maya@fennmoor.example" in stranger.post(opened).content.decode()
    client = Client()
    client.force_login(User.objects.get(email="maya@harbour.example"))
    page = client.post(opened, follow=True).content.decode()
    assert '<option value="harbour"' in page and '<option value="fennmoor" selected' in page
    assert shop.members.get(user__email="maya@harbour.example").role == "viewer"


def test_a_link_is_void_once_it_was_sent_anew_revoked_or_is_old(shop: Workspace) -> None:
    invite(shop)
    first, row, ada = link(), Invitation.objects.get(), browser("ada")
    ada.post(INVITATIONS, {"action": "send_again", "_selected_action": row.pk})
    second = link()
    assert (Client().get(first).status_code, Client().get(second).status_code) == (404, 200)
    assert Client().get(f"{second[:-2]}x/").status_code == 404
    row.refresh_from_db()
    Invitation.objects.update(sent_at=timezone.now() - LASTS - timedelta(hours=1))
    assert Client().get(second).status_code == 404
    Invitation.objects.update(sent_at=row.sent_at)
    ada.post(f"{INVITATIONS}{row.pk}/delete/", {"post": "yes"})
    assert Client().get(second).status_code == 404
    assert AuditEntry.objects.get(action="invitation.deleted").details["email"] == "ida@new.example"


def test_a_workspace_sends_only_so_many(shop: Workspace) -> None:
    invite(shop)
    row, ada = Invitation.objects.get(), browser("ada")
    again = {"action": "send_again", "_selected_action": row.pk}
    for _ in range(inviting.MOST - 1):
        inviting.pace.counted(f"invitations:{shop.pk}", inviting.WITHIN)
    assert "many invitations" in ada.post(INVITATIONS, again, follow=True).content.decode()
    assert len(mail.outbox) == 1


def test_only_owners_make_and_unmake_owners_and_one_stays(shop: Workspace) -> None:
    ada, maya = (shop.members.get(user__email=f"{name}@fennmoor.example") for name in ("ada", "maya"))

    def change(member: Member, role: str, by: str) -> str:
        form = {"role": role, "capacity": 5, "skills": "[]", "digest": "off", "back_at_0": "", "back_at_1": ""}
        return str(
            browser(by).post(f"/admin/workspaces/member/{member.pk}/change/", form, follow=True).content.decode()
        )

    assert "at least one administrator" in change(ada, "agent", "ada")
    assert "Only an owner decides" in change(maya, "owner", "ada") and "Only an owner" in invite(shop, role="owner")
    Member.objects.filter(pk=maya.pk).update(role="owner")
    assert "Only an owner decides" in change(maya, "agent", "ada")
    assert "at least one owner" in change(maya, "admin", "maya")
    page = browser("maya").post(f"/admin/workspaces/member/{maya.pk}/delete/", {"post": "yes"}).content.decode()
    assert "at least one owner" in page and Member.objects.filter(pk=maya.pk).exists()
    change(ada, "owner", "maya")
    change(maya, "agent", "ada")
    ada.refresh_from_db(), maya.refresh_from_db()
    assert (ada.role, maya.role) == ("owner", "agent")
