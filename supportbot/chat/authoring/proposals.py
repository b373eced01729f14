"""What the assistant proposes beside a conversation, as a difference against what stands there; an agent decides.

Nothing of it is inserted or sent by itself, and every decision is kept.
"""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from supportbot.actions.todo import TITLE_LIMIT
from supportbot.celery import app
from supportbot.chat import context, experts, handover, organising, sending, similar, todo, transcript
from supportbot.chat.authoring import larger, wording
from supportbot.chat.grounding import Evidence, Piece, content, facts, sentences
from supportbot.chat.models import AgentDraft, Conversation, Label, Message, SuggestionUse
from supportbot.chat.reasons import ACTS
from supportbot.chat.refusals import Refused
from supportbot.chat.storable import storable
from supportbot.workspaces.models import User

if TYPE_CHECKING:
    from inference.engine import Engine

log = structlog.get_logger(__name__)
Kind, Author = SuggestionUse.Kind, Message.Author
TEXT_LIMIT = 4000  # characters that are rewritten
LABELS, AGENTS = 3, 3  # labels and sentences of agents that are proposed at most
READ = 60  # messages, the newest
PROMISE = re.compile(r"\b(?:i|we)(?:['’]ll| will| am going to| are going to)\b", re.IGNORECASE)
MORNING = time(9)
TASKS = {
    Kind.SHORTER: "Make the agent's reply shorter. Keep every fact.",
    Kind.FRIENDLIER: "Make the agent's reply friendlier and warmer. Keep every fact.",
    Kind.FORMAL: "Make the agent's reply more formal. Keep every fact.",
    Kind.SIMPLER: "Say the agent's reply in simpler words and shorter sentences. Keep every fact.",
    Kind.SUMMARY: "Summarise the conversation for a colleague in at most five short lines: what the customer wants, "
    "what was done, what is open.",
}


def propose(conversation: Conversation, agent: User, *, kind: str, text: str = "") -> SuggestionUse:
    """A proposal of this kind; `text` stands where it would go. With a larger model a worker writes it."""
    if kind not in Kind.values or kind == Kind.REPLY:
        raise Refused("bad_frame", "There is no such proposal.")
    before = storable(text).replace("\r\n", "\n").strip()
    if kind in SuggestionUse.REWRITES and not before:
        raise Refused("empty", "Write something first; then it can be said in other words.")
    if len(before) > TEXT_LIMIT:
        raise Refused("too_long", f"At most {TEXT_LIMIT} characters can be rewritten; these are {len(before)}.")
    if kind == Kind.SUMMARY:
        before = sending.draft_of(conversation, agent, AgentDraft.Kind.NOTE)
    if kind == Kind.FOLLOW_UP:
        before = ""
    if kind == Kind.LABELS:
        before = ", ".join(conversation.labels.values_list("name", flat=True))
    use = SuggestionUse(conversation=conversation, user=agent, kind=kind, before=before)
    use.category, use.expert = conversation.category, experts.of(conversation)
    if settings.BACKEND and kind in TASKS:
        use.is_written = False
        use.save()
        transaction.on_commit(lambda: _queue(use))
        return use
    use.text = _behind(use, _by_rules(use))
    use.save()
    return use


def write(use_id: int, engine: Engine) -> None:
    """Have the larger model write it; what loses or adds a fact is not taken, and the rules write it then."""
    waiting = SuggestionUse.objects.filter(pk=use_id, is_written=False)
    if (use := waiting.select_related("conversation__workspace", "conversation__contact").first()) is None:
        return
    given = use.before if use.kind in SuggestionUse.REWRITES else _told(use.conversation)
    made = larger.write(engine, use.conversation.workspace, TASKS[Kind(use.kind)], given)
    sound = made if made and _is_sound(use, made) else ""
    waiting.update(text=_behind(use, sound or _by_rules(use)), is_written=True)


def current(conversation: Conversation, agent: User, use_id: int) -> SuggestionUse:
    """The agent's own proposal."""
    if found := SuggestionUse.objects.filter(conversation=conversation, user=agent, pk=use_id).first():
        return found
    raise Refused("not_found", "There is no such proposal any more.")


@transaction.atomic
def accept(use: SuggestionUse) -> None:
    """The agent takes it: words go to where they write, labels and tasks are made."""
    if not use.text or use.text == use.before:
        raise Refused("empty", "There is nothing to take.")
    conversation = transcript.locked(use.conversation_id)
    if use.inserted_at or use.rejected_at:
        raise Refused("conflict", "This was decided before.")
    use.inserted_at = timezone.now()
    if use.kind == Kind.LABELS:
        names = set(use.text.split(", ")) - set(use.before.split(", "))
        for label in Label.objects.in_workspace(conversation.workspace).filter(name__in=names):
            organising.label(conversation_id=conversation.id, agent=use.user, label_id=label.pk, on=True)
    if use.kind == Kind.FOLLOW_UP:
        plan = todo.Plan(use.text[:TITLE_LIMIT], owner=use.user_id, due_at=_due(conversation, use.text))
        todo.add(workspace=conversation.workspace, agent=use.user, plan=plan, conversation_id=conversation.id)
    if use.kind in (Kind.LABELS, Kind.FOLLOW_UP):
        use.distance, use.changed = 0, 0.0
    use.save()


