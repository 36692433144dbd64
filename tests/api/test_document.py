"""The OpenAPI document, its page, and the examples of docs/operate/api.md."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from openapi_spec_validator import validate

from collectors.models import Account
from iamdash.api import v1
from iamdash.api.urls import PATHS
from tests.pages.conftest import Made

pytestmark = pytest.mark.django_db
DOCS = Path(__file__).resolve().parents[2] / "docs/operate"


def test_the_document_is_valid_openapi(reader: Any) -> None:
    response = reader().get("/api/v1/openapi.json")
    document = response.json()
    validate(document)
    assert document["openapi"].startswith("3.1")
    assert document["components"]["securitySchemes"]["Token"]["scheme"] == "bearer"
    assert "://" not in json.dumps(document)


def test_the_document_has_every_path_and_every_error() -> None:
    document = v1.document()
    templates = {f"/{v1.PREFIX}" + re.sub(r"<(?:[^:>]+:)?([^>]+)>", r"{\1}", str(one.pattern)) for one in PATHS}
    assert set(document["paths"]) == templates
    for where, ways in document["paths"].items():
        responses = ways["get"]["responses"]
        assert {200, 400, 401, 403, 429} | ({404} if "{" in where else set()) == set(responses)
        assert all(list(said["content"]) == ["application/problem+json"] for n, said in responses.items() if n >= 400)
        assert all(one["description"] for one in ways["get"]["parameters"] if one["in"] == "query")
        assert "security" in ways["get"]


def test_every_field_of_the_document_says_what_it_means() -> None:
    for name, schema in v1.document()["components"]["schemas"].items():
        for field, said in schema["properties"].items():
            assert said.get("description"), f"{name}.{field}"


def test_its_page_has_all_of_it_without_scripts_of_others(sign_in: Any) -> None:
    response = sign_in().get(reverse("settings-api"))
    text = response.content.decode()
    for where in v1.document()["paths"]:
        assert f"<code>{where}</code>" in text
    assert "//cdn" not in text
    assert not re.findall(r"<script[^>]*>[^<]", text)
    assert "critical, high, medium, low, info" in text
    assert sign_in().get(reverse("settings-api-document")).json() == json.loads(json.dumps(v1.document()))


def examples(text: str) -> list[str]:
    """Addresses of the curl commands."""
    lines = [line.strip() for line in text.splitlines() if line.strip().startswith("curl ")]
    return [next(word for word in shlex.split(line) if "/api/v1/" in word) for line in lines]


def test_the_examples_of_the_documentation_are_answered(account: Account, reader: Any) -> None:
    made = Made(account)
    made.role("deploy")
    finding = made.finding()
    found = examples((DOCS / "api.md").read_text())
    assert len(found) > 5
    client = reader()
    for address in found:
        path = address.partition("example.org")[2].replace("111122223333", account.aws_id)
        path = path.replace("AROAEXAMPLE", "AROAdeploy").replace("/findings/4711", f"/findings/{finding.pk}")
        assert client.get(path).status_code == 200, address
