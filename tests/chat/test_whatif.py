"""Replies written again without some experts, and experts that a workspace has switched off, on a real engine."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from inference.engine import Engine, RoutingTrace
from supportbot.chat import rewriting, whatif
from supportbot.chat.models import Generation, Message, WhatIf
from supportbot.workspaces.experts import ExpertSetting
from supportbot.workspaces.models import Member, User, Workspace

Answered = Callable[[str], list[Message]]


def experts_of(reply: Message) -> set[int]:
    """Every expert that a token of the prompt or the reply went to."""
    return set(RoutingTrace.from_bytes(bytes(reply.generation.routing)).ids.flatten().tolist())


def switched(workspace: Workspace, bot: Engine, number: int) -> None:
    ExpertSetting.objects.create(workspace=workspace, version=bot.info.version, number=number, is_off=True)


def test_a_reply_is_written_again_from_what_it_was_written_from(answered: Answered, maya: User, bot: Engine) -> None:
    answered("when do you open?")
    *_, reply = answered("where is order 10023?")
    busiest = RoutingTrace.from_bytes(bytes(reply.generation.routing)).share.mean(axis=0).argmax()
    asked = whatif.ask(reply.generation, title="without it", off=[int(busiest)], by=maya)
    whatif.complete(asked.pk, rewriting.rewrite)
    asked.refresh_from_db()
    assert asked.state == WhatIf.State.DONE
    assert asked.usual == reply.body  # the same prompt: earlier turns, brief, facts
    assert asked.usual_logprob == pytest.approx(reply.generation.mean_logprob, abs=0.01)
    assert asked.recited_logprob is not None and asked.recited_logprob < asked.usual_logprob
    assert list(reply.conversation.messages.order_by("seq"))[-1] == reply  # nobody was told


def test_a_workspaces_expert_that_is_off_writes_nothing(answered: Answered, workspace: Workspace, bot: Engine) -> None:
    *_, before = answered("where is order 10023?")
    assert 3 in experts_of(before)
    switched(workspace, bot, 3)
    *_, after = answered("where is order 10023 now?")
    assert after.generation.routing and 3 not in experts_of(after)
    assert 3 in RoutingTrace.from_bytes(bytes(after.generation.reading)).ids  # read with all of them


def test_what_cannot_be_written_again_is_refused_in_words(answered: Answered, maya: User) -> None:
    *_, reply = answered("where is order 10023?")
    made = reply.generation
    for _ in range(whatif.AT_ONCE):
        whatif.ask(made, title="x", off=[0], by=maya)
    with pytest.raises(whatif.Refused, match="written again already"):
        whatif.ask(made, title="x", off=[0], by=maya)
    WhatIf.objects.update(created_at=timezone.now() - timedelta(hours=1))
    whatif.ask(made, title="x", off=[0], by=maya)  # those before were given up
    assert WhatIf.objects.filter(state=WhatIf.State.FAILED).count() == whatif.AT_ONCE
    for fields, words in (({"prompt": {}}, "no longer kept"), ({"model_version": "a+server"}, "Another engine")):
        Generation.objects.filter(id=made.id).update(**fields)
        with pytest.raises(whatif.Refused, match=words):
            whatif.ask(Generation.objects.get(id=made.id), title="x", off=[0], by=maya)


def test_one_that_fails_says_so(answered: Answered, maya: User) -> None:
    *_, reply = answered("where is order 10023?")
    asked = whatif.ask(reply.generation, title="x", off=[0, 1, 2], by=maya)  # of four, and a token needs two
    whatif.complete(asked.pk, rewriting.rewrite)
    asked.refresh_from_db()
    assert (asked.state, bool(asked.problem)) == (WhatIf.State.FAILED, True)


def test_an_administrator_asks_on_the_page_and_nobody_else_can(
    answered: Answered, maya: User, workspace: Workspace, bot: Engine
) -> None:
    *_, reply = answered("where is order 10023?")
    address = f"/admin/routing/replies/{reply.generation.id}/what-if/"
    visitor = Client()
    visitor.force_login(maya)
    assert visitor.post(address, {"change": "without-3"}, follow=True).status_code == 403
    Member.objects.filter(user=maya).update(role=Member.Role.ADMIN)
    assert visitor.get(address).status_code == 405
    assert "Choose what shall be different" in visitor.post(address, {"change": "x"}, follow=True).content.decode()
    page = visitor.post(address, {"change": "without-3"}, follow=True).content.decode()
    asked = WhatIf.objects.get()
    assert f'data-waiting="/admin/routing/what-if/{asked.pk}/"' in page and asked.off == [3]
    whatif.complete(asked.pk, rewriting.rewrite)
    piece = visitor.get(f"/admin/routing/what-if/{asked.pk}/").content.decode()
    assert "Without expert 3, expert 3" in piece and "a token" in piece and "data-waiting" not in piece
    other = Workspace.objects.create(name="Harbour", slug="harbour")
    Member.objects.filter(user=maya).update(workspace=other)
    assert visitor.get(f"/admin/routing/what-if/{asked.pk}/").status_code == 404
    assert visitor.post(address, {"change": "without-3"}).status_code == 404
