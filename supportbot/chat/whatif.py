"""Replies written once more with some experts switched off: who may ask for one, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import structlog
from django.utils import timezone

from supportbot.chat.models import Generation, WhatIf
from supportbot.workspaces.models import User

if TYPE_CHECKING:
    from inference import engine

log = structlog.get_logger(__name__)
AT_ONCE = 3  # that may wait in one workspace
OVERDUE = timedelta(minutes=2)  # then whoever should have written it is gone
Rewrite = Callable[[Generation, Collection[int]], "engine.WhatIf"]


class Refused(Exception):
    """Why a reply can't be written again, in words."""


def refusal(generation: Generation) -> str:
    """Why this reply can't be written again; empty if it can."""
    if "+" in generation.model_version:
        return "Another engine wrote this reply, and its experts can’t be switched off from here."
    if not generation.prompt:
        return "What this reply was written from is no longer kept, or it was not written by the model."
    return ""


def ask(generation: Generation, *, title: str, off: Collection[int], by: User) -> WhatIf:
    """Note what an administrator wants to see, for `tasks.explore`; Refused when it can't be had."""
    if words := refusal(generation):
        raise Refused(words)
    expire()
    workspace = generation.message.conversation.workspace
    if WhatIf.objects.in_workspace(workspace).filter(state=WhatIf.State.WAITING).count() >= AT_ONCE:
        raise Refused("Some replies are being written again already. Wait for them, then ask once more.")
    return WhatIf.objects.create(generation=generation, asked_by=by, title=title, off=sorted(off))


def complete(what_if_id: int, rewrite: Rewrite) -> None:
    """Have it written and keep both replies, or why there are none; one that is done is left alone."""
    rows = WhatIf.objects.select_related("generation__message__conversation__workspace")
    what_if = rows.filter(id=what_if_id, state=WhatIf.State.WAITING).first()
    if what_if is None:
        return
    try:
        found = rewrite(what_if.generation, what_if.off)
    except Exception:
        log.exception("reply not written again", what_if=what_if_id)
        result: dict[str, Any] = {"state": WhatIf.State.FAILED, "problem": "The model is busy or has stopped."}
    else:
        result = {
            "state": WhatIf.State.DONE,
            "usual": found.usual.text.strip(),
            "changed": found.changed.text.strip(),
            "usual_logprob": found.usual.mean_logprob,
            "changed_logprob": found.changed.mean_logprob,
            "recited_logprob": found.recited,
        }
    WhatIf.objects.filter(id=what_if_id, state=WhatIf.State.WAITING).update(**result)


def expire() -> None:
    """Give up what nobody has written in time."""
    late = WhatIf.objects.filter(state=WhatIf.State.WAITING, created_at__lt=timezone.now() - OVERDUE)
    late.update(state=WhatIf.State.FAILED, problem="Nobody could write it in time. Ask again.")
