"""An administrator says what translates for a workspace; the key is kept sealed, and goes nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from supportbot.chat.models import Translator
from supportbot.workspaces.models import Member, User, Workspace
from tests.chat.translation.conftest import speaks
from tests.model_server import ModelServer

PAGE = "/admin/chat/translator/"


@pytest.fixture
def admin(workspace: Workspace, client: Client) -> Client:
    """The workspace's administrator, signed in."""
    user = User.objects.create_user("ada@fennmoor.example", name="Ada")
    Member.objects.create(workspace=workspace, user=user, role="admin")
    client.force_login(user)
    return client


def send(admin: Client, workspace: Workspace, where: str = f"{PAGE}add/", **fields: str) -> HttpResponse:
    """Fill in the form, and follow where it leads."""
    form = {"workspace": str(workspace.id), "language": "en", "kind": "server", "model": "shop/polyglot"}
    answer: HttpResponse = admin.post(where, {**form, **fields}, follow=True)  # type: ignore[assignment]
    return answer


def test_page_says_plainly_that_nothing_translates(admin: Client) -> None:
    Workspace.objects.create(name="Strangers", slug="other")
    page = admin.get(PAGE).content.decode()
    assert "No translation is configured for Fennmoor." in page and "Strangers" not in page


def test_key_is_sealed_kept_and_forgotten_with_its_address(
    admin: Client, workspace: Workspace, server: ModelServer
) -> None:
    send(admin, workspace, address=server.address, key="translation-secret")
    own = Translator.objects.get()
    assert own.key == "translation-secret" and "translation-secret" not in own.sealed_key
    place = f"{PAGE}{own.id}/change/"
    assert "translation-secret" not in admin.get(place).content.decode()
    send(admin, workspace, place, address=server.address, key="", language="fr")
    own.refresh_from_db()
    assert (own.key, own.language) == ("translation-secret", "fr")
    send(admin, workspace, place, address=f"{server.address}/elsewhere", key="")
    own.refresh_from_db()
    assert own.key == ""


def test_it_can_be_tried_out(admin: Client, workspace: Workspace, server: ModelServer) -> None:
    server.serves = [speaks({"The parcel arrives on 3 May.": "Das Paket kommt am 3. Mai an."})]
    send(admin, workspace, address=server.address)
    place = f"{PAGE}{Translator.objects.get().id}/change/"
    page = send(admin, workspace, place, address=server.address, chat_translator_try_it="1")
    assert "Das Paket kommt am 3. Mai an." in page.content.decode()


@pytest.mark.parametrize("address", ["", "ftp://host/v1", "http://93.184.215.14/v1", "http://169.254.169.254/v1"])
def test_address_that_may_not_be_asked_is_refused(admin: Client, workspace: Workspace, address: str) -> None:
    send(admin, workspace, address=address)
    assert not Translator.objects.exists()


def test_folder_has_to_hold_models(admin: Client, workspace: Workspace, tmp_path: Path, settings: Settings) -> None:
    send(admin, workspace, kind="folder")
    settings.TRANSLATION_MODELS = str(tmp_path)
    send(admin, workspace, kind="folder")
    assert not Translator.objects.exists()
    (tmp_path / "opus-mt-de-en").mkdir()
    (tmp_path / "opus-mt-de-en" / "config.json").write_text("{}")
    send(admin, workspace, kind="folder")
    assert Translator.objects.get().kind == "folder"


def test_administrator_of_another_workspace_sees_nothing_of_it(
    admin: Client, workspace: Workspace, translator: Translator
) -> None:
    other = Workspace.objects.create(name="Other", slug="other")
    stranger = User.objects.create_user("sam@other.example", name="Sam")
    Member.objects.create(workspace=other, user=stranger, role="admin")
    admin.force_login(stranger)
    assert "polyglot" not in admin.get(PAGE).content.decode()
    assert admin.get(f"{PAGE}{translator.id}/change/").status_code == 302
