"""The voice in a conversation: of a suggested reply, of what an agent writes, and for a model that is told of it.

The bot's own answers keep their words: a quotation is what the article says, under its title, and in a sentence on an
order a word may be the name of goods, which the lexical check of facts can't tell. Articles are reworded by people.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from supportbot.chat.canned import values_for
from supportbot.chat.models import Conversation, Message, Voice
from supportbot.chat.voice import rules
from supportbot.knowledge.models import Article
from supportbot.workspaces.models import User, Workspace

ARTICLES = 20  # that are shown


def voice_of(workspace: Workspace) -> Voice | None:
    """The workspace's voice; None where nobody has settled one."""
    return Voice.objects.in_workspace(workspace).first()


def instructions(workspace: Workspace) -> str:
    """What a language model is told of the voice; empty without one."""
    voice = voice_of(workspace)
    return rules.instructions(voice) if voice else ""


def worded(workspace: Workspace, text: str) -> str:
    """A proposed text with the workspace's words."""
    voice = voice_of(workspace)
    return rules.put_right(voice, text, rules.names_in(workspace.name)) if voice else text


def in_voice(conversation: Conversation, agent: User, text: str, *, before: Message | None = None) -> str:
    """A reply as the agent would send it now, or would have sent it instead of the message `before`."""
    voice = voice_of(conversation.workspace)
    return _in_voice(voice, conversation, agent, text, before=before) if voice else text


def look_over(conversation: Conversation, agent: User, text: str) -> dict[str, Any]:
    """What the voice says of a reply that is being written; places count as browsers do, in UTF-16."""
    voice = voice_of(conversation.workspace)
    if voice is None:
        return {"slips": [], "advice": [], "text": text}
    found = rules.slips(voice, text, _names(conversation))
    told = [
        {
            "said": slip.said,
            "instead": slip.instead,
            "start": _units(text[: slip.start]),
            "end": _units(text[: slip.end]),
        }
        for slip in found
    ]
    rewritten = _in_voice(voice, conversation, agent, text) if text.strip() else text
    return {"slips": told, "advice": rules.advice(voice, text), "text": rewritten}


def articles_to_reword(voice: Voice) -> list[tuple[Article, list[str]]]:
    """Published articles with avoided words, and which: the bot quotes them as they stand. Learnt replies are none."""
    if not voice.words:
        return []
    has_one = Q()
    for avoided, _ in voice.words:
        has_one |= Q(body__icontains=avoided)
    published = Article.objects.in_workspace(voice.workspace).filter(status=Article.Status.PUBLISHED)
    published = published.exclude(kind=Article.Kind.REPLY)
    found = ((article, rules.slips(voice, article.body)) for article in published.filter(has_one).order_by("title"))
    told = [(article, sorted({slip.said.lower() for slip in made})) for article, made in found if made]
    return told[:ARTICLES]


def _in_voice(
    voice: Voice, conversation: Conversation, agent: User, text: str, *, before: Message | None = None
) -> str:
    said = conversation.messages.filter(author=Message.Author.AGENT, seq__gt=conversation.context_seq)
    is_first = not (said.filter(seq__lt=before.seq) if before else said).exists()
    values = values_for(conversation, agent)
    return rules.in_voice(voice, text, values, greets=is_first, names=_names(conversation))


def _names(conversation: Conversation) -> set[str]:
    return rules.names_in(f"{conversation.contact.name} {conversation.workspace.name}")


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
