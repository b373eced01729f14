"""Load the demo workspace: Fennmoor's settings, articles, orders, people with their canned responses and free times.
A second run changes nothing but the orders' dates, which follow the calendar so that their states stay true."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone
from django.utils.timezone import make_aware

from supportbot.actions.models import ActionCall, CallbackSlot
from supportbot.chat.models import CannedResponse, Macro
from supportbot.knowledge.models import Article, Collection, Order
from supportbot.workspaces.models import Member, OpeningTime, ProactiveMessage, User, Workspace

CORPUS: Path = settings.BASE_DIR / "corpus"
PASSWORD = "welcome-to-fennmoor"  # noqa: S105  (of the embedded run, which serves this machine only)
PEOPLE = (
    ("admin", "Ada Lindqvist", Member.Role.OWNER),
    ("maya", "Maya Brandt", Member.Role.AGENT),
    ("tom", "Tom Okafor", Member.Role.AGENT),
)
GOODS = (
    ("a Glow smart lamp", "39.90"),
    ("a Brisk kettle", "54.00"),
    ("a Nook room sensor", "29.50"),
    ("a Marrow coffee grinder", "89.00"),
    ("a Heath linen duvet set", "118.00"),
    ("two linen pillowcases", "36.00"),
    ("a Tarn wool rug", "149.00"),
    ("a Fell cast-iron pan", "62.50"),
    ("a Burr oak chopping board", "28.00"),
    ("a Sedge garden chair", "74.90"),
    ("a Wick table lantern", "24.90"),
    ("three Moss cotton towels", "42.00"),
)
# Monday to Friday from 8:00 to 20:00 and Saturday from 9:00 to 17:00, as corpus/shop.json says
HOURS = (*((day, time(8), time(20)) for day in range(5)), (5, time(9), time(17)))
# state, days since the order was placed, days until it is due (or since it ended)
COURSES = (
    (Order.State.PLACED, 0, 4),
    (Order.State.PACKING, 1, 3),
    (Order.State.SHIPPED, 2, 2),
    (Order.State.SHIPPED, 3, 1),
    (Order.State.DELIVERED, 8, -5),
    (Order.State.LATE, 7, -2),
    (Order.State.DELIVERED, 15, -12),
    (Order.State.CANCELLED, 6, -5),
    (Order.State.REFUND_PENDING, 20, -2),
    (Order.State.REFUND_PAID, 30, -6),
)
CANNED = (
    ("hello", "Greeting", "Hello {{contact.name}}, this is {{agent.name}} of {{workspace.name}}. How can I help?"),
    ("order", "Where the order is", "Your order {{order.number}} ({{order.items}}) is {{order.state}}."),
    ("anything-else", "Anything else?", "Is there anything else I can do for you?"),
    ("goodbye", "Goodbye", "Thank you for writing to us. Have a lovely day!\n\n{{agent.name}}, {{workspace.name}}"),
)
SATURDAY = 5
CALLBACK_TIMES = (time(10), time(11), time(14, 30), time(16))
CHANGING = ("cancel_order", "change_address")


class Command(BaseCommand):
    """`manage.py demo`."""

    help = "Load the demo workspace from corpus/."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """In production a password for the demo's people is the explicit wish to have them."""
        parser.add_argument("--password", default=PASSWORD if settings.EMBEDDED else None)

    @transaction.atomic
    def handle(self, *args: Any, password: str | None, **options: Any) -> None:
        """Load everything and print the logins."""
        if not password:
            raise CommandError("In production the demo's people need a password: manage.py demo --password ...")
        workspace = load_workspace()
        load_hours(workspace)
        load_widget(workspace)
        load_articles(workspace)
        load_approved(workspace)
        load_orders(workspace, timezone.localdate())
        for name, full_name, role in PEOPLE:
            load_person(workspace, f"{name}@fennmoor.example", full_name, role, password)
        load_canned(workspace)
        load_callback_slots(workspace, timezone.localdate())
        self.stdout.write(f"Demo logins (password {password}, unless it was changed):")
        for name, _, role in PEOPLE:
            self.stdout.write(f"  {name}@fennmoor.example  {role}")


def load_workspace() -> Workspace:
    """Fennmoor with the settings of corpus/shop.json."""
    shop = json.loads((CORPUS / "shop.json").read_text())
    workspace, _ = Workspace.objects.update_or_create(
        slug="fennmoor",
        defaults={"name": shop["name"], "settings": {name: slot["value"] for name, slot in shop["settings"].items()}},
        create_defaults={
            "name": shop["name"],
            "settings": {name: slot["value"] for name, slot in shop["settings"].items()},
            "key": "pk_fennmoor_demo",
            "colour": "#2f5d50",
            "time_zone": "Europe/London",
            "greeting": "Hello, and welcome to Fennmoor. Ask me about an order, delivery, returns or anything we sell.",
        },
    )
    return workspace


def load_hours(workspace: Workspace) -> None:
    """The business hours, as the settings tell them in words; hours that somebody has changed stay."""
    if not workspace.opening_times.exists():
        OpeningTime.objects.bulk_create(
            OpeningTime(workspace=workspace, weekday=day, opens=opens, closes=closes) for day, opens, closes in HOURS
        )


