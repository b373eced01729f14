"""The parameters of an action: which there are, and how a customer's answer becomes a value.

Two kinds with one face: a pydantic model for the built-in actions, a JSON Schema for a workspace's own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Annotated, Any, Protocol

from django.core.exceptions import ValidationError as DjangoError
from django.core.validators import validate_email
from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import SchemaError, ValidationError
from pydantic import AfterValidator, BaseModel, BeforeValidator, StringConstraints, TypeAdapter
from pydantic import ValidationError as PydanticError

from supportbot.actions.words import yes_or_no

ORDER_NUMBER = re.compile(r"(?<![\w.,+@-])#?\s?(\d{3,12})(?![\w@]|[.,-]\d)")
EMAIL = re.compile(r"[\w.+'-]+@[\w-]+(?:\.[\w-]+)+")
PHONE = re.compile(r"\+?\(?\d[\d\s()./-]{5,22}\d")
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
FREE_TEXT = 300


class Invalid(ValueError):
    """The answer is no value of this parameter."""


class Parameters(Protocol):
    """What an action has to know."""

    @property
    def names(self) -> Sequence[str]:
        """Those that are asked for, in order."""

    def parse(self, name: str, text: str) -> Any:
        """The value in a customer's words; Invalid if there is none."""

    def check(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """All arguments as the action takes them; Invalid if one is missing or wrong."""

    def options(self, name: str) -> Sequence[str]:
        """The values of a parameter that has a fixed list of them."""

    def title(self, name: str) -> str:
        """What the parameter is called."""


def only(pattern: re.Pattern[str]) -> BeforeValidator:
    """Takes the one thing of this shape out of a sentence; two different ones are no answer."""

    def find(text: object) -> str:
        found: dict[str, None] = dict.fromkeys(
            match[match.lastindex or 0].strip() for match in pattern.finditer(str(text))
        )
        if len(found) != 1:
            raise ValueError("one is needed")
        return str(next(iter(found)))

    return BeforeValidator(find)


def _email(text: str) -> str:
    try:
        validate_email(text)
    except DjangoError as error:
        raise ValueError("no e-mail address") from error
    return text.lower()


def _address(text: str) -> str:
    """An address has a number and at least three words, and asks nothing."""
    line = ", ".join(part.strip(" ,;") for part in text.splitlines() if part.strip(" ,;"))
    if "?" in line or not re.search(r"\d", line) or len(re.findall(r"[^\W\d_]{2,}", line)) < 2 or len(line) < 12:
        raise ValueError("no address")
    return line


def _statement(text: str) -> str:
    if "?" in text or not re.search(r"[^\W\d_]{3,}", text):
        raise ValueError("no statement")
    return " ".join(text.split())


OrderNumber = Annotated[str, only(ORDER_NUMBER)]
Email = Annotated[str, only(EMAIL), AfterValidator(_email)]
Phone = Annotated[str, only(PHONE)]
Address = Annotated[str, StringConstraints(strip_whitespace=True, max_length=FREE_TEXT), AfterValidator(_address)]
Statement = Annotated[str, StringConstraints(strip_whitespace=True, max_length=FREE_TEXT), AfterValidator(_statement)]


class Typed:
    """The parameters of a pydantic model; one with a default is not asked for."""

    def __init__(self, model: type[BaseModel]) -> None:
        self.model = model
        self.names = [name for name, field in model.model_fields.items() if field.is_required()]
        self._types: dict[str, TypeAdapter[Any]] = {
            name: TypeAdapter(field.rebuild_annotation()) for name, field in model.model_fields.items()
        }

    def parse(self, name: str, text: str) -> Any:
        """The value in a customer's words; Invalid if there is none."""
        listed = [option for option in self.options(name) if option.casefold() == text.strip().casefold()]
        text = listed[0] if listed else text
        try:
            return self._types[name].validate_python(text)
        except PydanticError as error:
            raise Invalid(str(error)) from error

    def check(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """All arguments as the action takes them; Invalid if one is missing or wrong."""
        try:
            return self.model.model_validate(arguments).model_dump(mode="json")
        except PydanticError as error:
            raise Invalid(str(error)) from error

    def options(self, name: str) -> Sequence[str]:
        """The values of a parameter that has a fixed list of them."""
        schema = self._types[name].json_schema()
        return [str(value) for value in schema.get("enum", ())]

    def title(self, name: str) -> str:
        """What the parameter is called."""
        return name.replace("_", " ")


class Schema:
    """The parameters of a JSON Schema; of its properties those that are required are asked for."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self.schema = {"type": "object", "properties": {}, "required": [], **schema}

    @cached_property
    def names(self) -> Sequence[str]:
        """Those that are asked for, in order."""
        return [name for name in self.schema["properties"] if name in self.schema["required"]]

    def parse(self, name: str, text: str) -> Any:
        """The value in a customer's words; Invalid if there is none."""
        rule = self.schema["properties"][name]
        value = _from_words(rule, text.strip())
        self._validate(rule, value)
        return value

    def check(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """All arguments as the action takes them; Invalid if one is missing or wrong."""
        own = {name: value for name, value in arguments.items() if name in self.schema["properties"]}
        self._validate(self.schema, own)
        return own

    def options(self, name: str) -> Sequence[str]:
        """The values of a parameter that has a fixed list of them."""
        rule = self.schema["properties"][name]
        either = ("yes", "no") if rule.get("type") == "boolean" else ()
        return [str(value) for value in rule.get("enum", either)]

    def title(self, name: str) -> str:
        """What the parameter is called."""
        return str(self.schema["properties"][name].get("title", name.replace("_", " ")))

    @staticmethod
    def _validate(rule: Mapping[str, Any], value: Any) -> None:
        try:
            Draft202012Validator(rule, format_checker=FormatChecker()).validate(value)
        except ValidationError as error:
            raise Invalid(error.message) from error


def demand_schema(schema: object) -> None:
    """Invalid, in words for whoever wrote it, unless the schema is one that a dialogue can ask for."""
    if not isinstance(schema, dict) or schema.get("type", "object") != "object":
        raise Invalid('Write a JSON Schema of an object, as {"properties": {"day": {"type": "string"}}}.')
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise Invalid(f"This is no JSON Schema: {error.message}") from error
    properties = schema.get("properties", {})
    for name, rule in properties.items():
        if not isinstance(rule, dict) or rule.get("type", "string") not in ("string", "integer", "number", "boolean"):
            raise Invalid(f"{name}: a customer can be asked for a string, integer, number or boolean only.")
    if unknown := set(schema.get("required", ())) - properties.keys():
        raise Invalid(f"Required, but no property: {', '.join(sorted(unknown))}.")


def _from_words(rule: Mapping[str, Any], text: str) -> Any:
    """What the words stand for in a rule's type."""
    if enum := rule.get("enum"):
        found = [value for value in enum if str(value).casefold() == text.casefold()]
        return _single(found)
    if rule.get("type") in ("integer", "number"):
        number = _single(list(dict.fromkeys(NUMBER.findall(text))))
        return int(number) if rule["type"] == "integer" and "." not in number else float(number)
    if rule.get("type") == "boolean":
        return _single([answer == "yes" for answer in [yes_or_no(text)] if answer])
    if rule.get("format") == "email":
        return _single(EMAIL.findall(text))
    if not text or "?" in text:
        raise Invalid("no statement")
    return text[:FREE_TEXT]


def _single(found: Sequence[Any]) -> Any:
    if len(found) != 1:
        raise Invalid("one is needed")
    return found[0]
