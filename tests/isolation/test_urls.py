"""Every address of the resolver, the admin's too, asked for another workspace's rows, by lesser roles and by nobody.

A new address is tried without being named; only a new name of a placeholder has to be told what stands there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model, QuerySet
from django.forms import ModelChoiceField
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from supportbot.actions.models import Task
from supportbot.analytics.models import Chart, Dashboard, Dataset, Gap, Topic, Upload, VersionEvaluation
from supportbot.billing.models import Notice
from supportbot.channels.models import Messenger
from supportbot.chat.models import (
    ArticleDraft,
    Attachment,
    CannedResponse,
    Contact,
    Conversation,
    ExpertTraining,
    Generation,
    Label,
    Rule,
    VersionComparison,
    WhatIf,
)
from supportbot.knowledge.models import Article, Collection, Import, Order
from supportbot.offboarding.models import Export
from supportbot.workspaces.models import Deletion, Team, User, Workspace
from supportbot.workspaces.role import Role
from tests.isolation.rows import SECRET, Rows, all_models, path_of, snapshot

OPEN = ("login/", "logout/", "healthz", "readyz", "api/v1/openapi.json", "api/v1/docs", "widget", "demo/", "help/")
OPEN += ("robots.txt", "inbox/digest/", "admin/login/", "admin/logout/", "api/v1/$")
OPEN += ("account/second-factor/webauthn/login/", "channels/", "deletions/")
DOORS = ("/login/", "/admin/", "/account/confirm/")
PLACEHOLDER = re.compile(r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>[^)]*\)")


class Address(NamedTuple):
    """One pattern of the resolver."""

    route: str
    model: type[Model] | None  # of a page of the admin that shows one row

    @property
    def is_open(self) -> bool:
        """Whether strangers may ask here, and get what is public."""
        return self.route == "" or self.route.lstrip("^").startswith(OPEN)

    @property
    def names_a_row(self) -> bool:
        """Whether a row of a workspace stands in it."""
        names = {one or other for one, other in PLACEHOLDER.findall(self.route)}
        return bool(names - {"app_label", "url", "rest", "content_type_id"}) and "experts/" not in self.route

    def of(self, rows: Rows) -> list[str]:
        """The address, with the ids of these rows."""
        if "<path:content_type_id>" in self.route:
            linked = [model for model in all_models() if hasattr(model, "get_absolute_url")]
            return [self._filled(rows, model) for model in linked]
        return [self._filled(rows, self.model)]

    def _filled(self, rows: Rows, model: type[Model] | None) -> str:
        known = values(rows) | ({"object_id": _pk(rows, model)} if model else {})
        if model:
            known["content_type_id"] = ContentType.objects.get_for_model(model).pk
        plain = re.sub(r"[\^$]", "", self.route)
        return "/" + PLACEHOLDER.sub(lambda match: str(known[match[1] or match[2]]), plain)


def _pk(rows: Rows, model: type[Model]) -> Any:
    is_of_workspace = path_of(model) or model in (type(rows.workspace), User)
    return rows.of(model).pk if is_of_workspace else 1


def values(rows: Rows) -> dict[str, Any]:
    """What stands for the placeholders."""
    keys = {"conversation": Conversation, "attachment": Attachment, "response": CannedResponse}
    keys |= {"task": Task, "task_id": Task}
    keys |= {
        "conversation_id": Conversation,
        "contact_id": Contact,
        "label_id": Label,
        "team_id": Team,
        "rule_id": Rule,
    }
    keys |= {"response_id": CannedResponse, "article_id": Article, "collection_id": Collection, "run_id": Import}
    keys |= {"generation_id": Generation, "what_if_id": WhatIf, "agent_id": User, "id": User}
    keys |= {"gap_id": Gap, "topic_id": Topic, "comparison_id": VersionComparison, "training_id": ExpertTraining}
    keys |= {"evaluation_id": VersionEvaluation, "dataset_id": Dataset, "upload_id": Upload}
    keys |= {"chart_id": Chart, "dashboard_id": Dashboard, "draft_id": ArticleDraft}
    keys |= {"export_id": Export, "deletion": Deletion}
    words = {"seq": 1, "key": rows.workspace.key, "token": "guessed", "customer": "1", "name": "core", "language": "en"}
    words |= {
        "plan_id": 1,
        "notice_id": rows.of(Notice).pk,
        "workspace": rows.workspace.slug,
        "url": "nowhere",
        "status": "done",
        "rest": "nowhere",
        "app_label": "chat",
        "object_id": 1,
        "uidb36": "1",
        "provider_id": "workspace-1",
        "slug": rows.workspace.slug,
        "pk": 1,
    }
    words |= {"messenger_key": rows.of(Messenger).key}
    words |= {"collection": rows.of(Collection).slug, "article": rows.of(Article).slug}
    return {**words, "number": rows.of(Order).number, **{name: rows.of(model).pk for name, model in keys.items()}}


def addresses() -> list[Address]:
    """All that the resolver knows."""
    return list(_walk(get_resolver().url_patterns, ""))


def _walk(patterns: list[Any], before: str) -> Iterator[Address]:
    for pattern in patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            keeper = getattr(pattern.callback, "model_admin", None)
            yield Address(route, keeper.model if keeper else None)


def posted(rows: Rows, model: type[Model] | None) -> dict[str, Any]:
    """A form that names all that it can."""
    names = {model.__name__.lower(): rows.of(model).pk for model in all_models() if path_of(model)}
    named = {"workspace": rows.workspace.pk, "agent": rows.agent.pk, "user": rows.agent.pk, "role": "admin"}
    said = dict.fromkeys(("name", "title", "body", "text", "slug", "code", "query", "email"), "taken over")
    chosen = {"post": "yes", "action": "delete_selected", "_selected_action": _pk(rows, model) if model else 1}
    return {**said, **names, **named, **chosen, "delete": "", "into": rows.conversation.pk}


def asked(client: Client, address: Address, rows: Rows) -> Iterator[tuple[str, Any]]:
    """Each way to ask there: for all, and for what is of the workspace."""
    is_page = address.is_open or address.route.startswith("admin/")
    for path in address.of(rows):
        for method in ("get", "post") if is_page else ("get", "post", "put", "patch", "delete"):
            data = posted(rows, address.model) if method == "post" else None
            yield f"{method} {path}", getattr(client, method)(path, data)
        for query in searches(address, rows):
            yield f"get {path} {query}", client.get(path, query)


def searches(address: Address, rows: Rows) -> list[dict[str, str]]:
    """What is searched for: in our pages, and in the fields of the admin's forms that complete a name."""
    if not address.route.endswith("autocomplete/"):
        return [] if address.model else [{"workspace": rows.workspace.slug, "q": SECRET, "s": SECRET}]
    return [
        {"app_label": model._meta.app_label, "model_name": str(model._meta.model_name), "field_name": str(name)}
        for model, keeper in admin.site._registry.items()
        for name in keeper.autocomplete_fields
    ]


