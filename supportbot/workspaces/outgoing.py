"""Requests to addresses that a user gave: to public hosts only, and to the very address that was checked.

Each request, a redirect's too, resolves its host once, refuses what is not public, and connects to that address, so no
second answer of the name server can lead elsewhere. `SUPPORTBOT_OUTGOING_NETWORKS` opens networks of one's own.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import ssl
import time
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import httpx
import requests
from django.conf import settings
from requests.adapters import HTTPAdapter

AGENT = "Supportbot"
NAT64 = ipaddress.ip_network("64:ff9b::/96")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Refused(httpx.TransportError):
    """The address is not one that may be asked; the message says why, in the user's words."""


class TooLarge(httpx.TransportError):
    """The answer is longer than was allowed."""


class PublicTransport(httpx.BaseTransport):
    """Sends each request to an address that was checked, whatever its name resolves to later."""

    def __init__(self) -> None:
        # No connection outlives its request: it is kept under its address, which several names may share.
        # What is trusted is read once for all of them, which takes longer than most requests.
        trusted = _trusted(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))
        self._inner = httpx.HTTPTransport(verify=trusted, limits=httpx.Limits(max_keepalive_connections=0))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Check, pin, send."""
        if request.url.scheme not in ("http", "https"):
            raise Refused(f"{request.url}: only http and https addresses can be asked")
        host = request.url.host
        port = request.url.port or (443 if request.url.scheme == "https" else 80)
        pinned = httpx.Request(
            request.method,
            request.url.copy_with(host=checked_address(host, port)),
            headers=request.headers,  # with the name as Host
            stream=request.stream,
            extensions={**request.extensions, "sni_hostname": host},
        )
        return self._inner.handle_request(pinned)

    def close(self) -> None:
        """End what is open."""
        self._inner.close()


@cache
def _trusted(file: str | None, folder: str | None) -> ssl.SSLContext:
    """The certificates that httpx trusts, while the environment names these."""
    return httpx.create_ssl_context()


def client(*, timeout: float = 10.0, **options: Any) -> httpx.Client:
    """A client for addresses that a user gave; it follows no redirect unless told, and checks each one."""
    headers = {"User-Agent": AGENT, **options.pop("headers", {})}
    return httpx.Client(transport=PublicTransport(), trust_env=False, timeout=timeout, headers=headers, **options)


class PublicAdapter(HTTPAdapter):
    """The same for libraries that ask by `requests`: each request, a redirect's too, goes to a checked address."""

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        """Name the host to the server, for the connection is to an address; ten seconds unless told otherwise."""
        request.headers["Host"] = urlsplit(str(request.url)).netloc.rpartition("@")[2]
        options["timeout"] = options.get("timeout") or 10.0
        return super().send(request, *args, **options)

    def build_connection_pool_key_attributes(self, *args: Any, **options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """Check and pin; ConnectionError, as of a host that is out of reach, unless it is public."""
        place, tls = super().build_connection_pool_key_attributes(*args, **options)
        host, port = place["host"], place["port"] or (443 if place["scheme"] == "https" else 80)
        if place["scheme"] == "https":
            tls = {**tls, "server_hostname": host, "assert_hostname": host}
        try:
            return {**place, "host": checked_address(host, port)}, tls
        except Refused as error:
            raise requests.ConnectionError(str(error)) from error


def session() -> requests.Session:
    """What `client` is, for libraries that ask by `requests`."""
    made = requests.Session()
    made.trust_env = False
    made.headers["User-Agent"] = AGENT
    for scheme in ("http://", "https://"):
        made.mount(scheme, PublicAdapter())
    return made


def read(answer: httpx.Response, most: int, *, seconds: float = 30.0) -> bytes:
    """The body of a streamed answer; TooLarge beyond `most` bytes, unpacked, ReadTimeout if all takes longer."""
    body, end = bytearray(), time.monotonic() + seconds
    for part in answer.iter_bytes(65_536):
        body += part
        if len(body) > most:
            raise TooLarge(f"{answer.url}: the answer is larger than {most // 1024} KB")
        if time.monotonic() > end:
            raise httpx.ReadTimeout(f"{answer.url}: the answer took longer than {seconds:g} s")
    return bytes(body)


def checked_address(host: str, port: int) -> str:
    """An address of the host; Refused unless all that it resolves to are public."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Refused(f"{host}: no such host") from error
    addresses = [ipaddress.ip_address(str(info[4][0]).partition("%")[0]) for info in found]
    if not addresses or not all(is_allowed(address) for address in addresses):
        raise Refused(f"{host}: not a public address")
    return str(addresses[0])


def is_allowed(address: Address) -> bool:
    """Whether it is public, or of a network that the installation opened."""
    inner = _inner(address)
    opened = [ipaddress.ip_network(network) for network in settings.OUTGOING_NETWORKS]
    if any(inner in network for network in opened if network.version == inner.version):
        return True
    return inner.is_global and not inner.is_multicast


def is_own_network(url: str) -> bool:
    """Whether an address of http is in a network that the installation opened, where TLS is not asked for."""
    parts = urlsplit(url)
    try:
        return parts.scheme == "http" and not is_public(checked_address(parts.hostname or "", parts.port or 80))
    except (Refused, ValueError):
        return False


def is_public(address: str) -> bool:
    """Whether anybody on the internet may have this address, rather than a network of one's own."""
    return _inner(ipaddress.ip_address(address)).is_global


def _inner(address: Address) -> Address:
    """The IPv4 address within an IPv6 one, where it holds one."""
    if isinstance(address, ipaddress.IPv6Address):
        if address in NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        teredo = address.teredo[1] if address.teredo else None
        return address.ipv4_mapped or address.sixtofour or teredo or address
    return address
