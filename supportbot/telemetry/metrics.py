"""What is counted, in Prometheus' terms, and the port on which a process tells it. docs/operations.md explains each.

Labels have few values, all of them ours: never an id, an address or a word that somebody wrote.
"""

from __future__ import annotations

import os
import threading

import structlog
from prometheus_client import (
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    start_http_server,
)
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

log = structlog.get_logger(__name__)
FAST = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)  # seconds
SLOW = (0.1, 0.25, 0.5, 1, 2, 3, 5, 8, 13, 20, 30, 60, 120)  # seconds

disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for each, which nobody reads
REQUESTS = Histogram(
    "supportbot_http_request_seconds", "HTTP requests by route.", ["method", "route", "status"], buckets=FAST
)
SOCKETS = Gauge("supportbot_sockets_open", "Websockets that are open.", ["side"], multiprocess_mode="livesum")
FRAMES = Histogram("supportbot_frame_seconds", "Frames of websockets by command.", ["side", "command"], buckets=FAST)
EVENTS_LOST = Counter("supportbot_events_lost_total", "Live frames that did not reach Redis.")
TASK_WAIT = Histogram("supportbot_task_wait_seconds", "Tasks' time in the queue.", ["queue"], buckets=SLOW)
TASKS = Histogram("supportbot_task_seconds", "Tasks' time at work.", ["task", "state"], buckets=SLOW)
MESSAGES = Counter("supportbot_messages_total", "Messages that were saved.", ["author"])
REPLIES = Counter("supportbot_replies_total", "Replies of the assistant that were saved.", ["act", "reason"])
HAND_OVERS = Counter("supportbot_hand_overs_total", "Conversations that went to people.", ["reason"])
REPLY_WAIT = Histogram(
    "supportbot_reply_wait_seconds", "From a customer's message to the start of the work.", buckets=SLOW
)
FIRST_TOKEN = Histogram(
    "supportbot_reply_first_token_seconds", "From a customer's message to the first shown word.", buckets=SLOW
)
REPLY_TIME = Histogram("supportbot_reply_seconds", "From a customer's message to the saved reply.", buckets=SLOW)
TOKEN_RATE = Histogram(
    "supportbot_reply_tokens_per_second",
    "How fast each reply was written after its first token.",
    buckets=(5, 10, 20, 40, 80, 160, 320, 640),
)
TOKENS = Counter("supportbot_tokens_total", "Tokens that the model read and wrote.", ["kind"])
EXPERT_TOKENS = Counter("supportbot_expert_tokens_total", "Tokens that were sent to an expert, all layers.", ["expert"])

_serving = threading.Lock()


def serve(address: str, *collectors: Collector) -> None:
    """Tell the metrics on `host:port` while the process lives; nothing without an address, or when called again.

    `collectors` are asked at each visit. Where PROMETHEUS_MULTIPROC_DIR is set, one process tells those of all.
    """
    if not address or not _serving.acquire(blocking=False):
        return
    registry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    for collector in collectors:
        registry.register(collector)
    host, _, port = address.rpartition(":")
    try:
        start_http_server(int(port), host.strip("[]"), registry)
    except OSError as error:  # another process of this machine tells on that port; this one works all the same
        log.warning("metrics not served", address=address, error=repr(error))