def load_widget(workspace: Workspace) -> None:
    """What the page of the widget's functions needs: a secret to sign with, and something that is said by itself."""
    if not workspace.identity_secret_at:
        workspace.renew_identity_secret()
        ProactiveMessage.objects.get_or_create(
            workspace=workspace,
            text="This came by itself: a rule of the workspace for this page.",
            defaults={"page": "/demo/sdk/", "after": 5},
        )


def load_articles(workspace: Workspace) -> None:
    """The help centre, a collection for each category; an article that is the same stays as it is."""
    shelves = json.loads((CORPUS / "collections.json").read_text())
    order = list(shelves)
    for path in sorted(CORPUS.glob("articles/*/*.md")):
        _, head, body = path.read_text().split("---\n", 2)
        front = dict(line.split(": ", 1) for line in head.strip().splitlines())
        collection, _ = Collection.objects.get_or_create(
            workspace=workspace,
            slug=front["category"],
            defaults={**shelves[front["category"]], "position": order.index(front["category"])},
        )
        fields = {
            "title": front["title"],
            "category": front["category"],
            "intents": [intent.strip() for intent in front["intents"].split(",")],
            "body": body.strip(),
            "collection": collection,
            "status": Article.Status.PUBLISHED,
        }
        if not Article.objects.in_workspace(workspace).filter(slug=path.stem, **fields).exists():
            Article.objects.update_or_create(workspace=workspace, slug=path.stem, language="en", defaults=fields)


def load_approved(workspace: Workspace) -> None:
    """The replies that the model learnt from, which nobody is shown: what it writes may rest on them."""
    for path in sorted(CORPUS.glob("intents/*.json")):
        entry = json.loads(path.read_text())
        for intent in entry["intents"]:
            fields = {
                "title": intent["description"],
                "category": entry["category"],
                "intents": [intent["name"]],
                "body": "\n\n".join([*intent["replies"], *intent.get("ask", [])]),
                "kind": Article.Kind.REPLY,
                "status": Article.Status.PUBLISHED,
            }
            slug = f"approved-{intent['name']}".replace("_", "-")
            if not Article.objects.in_workspace(workspace).filter(slug=slug, **fields).exists():
                Article.objects.update_or_create(workspace=workspace, slug=slug, language="en", defaults=fields)


def load_orders(workspace: Workspace, today: date) -> None:
    """Orders 10001 to 10060, in every state; one that was changed in the chat stays as it is."""
    done = ActionCall.objects.in_workspace(workspace).filter(state=ActionCall.State.DONE, action__in=CHANGING)
    changed = set(done.values_list("arguments__order_number", flat=True))
    for index in range(60):
        if str(10001 + index) in changed:
            continue
        state, age, due_in = COURSES[index % len(COURSES)]
        items, total = _basket(index)
        Order.objects.update_or_create(
            workspace=workspace,
            number=str(10001 + index),
            defaults={
                "state": state,
                "placed_on": today - timedelta(days=age + index // 20),
                "due_on": today + timedelta(days=due_in),
                "items": items,
                "total": total,
                "invoice_number": f"FM-{20001 + index}",
                "email": f"customer{index + 1}@fennmoor.example",
                "delivery_address": f"{index + 1} Heather Street, Bristol BS2 {index % 9}AB",
            },
        )


def load_canned(workspace: Workspace) -> None:
    """Some texts for agents, and a macro; where there are any, none is added."""
    if not workspace.canned_responses.exists():
        texts = [CannedResponse(workspace=workspace, code=code, title=title, body=body) for code, title, body in CANNED]
        goodbye = CannedResponse.objects.bulk_create(texts)[-1]
        Macro.objects.create(workspace=workspace, name="Say goodbye and resolve", reply=goodbye, resolves=True)


def load_callback_slots(workspace: Workspace, today: date) -> None:
    """Free times of the agents on the next ten weekdays."""
    agents = User.objects.filter(memberships__workspace=workspace, memberships__role=Member.Role.AGENT)
    days = [today + timedelta(days=ahead) for ahead in range(14)]
    times = [make_aware(datetime.combine(day, at)) for day in days if day.weekday() < SATURDAY for at in CALLBACK_TIMES]
    slots = [CallbackSlot(workspace=workspace, agent=agent, starts_at=at) for agent in agents for at in times]
    CallbackSlot.objects.bulk_create(slots, ignore_conflicts=True)


def load_person(workspace: Workspace, email: str, name: str, role: str, password: str) -> None:
    """A login with its place in the workspace; an existing one keeps its password."""
    user = User.objects.filter(email=email).first() or User.objects.create_user(
        email,
        password,
        name=name,
        is_staff=role == Member.Role.OWNER,
        is_superuser=role == Member.Role.OWNER,
    )
    Member.objects.get_or_create(workspace=workspace, user=user, defaults={"role": role})


def _basket(index: int) -> tuple[str, Decimal]:
    first, second = GOODS[index % len(GOODS)], GOODS[(index * 5 + 3) % len(GOODS)]
    if index % 3 or first == second:
        return first[0], Decimal(first[1])
    return f"{first[0]} and {second[0]}", Decimal(first[1]) + Decimal(second[1])
