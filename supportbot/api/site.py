"""Version 1 of the API: its routes, its document, and the page that shows it."""

from __future__ import annotations

from typing import Any

from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema

from supportbot.api import idempotency, problems
from supportbot.api.document import Document
from supportbot.api.parsing import StrictParser
from supportbot.api.routes import analytics, chat, contacts, conversations, knowledge, orders, tasks, usage, workspace

DESCRIPTION = """All that the dashboards do, for other machines. A key is made in the admin under *API keys* and sent
as `Authorization: Bearer sk_…`."""


class SupportbotAPI(NinjaAPI):
    """With a document of our own."""

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        """The OpenAPI document."""
        return Document(self, self.get_root_path(path_params or {}) if path_prefix is None else path_prefix)


api = SupportbotAPI(
    title="Supportbot", version="1", description=DESCRIPTION, urls_namespace="api-v1", parser=StrictParser()
)
problems.install(api)
api.add_decorator(idempotency.once, mode="view")
for part in (conversations, contacts, knowledge, workspace, tasks, orders, analytics, usage, chat):
    api.add_router("", part.router)
