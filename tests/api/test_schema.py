"""The OpenAPI document: drawn without a warning, true to what is answered, and readable on our own page."""

from __future__ import annotations

import io
import re
from functools import cache
from typing import Any

import pytest
from django.core.management import call_command
from jsonschema import Draft4Validator

from tests.api.test_reading import KIND, RESOURCES

pytestmark = pytest.mark.django_db


def test_document_is_drawn_without_a_warning() -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=io.StringIO())


@cache
def document() -> dict[str, Any]:
    from drf_spectacular.generators import SchemaGenerator

    return SchemaGenerator().get_schema(public=True)


def validate(path: str, method: str, status: str, body: Any) -> None:
    """The body against the document; every member that is sent must be declared."""
    answer = document()["paths"][path][method]["responses"][status]
    schema = answer["content"]["application/json"]["schema"]
    whole = _closed({**schema, "components": document()["components"]})
    errors = [f"{list(error.path)}: {error.message}" for error in Draft4Validator(whole).iter_errors(body)]
    assert errors == []


def _closed(schema: Any) -> Any:
    """OpenAPI 3.0 as JSON schema: `nullable` spelt out, nothing undeclared allowed in an object."""
    if isinstance(schema, list):
        return [_closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: _closed(value) for key, value in schema.items() if key != "nullable"}
    if "properties" in made and made.get("type") == "object":
        made.setdefault("additionalProperties", False)
    if schema.get("nullable") is True:
        return {"anyOf": [made, {"type": "null"}]}
    return made


@pytest.mark.parametrize("resource", RESOURCES)
def test_answers_are_as_the_document_says(world, ask, resource) -> None:
    path, caller = f"/api/v1/{resource}/", ask("reporter")
    validate(path, "get", "200", caller.get(f"{resource}/").json())
    row = caller.get(f"{resource}/{world.own[KIND[resource]].public_id}/").json()
    validate(f"{path}{{public_id}}/", "get", "200", row)


def test_figures_are_as_the_document_says(world, ask) -> None:
    path, row = "/api/v1/indicators/{public_id}/", world.own["total"].public_id
    caller = ask("reporter")
    validate(f"{path}series/", "get", "200", caller.get(f"indicators/{row}/series/").json())
    why = caller.get(f"indicators/{row}/explain/?period=FY2025-Q1&basis=provisional").json()
    assert why["figure"]["cells"][0]["children"]
    validate(f"{path}explain/", "get", "200", why)


def test_refusals_are_as_the_document_says(world, ask) -> None:
    caller, row = ask("reporter"), world.own["measurement"].public_id
    missing = "forums/00000000-0000-4000-8000-000000000000/"
    validate("/api/v1/forums/{public_id}/", "get", "404", caller.get(missing).json())
    validate("/api/v1/forums/", "get", "400", caller.get("forums/?x=1").json())
    refused = caller.post(f"measurements/{row}/approve/")
    validate("/api/v1/measurements/{public_id}/approve/", "post", "403", refused.json())


def test_document_and_its_page_are_open_and_name_no_row(world, ask) -> None:
    client = ask("anonymous").client
    assert client.get("/api/schema/").json()["openapi"].startswith("3.")
    assert "（架空）" not in client.get("/api/schema/").content.decode()


def test_page_of_the_document_needs_no_inline_script_or_style(client) -> None:
    response = client.get("/api/docs/")
    page = response.content.decode()
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", page)
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", page)
    assert "unsafe" not in response["Content-Security-Policy"]