def reject(use: SuggestionUse) -> None:
    """The agent does not want it."""
    SuggestionUse.objects.filter(pk=use.pk, inserted_at=None, rejected_at=None).update(rejected_at=timezone.now())


def _queue(use: SuggestionUse) -> None:
    """Ask a worker; without a queue the rules write it at once."""
    try:
        app.send_task("supportbot.chat.authoring.tasks.propose", [use.pk])
    except Exception as error:
        log.warning("proposal not queued", proposal=use.pk, error=repr(error))
        SuggestionUse.objects.filter(pk=use.pk).update(text=_behind(use, _by_rules(use)), is_written=True)


def _by_rules(use: SuggestionUse) -> str:
    """What the rules make of it; the same text where they know nothing better."""
    conversation = use.conversation
    if use.kind == Kind.SUMMARY:
        return _summary(conversation)
    if use.kind == Kind.LABELS:
        return ", ".join(part for part in (use.before, *_labels(conversation)) if part)
    if use.kind == Kind.FOLLOW_UP:
        return _follow_up(conversation)
    if not wording.is_english(use.before):
        return use.before
    last = conversation.messages.filter(author=Author.CUSTOMER).exclude(body="").last()
    return wording.reworded(use.before, use.kind, name=conversation.contact.name, asked=last.body if last else "")


def _behind(use: SuggestionUse, made: str) -> str:
    """A summary stands behind what the note says already."""
    return f"{use.before}\n\n{made}" if use.kind == Kind.SUMMARY and use.before and made else made


def _is_sound(use: SuggestionUse, made: str) -> bool:
    if use.kind in SuggestionUse.REWRITES:
        return wording.says_the_same(use.before, made, use.conversation.contact.name)
    messages = use.conversation.messages.exclude(body="")
    evidence = Evidence(tuple(Piece(message.body) for message in messages), use.conversation.contact.name)
    return all(evidence.judge(sentence).objection in (None, "claim") for sentence in sentences(made))


def _told(conversation: Conversation) -> str:
    """The newest messages, as a model reads them."""
    messages = list(conversation.messages.exclude(body="").order_by("-seq")[:READ])
    return "\n".join(f"{message.author}: {message.body}" for message in reversed(messages))


def _summary(conversation: Conversation) -> str:
    """In the words of those who wrote: what is wanted, what was done, what is open."""
    told = handover.summary(conversation, "")
    order = context.order_named(conversation)
    replies = conversation.messages.filter(author=Author.AGENT).order_by("seq").values_list("body", flat=True)
    said = [sentence for body in replies for sentence in sentences(body) if content(sentence)]
    telling = [sentence for sentence in said if any(facts(sentence)) or PROMISE.search(sentence)] or said
    acts = list(dict.fromkeys(ACTS.get(act["act"], act["act"]).lower() for act in told["tried"]))
    last = conversation.messages.exclude(author=Author.SYSTEM).exclude(body="").last()
    lines = [
        ("Wants", told["sentence"]),
        ("Order", f"{order.number}, {order.slots()['order_state']}" if order else ""),
        ("The bot", ", ".join(acts)),
        ("Agents said", " ".join(telling[-AGENTS:])),
        ("Open", handover.key_sentence([last.body]) if last and last.author == Author.CUSTOMER else ""),
    ]
    shown = {name: words for name, words in lines if words}
    if shown.get("Open") == shown.get("Wants"):
        shown.pop("Open", None)
    return "\n".join(f"{name}: {words}" for name, words in shown.items())


def _labels(conversation: Conversation) -> list[str]:
    """Those of the workspace whose words the customer or the category uses, or that like conversations have."""
    said = conversation.messages.filter(author=Author.CUSTOMER).values_list("body", flat=True)
    words = content(" ".join([*said, conversation.category.replace("_", " ")]))
    there = set(conversation.labels.values_list("pk", flat=True))
    alike = [one.id for one in similar.shown(conversation)]
    found = []
    for label in Label.objects.in_workspace(conversation.workspace).exclude(pk__in=there):
        own = content(label.name)
        shared = len(own & words) / len(own) if own else 0.0
        shared += 0.5 * label.conversations.filter(pk__in=alike).count()
        if shared >= 1:
            found.append((shared, label.name))
    return [name for _, name in sorted(found, key=lambda pair: -pair[0])[:LABELS]]


def _follow_up(conversation: Conversation) -> str:
    """The title of a task: to do what was promised last, else to ask whether it is solved."""
    replies = conversation.messages.filter(author=Author.AGENT).order_by("-seq").values_list("body", flat=True)
    promised = [sentence for body in replies for sentence in sentences(body) if PROMISE.search(sentence)]
    name = conversation.contact.name.strip() or "the customer"
    if promised:
        return f"Promised to {name}: {promised[0]}"
    wanted = handover.summary(conversation, "")["sentence"]
    return f"Ask {name} whether it is solved" + (f": {wanted}" if wanted else "")


def _due(conversation: Conversation, title: str) -> datetime:
    """The next morning for a promise, in three days to ask; where the workspace is."""
    zone = conversation.workspace.zone
    day = timezone.localdate(timezone=zone) + timedelta(days=1 if title.startswith("Promised") else 3)
    return datetime.combine(day, MORNING, zone)
