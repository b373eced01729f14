"""Rules of a workspace: what starts them, what they do, why they end, and what their log and their trial say."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from supportbot.actions.models import Task
from supportbot.api.models import Delivery, Endpoint
from supportbot.chat import erasing, organising, services
from supportbot.chat.models import CannedResponse, Conversation, Message, Rule, RuleRun
from supportbot.chat.rules import raising, tasks
from supportbot.chat.visitors import Visitor
from supportbot.workspaces.models import AuditEntry, Member, Team, User, Workspace
from tests.chat.conftest import Write, now

Make = Callable[..., Rule]
Ask = Callable[[str], list[Message]]
State = RuleRun.State
AGO = timedelta(hours=5)


@pytest.fixture
def rule(workspace: Workspace) -> Make:
    """Makes a rule that is on since long ago."""

    def make(name: str, event: str, *actions: list[str], **fields: Any) -> Rule:
        fields = {"on_since": timezone.now() - timedelta(days=9), **fields}
        return Rule.objects.create(workspace=workspace, name=name, event=event, actions=list(actions), **fields)

    return make


@pytest.fixture
def waiting(customer: Visitor, write: Write) -> Conversation:
    """A conversation that waits for an agent."""
    conversation = write("Hello").conversation
    services.request_agent(conversation_id=conversation.id, client_id=uuid4())
    return now(conversation)


@pytest.fixture
def ada(client: Client, maya: User) -> Client:
    """An administrator's browser."""
    Member.objects.filter(user=maya).update(role=Member.Role.ADMIN)
    client.force_login(maya)
    return client


def run_all(conversation: Conversation) -> list[RuleRun]:
    """Do what waits, and what that starts; every run in its order."""
    while RuleRun.objects.filter(state=State.WAITING, due_at__lte=timezone.now()).exists():
        tasks.run(str(conversation.id))
    return list(RuleRun.objects.order_by("id"))


def past(conversation: Conversation, span: timedelta = AGO) -> None:
    """All of it was said that much earlier."""
    for message in conversation.messages.all():
        Message.objects.filter(id=message.id).update(created_at=message.created_at - span)
    if since := now(conversation).waiting_since:
        Conversation.objects.filter(id=conversation.id).update(waiting_since=since - span)
    Conversation.objects.filter(id=conversation.id).update(active_at=now(conversation).active_at - span)


def test_a_message_that_fits_is_labelled_prioritised_noted_and_given_to_the_team_once(
    rule: Make, workspace: Workspace, write: Write
) -> None:
    label = organising.add_label(workspace=workspace, name="Leaving", colour="red")
    team = Team.objects.create(workspace=workspace, name="Retention")
    deeds = [["label", str(label.pk)], ["priority", "high"], ["note", "Be kind"], ["team", str(team.pk)]]
    deeds += [["task", "Call them before noon"]]
    rule("Leaving", "message", *deeds, conditions=[["words", "is", "résilier, close my account"]])
    conversation = write("Je veux RESILIER maintenant").conversation
    for _ in range(2):
        (run,) = run_all(conversation)
    found = now(conversation)
    assert (run.state, [one["problem"] for one in run.done]) == (State.DONE, [""] * 5)
    assert run.held == [{"text": "Message says “résilier, close my account”", "held": True}]
    assert (found.handler, found.team, found.priority, list(found.labels.all())) == ("queue", team, "high", [label])
    assert found.messages.get(seq=1).outcome == "handed_off", "the bot answers it no more"
    lines = list(conversation.remarks.values_list("body", flat=True))
    assert lines[0] == "The rule “Leaving” added the label Leaving"
    assert "The rule “Leaving”: Be kind" in lines and len(lines) == 5
    task = Task.objects.get()
    assert (task.title, task.maker, task.team, task.conversation) == ("Call them before noon", "rule", team, found)


