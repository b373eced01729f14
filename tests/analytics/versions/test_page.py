"""The page of the models: for superusers alone, each step with its words, figures by version, nothing given is lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from supportbot.analytics.models import VersionEvaluation
from supportbot.analytics.rollup import roll_up
from supportbot.analytics.versions import evaluating
from supportbot.chat.models import Generation, Message, Serving
from supportbot.chat.versions import registry, serving
from supportbot.workspaces.models import AuditEntry, User
from tests.analytics.conftest import Shop, answered, signed_in
from tests.analytics.routing.conftest import text

PAGE, DECIDE = "/admin/models/", "/admin/models/decide/"
RUN = {"seed": 0, "added": 1.1, "added_elsewhere": 0.066, "retrained": 0.5}
ADDED = {
    **{"category": "repairs", "came_from": "0123456789ab", "learned_from": 169, "held_out": 55, "steps": 160},
    **{"before": 7.2, "before_elsewhere": 0.064, "read": 0.5, "read_elsewhere_before": 0.96, "read_elsewhere": 0.95},
    "runs": [RUN],
}


def stored(directory: Path, name: str) -> str:
    """A checkpoint with weights of no meaning; its version."""
    directory.mkdir(parents=True)
    (directory / "experts.json").write_text(json.dumps({"name": name, "experts": [{"name": "parcels"}]}))
    (directory / "model.safetensors").write_bytes(name.encode())
    (directory / "triage.json").write_text("{}")
    return registry.version_at(directory)


@pytest.fixture
def versions(settings: Settings, tmp_path: Path) -> tuple[str, str]:
    """The shipped one, and one with an expert more."""
    settings.MODEL_DIR, settings.MODELS = tmp_path / "shipped", tmp_path / "models"
    found = stored(settings.MODEL_DIR, "tiny"), stored(settings.MODELS / "repairs", "tinier")
    (settings.MODELS / "repairs" / "added_expert.json").write_text(json.dumps(ADDED))
    return found


def words(visitor: Client, page: str = PAGE, **posted: Any) -> str:
    """What a page says, after something was posted to it."""
    answer = visitor.post(page, posted, follow=True) if posted else visitor.get(page)
    return text(answer.content.decode())


def test_only_who_runs_the_installation_sees_and_decides(
    shop: Shop, superuser: User, versions: tuple[str, str]
) -> None:
    for user in (shop.agent, shop.admin):
        visitor = signed_in(user)
        assert visitor.get(PAGE, follow=True).status_code == 403
        assert (
            visitor.post(DECIDE, {"step": "promote", "version": versions[1], "seen": "0"}, follow=True).status_code
            == 403
        )
    assert PAGE not in signed_in(shop.admin).get("/admin/").content.decode()
    assert PAGE in signed_in(superuser).get("/admin/").content.decode()
    assert signed_in(superuser).get(DECIDE).status_code == 405
    assert not Serving.objects.exists()


def test_steps_are_told_and_a_stale_page_decides_nothing(
    shop: Shop, superuser: User, versions: tuple[str, str]
) -> None:
    visitor, (first, second) = signed_in(superuser), versions
    page = words(visitor)
    assert f"tiny {first} answers." in page and "169 tickets, 55 held out; 160 steps, 1 seed" in page
    given = {"version": second, "seen": "0"}
    assert "whole number from 0 to 100" in words(visitor, DECIDE, step="canary", share="many", **given)
    page = words(visitor, DECIDE, step="canary", share="20", **given)
    assert f"20 % go to version {second}" in page and "The workers are loading it" in page
    assert "Somebody has changed this meanwhile" in words(visitor, DECIDE, step="promote", **given)
    serving.note_problem(serving.latest(), "no tokenizer")
    assert "could not load what is to answer and goes on with what it has: no tokenizer" in words(visitor)
    now = {"version": second, "seen": str(Serving.objects.get().pk)}
    page = words(visitor, DECIDE, step="promote", **now)
    assert f"Version {second} answers from now on" in page and f"Roll back to {first}" in page
    assert f"Promoted {first} to {second}" in page


def test_figures_stand_by_version(shop: Shop, superuser: User, versions: tuple[str, str]) -> None:
    first, second = versions
    other = answered(shop.workspace)
    Generation.objects.update(model_version=first)
    Generation.objects.filter(message__conversation=other).update(model_version=second, act="hand_off", total_s=0.5)
    Message.objects.filter(conversation=shop.conversation, author="bot").update(verdict="helped")
    roll_up()
    page = words(signed_in(superuser))
    assert f"tiny {first} 1 0 % 0 0 % 0 1 0 0.3 s" in page
    assert f"tinier + repairs {second} 1 0 % 0 0 % 0 0 0 0.5 s" in page


def test_what_was_given_stays_in_a_form_that_is_refused(shop: Shop, superuser: User, versions: tuple[str, str]) -> None:
    visitor, first = signed_in(superuser), versions[0]
    label = shop.workspace.labels.create(name="Repairs")
    given = {"workspace": shop.workspace.slug, "category": "repairs", "label": str(label.pk)}
    page = visitor.post("/admin/models/learn/", given, follow=True).content.decode()
    assert "At least 50 are needed" in page
    assert 'value="repairs"' in page and f'<option value="{label.pk}" selected>' in page
    same = {"workspace": shop.workspace.slug, "left": first, "right": first, "count": "50"}
    page = visitor.post("/admin/models/compare/", same, follow=True).content.decode()
    assert "Choose two different versions" in page and '<option value="50" selected>' in page
    elsewhere = visitor.post("/admin/models/learn/", {**given, "workspace": "nowhere"})
    assert elsewhere.status_code == 404


def test_a_version_is_evaluated_at_a_click(
    shop: Shop, superuser: User, versions: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor, (first, second) = signed_in(superuser), versions
    assert signed_in(shop.admin).post("/admin/models/evaluate/", {"version": second}).status_code == 403
    assert "one of the versions that are listed" in words(visitor, "/admin/models/evaluate/", version="nowhere")
    assert "The evaluation waits for a worker…" in words(visitor, "/admin/models/evaluate/", version=second)
    assert "being evaluated already" in words(visitor, "/admin/models/evaluate/", version=first)
    asked = VersionEvaluation.objects.get()
    monkeypatch.setattr(evaluating, "SHARE", 0)
    evaluating.run(asked.pk)  # a process of its own, which says what is wrong
    page = words(visitor, f"/admin/models/evaluations/{asked.pk}/state/")
    assert "The evaluation failed." in page and "--share is above 0 and at most 1" in page
    words(visitor, "/admin/models/evaluate/", version=second)
    again = VersionEvaluation.objects.first()
    assert again and "was cancelled" in words(visitor, f"/admin/models/evaluations/{again.pk}/cancel/", go="on")
    evaluating.run(again.pk)
    told = AuditEntry.objects.filter(workspace=shop.workspace, target=second).order_by("id")
    begun, cancelled = "model.evaluation_begun", "model.evaluation_cancelled"
    assert list(told.values_list("action", flat=True)) == [begun, begun, cancelled]


def test_what_came_of_an_evaluation_stands_beside_its_version(superuser: User, versions: tuple[str, str]) -> None:
    assert evaluating.progress("played: 10 of 540\nplayed: 270 of 540\n") == 50
    one = {"value": 0.75, "low": 0.5, "high": 0.9, "count": 20, "hits": 15.0}
    labels, companies = {"right": "right answers"}, {"together": {"the product": {"right": one}}}
    for version in versions:
        figures = {"version": version, "date": "2026-11-27", "machine": "2 cores", "labels": labels}
        VersionEvaluation.objects.create(
            version=version, state="done", percent=100, figures=figures | {"companies": companies}
        )
    page = words(signed_in(superuser))
    assert "Right answers 75.0 % 50.0–90.0 % 75.0 %" in page and f"Evaluate {versions[1]} anew" in page
