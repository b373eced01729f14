"""The people of a workspace sign in at their company's provider, which opens nothing of anybody else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from supportbot.workspaces import inviting
from supportbot.workspaces.models import AuditEntry, Invitation, Member, SignOn, User, Workspace
from tests.api.conftest import a_shop
from tests.workspaces.sign_on_provider import CLIENT, SECRET, Provider
from tests.workspaces.test_account import is_in
from tests.workspaces.test_invitations import browser

pytestmark = pytest.mark.django_db
ADD = "/admin/workspaces/signon/add/"
PAGE = "/login/sso/fennmoor/"


@pytest.fixture
def shop() -> Workspace:
    """A shop with Maya, an agent, and Ada, who owns it."""
    cache.clear()
    shop = a_shop("fennmoor")
    shop.members.filter(user__email="ada@fennmoor.example").update(role=Member.Role.OWNER)
    return shop


@pytest.fixture
def provider(settings: Settings) -> Iterator[Provider]:
    """The company's."""
    settings.OUTGOING_NETWORKS = ["127.0.0.0/8"]
    with Provider() as provider:
        yield provider


def form_for(shop: Workspace, provider: Provider, **more: object) -> dict[str, object]:
    """What an owner fills in."""
    place = {"workspace": shop.pk, "name": "Keycloak", "issuer": provider.issuer, "enabled": "on"}
    return {**place, "client_id": CLIENT, "client_secret": SECRET, "domains": '["fennmoor.example"]', **more}


@pytest.fixture
def sign_on(shop: Workspace, provider: Provider) -> SignOn:
    """Set up by Ada."""
    page = browser("ada").post(ADD, form_for(shop, provider), follow=True).content.decode()
    assert "was added successfully" in page
    return SignOn.objects.get()


def comes(provider: Provider, client: Client | None = None, **claims: object) -> tuple[Client, str]:
    """Somebody goes to the provider and comes back; the browser, and what its last page says."""
    client = client or Client()
    asked = client.post(PAGE)
    assert asked.status_code == 302
    back = provider.vouch(asked["Location"], **claims)
    return client, client.get(back, follow=True).content.decode()


def test_members_and_newcomers_of_the_domain_are_let_in(sign_on: SignOn, provider: Provider) -> None:
    where = Client().post("/login/sso/", {"workspace": "fennmoor"})
    assert where["Location"] == PAGE and "Sign in to Fennmoor" in Client().get(PAGE).content.decode()
    there, _ = comes(provider, sub="m1", email="Maya@Fennmoor.example", name="Maya")
    assert is_in(there)
    new, inbox = comes(provider, sub="n1", email="nia@fennmoor.example", name="Nia Okoro")
    assert is_in(new) and "Nia Okoro" in inbox
    nia = Member.objects.get(user__email="nia@fennmoor.example")
    assert nia.role == "agent" and not nia.user.has_usable_password()
    assert AuditEntry.objects.get(action="member.signed_on").actor == nia.user
    assert "Change the password" not in new.get("/account/").content.decode()
    again, _ = comes(provider, sub="n1", email="nia.new@fennmoor.example", name="Nia")
    assert is_in(again) and User.objects.filter(email__contains="nia").count() == 1


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({"email": "x@elsewhere.example"}, "does not work at Fennmoor"),
        ({"email": "maya@fennmoor.example", "email_verified": False}, "has not verified"),
        ({"email": ""}, "did not tell us your e-mail address"),
        ({"email": "root@fennmoor.example"}, "also works elsewhere"),
        ({"email": "kim@fennmoor.example"}, "also works elsewhere"),
    ],
)
def test_nobody_else_is(sign_on: SignOn, provider: Provider, claims: dict[str, object], words: str) -> None:
    User.objects.create_superuser(email="root@fennmoor.example", password=None)
    Member.objects.create(workspace=sign_on.workspace, user=User.objects.get(email="root@fennmoor.example"))
    kim = User.objects.create_user(email="kim@fennmoor.example", password=None)
    for place in (sign_on.workspace, a_shop("other")):
        Member.objects.create(workspace=place, user=kim)
    people = User.objects.count()
    client, page = comes(provider, sub="s1", **claims)
    assert words in page and not is_in(client) and User.objects.count() == people


