"""The export of a workspace: all that it has, and nothing that opens something; for its owners, and for some days."""

from __future__ import annotations

import hashlib
import io
import json
from datetime import timedelta
from typing import Any
from zipfile import ZipFile

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone

from supportbot.actions.models import Task
from supportbot.chat.models import Attachment, Contact, Message
from supportbot.knowledge.models import Article
from supportbot.offboarding import tasks
from supportbot.offboarding.kinds import LEFT_OUT, all_kinds
from supportbot.offboarding.models import Export
from supportbot.workspaces.models import AuditEntry
from tests.api.conftest import machine
from tests.isolation.rows import Rows, all_models, path_of
from tests.offboarding.conftest import PASSWORD, page, signed_in


def asked(client: Client, rows: Rows) -> Export:
    """An export that the owner has just asked for, and no worker has begun."""
    Export.objects.all().delete()
    assert client.post(f"/admin/data/{rows.workspace.slug}/export/").status_code == 302
    return Export.objects.get()


def downloaded(client: Client, export: Export) -> ZipFile:
    """The archive, as the owner gets it."""
    answer = client.get(f"/admin/data/exports/{export.pk}/file/")
    assert answer.status_code == 200 and "fennmoor-" in answer["Content-Disposition"]
    data = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    export.refresh_from_db()
    assert (len(data), hashlib.sha256(data).hexdigest()) == (export.size, export.sha256)
    return ZipFile(io.BytesIO(data))


def rows_of(archive: ZipFile, name: str) -> list[Any]:
    """The rows of a file."""
    return [json.loads(line) for line in archive.read(f"{name}.jsonl").splitlines()]


def test_an_owner_gets_all_of_a_workspace_and_nothing_of_another(shop: Rows, other: Rows) -> None:
    owner = signed_in(shop.admin)
    export = asked(owner, shop)
    assert "Waits for a worker" in page(owner, shop.workspace)
    tasks.write_export(export.pk)
    archive = downloaded(owner, export)
    manifest = json.loads(archive.read("manifest.json"))["files"]
    for name, part in manifest.items():
        assert hashlib.sha256(archive.read(name)).hexdigest() == part["sha256"], name
    assert set(archive.namelist()) == {*manifest, "README.txt", "manifest.json"}
    readme = archive.read("README.txt").decode()
    for kind in all_kinds():
        expected = kind.model._base_manager.filter(**{path_of(kind.model) or "pk": shop.workspace.pk}).count()
        found = rows_of(archive, kind.name)
        assert (len(found), manifest[f"{kind.name}.jsonl"]["rows"]) in ((expected,) * 2, (expected - 1,) * 2), kind.name
        assert f"{kind.name}.jsonl\n" in readme
        assert all(set(row) == set(kind.fields()) for row in found), kind.name
    whole = "".join(archive.read(name).decode() for name in archive.namelist())
    assert shop.secret in whole and other.secret not in whole
    told = told_by_the_api(shop)
    assert untimed(told["contact"]) in map(untimed, rows_of(archive, "contacts"))
    assert untimed(told["messages"][0]) in map(untimed, rows_of(archive, "messages"))
    assert AuditEntry.objects.in_workspace(shop.workspace).filter(action="workspace.export_downloaded").exists()


def untimed(row: dict[str, Any]) -> dict[str, Any]:
    """Without times, which the API rounds."""
    return {name: value for name, value in row.items() if not name.endswith("_at")}


def told_by_the_api(shop: Rows) -> Any:
    """What the API tells of the customer."""
    return machine(shop.workspace).get(f"contacts/{shop.of(Contact).pk}/export").json()


def test_every_kind_of_row_is_in_it_or_left_out_for_a_reason() -> None:
    named = {kind.model for kind in all_kinds()} | set(LEFT_OUT)
    assert {model for model in all_models() if path_of(model)} <= named
    assert len({kind.name for kind in all_kinds()}) == len(all_kinds())


