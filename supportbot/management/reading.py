"""Has the installed model read a told history and write its answers, so that their routing is kept as in the chat."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.db import connection

from supportbot.chat import assistant, rewriting
from supportbot.chat.answering import READ
from supportbot.chat.models import Conversation, Generation, Message
from supportbot.chat.versions import serving
from supportbot.workspaces.models import Workspace

if TYPE_CHECKING:
    from inference.engine import Engine


def read(workspace: Workspace, newest: int, order: Mapping[str, str]) -> int:
    """Read the customers' words behind the newest replies of a history, and write the answers anew; how many.

    `order` is what the answers may say of an order. The same history gives the same answers.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")  # the planner knows nothing yet of so many rows
    rows = Generation.objects.in_workspace(workspace).filter(model_version="", in_reply_to__language=READ)
    told = rows.filter(in_reply_to__conversation__contact__external_id__startswith="history-")
    whole = told.select_related("in_reply_to", "message__conversation__workspace", "message__conversation__contact")
    found = list(whole.order_by("-created_at", "-id")[:newest])
    with assistant.engines.borrowed(serving.directory()) as model:
        for made in found:
            _read(made, model, order)
    return len(found)


def _read(made: Generation, model: Engine, order: Mapping[str, str]) -> None:
    asked, conversation = made.in_reply_to, made.message.conversation
    reading = model.read(assistant.turns((), asked.body))
    triage = {"category": reading.category, "intent": reading.intent, "confidence": reading.confidence}
    fields = {
        "reading": reading.trace.to_bytes(),
        "categories": {name: round(p, 4) for name, p in reading.categories.items()},
        "model_version": model.info.version,
        "traces": Generation.Traces.NEW,  # a sweep may have met the reply before it had any
    }
    if made.act == Generation.Act.ANSWER:
        fields |= _write(made, model, (reading.category, reading.intent, made.act), order)
    Generation.objects.filter(pk=made.pk).update(**fields)
    Message.objects.filter(pk=asked.pk).update(**triage)
    Conversation.objects.filter(pk=conversation.pk).update(category=reading.category)


def _write(made: Generation, model: Engine, brief: tuple[str, str, str], order: Mapping[str, str]) -> dict[str, Any]:
    slots = {"customer_name": made.message.conversation.contact.name.split()[0], **order}
    made.prompt = {"earlier": [], "question": made.in_reply_to.body, "brief": [*brief], "slots": slots}
    made.prompt |= {"temperature": 0.0, "seed": 0}
    written = rewriting.write_again(made, model, *brief)
    Message.objects.filter(pk=made.message_id).update(body=written.text.strip())
    return {"prompt": made.prompt, **assistant.measures(written)}