def test_what_asks_for_the_language_waits_until_the_assistant_has_read_and_nobody_is_answered_twice(
    rule: Make, workspace: Workspace, answered: Ask
) -> None:
    canned = CannedResponse.objects.create(workspace=workspace, code="hi", title="Hi", body="Hello from us")
    rule("Greet", "created", ["reply", str(canned.pk)], ["priority", "low"], conditions=[["language", "is", "en"]])
    said = answered("When are you open?")
    before = RuleRun.objects.get()
    assert before.state == State.WAITING
    (run,) = run_all(said[0].conversation)
    assert run.held[0]["held"] and run.state == State.DONE
    assert "nobody is answered twice" in run.done[0]["problem"] and not run.done[1]["problem"]
    assert list(now(said[0].conversation).messages.values_list("seq", flat=True)) == [one.seq for one in said]


def test_a_rule_answers_for_people_who_are_not_there(rule: Make, workspace: Workspace, waiting: Conversation) -> None:
    canned = CannedResponse.objects.create(workspace=workspace, code="hi", title="Hi", body="{{workspace.name}} soon")
    rule("Later", "message", ["reply", str(canned.pk)])
    services.post_message(conversation_id=waiting.id, body="Anybody?", client_id=uuid4())
    (run,) = run_all(waiting)
    last = waiting.messages.last()
    assert run.state == State.DONE and last
    assert (last.author, last.body) == ("bot", "Fennmoor soon")
    assert now(waiting).waiting_since, "the customer still waits for a person"


def test_conditions_that_do_not_hold_and_actions_that_are_refused_stand_in_the_log(
    rule: Make, waiting: Conversation
) -> None:
    rule("Never", "resolved", ["priority", "low"], conditions=[["priority", "is", "urgent"]])
    gone = rule("Gone", "resolved", ["label", "999"], ["snooze", "3"])
    services.resolve(conversation_id=waiting.id, agent=User.objects.create_user("eve@x.example", name="Eve"))
    never, refused = run_all(waiting)
    assert (never.state, never.held[0]["held"], never.done) == (State.NOT_HELD, False, [])
    assert (refused.rule, refused.state) == (gone, State.FAILED)
    assert "no such label" in refused.done[0]["problem"] and "resolved" in refused.done[1]["problem"]


def test_rules_that_start_each_other_are_stopped(rule: Make, waiting: Conversation, workspace: Workspace) -> None:
    rule("Close", "handed_over", ["resolve", ""])
    rule("Open", "resolved", ["hand_over", ""])
    services.resolve(conversation_id=waiting.id, agent=User.objects.create_user("eve@x.example", name="Eve"))
    (run,) = run_all(waiting)
    assert run.state == State.FAILED, "what is resolved can't be handed over"
    RuleRun.objects.all().delete()
    Rule.objects.filter(name="Open").update(event="message", actions=[["hand_over", ""]])
    Rule.objects.filter(name="Close").update(actions=[["resolve", ""], ["spam", ""]])
    services.post_message(conversation_id=waiting.id, body="Hello again", client_id=uuid4())
    opened, closed = run_all(waiting)
    assert (opened.state, closed.state, closed.origin) == (State.DONE, State.DONE, opened)
    assert now(waiting).is_spam


def test_a_loop_a_long_chain_and_too_many_runs_are_stopped_and_say_so(rule: Make, waiting: Conversation) -> None:
    own, others = rule("Own", "message", ["priority", "low"]), [rule(f"{n}", "reopened", ["spam", ""]) for n in "abc"]

    def begun(by: Rule, origin: RuleRun | None = None, state: State = State.WAITING) -> RuleRun:
        fields = {"rule": by, "rule_name": by.name, "conversation": waiting, "event": by.event, "key": str(uuid4())}
        ended = timezone.now() if state == State.DONE else None
        return RuleRun.objects.create(**fields, origin=origin, state=state, ended_at=ended)

    loop = begun(own, begun(others[0], begun(own, state=State.DONE), State.DONE))
    deep = begun(own, begun(others[2], begun(others[1], begun(others[0], state=State.DONE), State.DONE), State.DONE))
    run_all(waiting)
    for run, words in ((loop, "started it again by way of a"), (deep, "already started each other")):
        run.refresh_from_db()
        assert run.state == State.STOPPED and words in run.problem
    for _ in range(16):
        begun(own, state=State.DONE)
    late = begun(own)
    run_all(waiting)
    late.refresh_from_db()
    assert late.state == State.STOPPED and "within an hour" in late.problem


