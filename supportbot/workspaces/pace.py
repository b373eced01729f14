"""Counts what strangers do over HTTP, so that nobody does too much of it. Knows only addresses and numbers."""

from __future__ import annotations

import hashlib

from axes.helpers import get_client_ip_address
from django.core.cache import cache
from django.http import HttpRequest


def is_too_often(request: HttpRequest, what: str, *, most: int, within: int) -> bool:
    """Count something that this address does; whether it did more than `most` of it in `within` seconds."""
    address = hashlib.sha256(str(get_client_ip_address(request)).encode()).hexdigest()
    key = f"{what}:{address}"
    cache.add(key, 0, within)
    try:
        return cache.incr(key) > most
    except ValueError:  # it ran out between the two
        return False
