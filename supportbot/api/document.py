"""The OpenAPI document: what django-ninja finds, with scopes, problems, idempotency and webhooks beside it."""

from __future__ import annotations

from typing import Any

from ninja import Schema
from ninja.openapi.schema import REF_TEMPLATE, OpenAPISchema
from ninja.operation import Operation

from supportbot.api.access import Bearer
from supportbot.api.idempotency import HEADER, LONGEST
from supportbot.api.problems import MEDIA, ProblemOut
from supportbot.api.webhooks.payloads import SHAPES, Envelope

HEADERS = {"webhook-id": "The same in every try", "webhook-timestamp": "Seconds", "webhook-signature": "v1,…"}
Json = dict[str, Any]


class Document(OpenAPISchema):
    """OpenAPI 3.1 of one version of the API."""

    def get_components(self) -> Json:
        """With what no operation names itself."""
        models: list[type[Schema]] = [ProblemOut, Envelope, *SHAPES.values()]
        for model in models:
            schema = model.model_json_schema(ref_template=REF_TEMPLATE, mode="serialization")
            self.add_schema_definitions({**schema.pop("$defs", {}), model.__name__: schema})
        self["webhooks"] = {event: {"post": _webhook(event, model.__name__)} for event, model in SHAPES.items()}
        return super().get_components()

    def operation_security(self, operation: Operation) -> Any:
        """With the scope that a key needs, as a role."""
        found = super().operation_security(operation)
        for auth in operation.auth_callbacks:
            if isinstance(auth, Bearer):
                found = [{type(auth).__name__: [auth.scope.value]}]
        return found

    def operation_details(self, operation: Operation) -> Any:
        """With problems and, where something is made, the idempotency key."""
        details = super().operation_details(operation)
        details["summary"] = details["summary"].capitalize()
        for parameter in details["parameters"]:
            _leave_out_null(parameter["schema"])
        problem = {"schema": {"$ref": REF_TEMPLATE.format(model=ProblemOut.__name__)}}
        details["responses"]["default"] = {"description": "A problem", "content": {MEDIA: problem}}
        if "POST" in operation.methods:
            schema = {"type": "string", "minLength": 1, "maxLength": LONGEST, "pattern": "^[!-~]+$"}
            details["parameters"].append({"in": "header", "name": HEADER, "required": False, "schema": schema})
        return details


def _leave_out_null(schema: Json) -> None:
    """A query has no null: what is not asked for is not named."""
    kinds = [kind for kind in schema.get("anyOf", ()) if kind != {"type": "null"}]
    if len(kinds) == 1:
        del schema["anyOf"]
        schema.update(kinds[0])


def _webhook(event: str, shape: str) -> Json:
    body = {
        "allOf": [
            {"$ref": REF_TEMPLATE.format(model=Envelope.__name__)},
            {"properties": {"type": {"const": event}, "data": {"$ref": REF_TEMPLATE.format(model=shape)}}},
        ]
    }
    return {
        "operationId": event.replace(".", "_"),
        "summary": event,
        "parameters": [
            {"in": "header", "name": name, "required": True, "description": words, "schema": {"type": "string"}}
            for name, words in HEADERS.items()
        ],
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": {"2XX": {"description": "Taken; anything else is tried again"}},
    }
