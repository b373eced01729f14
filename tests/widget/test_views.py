"""The customer's pages: the embed script, the demo shop, the help centre, health."""

from __future__ import annotations

import gzip
import re
from html import unescape

import jwt
import pytest
from django.core.management import call_command
from django.test import Client

from inference.encoder import shared_encoder
from supportbot.knowledge import indexing
from supportbot.knowledge.models import Article, Order
from supportbot.workspaces.models import ProactiveMessage, User, Workspace
from tests.servers import Redis

PASSWORD = "only-for-this-test"


@pytest.fixture
def shop(db: None) -> Workspace:
    """The demo workspace."""
    call_command("demo", password=PASSWORD, verbosity=0)
    return Workspace.objects.get(slug="fennmoor")


def test_embed_script_is_for_pages_of_any_origin_and_cacheable(client: Client) -> None:
    response = client.get("/widget.js")
    assert response["Content-Type"].startswith("text/javascript") and "max-age" in response["Cache-Control"]
    assert (response["Access-Control-Allow-Origin"], response["X-Content-Type-Options"]) == ("*", "nosniff")
    assert client.get("/widget.js", headers={"if-none-match": response["ETag"]}).status_code == 304


def test_embed_script_is_one_compressed_script_without_imports(client: Client) -> None:
    response = client.get("/widget.js", headers={"accept-encoding": "gzip"})
    assert response["Content-Encoding"] == "gzip" and len(response.content) <= 10 * 1024
    script = gzip.decompress(response.content).decode()
    assert ".launcher" in script and not re.search(r"^(import|export) ", script, re.MULTILINE)


def test_loader_learns_what_a_workspace_says_by_itself_and_of_no_other(client: Client, db: None) -> None:
    shop, other = (Workspace.objects.create(name=name, slug=name) for name in ("harbour", "moor"))
    shown = ProactiveMessage.objects.create(workspace=shop, text="Can I help?", page="/lamps/*", after=5)
    ProactiveMessage.objects.create(workspace=shop, text="Not now", is_active=False)
    ProactiveMessage.objects.create(workspace=other, text="Of another")
    response = client.get(f"/widget/{shop.key}/start.json")
    assert response.json()["proactive"] == [
        {"id": shown.id, "text": "Can I help?", "page": "/lamps/*", "after": 5, "visits": 1}
    ]
    assert response["Access-Control-Allow-Origin"] == "*" and not response.cookies
    assert client.get("/widget/pk_nobody/start.json").status_code == 404


def test_panel_finds_public_articles_and_no_others(client: Client, shop: Workspace) -> None:
    while indexing.index_due(shared_encoder().embed):
        pass
    path = f"/widget/{shop.key}/articles.json"
    response = client.get(path, {"q": "send back", "language": "de"})
    first, *_ = response.json()["articles"]
    assert client.get(first["url"]).status_code == 200 and first["title"] and first["text"]
    assert response["Access-Control-Allow-Origin"] == "*" and not response.cookies
    Article.objects.update(status=Article.Status.DRAFT)
    assert client.get(path, {"q": "send back", "language": "de"}).json() == {"articles": []}


def test_demo_signs_tokens_for_its_two_customers_and_nobody_else(client: Client, shop: Workspace) -> None:
    response = client.get("/demo/sdk/token/21")
    claims = jwt.decode(response.content, shop.identity_secret, ["HS256"])
    assert (claims["sub"], claims["email"]) == ("21", "customer21@fennmoor.example")
    assert "no-store" in response["Cache-Control"] and client.get("/demo/sdk/token/1").status_code == 404


def test_demo_shop_embeds_the_widget_with_the_workspaces_key(client: Client, shop: Workspace) -> None:
    html = client.get("/demo/").content.decode()
    assert f'<script async src="/widget.js" data-workspace="{shop.key}"></script>' in html


@pytest.mark.parametrize("path", ["/demo/", "/demo/sdk/", "/login/", "/help/fennmoor/"])
def test_our_pages_forbid_inline_code(client: Client, shop: Workspace, path: str) -> None:
    response = client.get(path)
    policy = response["Content-Security-Policy"]
    assert response.status_code == 200 and "unsafe" not in policy and "script-src 'self'" in policy
    assert "style=" not in response.content.decode()


def test_every_article_of_the_demo_has_a_page_without_open_slots(client: Client, shop: Workspace) -> None:
    public = Article.objects.in_workspace(shop).public()
    assert public.count() == 60
    for article in public:
        html = client.get(article.get_absolute_url()).content.decode()
        assert article.title in unescape(html) and "{{" not in html and "…" not in html


def test_demo_loaded_twice_changes_nothing(shop: Workspace) -> None:
    changed = list(Article.objects.values_list("updated_at"))
    call_command("demo", password="another", verbosity=0)
    assert (Article.objects.public().count(), Order.objects.count(), User.objects.count()) == (60, 60, 3)
    assert Workspace.objects.get().key == shop.key
    assert User.objects.get(email="maya@fennmoor.example").check_password(PASSWORD)
    assert list(Article.objects.values_list("updated_at")) == changed


def test_health_says_whether_the_work_can_be_done(client: Client, db: None, redis_server: Redis) -> None:
    assert client.get("/healthz").status_code == client.get("/readyz").status_code == 200
    redis_server.kill()
    try:
        assert client.get("/healthz").status_code == 200
        assert client.get("/readyz").status_code == 503
    finally:
        redis_server.start()
