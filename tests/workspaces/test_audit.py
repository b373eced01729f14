"""The audit log: what administrators do stands in it, and nobody changes it afterwards."""

from __future__ import annotations

import sqlite3

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client

from supportbot.workspaces import audit
from supportbot.workspaces.models import AuditEntry, Member, User, Workspace
from tests.api.conftest import a_shop

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Workspace:
    """A shop with an agent and an administrator."""
    return a_shop("fennmoor")


@pytest.fixture
def ada(shop: Workspace) -> Client:
    """The administrator's browser."""
    client = Client()
    client.force_login(User.objects.get(email="ada@fennmoor.example"))
    return client


def test_a_change_of_role_and_of_settings_is_told_without_texts(shop: Workspace, ada: Client) -> None:
    maya = Member.objects.get(user__email="maya@fennmoor.example")
    form = {"role": "admin", "capacity": "5", "skills": "[]", "digest": "daily"}
    assert ada.post(f"/admin/workspaces/member/{maya.pk}/change/", form).status_code == 302
    entry = AuditEntry.objects.get(action="member.changed")
    assert (entry.workspace, entry.actor and entry.actor.name, entry.target) == (shop, "Ada Lindqvist", str(maya.pk))
    assert entry.details["role"] == "admin" and "Role" in entry.details["changes"][0]["changed"]["fields"]
    hours = {
        f"{part}-{count}": "0" for part in ("opening_times", "holidays") for count in ("TOTAL_FORMS", "INITIAL_FORMS")
    }
    team = {"workspace": shop.pk, "name": "Returns of Mrs Miller", **hours}
    ada.post("/admin/workspaces/team/add/", team)
    made = shop.teams.get()
    ada.post("/admin/workspaces/team/", {"action": "delete_selected", "_selected_action": made.pk, "post": "yes"})
    told = AuditEntry.objects.in_workspace(shop).filter(action__startswith="team.").order_by("pk")
    assert [entry.action for entry in told] == ["team.added", "team.deleted"]
    assert "Miller" not in str([(entry.target, entry.details) for entry in told])


def test_a_user_s_new_password_is_told_to_every_workspace_of_theirs(shop: Workspace) -> None:
    maya = User.objects.get(email="maya@fennmoor.example")
    Member.objects.create(workspace=a_shop("harbour"), user=maya)
    root = Client()
    root.force_login(User.objects.create_superuser("root@supportbot.example"))
    secret = "quiet-harbour-lantern-47"
    root.post(f"/admin/workspaces/user/{maya.pk}/password/", {"password1": secret, "password2": secret})
    told = AuditEntry.objects.filter(action="user.changed").values_list("workspace__slug", flat=True)
    assert sorted(told) == ["fennmoor", "harbour"]


def test_the_database_refuses_to_change_or_delete_an_entry(shop: Workspace) -> None:
    maya = User.objects.get(email="maya@fennmoor.example")
    entry = AuditEntry.objects.create(workspace=shop, actor=maya, action="label.added")
    ada = User.objects.get(email="ada@fennmoor.example")
    for change in ({"action": "nothing"}, {"actor": ada}, {"details": {"a": 1}}, {"target": "x", "actor": None}):
        with pytest.raises(DatabaseError, match="only be added"), transaction.atomic():
            AuditEntry.objects.filter(pk=entry.pk).update(**change)
    with pytest.raises(DatabaseError, match="only be added"), transaction.atomic():
        entry.delete()
    maya.delete()
    entry.refresh_from_db()
    assert (entry.actor, entry.action) == (None, "label.added")


def test_sqlite_refuses_the_same() -> None:
    """The triggers' words, on a table as SQLite has it."""
    lite = sqlite3.connect(":memory:")
    lite.execute(f"CREATE TABLE {audit.TABLE} (id, workspace_id, actor_id, action, target, details, created_at)")
    lite.execute("CREATE TABLE workspaces_deletion (workspace_number, begun_at, done_at)")
    for event in audit.EVENTS:
        lite.execute(audit.on_sqlite(event))
    lite.execute(f"INSERT INTO {audit.TABLE} VALUES (1, 1, 7, 'label.added', '', '{{}}', '2030-01-31')")
    for change in ("UPDATE {} SET action = 'x'", "UPDATE {} SET actor_id = 8", "DELETE FROM {}"):
        with pytest.raises(sqlite3.DatabaseError, match="only be added"):
            lite.execute(change.format(audit.TABLE))
    lite.execute(f"UPDATE {audit.TABLE} SET actor_id = NULL")
    for number, begun, done in ((2, "now", None), (1, None, None), (1, "then", "now")):
        lite.execute("DELETE FROM workspaces_deletion")
        lite.execute("INSERT INTO workspaces_deletion VALUES (?, ?, ?)", (number, begun, done))
        with pytest.raises(sqlite3.DatabaseError, match="only be added"):
            lite.execute(f"DELETE FROM {audit.TABLE}")
    lite.execute("UPDATE workspaces_deletion SET done_at = NULL")
    assert lite.execute(f"DELETE FROM {audit.TABLE}").rowcount == 1


def test_what_the_migration_makes_can_be_taken_back(shop: Workspace) -> None:
    with connection.cursor() as cursor:
        for statement in audit.postgres(False):
            cursor.execute(statement)
    entry = AuditEntry.objects.create(workspace=shop, action="label.added")
    assert entry.delete()[0] == 1