def test_who_waits_too_long_is_raised_once_and_what_was_so_before_it_was_switched_on_is_left(
    rule: Make, waiting: Conversation
) -> None:
    patient = rule("Patient", "waiting", ["priority", "low"], minutes=6 * 60)
    rule("Late", "waiting", ["priority", "urgent"], minutes=60)
    rule("New", "waiting", ["priority", "low"], minutes=60, on_since=timezone.now())
    past(waiting)
    for _ in range(2):
        tasks.sweep()
        (run,) = run_all(waiting)
    assert (run.rule_name, run.state, now(waiting).priority) == ("Late", State.DONE, "urgent")
    past(waiting)
    tasks.sweep()
    services.take(conversation_id=waiting.id, agent=(maya := a_member(waiting.workspace)))
    services.post_message(conversation_id=waiting.id, body="Here I am", client_id=uuid4(), agent=maya)
    overtaken = run_all(waiting)[-1]
    assert (overtaken.rule, overtaken.state) == (patient, State.NOT_HELD)
    assert overtaken.problem == "Somebody wrote in the meantime."


def a_member(workspace: Workspace) -> User:
    """An agent of the shop."""
    user = User.objects.create_user("sam@fennmoor.example", name="Sam Reed")
    Member.objects.create(workspace=workspace, user=user)
    return user


def test_who_does_not_answer_us_is_reminded_once_and_then_resolved_even_from_an_agents_hands(
    rule: Make, workspace: Workspace, waiting: Conversation, maya: User
) -> None:
    canned = CannedResponse.objects.create(workspace=workspace, code="hi", title="Hi", body="Did it help?")
    rule("Remind", "silent", ["reply", str(canned.pk)], minutes=60)
    services.take(conversation_id=waiting.id, agent=maya)
    services.post_message(conversation_id=waiting.id, body="Do this", client_id=uuid4(), agent=maya)
    for _ in range(2):
        past(waiting)
        tasks.sweep()
        assert [run.state for run in run_all(waiting)] == [State.DONE]
    assert waiting.messages.filter(body="Did it help?").count() == 1
    rule("Close", "silent", ["resolve", ""], minutes=120)
    past(waiting)
    tasks.sweep()
    assert run_all(waiting)[-1].state == State.DONE
    assert now(waiting).status == "resolved"
    entry = AuditEntry.objects.get(action="conversation.resolved")
    assert (entry.actor, entry.details) == (None, {"by": "The rule “Close”"})


def test_webhooks_hear_of_a_run_and_the_log_goes_with_the_customer(
    rule: Make, workspace: Workspace, waiting: Conversation
) -> None:
    address = {"address": "https://x.example", "events": ["rule.ran"]}
    Endpoint.objects.create(workspace=workspace, **address)
    rule("Told", "reopened", ["webhook", ""])
    services.resolve(conversation_id=waiting.id, agent=a_member(workspace))
    services.post_message(conversation_id=waiting.id, body="One more thing", client_id=uuid4())
    assert [run.state for run in run_all(waiting)] == [State.DONE]
    told = Delivery.objects.get().payload["data"]["run"]
    assert (told["rule"], told["conversation"]["id"]) == ("Told", str(waiting.id))
    erasing.erase_contact(waiting.contact)
    assert not RuleRun.objects.exists()


def test_a_run_that_was_missed_is_queued_again_and_what_was_switched_off_does_nothing(rule: Make, write: Write) -> None:
    made = rule("Off", "message", ["priority", "low"])
    conversation = write("Hello").conversation
    assert raising.due_runs() == [conversation.id]
    Rule.objects.filter(pk=made.pk).update(on_since=None)
    (run,) = run_all(conversation)
    assert (run.state, now(conversation).priority) == (State.STOPPED, "medium")


FORM = {
    "name": "Angry",
    "event": "message",
    "amount": "",
    "unit": "hours",
    "condition-name": ["mood", "words"],
    "condition-verb": ["is", "not"],
    "condition-value": ["angry", "thanks"],
    "action-name": ["priority", "hand_over"],
    "action-value": ["high", ""],
}


