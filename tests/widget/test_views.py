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
from supportbot.chat.words import LANGUAGES
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


def packed(client: Client, path: str) -> bytes:
    """A script as it goes over the line."""
    response = client.get(path, headers={"accept-encoding": "gzip"})
    assert (response.status_code, response["Content-Encoding"]) == (200, "gzip")
    return response.content


def test_embed_script_is_one_compressed_script_without_imports(client: Client) -> None:
    content = packed(client, "/widget.js")
    assert len(content) <= 10 * 1024
    script = gzip.decompress(content).decode()
    assert ".launcher" in script and not re.search(r"^(import|export) ", script, re.MULTILINE)


@pytest.mark.parametrize("modules", [["panel"], ["frame", "framed"]])
def test_panel_is_one_compressed_module_and_keeps_its_byte_budget(client: Client, modules: list[str]) -> None:
    contents = [packed(client, f"/widget/{name}.js") for name in modules]
    texts = [packed(client, f"/widget/texts/{language}.js") for language in LANGUAGES]
    assert sum(map(len, contents)) + max(map(len, texts)) <= 60 * 1024
    for content in contents:
        script = gzip.decompress(content).decode()
        assert ".panel" in script and not re.search(r"^import ", script, re.MULTILINE)


def test_files_and_emoji_come_late_and_keep_their_byte_budget(client: Client) -> None:
    content = packed(client, "/widget/files.js")
    assert len(content) <= 12 * 1024
    script = gzip.decompress(content).decode()
    assert "class Tray" in script and not re.search(r"^import ", script, re.MULTILINE)
    assert b"class Tray" not in gzip.decompress(packed(client, "/widget/panel.js"))


@pytest.mark.parametrize("name", ["conversation", "texts/xx", "../settings"])
def test_no_other_file_is_a_script_of_the_widget(client: Client, name: str) -> None:
    assert client.get(f"/widget/{name}.js").status_code == 404


@pytest.mark.parametrize(
    ("allowed", "page", "ancestors"),
    [
        (
            ["https://shop.example", "https://b.example"],
            "https://shop.example",
            "https://shop.example https://b.example",
        ),
        (["https://shop.example"], "https://evil.example", None),
        ([], "http://testserver", "'self'"),
        ([], "https://shop.example", None),
        (["*"], "https://anywhere.example", "*"),
    ],
)
def test_frame_is_for_pages_of_allowed_origins_alone(
    client: Client, db: None, allowed: list[str], page: str, ancestors: str | None
) -> None:
    shop = Workspace.objects.create(name="Harbour", slug="harbour", allowed_origins=allowed)
    response = client.get(f"/widget/{shop.key}/frame/", {"page": page})
    policy = response["Content-Security-Policy"]
    if ancestors is None:
        assert response.status_code == 403 and "frame-ancestors 'none'" in policy
        return
    assert f"frame-ancestors {ancestors}" in [part.strip() for part in policy.split(";")]
    assert "X-Frame-Options" not in response and not response.cookies
    assert f'data-page="{page}"' in response.content.decode()
    assert client.get("/widget/pk_nobody/frame/", {"page": page}).status_code == 404


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
    Article.objects.exclude(slug__contains="send").update(index_due=None)
    while indexing.index_due(shared_encoder().embed):
        pass
    path = f"/widget/{shop.key}/articles.json"
    response = client.get(path, {"q": "send back", "language": "de"})
    first, *_ = response.json()["articles"]
    assert client.get(first["url"]).status_code == 200 and first["title"] and first["text"]
    assert response["Access-Control-Allow-Origin"] == "*" and not response.cookies
    last = (
        Article.objects.in_workspace(shop)
        .public()
        .filter(language="en")
        .order_by("collection__position", "title")
        .last()
    )
    assert last
    last.feedback.create(helpful=True, visitor="somebody")
    assert client.get(path).json()["articles"][0]["title"] == last.title, "it helped"
    Article.objects.update(status=Article.Status.DRAFT)
    for asked in ({"q": "send back", "language": "de"}, {}):
        assert client.get(path, asked).json() == {"articles": []}


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
