"""Strangers sign up, where that is switched on, and see their first steps until these are taken or dismissed."""

from __future__ import annotations

import pytest
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from supportbot.knowledge.models import Article
from supportbot.workspaces import welcome
from supportbot.workspaces.models import Invitation, User, Workspace
from tests.api.conftest import a_conversation, a_shop
from tests.workspaces.test_second_factor import NEW, link

pytestmark = pytest.mark.django_db
ASKED = {"email": "Ida@New.example", "company": "Harbour & Sons"}
SECRET = {"name": "Ida Holm", "password1": NEW, "password2": NEW}


@pytest.fixture
def switched_on(settings: Settings) -> None:
    """As with SUPPORTBOT_SIGN_UP=true."""
    settings.SIGN_UP = True
    cache.clear()


def test_it_is_off_unless_it_is_switched_on() -> None:
    assert Client().get("/login/new/").status_code == 404


def test_a_stranger_gets_a_workspace_once_for_each_link(switched_on: None) -> None:
    client = Client()
    assert client.post("/login/new/", {"email": "ida", "company": ""}).status_code == 422
    assert "Ida@New.example" in client.post("/login/new/", ASKED).content.decode()
    assert not User.objects.exists() and not Workspace.objects.exists(), "nothing is kept before the link is opened"
    opened = link()
    assert client.post(opened, {**SECRET, "password2": "other"}).status_code == 422
    page = client.post(opened, SECRET, follow=True).content.decode()
    assert "First steps of Harbour &amp; Sons" in page and "0 of 4 done" in page
    shop = Workspace.objects.get()
    assert (shop.slug, shop.members.get().role) == ("harbour-sons", "owner")
    assert client.post(opened, SECRET).status_code == 404 and Workspace.objects.count() == 1
    assert "harbour-sons" not in client.get("/admin/workspaces/workspace/add/").content.decode(), (
        "owners run no tenants"
    )


def test_who_has_an_account_signs_in_and_owns_one_more(switched_on: None) -> None:
    a_shop("fennmoor")
    Client().post("/login/new/", {"email": "maya@fennmoor.example", "company": "Fennmoor"})
    opened = link()
    assert "Sign in as" in Client().post(opened, SECRET).content.decode()
    client = Client()
    client.force_login(User.objects.get(email="maya@fennmoor.example"))
    client.post(opened)
    made = Workspace.objects.exclude(slug="fennmoor").get()
    assert made.slug.startswith("fennmoor-") and made.members.get().user.email == "maya@fennmoor.example"


def test_an_address_is_sent_only_so_many_links(switched_on: None) -> None:
    answers = [Client().post("/login/new/", ASKED).status_code for _ in range(welcome.LINKS + 1)]
    assert answers == [200] * welcome.LINKS + [429] and len(mail.outbox) == welcome.LINKS


def test_first_steps_are_ticked_by_what_has_happened_and_go_when_dismissed(switched_on: None) -> None:
    client = Client()
    client.post("/login/new/", ASKED)
    client.post(link(), SECRET)
    shop = Workspace.objects.get()
    assert shop.key in client.get("/admin/").content.decode()
    Article.objects.create(workspace=shop, title="Returns", slug="returns", body="Send it.", status="published")
    talk = a_conversation(shop)
    assert "2 of 4 done" in client.get("/admin/").content.decode()
    type(talk.contact).objects.update(page="https://harbour.example/")
    Invitation.objects.create(workspace=shop, email="tom@new.example")
    assert "4 of 4 done" in client.get("/admin/").content.decode()
    client.post(reverse("admin:first-steps-dismiss", args=[shop.slug]))
    assert "First steps" not in client.get("/admin/").content.decode()
