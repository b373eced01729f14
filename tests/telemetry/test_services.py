"""What the running services tell of one chat: metrics at each, one trace through all, and its number in the logs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import promql_parser
import pytest
import yaml
from prometheus_client.metrics_core import Metric

from tests.customer import Customer
from tests.servers import wait_until
from tests.stack import ServicesStack
from tests.trace_collector import TraceCollector

ROOT = Path(__file__).resolve().parents[2]
DASHBOARD = json.loads((ROOT / "deploy/grafana/supportbot.json").read_text())
RULES = yaml.safe_load((ROOT / "deploy/prometheus/alerts.yml").read_text())["groups"][0]["rules"]
SERIES = re.compile(r"\b(?:supportbot|process)_\w+")
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture(scope="module")
def chat(services_stack: ServicesStack) -> Iterator[tuple[Customer, str]]:
    """A customer who still looks on, and the client id of a message that the model has answered."""
    services_stack.revive()
    with Customer(services_stack.url) as customer:
        asked = customer.write("where is order 10023?")
        customer.until(lambda: customer.complete == 2, what="the answer")
        yield customer, asked


def test_one_trace_leads_from_the_browsers_frame_to_the_workers_reply(
    services_stack: ServicesStack, traces: TraceCollector, chat: tuple[Customer, str]
) -> None:
    number = chat[1].replace("-", "")
    way = ["customer message.post", "supportbot.chat.tasks.write_reply", "reply"]
    wait_until(lambda: {*way, "read", "write"} <= traces.of(number).keys(), what="all spans")
    spans = traces.of(number)
    assert not spans[way[0]].parent_span_id
    for parent, child in [*zip(way, way[1:], strict=False), ("reply", "read"), ("reply", "write")]:
        assert spans[child].parent_span_id == spans[parent].span_id, f"{child} is a part of {parent}"
    rows = services_stack.rows(
        "SELECT trace_id FROM chat_generation JOIN chat_message ON chat_message.id = in_reply_to_id"
        " WHERE client_id = %s",
        chat[1],
    )
    assert rows == [{"trace_id": number}]


@pytest.mark.parametrize(("service", "event"), [("web", "frame"), ("worker", "task")])
def test_the_traces_number_stands_in_the_logs(
    services_stack: ServicesStack, chat: tuple[Customer, str], service: str, event: str
) -> None:
    number = chat[1].replace("-", "")
    wait_until(lambda: event in events(services_stack, service, number), what=f"the line of the {service}")


def events(stack: ServicesStack, service: str, number: str) -> list[str]:
    """The events that a service has logged under this trace."""
    lines = (stack.folder / f"{service}.log").read_text().splitlines()
    logged = [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]
    return [line["event"] for line in logged if line.get("trace_id") == number]


def test_a_requests_trace_goes_on_from_who_sent_it(services_stack: ServicesStack, traces: TraceCollector) -> None:
    httpx.get(f"{services_stack.url}/readyz", headers={"traceparent": TRACEPARENT}).raise_for_status()
    number, parent = TRACEPARENT.split("-")[1:3]
    wait_until(lambda: traces.of(number), what="the span")
    assert traces.of(number)["GET /readyz"].parent_span_id.hex() == parent


def test_metrics_tell_of_the_chat(services_stack: ServicesStack, chat: tuple[Customer, str]) -> None:
    web, worker = services_stack.exposed("web"), services_stack.exposed("worker")
    assert value(web, "supportbot_sockets_open", side="customer") >= 1
    assert value(web, "supportbot_frame_seconds_count", side="customer", command="message.post") >= 1
    assert value(web, "supportbot_messages_total", author="customer") >= 1
    assert value(web, "supportbot_queue_length", queue="inference") >= 0
    assert value(web, "supportbot_messages_pending") == 0
    assert value(worker, "supportbot_messages_total", author="bot") >= 1
    for name in ("reply_wait_seconds", "reply_first_token_seconds", "reply_seconds", "reply_tokens_per_second"):
        assert value(worker, f"supportbot_{name}_count") >= 1, name
    assert value(worker, "supportbot_task_wait_seconds_count", queue="inference") >= 1
    assert value(worker, "supportbot_task_seconds_count", task="supportbot.chat.tasks.write_reply", state="SUCCESS")
    written = value(worker, "supportbot_tokens_total", kind="reply")
    steps, size = (value(worker, f"supportbot_engine_batch_size_{part}") for part in ("count", "sum"))
    assert written > 1 and size >= steps >= written
    shares = [sample.value for sample in worker["supportbot_expert_tokens"].samples if sample.name.endswith("_total")]
    assert len(shares) == 12 and sum(shares) > written
    assert httpx.get(f"{services_stack.url}/metrics").status_code == 404, "not for the public"


def test_dashboard_and_alerts_name_what_the_services_tell(services_stack: ServicesStack) -> None:
    told = {name for service in ("web", "worker", "translator") for name in services_stack.exposed(service)}
    told |= {f"{name}_{part}" for name in told for part in ("bucket", "count", "sum", "total")}
    asked = [target["expr"] for panel in DASHBOARD["panels"] for target in panel.get("targets", ())]
    alerts = [rule["expr"] for rule in RULES]
    assert len(asked) > 20 and len(alerts) > 5
    for expression in (*asked, *alerts):
        promql_parser.parse(re.sub(r"\$__\w+", "5m", expression))
        assert set(SERIES.findall(expression)) <= told, expression


def test_every_metric_is_explained(services_stack: ServicesStack) -> None:
    documented = (ROOT / "docs/operations.md").read_text()
    for service in ("web", "worker"):
        for name, metric in services_stack.exposed(service).items():
            told = f"{name}_total" if metric.type == "counter" else name
            assert not name.startswith("supportbot_") or f"`{told}`" in documented, told


def test_every_alert_has_its_runbook() -> None:
    documented = (ROOT / "docs/operations.md").read_text()
    assert [rule["alert"] for rule in RULES if f"`{rule['alert']}`" not in documented] == []


def value(told: dict[str, Metric], name: str, **labels: Any) -> float:
    """The value of one series."""
    samples = [sample for metric in told.values() for sample in metric.samples if sample.name == name]
    return next(sample.value for sample in samples if sample.labels == labels)
