"""What a customer hears once the tasks that were done for them are done: proposed, and sent by an agent, once."""

from __future__ import annotations

from uuid import UUID, uuid4

from django.db import transaction

from supportbot.actions.models import Task
from supportbot.chat import organising, services, todo, transcript
from supportbot.chat.models import Conversation, Message, Translator
from supportbot.chat.refusals import Refused
from supportbot.chat.translation.service import customers_language
from supportbot.chat.voice.service import worded
from supportbot.chat.words import say
from supportbot.workspaces.models import User

TOLD = "There is nothing to tell any more: it was told already, or one of the tasks is open again."


def proposal(conversation: Conversation) -> str:
    """A sentence to begin with: as agents write where somebody translates, else in the customer's language."""
    translator = Translator.objects.in_workspace(conversation.workspace).first()
    said = say("tasks_done", translator.language if translator else customers_language(conversation))
    return worded(conversation.workspace, said)


@transaction.atomic
def tell_customer(*, conversation_id: UUID, agent: User, body: str) -> Message:
    """Send it in the agent's name, who takes the conversation for that; whoever comes second is refused."""
    tasks = _locked(conversation_id)
    organising.reopen(conversation_id=conversation_id, agent=agent)
    services.take(conversation_id=conversation_id, agent=agent)
    sent = services.post_message(conversation_id=conversation_id, body=body, client_id=uuid4(), agent=agent)
    _settle(tasks, Task.Tell.TOLD)
    return sent


@transaction.atomic
def leave_untold(*, conversation_id: UUID, agent: User) -> None:
    """The customer needs to hear nothing."""
    _settle(_locked(conversation_id), Task.Tell.NO)
    conversation = transcript.locked(conversation_id)
    transcript.note_activity(conversation, f"{agent.get_short_name()} left the customer untold of the tasks", agent)
    transcript.save_among_agents(conversation)


def _locked(conversation_id: UUID) -> list[Task]:
    """What is to be told, while nobody else can tell it."""
    transcript.locked(conversation_id)
    if tasks := todo.to_tell(conversation_id):
        return tasks
    raise Refused("told", TOLD)


def _settle(tasks: list[Task], tell: str) -> None:
    Task.objects.filter(pk__in=[task.pk for task in tasks]).update(tell=tell)
    todo.publish(tasks[0])
