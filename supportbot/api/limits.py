"""How often a key may ask: a number of requests in each minute, told in every answer.

The headers are those of draft-ietf-httpapi-ratelimit-headers. Without a cache nobody is refused.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import structlog
from django.http import HttpRequest

from supportbot.api.models import ApiKey
from supportbot.api.problems import Problem
from supportbot.workspaces import pace

log = structlog.get_logger(__name__)
WINDOW = 60  # seconds


@dataclass(frozen=True)
class Standing:
    """What a key has left in this minute."""

    limit: int
    left: int
    reset: int  # seconds


def count(request: HttpRequest, key: ApiKey) -> None:
    """Count this request; Problem beyond the limit."""
    now = time.time()
    used = _used(f"api:{key.pk}:{int(now // WINDOW)}")
    standing = Standing(key.per_minute, max(0, key.per_minute - used), math.ceil(WINDOW - now % WINDOW))
    request.META["supportbot.standing"] = standing
    if used > key.per_minute:
        words = f"This key may ask {key.per_minute} times a minute. Try again in {standing.reset} s."
        raise Problem(429, "too_many_requests", words, retry_after=standing.reset)


def headers(request: HttpRequest) -> dict[str, str]:
    """What the answer tells of it; nothing where no key asked."""
    standing: Standing | None = request.META.get("supportbot.standing")
    if standing is None:
        return {}
    return {
        "RateLimit-Policy": f'"key";q={standing.limit};w={WINDOW}',
        "RateLimit": f'"key";r={standing.left};t={standing.reset}',
    }


def _used(name: str) -> int:
    try:
        return pace.counted(name, WINDOW * 2)
    except Exception as error:
        log.warning("request not counted", error=repr(error))
        return 0
