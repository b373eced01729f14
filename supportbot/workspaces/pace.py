"""Counts what strangers do over HTTP, so that nobody does too much of it. Knows only addresses and numbers."""

from __future__ import annotations

import hashlib

import structlog
from axes.helpers import get_client_ip_address
from django.core.cache import cache
from django.http import HttpRequest

log = structlog.get_logger(__name__)


def is_too_often(request: HttpRequest, what: str, *, most: int, within: int) -> bool:
    """Count something that a person who is signed in does, else this address; whether it was more than `most` in
    `within` seconds."""
    who = f"user {request.user.pk}" if request.user.is_authenticated else str(get_client_ip_address(request))
    return is_too_much(f"{what}:{hashlib.sha256(who.encode()).hexdigest()}", most=most, within=within)


def is_too_much(key: str, *, most: int, within: int) -> bool:
    """Count something once more; whether it was more than `most` in `within` seconds."""
    try:
        return counted(key, within) > most
    except Exception as error:  # without a cache nobody is refused; ValueError: it ran out between the two
        log.warning("request not counted", error=repr(error))
        return False


def counted(key: str, within: int) -> int:
    """Count once more; how often it was since the first time, which is forgotten after `within` seconds."""
    cache.add(key, 0, within)
    return cache.incr(key)
