"""Who may open the admin, and whose rows it shows."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.test import Client

from supportbot.knowledge.models import Article
from supportbot.workspaces.models import Member, Team, User
from tests.analytics.conftest import Shop, signed_in

LISTS = [
    f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
    for model in admin.site._registry
    if model.__module__.startswith("supportbot.")
]
OPERATORS = [f"/admin/billing/{name}/" for name in ("plan", "subscription", "invoice", "stripeaccount")]
ANALYTICS = [f"/admin/analytics/{page}" for page in ("", "ask/", "quality/", "people/", "conversations/")]
PAGES = ["/admin/", "/admin/routing/", "/admin/evaluation/", *ANALYTICS, *LISTS]


@pytest.mark.parametrize("page", PAGES)
def test_stranger_is_sent_to_the_sign_in_page(db: None, page: str) -> None:
    answer = Client().get(page, follow=True)
    assert answer.redirect_chain[-1][0].startswith("/login/?next=/admin/")


@pytest.mark.parametrize("page", PAGES)
def test_agent_is_told_that_the_admin_is_not_his(shop: Shop, page: str) -> None:
    answer = signed_in(shop.agent).get(page, follow=True)
    assert answer.status_code == 403
    assert "administrators only" in answer.content.decode()


@pytest.mark.parametrize("page", PAGES)
def test_administrator_sees_his_own_workspace_only(shop: Shop, other_shop: Shop, page: str) -> None:
    answer = signed_in(shop.admin).get(page)
    assert answer.status_code == (403 if page in OPERATORS else 200)
    assert "Harbour" not in answer.content.decode()


@pytest.mark.parametrize("page", LISTS)
def test_superuser_sees_every_workspace(shop: Shop, other_shop: Shop, superuser: User, page: str) -> None:
    Article.objects.create(workspace=other_shop.workspace, slug="a", title="Harbour tides", category="order", body="x")
    assert signed_in(superuser).get(page).status_code == 200
    page_of_articles = signed_in(superuser).get("/admin/knowledge/article/").content.decode()
    assert "Harbour tides" in page_of_articles


def test_rows_of_another_workspace_do_not_exist(shop: Shop, other_shop: Shop) -> None:
    visitor = signed_in(shop.admin)
    other = other_shop.conversation
    for page in (
        f"/admin/chat/conversation/{other.id}/change/",
        f"/admin/chat/message/{other.messages.all()[0].id}/change/",
        f"/admin/chat/generation/{other_shop.generation.id}/change/",
        f"/admin/workspaces/workspace/{other_shop.workspace.id}/change/",
        f"/admin/workspaces/user/{other_shop.agent.id}/change/",
    ):
        answer = visitor.get(page, follow=True)
        assert answer.redirect_chain == [("/admin/", 302)]
    assert visitor.get(other_shop.routing_page).status_code == 404
    own_table = visitor.get("/admin/routing/?workspace=harbour").content.decode()
    assert "Harbour" not in own_table


def test_article_cannot_be_put_into_another_workspace(shop: Shop, other_shop: Shop) -> None:
    fields = {"title": "Tides", "slug": "tides", "category": "order", "intents": "[]", "body": "x"}
    fields |= {"kind": "article", "audience": "public", "status": "draft", "language": "en"}
    visitor = signed_in(shop.admin)
    refused = visitor.post("/admin/knowledge/article/add/", {**fields, "workspace": other_shop.workspace.id})
    assert "not one of the available choices" in refused.content.decode()
    visitor.post("/admin/knowledge/article/add/", {**fields, "workspace": shop.workspace.id})
    assert [article.workspace for article in Article.objects.all()] == [shop.workspace]


def test_a_team_has_members_of_its_own_workspace_only(shop: Shop, other_shop: Shop, superuser: User) -> None:
    theirs, ours = (Member.objects.get(user=user) for user in (other_shop.agent, shop.agent))
    fields: dict[str, Any] = {"workspace": shop.workspace.id, "name": "Returns"}
    for rows in ("opening_times", "holidays"):
        fields |= {f"{rows}-TOTAL_FORMS": "0", f"{rows}-INITIAL_FORMS": "0"}
    page = "/admin/workspaces/team/add/"
    refused = signed_in(shop.admin).post(page, {**fields, "members": [theirs.id]})
    assert "not one of the available choices" in refused.content.decode()
    refused = signed_in(superuser).post(page, {**fields, "members": [theirs.id]})
    assert "have to be of its workspace" in refused.content.decode()
    signed_in(shop.admin).post(page, {**fields, "members": [ours.id]})
    assert list(Team.objects.get().members.all()) == [ours]


def test_administrator_changes_a_role_but_not_a_user(shop: Shop) -> None:
    visitor = signed_in(shop.admin)
    member = Member.objects.get(user=shop.agent)
    fields = {"role": "admin", "capacity": "5", "skills": "[]", "digest": "daily"}
    visitor.post(f"/admin/workspaces/member/{member.id}/change/", fields)
    member.refresh_from_db()
    assert member.role == Member.Role.ADMIN
    page = f"/admin/workspaces/user/{shop.agent.id}/change/"
    assert "Fennmoor Agent" in visitor.get(page).content.decode()
    assert visitor.post(page, {"email": "new@fennmoor.example", "is_superuser": "on"}).status_code == 403
    assert visitor.get(f"/admin/workspaces/user/{shop.agent.id}/password/").status_code == 403


def test_history_is_read_only_even_for_a_superuser(shop: Shop, superuser: User) -> None:
    visitor = signed_in(superuser)
    page = f"/admin/chat/conversation/{shop.conversation.id}"
    assert visitor.post(f"{page}/change/", {"status": "resolved"}).status_code == 403
    assert visitor.post(f"{page}/delete/", {"post": "yes"}).status_code == 403
    assert visitor.get("/admin/chat/message/add/").status_code == 403


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("settings", '{"support_hours": 5}', "object of texts"),
        ("allowed_origins", '["shop.example"]', "list of origins"),
        ("hand_off_below", "3", "from 0 to 1"),
        ("quote_from", "-0.1", "from 0 to 1"),
    ],
)
def test_workspace_refuses_what_nobody_could_use(shop: Shop, field: str, value: str, words: str) -> None:
    fields = {"name": "F", "slug": "fennmoor", "key": "pk_1", "language": "en", "colour": "#000000"}
    fields |= {"settings": "{}", "allowed_origins": "[]", field: value}
    answer = signed_in(shop.admin).post(f"/admin/workspaces/workspace/{shop.workspace.id}/change/", fields)
    assert words in answer.content.decode()


def test_only_the_admin_loosens_the_content_security_policy(shop: Shop) -> None:
    visitor = signed_in(shop.admin)
    inside, outside = (visitor.get(page)["Content-Security-Policy"] for page in ("/admin/routing/", "/login/"))
    scripts = {policy.split("script-src")[1].split(";")[0].strip() for policy in (inside,)}
    assert scripts == {"'self' 'unsafe-eval'"}
    assert "unsafe" not in outside
