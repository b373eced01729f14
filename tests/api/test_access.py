"""Keys: made and revoked by administrators, valid for a time, limited in each minute."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from supportbot.api.models import ApiKey
from supportbot.workspaces.models import AuditEntry, Member, User, Workspace
from tests.api.conftest import Machine, a_shop, machine

ADD = "/admin/api/apikey/add/"


@pytest.fixture
def admin(workspace: Workspace) -> Client:
    """The administrator's browser."""
    client = Client()
    client.force_login(User.objects.get(email="ada@fennmoor.example"))
    return client


def made(workspace: Workspace, **fields: object) -> dict[str, object]:
    """The admin's form."""
    member = workspace.members.get(user__email=f"maya@{workspace.slug}.example")
    form = {"workspace": workspace.pk, "member": member.pk, "name": "Warehouse", "scopes": ["orders:write"]}
    return {**form, "per_minute": 300, "expires_at_0": "", "expires_at_1": "", **fields}


def test_a_new_key_is_shown_once_and_stored_hashed(admin: Client, workspace: Workspace) -> None:
    page = admin.post(ADD, made(workspace), follow=True).content.decode()
    key = re.search(r"sk_[\w-]{43}", page)
    assert key
    row = ApiKey.objects.get()
    assert key[0] not in (row.start, row.token_hash) and key[0].startswith(row.start)
    again = admin.get(f"/admin/api/apikey/{row.pk}/change/").content.decode()
    assert key[0] not in again and row.start in again
    answer = Machine(row, key[0]).get("orders")
    assert (answer.status_code, answer.json()["detail"]) == (403, "This key lacks the scope orders:read.")
    entry = AuditEntry.objects.get(action="api_key.made")
    assert entry.actor == User.objects.get(email="ada@fennmoor.example")
    assert entry.details["scopes"] == ["orders:write"]


def test_a_key_is_of_one_workspace_with_its_member(admin: Client, workspace: Workspace) -> None:
    other = a_shop("other")
    for wrong in (made(workspace, member=other.members.get(role=Member.Role.AGENT).pk), made(other)):
        assert admin.post(ADD, wrong).status_code == 200, "not saved"
    assert admin.post(ADD, made(workspace, scopes=[])).status_code == 200, "not saved"
    assert not ApiKey.objects.exists()


def test_a_revoked_key_opens_nothing(admin: Client, workspace: Workspace, robot: Machine) -> None:
    assert robot.get("labels").status_code == 200
    assert ApiKey.objects.get().last_used_at
    address = f"/admin/api/apikey/{robot.key.pk}/change/"
    admin.post(address, made(workspace, api_apikey_revoke="1"))
    assert robot.get("labels").json()["code"] == "no_key"
    assert "revoked" in admin.get(address).content.decode()
    assert AuditEntry.objects.filter(action="api_key.revoked").count() == 1
    assert admin.post(f"/admin/api/apikey/{robot.key.pk}/delete/", {"post": "yes"}).status_code == 403


def test_a_key_ends_with_its_time_and_with_its_member(workspace: Workspace, maya: User) -> None:
    old = machine(workspace, expires_at=timezone.now() - timedelta(seconds=1))
    assert old.get("labels").status_code == 401
    robot = machine(workspace, expires_at=timezone.now() + timedelta(days=1))
    assert robot.get("labels").status_code == 200
    User.objects.filter(pk=maya.pk).update(is_active=False)
    assert robot.get("labels").status_code == 401


def test_a_key_in_the_name_of_a_viewer_only_reads(workspace: Workspace) -> None:
    robot = machine(workspace)
    workspace.members.filter(pk=robot.key.member_id).update(role=Member.Role.VIEWER)
    assert robot.get("labels").status_code == 200
    refused = robot.post("labels", {"name": "late", "colour": "red"})
    assert (refused.status_code, refused.json()["code"]) == (403, "view_only")


def test_each_answer_tells_what_is_left_until_nothing_is(workspace: Workspace) -> None:
    for _ in range(2):  # of two tries one at most meets the end of a minute
        robot = machine(workspace, per_minute=2)
        *left, refused = [robot.get("labels") for _ in range(3)]
        if refused.status_code == 429:
            break
    told = [re.fullmatch(r'"key";r=(\d);t=\d+', answer.headers["RateLimit"]) for answer in left]
    assert [found and found[1] for found in told] == ["1", "0"]
    assert refused.status_code == 429
    assert refused.headers["RateLimit-Policy"] == '"key";q=2;w=60'
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert machine(workspace).get("labels").status_code == 200, "another key has a limit of its own"
