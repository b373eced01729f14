"""The pages of articles, versions and imports, as an administrator of one workspace uses them."""

from __future__ import annotations

import io
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from supportbot.knowledge.imports import service
from supportbot.knowledge.models import Article, Import
from supportbot.workspaces.models import Member, User, Workspace
from tests.knowledge.imports.conftest import zipped

IMPORTS = "/admin/knowledge/import/"


@pytest.fixture
def workspace(db: None) -> Workspace:
    """A workspace with one article."""
    made = Workspace.objects.create(name="Fennmoor", slug="fennmoor")
    Article.objects.create(workspace=made, slug="a", title="A", body="First", status="published")
    return made


@pytest.fixture
def admin(workspace: Workspace, client: Client) -> Client:
    """Its administrator, signed in."""
    user = User.objects.create_user("ada@fennmoor.example", name="Ada")
    Member.objects.create(workspace=workspace, user=user, role="admin")
    client.force_login(user)
    return client


def upload(admin: Client, workspace: Workspace, *files: tuple[str, bytes], **fields: str) -> Import:
    """Start an import as the form does, and let a worker do it."""
    form = {"workspace": workspace.id, "language": "en", "audience": "public", "publish": "on", "refresh": "never"}
    uploads = [SimpleUploadedFile(name, content) for name, content in files]
    answer = admin.post(f"{IMPORTS}add/", {**form, **fields, "uploads": uploads})
    run = Import.objects.latest("id")
    assert answer["Location"] == f"{IMPORTS}{run.id}/change/"
    service.carry_out(run.id)
    return run


def test_files_are_uploaded_watched_and_undone(admin: Client, workspace: Workspace) -> None:
    run = upload(admin, workspace, ("x.zip", zipped({"b.md": "# B\n\nText"})), ("c.md", b"# C"), ("d.png", b"x"))
    page = admin.get(f"{IMPORTS}{run.id}/change/").content.decode()
    assert "1 added" in page and "2 skipped" in page and "not a kind of file that can be read" in page
    assert 'data-state="over"' in admin.get(f"{IMPORTS}{run.id}/report/").content.decode()
    assert str(Article.objects.get(title="B").versions.get().author) == "Ada"
    assert admin.get(f"{IMPORTS}{run.id}/undo/").status_code == 405
    assert "Undone: everything" in admin.post(f"{IMPORTS}{run.id}/undo/", follow=True).content.decode()
    assert [article.title for article in Article.objects.all()] == ["A"]


def test_import_wants_files_or_an_address(admin: Client, workspace: Workspace) -> None:
    form = {"workspace": workspace.id, "language": "en", "audience": "public", "refresh": "never"}
    assert "Give either files or a web address" in admin.post(f"{IMPORTS}add/", form).content.decode()
    both = {**form, "address": "https://shop.example/", "uploads": SimpleUploadedFile("a.md", b"x")}
    assert "Give either files or a web address" in admin.post(f"{IMPORTS}add/", both).content.decode()
    assert not Import.objects.exists()


def test_site_is_visited_again_by_a_button(admin: Client, workspace: Workspace) -> None:
    run = upload(admin, workspace, address="http://127.0.0.1:9/", refresh="daily")
    assert "not a public address" in admin.get(f"{IMPORTS}{run.id}/change/").content.decode()
    admin.post(f"{IMPORTS}{run.id}/again/")
    new = Import.objects.exclude(id=run.id).get()
    assert (new.address, new.refresh, new.state) == ("http://127.0.0.1:9/", "daily", "waiting")


def test_import_of_another_workspace_is_not_found(admin: Client) -> None:
    run = service.start(Import(workspace=Workspace.objects.create(name="Other", slug="other")), [("a.md", b"x")])
    assert admin.get(f"{IMPORTS}{run.id}/report/").status_code == 404
    assert admin.post(f"{IMPORTS}{run.id}/undo/").status_code == 404
    assert admin.post(f"{IMPORTS}{run.id}/again/").status_code == 404
    other = {"workspace": run.workspace_id, "language": "en", "audience": "public", "refresh": "never"}
    admin.post(f"{IMPORTS}add/", {**other, "uploads": SimpleUploadedFile("a.md", b"x")})
    assert Import.objects.count() == 1


def test_saved_text_is_a_version_that_can_be_restored(admin: Client) -> None:
    article = Article.objects.get()
    form = {"workspace": article.workspace_id, "title": "A", "slug": "a", "body": "Second", "status": "draft"}
    form |= {"kind": "article", "audience": "public", "language": "en", "category": "", "intents": "[]"}
    answer = admin.post(f"/admin/knowledge/article/{article.id}/change/", form)
    assert answer.status_code == 302 and Article.objects.get().body == "Second"
    page = admin.get(f"/admin/knowledge/articleversion/?article__id__exact={article.id}")
    assert page.status_code == 200 and "Restore this text" in page.content.decode()
    first = article.versions.get(number=1)
    admin.post("/admin/knowledge/articleversion/", {"action": "restore", "_selected_action": first.id})
    assert Article.objects.get().body == "First"
    assert str(article.versions.get(number=3).author) == "Ada"


def test_articles_are_published_and_exported_from_the_list(admin: Client) -> None:
    Article.objects.update(status="draft")
    chosen = {"_selected_action": Article.objects.get().id}
    admin.post("/admin/knowledge/article/", {"action": "publish", **chosen})
    assert Article.objects.get().is_public
    answer = admin.post("/admin/knowledge/article/", {"action": "export", **chosen})
    packed = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))  # type: ignore[attr-defined]
    assert packed.namelist() == ["a.en.md"]


def test_every_list_and_form_opens(admin: Client) -> None:
    for name in ("article", "articleversion", "collection", "import", "order"):
        assert admin.get(f"/admin/knowledge/{name}/").status_code == 200
    for name in ("article", "collection", "import"):
        assert admin.get(f"/admin/knowledge/{name}/add/").status_code == 200
