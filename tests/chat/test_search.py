"""What agents find: all words, in any case and with or without accents, in their own workspace only, newest first."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.core.management.sql import emit_pre_migrate_signal
from django.db import connection

from supportbot.chat import notes, search
from supportbot.chat.models import Contact, Message
from supportbot.chat.visitors import identify
from supportbot.workspaces.models import User, Workspace
from tests import prepared
from tests.chat.conftest import Publish, Write
from tests.stack import ROOT

ON_SQLITE = """
import django; django.setup()
from tests.chat.test_search import alter_messages, asked, scenario
import json
print(json.dumps(scenario()))
alter_messages()
print(json.dumps(asked()))
"""
EXPECTED = {
    "kettle": ["The KETTLE leaks", "My kettles broke"],
    "broke kett": ["My kettles broke"],
    "cafe": ["The café machine"],
    "ORDER 10023": ["Order #10023, please"],
    "noor.li@example.com": ["Write to noor.li@example.com"],
    "leaks broke": [],
    "' OR 1=1 --": [],
    "!?": [],
    "once changed": ["Once changed"],
    "before": [],
}


def scenario() -> dict[str, list[str]]:
    """Two workspaces with messages, one of which is changed and one deleted; what is found for each question."""
    shops = [Workspace.objects.create(name=name, slug=name) for name in ("one", "two")]
    bodies = ["My kettles broke", "The KETTLE leaks", "The café machine", "Order #10023, please"]
    bodies += ["Write to noor.li@example.com", "Before", "Kettle for nobody"]
    said: dict[str, Message] = {}
    for body in bodies:
        visitor = identify(shops[0].key, f"{uuid4().hex}{uuid4().hex}"[:43], origin=None, host="testserver")
        conversation = visitor.begin()
        said[body] = Message.objects.create(conversation=conversation, seq=1, author="customer", body=body)
    Message.objects.filter(id=said["Before"].id).update(body="Once changed")
    said["Kettle for nobody"].delete()
    other = Contact.objects.create(workspace=shops[1], token_hash="y" * 64)
    theirs = other.conversations.create(workspace=shops[1])
    Message.objects.create(conversation=theirs, seq=1, author="customer", body="Our kettle")
    return asked()


def asked() -> dict[str, list[str]]:
    """What is found in the first workspace for each question."""
    shop = Workspace.objects.get(slug="one")
    return {text: [hit.said.body for hit in search.find(shop, text).hits] for text in EXPECTED}


def alter_messages() -> None:
    """Change a column as a migration would, which on SQLite makes the table anew."""
    emit_pre_migrate_signal(verbosity=0, interactive=False, db="default")
    old = Message._meta.get_field("category")
    _, _, arguments, named = old.deconstruct()
    new = type(old)(*arguments, **{**named, "max_length": old.max_length + 1})
    new.set_attributes_from_name(old.name)
    with connection.schema_editor() as editor:
        editor.alter_field(Message, old, new)
    call_command("migrate", verbosity=0)


def test_words_are_found_in_messages_on_postgresql(transactional_db: None) -> None:
    assert scenario() == EXPECTED


def test_words_are_found_in_messages_on_sqlite_and_still_after_its_tables_were_altered(tmp_path: Path) -> None:
    shutil.copy(prepared.sqlite(), tmp_path / "supportbot.sqlite3")
    environment = {**os.environ, "SUPPORTBOT_ENV": "embedded", "SUPPORTBOT_VAR": str(tmp_path)}
    environment["DJANGO_SETTINGS_MODULE"] = "supportbot.settings"
    command = [sys.executable, "-c", ON_SQLITE]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert [json.loads(line) for line in done.stdout.splitlines()] == [EXPECTED, EXPECTED]


def test_notes_contacts_and_articles_are_found_with_the_words_marked(
    write: Write, maya: User, workspace: Workspace, knowledge: Publish
) -> None:
    conversation = write("Hello").conversation
    where = {"conversation_id": conversation.id, "agent": maya}
    notes.post_note(**where, body="He has a coupon from the fair", client_id=uuid4())
    Contact.objects.filter(id=conversation.contact_id).update(name="Zoë Coupon", email="zoe@example.com")
    knowledge("Coupons", "A coupon is valid for a year.")
    found = search.find(workspace, "coupon")
    assert [(hit.conversation, hit.snippet[1]) for hit in found.hits] == [(conversation, ("coupon", True))]
    assert [str(contact) for contact, _ in found.contacts] == ["Zoë Coupon"]
    assert [passage.article.title for passage, _ in found.articles] == ["Coupons"]
    assert [str(contact) for contact, _ in search.find(workspace, "zoe").contacts] == ["Zoë Coupon"]


@pytest.mark.parametrize("text", ["word " * 60 + "needle in the hay", "needle"])
def test_a_snippet_is_the_text_itself_in_pieces(text: str) -> None:
    find: Callable[..., list[search.Piece]] = search.snippet
    pieces = find(text, ["needle"])
    assert ("needle", True) in pieces
    assert "".join(part for part, _ in pieces).strip("…") in text
