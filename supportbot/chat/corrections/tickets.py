"""What a workspace's people have answered, as rows for `training.add_expert`.

Telephone numbers and e-mail addresses of customers stay out, and so does all that the workspace hides besides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from typing import Any

from supportbot.chat.masking import Rules, anonymous
from supportbot.chat.models import Correction, Label, Message
from supportbot.workspaces.models import Workspace
from supportbot.workspaces.scoping import ScopedQuerySet

Act = Correction.Act
TEXT_LIMIT, REPLY_LIMIT = 600, 400  # characters that the model's context surely holds
Ticket = dict[str, Any]


def approved(workspace: Workspace) -> ScopedQuerySet[Correction]:
    """All approved corrections of a workspace, the oldest first."""
    rows = Correction.objects.in_workspace(workspace).filter(state=Correction.State.APPROVED)
    return rows.select_related("message__generation__in_reply_to", "article").order_by("created_at", "pk")


def of_corrections(workspace: Workspace, category: str) -> Iterator[Ticket]:
    """Those of a category that have words to learn, each with the intent as far as it is known."""
    hide = hider(workspace)
    for row in approved(workspace).filter(category=category, act__in=(Act.ANSWER, Act.ASK)):
        intent = {"intent": row.intent} if row.intent else {}
        yield {"id": f"correction-{row.pk}", "text": hide(row.question), "reply": hide(row.reply), **intent}


def of_conversations(workspace: Workspace, label: Label) -> Iterator[Ticket]:
    """What agents answered to customers in the conversations with a label; not what is too long to be learnt."""
    hide = hider(workspace)
    spoken = (Message.Author.CUSTOMER, Message.Author.AGENT)
    rows = (
        Message.objects.in_workspace(workspace).filter(conversation__labels=label, author__in=spoken).exclude(body="")
    ).select_related("conversation__contact")
    for asked, reply in pairwise(rows.order_by("conversation", "seq").iterator()):
        answers = (asked.author, reply.author) == spoken and asked.conversation_id == reply.conversation_id
        if answers and len(asked.body) <= TEXT_LIMIT and len(reply.body) <= REPLY_LIMIT and "{{" not in reply.body:
            name = asked.conversation.contact.name
            told = {"text": hide(asked.body, name=name), "reply": hide(reply.body, name=name)}
            yield {"id": f"message-{reply.pk}", **told}


def hider(workspace: Workspace) -> Callable[..., str]:
    """What takes out of a text, with a customer's name if it is given, whatever training must not see."""
    return partial(anonymous, rules=Rules.of(workspace))