def test_nothing_that_opens_something_is_in_it(shop: Rows) -> None:
    secrets: set[str] = {shop.workspace.identity_secret or shop.workspace.renew_identity_secret()}
    shop.workspace.refresh_from_db()
    secrets.add(machine(shop.workspace).key.token_hash)
    for model in (model for model in all_models() if path_of(model)):
        for field in model._meta.fields:
            if field.name.startswith("sealed_") or field.name.endswith("_hash"):
                found = model._base_manager.filter(**{path_of(model) or "pk": shop.workspace.pk})
                secrets |= set(found.values_list(field.name, flat=True))
    texts = [kind.line(row) for kind in all_kinds() for rows in kind.chunks(shop.workspace) for row in rows]
    whole = b"".join(texts).decode()
    secrets = {one for one in secrets if one and shop.secret not in one}
    assert len(secrets) > 5
    assert not [one for one in secrets if one in whole]


def test_another_worker_goes_on_where_one_was_stopped(shop: Rows) -> None:
    owner = signed_in(shop.admin)
    default_storage.delete(shop.of(Attachment).path)
    export = asked(owner, shop)
    in_the_way = default_storage.save(f"{export.folder}/messages.jsonl/in_the_way", ContentFile(b""))
    tasks.write_export(export.pk)
    export.refresh_from_db()
    assert export.state == Export.State.WAITING and "contacts.jsonl" in export.parts
    assert "messages.jsonl" not in export.parts and 0 < export.percent < 95
    default_storage.delete(in_the_way)
    Contact.objects.in_workspace(shop.workspace).update(name="Changed meanwhile")
    Article.objects.in_workspace(shop.workspace).update(title="Changed meanwhile")
    tasks.write_export(export.pk)
    archive = downloaded(owner, export)
    assert "Changed meanwhile" not in archive.read("contacts.jsonl").decode()
    assert "Changed meanwhile" in archive.read("articles.jsonl").decode()
    files = json.loads(archive.read("manifest.json"))["files"]
    assert [part for name, part in files.items() if name.startswith("files/")] == [{"missing": True}]
    assert default_storage.listdir(f"exports/{shop.workspace.pk}")[1] == [f"{export.pk}.zip"]


def test_it_is_for_owners_and_for_some_days(shop: Rows, other: Rows) -> None:
    owner, stranger, agent = signed_in(shop.admin), signed_in(other.admin), signed_in(shop.agent)
    export = asked(owner, shop)
    tasks.write_export(export.pk)
    file = f"/admin/data/exports/{export.pk}/file/"
    assert stranger.get(file).status_code == 404
    assert agent.get(file, follow=True).status_code == 403
    shop.workspace.members.filter(user=shop.agent).update(role="admin")
    assert signed_in(shop.agent).get("/admin/data/").status_code == 403
    stale = Client()
    stale.force_login(shop.admin)
    assert stale.get(file)["Location"].startswith("/account/confirm/")
    there = stale.post("/admin/data/fennmoor/export/")["Location"]
    assert there.startswith("/account/confirm/") and not Export.objects.exclude(pk=export.pk)
    assert stale.post(there, {"password": PASSWORD}).status_code == 302
    assert Export.objects.count() == 2, "what was asked for goes on"
    assert default_storage.exists(export.path)
    Export.objects.filter(pk=export.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert owner.get(file).status_code == 404
    tasks.sweep()
    assert not default_storage.exists(export.path) and not Export.objects.filter(pk=export.pk)


def test_an_owner_stops_one_and_nothing_of_it_stays(shop: Rows) -> None:
    owner = signed_in(shop.admin)
    export = asked(owner, shop)
    assert "is being written already" in owner.post("/admin/data/fennmoor/export/", follow=True).content.decode()
    owner.post(f"/admin/data/exports/{export.pk}/delete/")
    tasks.write_export(export.pk)
    assert not Export.objects.exists()
    assert not default_storage.exists("exports") or default_storage.listdir("exports")[1] == []
    assert (Message.objects.exists(), Article.objects.exists(), Task.objects.exists()) == (True, True, True)
