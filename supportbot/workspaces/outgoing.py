"""The one way to an address that a tenant names: public addresses only, and connected to what was checked.

A name is resolved once; if any of its addresses is not public the request is refused, else it goes to one of them, so
that a second look-up cannot lead elsewhere. Redirects are left to the caller, who comes back here with each.
"""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any

import httpx
from django.conf import settings

NAT64 = IPv6Network("64:ff9b::/96")


class NotPublic(httpx.RequestError):
    """The address leads into a private network, or to nothing."""


def client(**options: Any) -> httpx.Client:
    """An httpx client that reaches public addresses only; takes httpx.Client's options, follows no redirect."""
    return httpx.Client(transport=PublicTransport(), trust_env=False, **{"follow_redirects": False, **options})


class PublicTransport(httpx.BaseTransport):
    """Connects to checked addresses only. Each request has a connection of its own: two names may share an address."""

    def __init__(self) -> None:
        self._http = httpx.HTTPTransport(limits=httpx.Limits(max_keepalive_connections=0))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request to the first checked address that can be connected to."""
        *others, last = public_addresses(request.url.host, request.url.port or _port(request.url.scheme), request)
        for address in others:
            try:
                return self._http.handle_request(_pinned(request, address))
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue
        return self._http.handle_request(_pinned(request, last))

    def close(self) -> None:
        """End its connections."""
        self._http.close()


def public_addresses(host: str, port: int, request: httpx.Request | None = None) -> list[str]:
    """What a host's name stands for; NotPublic if any of it is private, or nothing is found."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NotPublic(f"{host} can't be found.", request=request) from error
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not all(map(_is_allowed, addresses)):
        raise NotPublic(f"{host} is not a public address.", request=request)
    return addresses


def _is_allowed(text: str) -> bool:
    address = _inner(ip_address(text))
    if address.is_loopback and settings.OUTGOING_LOOPBACK:
        return True
    return address.is_global and not address.is_multicast


def _inner(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that an IPv6 address stands for, if it does."""
    if isinstance(address, IPv4Address):
        return address
    nat64 = IPv4Address(int(address) & 0xFFFF_FFFF) if address in NAT64 else None
    teredo = address.teredo[1] if address.teredo else None
    return address.ipv4_mapped or nat64 or address.sixtofour or teredo or address


def _pinned(request: httpx.Request, address: str) -> httpx.Request:
    """The same request to this address; the name stays in the Host header and in TLS."""
    return httpx.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": request.url.host},
    )


def _port(scheme: str) -> int:
    return 443 if scheme == "https" else 80
