"""What can a program read here, and how does it ask? Drawn from the OpenAPI document, without scripts of others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from iamdash.api import v1


@dataclass(frozen=True)
class Parameter:
    """values: which it takes, for people. of_path: it stands in the path, else in the query string."""

    name: str
    about: str
    values: str
    of_path: bool

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Parameter:
        schema = said["schema"].get("items", said["schema"])
        return cls(said["name"], said.get("description", ""), _values(schema), said["in"] == "path")


def _values(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return ", ".join(schema["enum"])
    if "examples" in schema:
        return f"such as {schema['examples'][0]}"
    return str(schema.get("pattern", schema.get("type", "")))


@dataclass(frozen=True)
class Operation:
    """fields: name -> what it means, of a row or of the answer."""

    path: str
    slug: str
    summary: str
    about: str
    parameters: list[Parameter]
    fields: Mapping[str, str]


@require_safe
def operations(request: HttpRequest) -> HttpResponse:
    # Where its users are, not where this request came from: a Host header is not to be copied into a shell.
    context = {"operations": _operations(), "root": settings.PUBLIC_URL or "https://iamdash.example.org"}
    return render(request, "tokens/api.html", context | {"per_minute": settings.API_PER_MINUTE})


@require_safe
def document(request: HttpRequest) -> HttpResponse:
    """The same as /api/v1/openapi.json, for who is signed in."""
    return JsonResponse(v1.document())


@cache
def _operations() -> list[Operation]:
    made = v1.document()
    return [_operation(made, where, ways["get"]) for where, ways in made["paths"].items()]


def _operation(made: Mapping[str, Any], where: str, one: Mapping[str, Any]) -> Operation:
    parameters = [Parameter.of(said) for said in one["parameters"]]
    fields = dict(_fields(made, one))
    return Operation(where, one["operationId"], one["summary"], one["description"], parameters, fields)


def _fields(made: Mapping[str, Any], one: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    shape = _resolved(made, one["responses"][200]["content"]["application/json"]["schema"])
    rows = shape.get("properties", {}).get("data")
    shape = _resolved(made, rows["items"]) if rows else shape
    for name, field in shape.get("properties", {}).items():
        yield name, field.get("description", "")


def _resolved(made: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    name = schema.get("$ref", "").rpartition("/")[2]
    return made["components"]["schemas"][name] if name else schema
