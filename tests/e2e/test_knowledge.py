"""What comes in is indexed by the running product, without anybody's doing."""

from __future__ import annotations

from pathlib import Path

from tests.servers import wait_until
from tests.stack import EmbeddedStack, ServicesStack, Stack


def test_imported_article_becomes_searchable_in_the_embedded_run(embedded_stack: EmbeddedStack, tmp_path: Path) -> None:
    import_and_wait(embedded_stack, tmp_path)


def test_imported_article_becomes_searchable_with_services(services_stack: ServicesStack, tmp_path: Path) -> None:
    import_and_wait(services_stack, tmp_path)


def import_and_wait(stack: Stack, folder: Path) -> None:
    """Import a file by the command; a worker of the stack indexes it."""
    (folder / "loan.md").write_text("# Loan bikes\n\nBorrow an e-bike for 25 euros a day.")
    stack.manage("import_articles", "fennmoor", str(folder))
    passages = "SELECT text FROM knowledge_passage WHERE heading = %s"
    wait_until(lambda: stack.rows(passages, "Loan bikes"), what="the passage of the imported article")
