"""A table from its file to the figures: what is taken, what is refused, what is joined, and what is forgotten."""

from __future__ import annotations

import csv
import io
from typing import Any

import duckdb
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from supportbot.analytics.datasets import store, tasks
from supportbot.analytics.models import Dataset
from supportbot.chat.erasing import erase_contact
from supportbot.chat.models import Contact
from supportbot.workspaces.models import AuditEntry
from tests.analytics.datasets.conftest import Table, confirmed, plain, uploaded


def test_a_file_is_described_taken_and_its_bad_rows_are_told(orders: Table) -> None:
    guessed = {column.label: (column.type, column.use) for column in orders.dataset.described}
    assert guessed["Ordered On"] == ("date", "hidden") and guessed["Country"] == ("text", "split")
    assert guessed["Amount"] == guessed["Quantity"] == ("number", "sum")
    assert [one.label for one in orders.dataset.described if one.is_personal] == ["Email"]
    assert (orders.dataset.key, orders.dataset.key_column) == ("order", "c0")
    upload = orders.dataset.uploads.get()
    assert (upload.rows, upload.bad) == (45, 2)
    page = orders.page("files/")
    assert "45 rows taken" in page and "2 could not be read" in page and "“=free” is no number" in page
    bad = orders.client.get(f"/admin/analytics/datasets/{orders.dataset.pk}/files/{upload.pk}/bad/")
    rows = list(csv.reader(io.StringIO(b"".join(bad.streaming_content).decode())))  # type: ignore[attr-defined]
    assert [row[:3] for row in rows[1:3]] == [
        ["47", "Amount", "“=free” is no number"],
        ["48", "Country", "fewer than 7 values"],
    ]
    assert not store.source(upload).exists()
    assert AuditEntry.objects.filter(action="dataset.added", actor=orders.shop.admin).exists()


QUESTIONS = [
    ("Total amount by country", "figure=sum:c4&by=c2", ["Total of Amount: 409.80", "Spain 299.80", "Germany 90 "]),
    ("How many orders per day in 2026?", "figure=count&by=time", ["Number of orders: 45"]),
    (
        "average amount of orders from Germany",
        "figure=avg:c4&is-c2=Germany",
        ["Average of Amount (Country: Germany): 30"],
    ),
    ("how many orders with amount over 30?", "figure=count&min-c4=30", ["(Amount from 30): 3"]),
    ("top 1 products by amount", "figure=sum:c4&by=c3&top=1", ["Moss towels 200", "And 2 more"]),
    ("How many different countries?", "figure=distinct:c2", ["Different values of Country: 3"]),
    (
        "CSAT by product",
        "figure=conv:csat&by=c3",
        ["CSAT (orders): 50.0 %", "Brisk kettle 0.0 %", "Fell pan 100.0 %"],
    ),
    ("hand-over rate for brisk kettle", "figure=conv:handover&is-c3=Brisk kettle", ["100.0 %"]),
    (
        "contact rate by country",
        "figure=contacted&by=c2",
        ["with a conversation: 4.4 %", "Germany 66.7 %", "Spain 0.0 %"],
    ),
    ("total amount by category", "figure=sum:c4&by=conv:category", ["Returns 49.90", "Delivery 30.10"]),
    ("contact rate by outcome", "figure=contacted&by=conv:outcome", ["Resolved by people 2.2 %"]),
    ("how many orders were about refunds", "figure=count&is-conv:category=returns", [": 1."]),
    ("time to resolution by country", "figure=conv:duration&by=c2", ["Germany 9 s"]),
    ("conversations by country and zebras", "figure=conv:conversations&by=c2", ["left out: zebras", "Germany 3"]),
]


def test_questions_in_words(orders: Table) -> None:
    for question, query, told in QUESTIONS:
        address, page = orders.asked(question)
        for name, value in (pair.split("=", 1) for pair in query.split("&")):
            assert address.get(name) == value, (question, address)
        for part in told:
            assert part in page, (question, part, page[page.find("Answer") :][:600])


