"""The deletion of a workspace: closed at once, undone within days, then gone from everywhere, with a proof of it."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core import mail
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import DatabaseError, models, transaction
from django.test import Client
from django.utils import timezone

from supportbot.chat.models import Attachment, Contact, ExpertTraining, Message, Serving
from supportbot.chat.versions import learning, registry, serving
from supportbot.offboarding import deleting, leftovers, tasks
from supportbot.workspaces.models import AuditEntry, Deletion, Member, User, Workspace
from tests.api.conftest import machine
from tests.isolation.rows import Rows, snapshot
from tests.offboarding.conftest import signed_in


def asked(owner: Client, rows: Rows) -> Deletion:
    """The owner has the workspace deleted."""
    path = f"/admin/data/{rows.workspace.slug}/delete/"
    assert owner.post(path, {"name": f"not {rows.workspace.name}"}).status_code == 422
    assert owner.post(path, {"name": rows.workspace.name})["Location"] == "/closed/"
    return Deletion.objects.get()


def due(deletion: Deletion) -> str:
    """The days to think it over have passed."""
    Deletion.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    return str(deletion.pk)


def verified(deletion: Deletion, folder: Path) -> str:
    """What `verify_deletion` says of the certificate, as anybody can download it."""
    certificate = folder / "certificate.json"
    certificate.write_bytes(Client().get(f"/deletions/{deletion.pk}/certificate.json").content)
    said = (folder / "said").open("w+")
    call_command("verify_deletion", str(certificate), stdout=said)
    said.seek(0)
    return said.read()


def a_version(training: ExpertTraining) -> str:
    """A checkpoint that has learnt from the workspace, which answers everybody."""
    folder = learning.folder_of(training)
    folder.mkdir(parents=True)
    for name in (registry.WEIGHTS, registry.CARD, registry.TRIAGE):
        (folder / name).write_text(f"{name} of no meaning")
    version = registry.version_at(folder)
    ExpertTraining.objects.filter(pk=training.pk).update(version=version, state=ExpertTraining.State.DONE)
    Serving.objects.create(step=Serving.Step.PROMOTED, version=version, before=serving.standing())
    assert serving.standing() == version
    return version


def test_a_workspace_is_closed_at_once_and_opened_again(shop: Rows, other: Rows) -> None:
    owner, agent, robot = signed_in(shop.admin), signed_in(shop.agent), machine(shop.workspace)
    key, before = shop.workspace.key, snapshot(shop.workspace)
    assert agent.post("/admin/data/fennmoor/delete/", {"name": "Fennmoor"}, follow=True).status_code == 403
    assert signed_in(other.admin).post("/admin/data/fennmoor/delete/", {"name": "Fennmoor"}).status_code == 404
    stale = Client()
    stale.force_login(shop.admin)
    assert stale.post("/admin/data/fennmoor/delete/", {"name": "Fennmoor"})["Location"].startswith("/account/confirm/")
    shown = owner.get("/admin/data/fennmoor/delete/").content.decode()
    assert "Type <strong>Fennmoor</strong>" in shown and "For 7 days an owner can undo that" in shown
    deletion = asked(owner, shop)
    assert sorted(letter.to[0] for letter in mail.outbox) == ["ada@fennmoor.example"]
    assert f"/deletions/{deletion.pk}/" in mail.outbox[0].body
    for client, words in ((owner, "Open it again"), (agent, "one of its owners can open it again")):
        assert words in client.get("/inbox/", follow=True).content.decode()
        assert client.get("/admin/", follow=True).redirect_chain[-1][0] == "/closed/"
    refused = robot.get("conversations")
    assert (refused.status_code, refused.json()["code"]) == (403, "workspace_closed")
    assert Client().get(f"/widget/{key}/start.json").status_code == 410
    assert Client().get("/help/fennmoor/").status_code == 404
    assert agent.post("/closed/fennmoor/open/").status_code == 403
    tasks.delete_workspace(str(deletion.pk))
    assert "To come" in Client().get(f"/deletions/{deletion.pk}/").content.decode()
    assert Client().get(f"/deletions/{deletion.pk}/certificate.json").status_code == 404
    assert "is open again" in owner.post("/closed/fennmoor/open/", follow=True).content.decode()
    after = snapshot(shop.workspace)
    told = {"AuditEntry", "Workspace", "User", "Member", "ApiKey", "ExpertTraining"}
    assert {name: rows for name, rows in after.items() if name not in told} == {
        name: rows for name, rows in before.items() if name not in told
    }
    assert robot.get("conversations").status_code == 200 and agent.get("/inbox/").status_code == 200
    assert not Deletion.objects.exists() and Client().get(f"/deletions/{deletion.pk}/").status_code == 404


def test_nothing_is_left_and_it_is_proven_though_a_worker_was_stopped(
    database: str, shop: Rows, other: Rows, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deleting, "BATCH", 20)
    owner, number = signed_in(shop.admin), shop.workspace.pk
    version = a_version(shop.of(ExpertTraining))
    also_there = User.objects.create_user("both@fennmoor.example", name="Both")
    for rows in (shop, other):
        Member.objects.create(workspace=rows.workspace, user=also_there)
        _in_the_log_of_the_admin(rows, also_there)
    once = User.objects.create_user("once@fennmoor.example", name="Once")
    Message.objects.in_workspace(shop.workspace).update(user=once)
    Message.objects.in_workspace(other.workspace).update(user=once)
    path = shop.of(Attachment).path
    untouched, secret = snapshot(other.workspace), shop.secret
    deletion_id = due(deletion := asked(owner, shop))
    with pytest.raises(DatabaseError, match="only be added"), transaction.atomic():
        AuditEntry.objects.in_workspace(shop.workspace).delete()
    assert deleting.step(deletion_id)
    assert "does not come back" in owner.post("/closed/fennmoor/open/", follow=True).content.decode()
    for _ in range(4):  # then the worker is stopped
        assert deleting.step(deletion_id)
    assert (
        leftovers.find(number, [version]) and "Under way" in Client().get(f"/deletions/{deletion_id}/").content.decode()
    )
    with pytest.raises(DatabaseError, match="only be added"), transaction.atomic():
        AuditEntry.objects.in_workspace(other.workspace).delete()
    Deletion.objects.update(beat_at=timezone.now() - timedelta(hours=1))
    tasks.delete_workspace(deletion_id)
    deletion.refresh_from_db()
    assert deletion.done_at and not deletion.people and not default_storage.exists(path)
    assert deletion.counts["messages"] >= 1 and deletion.counts["workspaces"] == 1 and deletion.versions == [version]
    assert "The signature is right" in verified(deletion, tmp_path)
    left = {name: rows for name, rows in snapshot(other.workspace).items() if name != "AuditEntry"}
    assert left == {name: rows for name, rows in untouched.items() if name != "AuditEntry"}
    assert serving.standing() == registry.version_at(registry.shipped())
    people = dict(User.objects.exclude(memberships__workspace=other.workspace).values_list("email", "is_active"))
    assert people == {"once@fennmoor.example": False}, "who is named elsewhere stays as a name"
    assert owner.get("/inbox/").status_code == 302
    assert LogEntry.objects.count() == 1
    proof = Client().get(f"/deletions/{deletion_id}/").content.decode()
    assert version in proof and secret not in proof and "Fennmoor" not in proof


def test_a_certificate_that_was_changed_or_that_something_contradicts_proves_nothing(
    shop: Rows, tmp_path: Path
) -> None:
    owner = signed_in(shop.admin)
    deletion = asked(owner, shop)
    tasks.delete_workspace(due(deletion))
    assert "Nothing is left" in verified(deletion, tmp_path)
    certificate = tmp_path / "certificate.json"
    said = json.loads(certificate.read_text())
    for changed in ({**said, "deleted": {}}, {**said, "done_at": "2020-01-01"}, {"signature": "x"}, []):
        certificate.write_text(json.dumps(changed))
        with pytest.raises(CommandError, match="signature is wrong|no certificate"):
            call_command("verify_deletion", str(certificate))
    certificate.write_text(json.dumps(said))
    Workspace.objects.create(pk=said["workspace"], name="Restored from a backup", slug="restored")
    with pytest.raises(CommandError, match="this is left: 1 workspaces"):
        call_command("verify_deletion", str(certificate))


def _in_the_log_of_the_admin(rows: Rows, user: User) -> Any:
    contact: models.Model = rows.of(Contact)
    kind = ContentType.objects.get_for_model(Contact)
    return LogEntry.objects.create(
        user=user, content_type=kind, object_id=str(contact.pk), object_repr="Contact", action_flag=ADDITION
    )