def test_an_administrator_writes_a_rule_tries_it_and_switches_it_on(ada: Client, workspace: Workspace) -> None:
    empty = ada.get("/admin/rules/").content.decode()
    assert "There are no rules yet" in empty and "example=angry" in empty
    assert "Angry in French" in ada.get("/admin/rules/new/?example=angry").content.decode()
    answer = ada.post("/admin/rules/new/", {**FORM, "try": "yes"})
    made = Rule.objects.get()
    assert answer["Location"] == f"/admin/rules/{made.pk}/trial/" and made.on_since is None
    assert made.conditions == [["mood", "is", "angry"], ["words", "not", "thanks"]]
    for what in ("on", "up", "off", "on", "delete"):
        ada.post(f"/admin/rules/{made.pk}/change/", {"what": what})
    assert not Rule.objects.exists()
    told = list(AuditEntry.objects.filter(action__startswith="rule.").order_by("id").values_list("action", flat=True))
    done = ["added", "switched_on", "moved", "switched_off", "switched_on", "deleted"]
    assert told == [f"rule.{one}" for one in done]


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"name": " "}, "Give it a name"),
    ({"event": "silent", "amount": "0"}, "Write a whole number"),
    ({"event": "never"}, "Choose when it runs"),
    ({"condition-value": ["furious", "thanks"]}, "Mood: choose one that there is."),
    ({"condition-value": ["angry", " , "]}, "Message: write"),
    ({"action-name": [], "action-value": []}, "Add at least one thing"),
    ({"action-name": ["team"], "action-value": ["1"]}, "Assign to the team: choose one"),
    ({"action-name": ["snooze"], "action-value": ["many"]}, "write a number from 1"),
    ({"action-name": ["fly"], "action-value": [""]}, "Choose what the rule does"),
]


def test_what_is_wrong_in_a_rule_is_said_and_what_was_written_is_kept(ada: Client) -> None:
    other = Workspace.objects.create(name="Other", slug="other")
    Team.objects.create(pk=1, workspace=other, name="Theirs")
    for fields, words in WRONG:
        page = ada.post("/admin/rules/new/", {**FORM, **fields}).content.decode()
        assert words in page and "Not saved." in page, words
        assert str(fields.get("name", "Angry")).strip() in page
    assert not Rule.objects.exists()


def test_a_trial_finds_in_the_past_what_the_rule_would_have_touched_and_says_what_it_cannot_know(
    rule: Make, ada: Client, answered: Ask, maya: User
) -> None:
    said = answered("When are you open?")
    conversation = said[0].conversation
    services.request_agent(conversation_id=conversation.id, client_id=uuid4())
    past(conversation)
    past(conversation, timedelta(days=2))
    conversation.milestones.update(at=timezone.now() - timedelta(days=2) - AGO)
    services.take(conversation_id=conversation.id, agent=maya)
    services.post_message(conversation_id=conversation.id, body="From eight", client_id=uuid4(), agent=maya)
    services.resolve(conversation_id=conversation.id, agent=maya)
    services.post_message(conversation_id=conversation.id, body="Thanks", client_id=uuid4())
    found = {
        event: trial(ada, rule(event, event, ["priority", "low"], minutes=90, on_since=None))
        for event in Rule.Event.values
    }
    times = {"created": 1, "message": 2, "handed_over": 1, "resolved": 1, "reopened": 1, "waiting": 1, "silent": 0}
    for event, page in found.items():
        assert f"touched {min(times[event], 1)} conversation" in page and f", {times[event]} time" in page, event
    english = [["language", "is", "en"], ["words", "is", "open"], ["priority", "is", "urgent"]]
    page = trial(ada, rule("English", "message", ["priority", "low"], conditions=english, on_since=None))
    Message.objects.filter(body="From eight").update(created_at=timezone.now() - AGO)
    assert "touched 1 conversation, 1 time" in trial(ada, Rule.objects.get(name="silent"))
    assert "1 conversation, 1 time, or fewer" in page and "not kept for: Priority is Urgent" in page
    assert now(conversation).priority == "medium" and not RuleRun.objects.exists()


def trial(ada: Client, made: Rule) -> str:
    """The page, in one line."""
    return " ".join(ada.get(f"/admin/rules/{made.pk}/trial/").content.decode().split())