def test_what_is_not_clear_is_asked_and_what_is_not_declared_is_left_out(orders: Table) -> None:
    _, page = orders.asked("average by country")
    assert "Which of these do you mean? Average of Amount Average of Quantity" in page
    assert "names no figure of this dataset" in orders.asked("purple zebras")[1]
    hostile = {"figure": "sum:c4); DROP TABLE r; --", "by": "c6", "is-c2": "x' OR 1=1 --", "min-c4": "nan"}
    assert "Number of orders (Country: x' OR 1=1 --): 0." in orders.page(**hostile)


def test_files_are_added_types_corrected_and_strange_ones_refused(orders: Table, settings: Any) -> None:
    at = f"/admin/analytics/datasets/{orders.dataset.pk}/files/"
    english = "Country,Order number,Ordered On,Product,Amount,Quantity,Email,Extra\n"
    english += "Italy,3,2026-11-20,Pan,7.5,1,a@x.example,1\n"
    orders.client.post(at, {"mode": "append", "file": SimpleUploadedFile("more.csv", english.encode())})
    upload = orders.take()
    assert (upload.rows, orders.dataset.rows, upload.state) == (1, 46, "done") and "Extra" in upload.message
    answer = orders.client.post(at, {"file": SimpleUploadedFile("x.csv", b"Land,Preis\nItaly,3\n")}, follow=True)
    assert "The file has no column “Order Number”" in plain(answer.content.decode())
    answer = orders.client.post(at, {"file": SimpleUploadedFile("x.csv", b"PAR1 and no more")}, follow=True)
    assert "neither a CSV nor a Parquet file" in plain(answer.content.decode())
    confirmed(orders, **{"type-c3": "number", "use-c3": "sum", "key": "email", "key_column": "c6"})
    assert orders.dataset.uploads.first().bad == 46  # type: ignore[union-attr]
    settings.DATASETS_MB = 0
    answer = orders.client.post(at, {"file": SimpleUploadedFile("x.csv", english.encode())}, follow=True)
    assert "are left of the 0 MB" in plain(answer.content.decode())


def test_parquet_with_dates_of_releases_is_joined_by_day(orders: Table, tmp_path: Any) -> None:
    path = tmp_path / "releases.parquet"
    with duckdb.connect() as engine:
        made = "SELECT DATE '2026-11-16' AS day, 'App 2.0' AS version, 3 AS changes UNION ALL SELECT NULL, 'App 1', 1"
        engine.execute(f"COPY ({made}) TO '{path}'")
    table = uploaded(orders.shop, "Releases", "releases.parquet", path.read_bytes())
    assert table.dataset.key == "date" and confirmed(table).rows == 2
    assert "App 2.0 3" in table.asked("conversations by version")[1]


@pytest.mark.parametrize("way", ["remove", "mask"])
def test_who_is_erased_is_forgotten_and_does_not_come_back(
    orders: Table, way: str, django_capture_on_commit_callbacks: Any
) -> None:
    confirmed(orders, on_erasure=way)
    contact = Contact.objects.create(
        workspace=orders.shop.workspace, email="bob@x.example", verified_email="Bob@x.example"
    )
    erase_contact(contact, by=orders.shop.admin)
    tasks.tend()
    tasks.forget(orders.shop.workspace.pk)
    orders.dataset.refresh_from_db()
    assert orders.dataset.rows == (43 if way == "remove" else 45)
    files = ", ".join(f"'{path}'" for path in store.parts(orders.dataset))
    with duckdb.connect() as engine:
        assert engine.execute(f"SELECT count(*) FROM read_parquet([{files}]) WHERE c6 LIKE 'bob%'").fetchone() == (0,)
    folder = store.folder_of(orders.shop.workspace.pk)
    assert not list(folder.glob("*-bad-*")) and len(list(folder.glob("*-rows-*"))) == 1
    at = f"/admin/analytics/datasets/{orders.dataset.pk}/files/"
    again = (
        "Order Number,Ordered On,Country,Product,Amount,Quantity,Email\n1,2026-11-20,Italy,Pan,7.5,1,BOB@x.example\n"
    )
    orders.client.post(at, {"mode": "append", "file": SimpleUploadedFile("more.csv", again.encode())})
    assert orders.take().rows == 0
    with django_capture_on_commit_callbacks(execute=True):
        orders.client.post(f"/admin/analytics/datasets/{orders.dataset.pk}/change/", {"what": "delete"})
    assert not list(folder.glob(f"{orders.dataset.pk}-*")) and not Dataset.objects.exists()
