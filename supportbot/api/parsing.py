"""How a request's body and query are read: JSON that a database can hold, or a problem."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict
from ninja.parser import Parser

from supportbot.api.problems import Problem


class StrictParser(Parser):
    """Refuses what is no JSON by the letter, and characters that no column takes."""

    def parse_body(self, request: HttpRequest) -> Any:
        """The body's value."""
        try:
            value = json.loads(request.body, parse_constant=_refuse_constant)
            _demand_characters(value)
        except RecursionError:
            raise Problem(400, "bad_json", "The body is nested too deeply.") from None
        except ValueError as error:
            raise Problem(400, "bad_json", f"The body is not JSON that can be read: {error}.") from None
        return value

    def parse_querydict(self, data: MultiValueDict[str, Any], list_fields: list[str], request: HttpRequest) -> Any:
        """The query's values."""
        for values in data.lists():
            if any("\x00" in text for text in values[1]):
                raise Problem(422, "invalid", f"{values[0]} has a character that can't be kept.")
        return super().parse_querydict(data, list_fields, request)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _demand_characters(value: Any) -> None:
    if isinstance(value, dict):
        for name, inner in value.items():
            _demand_characters(name)
            _demand_characters(inner)
    elif isinstance(value, list):
        for inner in value:
            _demand_characters(inner)
    elif isinstance(value, str):
        if "\x00" in value:
            raise ValueError("a text has the character NUL")
        value.encode()  # a lone surrogate is a UnicodeEncodeError, which is a ValueError
