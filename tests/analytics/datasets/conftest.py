"""A shop whose orders were uploaded through the admin, and conversations that name some of them."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from supportbot.analytics.datasets import tasks
from supportbot.analytics.models import Dataset, Upload
from supportbot.analytics.rollup import roll_up
from tests.analytics.conftest import Shop, signed_in
from tests.analytics.told import Told

ORDERS = """Order Number;Ordered On;Country;Product;Amount;Quantity;Email
10021;01.11.2026;Germany;Brisk kettle;49,90;1;iris@x.example
10022;02.11.2026;France;Fell pan;20,00;2;bob@x.example
10023;03.11.2026;Germany;Fell pan;30,10;2;bob@x.example
10024;10.11.2026;Spain;Brisk kettle;99,80;2;eve@x.example
#10026;12.10.2026;Germany;Fell pan;10,00;1;eve@x.example
"""
MORE = "".join(f"{n};05.10.2026;Spain;Moss towels;5,00;1;c{n}@x.example\n" for n in range(20001, 20041))
BAD = "10027;12.11.2026;Germany;Fell pan;=free;1;eve@x.example\n10028;13.11.2026\n"
AT = datetime(2026, 11, 16, 9, tzinfo=UTC)


@dataclass
class Table:
    """A dataset, as its administrator sees it."""

    shop: Shop
    client: Client
    dataset: Dataset

    def page(self, path: str = "", **query: str) -> str:
        """The words of one of its pages."""
        return words(self.client, f"/admin/analytics/datasets/{self.dataset.pk}/{path}", query)

    def asked(self, question: str) -> tuple[dict[str, str], str]:
        """The query that a question becomes, and the words of the page."""
        answer = self.client.get(f"/admin/analytics/datasets/{self.dataset.pk}/", {"q": question}, follow=True)
        address = answer.redirect_chain[-1][0] if answer.redirect_chain else "?"
        own = Client().get(address).wsgi_request.GET.dict()
        return own, plain(answer.content.decode())

    def take(self) -> Upload:
        """The newest file, taken by a worker."""
        upload = self.dataset.uploads.first()
        assert upload
        tasks.take(upload.pk)
        self.dataset.refresh_from_db()
        upload.refresh_from_db()
        return upload


def words(client: Client, path: str, query: dict[str, str] | None = None) -> str:
    """The text of a page."""
    answer = client.get(path, query or {})
    assert answer.status_code == 200, answer.status_code
    return plain(answer.content.decode())


def plain(page: str) -> str:
    """A page's text without its tags."""
    text = re.sub(r"<script.*?</script>|<select.*?</select>|<[^>]+>", " ", page, flags=re.S)
    return re.sub(r"\s+", " ", html.unescape(text))


def uploaded(shop: Shop, name: str, file: str, content: str | bytes) -> Table:
    """A new dataset, described and not confirmed yet."""
    client = signed_in(shop.admin)
    data = content if isinstance(content, bytes) else content.encode()
    sent = {"name": name, "file": SimpleUploadedFile(file, data)}
    answer = client.post(f"/admin/analytics/datasets/?workspace={shop.workspace.slug}", sent, follow=True)
    dataset = Dataset.objects.filter(workspace=shop.workspace, name=name).first()
    assert dataset, plain(answer.content.decode())
    return Table(shop, client, dataset)


def confirmed(table: Table, **changed: str) -> Upload:
    """Its columns as they were guessed, but for what is changed; its rows taken."""
    form = {}
    for column in table.dataset.described:
        form |= {
            f"type-{column.key}": column.type,
            f"use-{column.key}": column.use,
            f"words-{column.key}": column.words,
        }
        form |= {f"personal-{column.key}": "on"} if column.is_personal else {}
    form |= {"key": table.dataset.key, "key_column": table.dataset.key_column, **changed}
    table.client.post(f"/admin/analytics/datasets/{table.dataset.pk}/columns/", form)
    return table.take()


@pytest.fixture(autouse=True)
def files(settings: object, tmp_path: Path) -> None:
    """A folder of the test's own."""
    settings.MEDIA_ROOT = tmp_path  # type: ignore[attr-defined]


@pytest.fixture
def orders(shop: Shop) -> Table:
    """Orders, and three conversations: of a kettle that was handed over, of a pan, and of no order."""
    kettle = Told(shop.workspace, AT, "returns").bot(4, "hand_off", "unsure").agent(60, shop.agent)
    kettle.note(90, "resolved").rate(100, 2, "people")
    kettle.conversation.messages.filter(seq=1).update(body="My order #10021 is broken")
    pan = Told(shop.workspace, AT, "delivery", "de").bot(4, verdict="helped").note(9, "confirmed").rate(10, 5, "bot")
    pan.conversation.messages.filter(seq=1).update(body="Wo ist 10023?")
    Told(shop.workspace, AT, "delivery").bot(4)
    roll_up()
    table = uploaded(shop, "Orders", "orders.csv", ORDERS + MORE + BAD)
    assert confirmed(table).state == "done", table.page("files/")
    return table
