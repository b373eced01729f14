"""An OpenID Connect provider on the loopback address, as Keycloak or Okta are one."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt

from tests.http_server import HttpServer

CLIENT, SECRET = "supportbot", "s3cret-of-the-client"


class Provider(HttpServer):
    """Vouches for whom a test says, in exchange for a code, once each, for who has begun the sign-in."""

    def __init__(self) -> None:
        self.released = threading.Event()
        self.is_down = False
        self._codes: dict[str, tuple[dict[str, Any], dict[str, str]]] = {}
        self._tokens: dict[str, dict[str, Any]] = {}

    @property
    def issuer(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def vouch(self, asked: str, **claims: Any) -> str:
        """Somebody signs in at the page `asked`; the address to which their browser is sent back."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(asked).query).items()}
        assert asked.startswith(f"{self.issuer}/authorize?") and query["client_id"] == CLIENT
        code = secrets.token_hex(8)
        self._codes[code] = ({"email_verified": True, **claims}, query)
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def serve(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer a request of the server that wants to know who came."""
        length = int(handler.headers.get("Content-Length", 0))
        form = {name: values[0] for name, values in parse_qs(handler.rfile.read(length).decode()).items()}
        bearer = handler.headers.get("Authorization", "").removeprefix("Bearer ")
        status, answer = self._answer(handler.path, form, bearer)
        body = json.dumps(answer).encode()
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def _answer(self, path: str, form: dict[str, str], bearer: str) -> tuple[int, dict[str, Any]]:
        if self.is_down:
            return 503, {}
        if path == "/.well-known/openid-configuration":
            places = {"authorization": "authorize", "token": "token", "userinfo": "userinfo"}
            named = {f"{name}_endpoint": f"{self.issuer}/{place}" for name, place in places.items()}
            methods = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
            return 200, {"issuer": self.issuer, "jwks_uri": f"{self.issuer}/keys", **named, **methods}
        if path == "/token":
            return self._exchange(form)
        if path == "/userinfo" and bearer in self._tokens:
            return 200, self._tokens[bearer]
        return 404, {}

    def _exchange(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        claims, query = self._codes.pop(form.get("code", ""), ({}, {}))
        proof = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest()).decode()
        is_client = (form.get("client_id"), form.get("client_secret")) == (CLIENT, SECRET)
        if not claims or not is_client or proof.rstrip("=") != query["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        token, now = secrets.token_hex(8), int(time.time())
        self._tokens[token] = claims
        told = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 60, "sub": claims["sub"]}
        return 200, {"access_token": token, "token_type": "Bearer", "id_token": jwt.encode(told, SECRET * 2)}