def test_a_provider_that_fails_is_told_of(sign_on: SignOn, provider: Provider, settings: Settings) -> None:
    client = Client()
    begun = provider.vouch(client.post(PAGE)["Location"], sub="m1", email="maya@fennmoor.example")
    assert "did not understand each other" in Client().get(begun).content.decode(), "begun in another browser"
    assert "did not understand each other" in client.get(begun.replace("code=", "code=f")).content.decode()
    assert "did not understand each other" in client.get(begun).content.decode(), "a state holds once"
    provider.is_down = True
    assert client.post(PAGE).status_code == 503
    settings.OUTGOING_NETWORKS = []
    assert client.post(PAGE).status_code == 503 and not is_in(client)


def test_only_owners_set_it_up_and_only_with_what_answers(
    shop: Workspace, provider: Provider, settings: Settings
) -> None:
    Member.objects.filter(user__email="maya@fennmoor.example").update(role=Member.Role.ADMIN)
    assert "Only an owner" in browser("maya").post(ADD, form_for(shop, provider)).content.decode()
    poor = form_for(shop, provider, client_secret="", domains='["@fennmoor"]')
    page = browser("ada").post(ADD, poor).content.decode()
    assert "Write the secret" in page and "Write a list of domains" in page
    lost = form_for(shop, provider, issuer=f"{provider.issuer}/elsewhere")
    assert "be asked" in browser("ada").post(ADD, lost).content.decode()
    settings.OUTGOING_NETWORKS = []
    assert "begins with https://" in browser("ada").post(ADD, form_for(shop, provider)).content.decode()
    hidden = form_for(shop, provider, issuer=provider.issuer.replace("http:", "https:"))
    assert "not a public address" in browser("ada").post(ADD, hidden).content.decode()
    assert not SignOn.objects.exists()


def test_it_can_be_the_only_way_but_for_owners(sign_on: SignOn, provider: Provider) -> None:
    SignOn.objects.update(is_required=True)
    for name in ("maya", "ada"):
        user = User.objects.get(email=f"{name}@fennmoor.example")
        user.set_password("a long enough password")
        user.save()
    by_password = {"login": "maya@fennmoor.example", "password": "a long enough password"}
    maya, ada = Client(), Client()
    page = maya.post("/login/", by_password, follow=True)
    assert page.redirect_chain == [(PAGE, 302)] and "wants you to sign in with Keycloak" in page.content.decode()
    assert not is_in(maya) and is_in(comes(provider, maya, sub="m1", email="maya@fennmoor.example")[0])
    ada.post("/login/", {**by_password, "login": "ada@fennmoor.example"})
    assert is_in(ada)


def test_an_account_that_a_provider_opened_works_there_alone_until_it_is_released(
    sign_on: SignOn, provider: Provider
) -> None:
    nia, _ = comes(provider, sub="n1", email="nia@fennmoor.example", name="Nia")
    other = a_shop("other")
    asked = Invitation.objects.create(workspace=other, email="nia@fennmoor.example")
    link = f"/login/invitation/{inviting.token_of(asked)}/"
    assert "works there alone" in nia.post(link).content.decode()
    user = User.objects.get(email="nia@fennmoor.example")
    assert list(user.memberships.values_list("workspace__slug", flat=True)) == ["fennmoor"]
    browser("ada").post(f"/admin/workspaces/member/{user.memberships.get().pk}/delete/", {"post": "yes"})
    assert not is_in(nia) and not user.memberships.exists()
    user.refresh_from_db()
    nia.force_login(user)
    nia.post(link)
    assert list(user.memberships.values_list("workspace__slug", flat=True)) == ["other"]
    assert not is_in(comes(provider, sub="n1", email="nia@fennmoor.example")[0])
