"""Files of every kind come in, once, and can be taken back."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from supportbot.knowledge import tasks
from supportbot.knowledge.imports import service
from supportbot.knowledge.imports.readers import FILE
from supportbot.knowledge.models import Article, Import, Passage
from supportbot.workspaces.models import AuditEntry, Workspace
from tests.knowledge.imports.conftest import Take, docx, outcomes, pdf, reasons, zipped

MARKDOWN = b"""---
title: Send it back
collection: Returns
category: returns
intents: return_policy, return_item
audience: agents
---

You have **thirty** days.
"""


def test_every_kind_of_file_becomes_an_article(take: Take) -> None:
    run = take(
        {
            "back.md": MARKDOWN,
            "care/wash-it.txt": b"Wash at 30 degrees.",
            "size.html": b"<html lang='de'><nav>Menu</nav><main><h1>Groesse</h1><p>Bitte <b>messen</b>.</p></main>",
            "warranty.docx": docx(),
            "pay.pdf": pdf("Pay by card."),
            "faq.csv": "Question;Answer\nDo you ship?;Yes, to Norway.\nOpen?;At ten.".encode("cp1252"),
        }
    )
    assert run.state == "done" and set(outcomes(run).values()) == {"added"} and (run.done, run.total) == (7, 7)
    found = {article.title: article for article in Article.objects.all()}
    assert found["Send it back"].body == "You have **thirty** days." and found["Send it back"].audience == "agents"
    assert found["Send it back"].intents == ["return_policy", "return_item"]
    assert str(found["Send it back"].collection) == "Returns" and str(found["Wash it"].collection) == "Care"
    assert (found["Groesse"].language, found["Groesse"].body) == ("de", "Bitte **messen**.")
    assert found["Warranty"].body == "Two years from delivery." and found["Pay"].body == "Pay by card."
    assert found["Do you ship?"].body == "Yes, to Norway." and found["Do you ship?"].status == "published"


def test_second_run_updates_what_changed_and_makes_no_doubles(take: Take) -> None:
    take({"a.md": b"# A\n\nOld.", "b.md": b"# B\n\nSame."})
    again = take({"a.md": b"# A\n\nNew.", "b.md": b"# B\n\nSame."})
    assert outcomes(again) == {"a.md": "updated", "b.md": "unchanged"}
    assert Article.objects.count() == 2 and Article.objects.get(title="A").body == "New."
    assert Article.objects.get(title="A").versions.count() == 2


def test_what_people_changed_here_stays_while_the_source_is_the_same(take: Take) -> None:
    take({"a.md": b"# A\n\nFirst."})
    article = Article.objects.get()
    article.body = "Mine."
    article.save()
    assert outcomes(take({"a.md": b"# A\n\nFirst."})) == {"a.md": "unchanged"}
    assert Article.objects.get().body == "Mine."


def test_update_leaves_to_people_who_may_read_it(take: Take) -> None:
    take({"a.md": b"# A\n\nFirst."})
    Article.objects.update(audience="agents", status="draft")
    assert outcomes(take({"a.md": b"# A\n\nSecond."})) == {"a.md": "updated"}
    assert [(a.body, a.audience, a.status) for a in Article.objects.all()] == [("Second.", "agents", "draft")]


def test_undo_brings_back_what_was_before_but_not_over_later_changes(take: Take, workspace: Workspace) -> None:
    take({"a.md": b"# A\n\nOld."})
    run = take({"a.md": b"# A again\n\nNew.", "b.md": b"# B\n\nText.", "c.md": b"# C\n\nText too."})
    later = Article.objects.get(title="C")
    later.body = "Better."
    later.save()
    kept = service.undo(run)
    assert [item.source for item in kept] == ["c.md"] and "changed since" in kept[0].reason
    assert {(a.title, a.body) for a in Article.objects.all()} == {("A", "Old."), ("C", "Better.")}
    assert Import.objects.get(id=run.id).state == "undone"
    assert AuditEntry.objects.in_workspace(workspace).filter(action="import.undone").count() == 1


def test_zip_of_a_folder_is_read_like_the_folder(take: Take, tmp_path: Path, workspace: Workspace) -> None:
    (tmp_path / "returns").mkdir()
    (tmp_path / "returns/a.md").write_text("# A\n\nText.")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git/b.md").write_text("# B")
    call_command("import_articles", "fennmoor", str(tmp_path), stdout=io.StringIO())
    assert [article.source for article in Article.objects.all()] == ["returns/a.md"]
    assert outcomes(take({"x.zip": zipped({"a.md": "# A\n\nText."})})) == {"a.md": "skipped"}  # the same text as A


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("broken.pdf", b"%PDF-1.4 nothing", "not a PDF file, or a broken one"),
        ("broken.docx", b"PK nothing", "not a DOCX file, or a broken one"),
        ("broken.zip", b"PK\x03\x04 nothing", "not a zip file, or a broken one"),
        ("scan.pdf", pdf(""), "no text in it: a scan?"),
        ("picture.png", b"\x89PNG", "not a kind of file that can be read"),
        ("empty.md", b" \n", "empty"),
        ("head.md", b"---\ntitle: [\n---\ntext", "not valid YAML"),
        ("faq.csv", b"a,b\n1,2\n", "must name the columns question and answer"),
        ("binary.md", b"text\x00\x00text", "not text, though its name says so"),
        ("bad.md", b"---\nlanguage: '1'\nkind: poem\n---\ntext", "poem"),
    ],
)
def test_what_cannot_be_read_is_skipped_with_the_reason(take: Take, name: str, content: bytes, why: str) -> None:
    run = take({name: content, "good.md": b"# Good\n\nText."})
    assert outcomes(run) == {name: "skipped", "good.md": "added"} and why in reasons(run)[name]


def test_zip_bomb_and_doubles_do_no_harm(take: Take) -> None:
    bomb = zipped({"bomb.md": b"a" * (3 * FILE), "one.md": "# One\n\nText.", "two.md": "# One\n\nText."})
    assert len(bomb) < FILE
    run = take({"all.zip": bomb})
    assert outcomes(run) == {"bomb.md": "skipped", "one.md": "added", "two.md": "skipped"}
    assert reasons(run) == {"bomb.md": "larger than 20 MB", "two.md": "the same text as one.md"}


def test_text_in_an_old_encoding_is_read(take: Take) -> None:
    take({"a.md": "# Größe\n\nWählen Sie bitte die richtige Größe für Ihre Füße.".encode("cp1252")})
    take({"b.md": "# Cafe\n\nÜber".encode("utf-16")})
    assert {article.title for article in Article.objects.all()} == {"Größe", "Cafe"}


def test_agents_only_and_draft_hold_against_what_a_file_says(take: Take) -> None:
    take({"a.md": b"---\naudience: public\nstatus: published\n---\nText."}, audience="agents", publish=False)
    assert [(a.audience, a.status) for a in Article.objects.all()] == [("agents", "draft")]


def test_import_that_was_interrupted_goes_on(take: Take, workspace: Workspace) -> None:
    run = service.start(Import(workspace=workspace), [("a.md", b"# A\n\nText."), ("b.md", b"# B\n\nMore.")])
    Import.objects.update(state="running", created_at="2026-01-01T00:00Z")
    service.store(run, next(iter(service.files.documents([("a.md", b"# A\n\nText.")]))))
    service.carry_out(run.id)
    assert outcomes(run) == {"a.md": "added", "b.md": "added"} and not run.files.exists()
    service.carry_out(run.id)
    assert run.items.count() == 2


def test_imported_articles_are_indexed(take: Take) -> None:
    take({"a.md": b"# A\n\nText."})
    tasks.index()
    assert [passage.text for passage in Passage.objects.all()] == ["Text."]


def test_export_comes_back_as_it_was(take: Take, tmp_path: Path, workspace: Workspace) -> None:
    take({"returns/back.md": MARKDOWN, "b.md": b"---\nkind: snippet\nlanguage: fr\n---\n# B\n\nOui."})
    out = io.StringIO()
    call_command("export_articles", "fennmoor", str(tmp_path / "all.zip"), stdout=out)
    assert "2 articles" in out.getvalue() and len(zipfile.ZipFile(tmp_path / "all.zip").namelist()) == 2
    call_command("import_articles", "fennmoor", str(tmp_path / "all.zip"), stdout=out)
    assert "2 unchanged" in out.getvalue()
    Workspace.objects.create(name="Other", slug="other")
    call_command("import_articles", "other", str(tmp_path / "all.zip"), stdout=out)
    names = ("title", "slug", "body", "category", "intents", "kind", "language", "audience", "status")
    here, there = (Article.objects.filter(workspace__slug=slug).order_by("slug") for slug in ("fennmoor", "other"))
    assert list(here.values(*names, "collection__title")) == list(there.values(*names, "collection__title"))


def test_commands_say_what_is_wrong(workspace: Workspace, tmp_path: Path) -> None:
    for arguments, words in (
        (("import_articles", "nobody", "x"), "There are: fennmoor"),
        (("import_articles", "fennmoor", str(tmp_path / "none")), "neither a file nor a folder"),
        (("export_articles", "fennmoor", str(tmp_path / "no/x.zip")), "can't be written"),
        (("import_articles", "fennmoor", "http://127.0.0.1:9/"), "not a public address"),
    ):
        with pytest.raises(CommandError, match=words):
            call_command(*arguments, stdout=io.StringIO())