def choices(answer: Any) -> Iterator[QuerySet[Model]]:
    """The rows that can be chosen in a form of the admin."""
    context = answer.context or {}
    forms = [context["adminform"].form] if "adminform" in context else []
    forms += [inline.formset.empty_form for inline in context.get("inline_admin_formsets", ())]
    for field in (field for form in forms for field in form.fields.values()):
        if isinstance(field, ModelChoiceField) and field.queryset is not None and not field.widget.is_hidden:
            yield field.queryset


def leaks(answer: Any, secret: str) -> bool:
    """Whether it tells what only the shop may know."""
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return secret in body.decode(errors="replace") + str(answer.headers)


def refuses(answer: Any) -> bool:
    """Whether it shows the door."""
    if answer.status_code == 302:
        return str(answer["Location"]).startswith(DOORS)
    return answer.status_code in (400, 401, 403, 404, 405)


def is_strict(answer: Any) -> bool:
    """Whether the browser is told to run no script that stands in the page, and to guess at no type."""
    policy = answer.headers.get("Content-Security-Policy", "")
    return "default-src" in policy and "unsafe" not in policy and answer.headers["X-Content-Type-Options"] == "nosniff"


def signed_in(user: User) -> Client:
    """The browser of somebody who signed in."""
    client = Client()
    client.force_login(user)
    return client


def test_every_model_knows_its_workspace() -> None:
    without = {model.__name__ for model in all_models() if not path_of(model)}
    known = {"User", "Login", "Workspace", "Mark", "Sweep", "DoomedFile", "Serving", "VersionEvaluation"}
    assert without == known | {"Plan", "Allowance", "Meter", "StripeAccount", "StripeEvent", "Deletion"}


def test_every_address_is_tried(shop: Rows) -> None:
    assert len(addresses()) > 350
    assert all(address.of(shop) for address in addresses())


def test_nobody_gets_what_is_not_public(shop: Rows) -> None:
    before = snapshot(shop.workspace)
    for address in addresses():
        for what, answer in asked(Client(), address, shop):
            assert not leaks(answer, shop.secret), what
            assert address.is_open or refuses(answer), (what, answer)
            assert is_strict(answer) or address.route.startswith("admin/"), what
    assert snapshot(shop.workspace) == before


def test_an_agent_does_not_get_into_the_admin(shop: Rows) -> None:
    agent, nowhere = signed_in(shop.agent), ("admin/logout/", "admin/login/")
    before = snapshot(shop.workspace)
    for address in addresses():
        if address.route.startswith("admin/") and address.route not in nowhere:
            for what, answer in asked(agent, address, shop):
                assert refuses(answer), (what, answer)
                assert not leaks(answer, shop.secret), what
    assert snapshot(shop.workspace) == before


def test_a_viewer_changes_nothing_in_the_inbox(shop: Rows) -> None:
    shop.workspace.members.filter(user=shop.agent).update(role=Role.VIEWER)
    viewer = signed_in(shop.agent)
    assert viewer.get("/inbox/").status_code == 200
    before = snapshot(shop.workspace)
    for address in addresses():
        if address.route.startswith("inbox/") and not address.is_open:
            for what, answer in asked(viewer, address, shop):
                assert what.startswith("get ") or refuses(answer), (what, answer)
    assert snapshot(shop.workspace) == before


def test_an_administrator_of_another_workspace_finds_nothing_and_changes_nothing(shop: Rows, other: Rows) -> None:
    stranger, before = signed_in(other.admin), snapshot(shop.workspace)
    theirs = {model: {shop.of(model).pk} for model in (*filter(path_of, all_models()), User, Workspace)}
    for address in addresses():
        if address.route.endswith("logout/"):
            continue
        for what, answer in asked(stranger, address, shop):
            assert not leaks(answer, shop.secret), what
            assert not address.names_a_row or address.is_open or refuses(answer), (what, answer)
            for offered in choices(answer):
                assert not theirs.get(offered.model, set()) & set(offered.values_list("pk", flat=True)), what
    assert snapshot(shop.workspace) == before
