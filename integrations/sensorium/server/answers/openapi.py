"""The description of the interface: `/openapi.json`, with the errors of every endpoint."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from sensorium.server.answers.models import Problem
from sensorium.server.answers.problems import MEDIA_TYPE
from sensorium.server.entry.sessions import cookie_name

REF = "#/components/schemas/"
GENERATED = ("HTTPValidationError", "ValidationError")  # of the framework, which never answers so
ERRORS = {  # what every endpoint may answer
    "400": "The request cannot be read",
    "401": "No token, or one that is not known",
    "403": "The token lacks a right, or a page elsewhere asked",
    "404": "There is no such thing",
    "405": "The path does not take this method",
    "409": "It contradicts an earlier request",
    "413": "Too large",
    "415": "A type that is not taken",
    "421": "Meant for another host",
    "422": "An argument is missing, unknown or wrong",
    "429": "Too many requests, or wrong tokens",
    "500": "A mistake of the server",
    "503": "The store is away; try again",
    "507": "The disk or the quota is full",
}
OPEN = {("get", "/health"), ("post", "/v1/session"), ("delete", "/v1/session")}  # without a token
SUMMARY = "A memory of what was seen, heard, read and felt."


def describe(app: FastAPI) -> None:
    """Let an app describe itself so."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _described(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # as FastAPI's own documentation says


def _described(app: FastAPI) -> dict[str, Any]:
    found = get_openapi(
        title=app.title, version=app.version or "0", summary=SUMMARY, routes=app.routes
    )
    parts = found.setdefault("components", {})
    schemas = parts.setdefault("schemas", {})
    for name in GENERATED:
        schemas.pop(name, None)
    _, problem = models_json_schema([(Problem, "serialization")], ref_template=REF + "{model}")
    schemas |= problem["$defs"]
    cookie = cookie_name(app.state.access.options)
    parts["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer"},
        "cookie": {"type": "apiKey", "in": "cookie", "name": cookie},
    }
    found["security"] = [{"token": []}, {"cookie": []}]
    content = {MEDIA_TYPE: {"schema": {"$ref": f"{REF}Problem"}}}
    for name, path in found["paths"].items():
        for method, operation in path.items():
            if (method, name) in OPEN:
                operation["security"] = []
            operation["responses"].pop("422", None)
            for status, words in ERRORS.items():
                operation["responses"].setdefault(
                    status, {"description": words, "content": content}
                )
    return found
