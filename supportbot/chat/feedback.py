"""What the customer thinks: whether an answer helped, and how the whole conversation was. Each is one transaction."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from supportbot.chat import milestones, transcript
from supportbot.chat.announcements import Event, announce
from supportbot.chat.masking import Rules, mask
from supportbot.chat.models import Conversation, Message, Milestone, Rating
from supportbot.chat.refusals import Refused

COMMENT_LIMIT = 1000
Verdict = Message.Verdict


@transaction.atomic
def judge_answer(*, conversation_id: UUID, seq: int, helped: bool, client_id: UUID) -> None:
    """The assistant's answer helped, which resolves the conversation, or did not, which brings a person.

    Only the first verdict counts; what the customer has written meanwhile keeps the conversation open.
    """
    conversation = transcript.locked(conversation_id)
    answer = conversation.messages.filter(seq=seq, author=Message.Author.BOT).exclude(verdict="").first()
    if answer is None:
        raise Refused("not_found", "There is no such answer.")
    if answer.verdict != Verdict.ASKED:
        return
    transcript.demand_welcome(conversation)
    answer.verdict = Verdict.HELPED if helped else Verdict.DID_NOT_HELP
    answer.save(update_fields=["verdict"])
    is_bots = conversation.handler == Conversation.Handler.BOT
    if helped and is_bots and seq == conversation.last_seq:
        conversation.confirm()
        announce(Event.CONVERSATION_RESOLVED, conversation)
        milestones.note(conversation, Milestone.Kind.CONFIRMED)
    transcript.save(conversation, answer)
    if not helped and is_bots:
        transcript.hand_off(conversation, reason="not_helped", client_id=client_id)


@transaction.atomic
def rate(*, conversation_id: UUID, score: int, comment: str) -> Rating:
    """Save the rating that was asked for; within a day the customer may change it."""
    conversation = transcript.locked(conversation_id)
    transcript.demand_welcome(conversation)
    rating = Rating.objects.filter(conversation=conversation).first()
    if score not in Rating.SCORES or len(comment) > COMMENT_LIMIT:
        raise Refused("bad_rating", f"A rating is 1 to 5, with a comment of at most {COMMENT_LIMIT:,} characters.")
    if not conversation.asks_rating or (rating and not rating.is_open):
        raise Refused("rating_closed", "This conversation can't be rated now.")
    comment = mask(comment.replace("\x00", "").strip(), Rules.of(conversation.workspace))[:COMMENT_LIMIT]
    values = {"score": score, "comment": comment}
    saved, is_new = Rating.objects.update_or_create(
        conversation=conversation, defaults=values, create_defaults={**values, "of": _who_answered(conversation)}
    )
    transcript.save(conversation)
    if is_new:
        announce(Event.RATING_CREATED, saved)
    return saved


def _who_answered(conversation: Conversation) -> Rating.Of:
    by_people = conversation.messages.filter(author=Message.Author.AGENT).exists()
    return Rating.Of.PEOPLE if by_people else Rating.Of.BOT
