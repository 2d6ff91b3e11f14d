"""Requests made of the description, good ones and bad ones: every answer is one it describes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.support.planted import PlantedEncoder
from tests.support.serving import client, tokens

from sensorium.memory import Memory
from sensorium.server import build_app

EXAMPLES = 10  # requests of each operation and mode
SEED = 20
ENDLESS = {"/v1/events", "/v1/watch"}  # their answers never end
CHECKS = [
    *(not_a_server_error, status_code_conformance),
    *(content_type_conformance, response_schema_conformance),
]
OPERATIONS = 15  # at least so many are tried in each mode


@pytest.fixture
def served() -> Iterator[FastAPI]:
    """The server of a small memory."""
    with Memory.open(":memory:", owner="ana", encoder=PlantedEncoder(background=True)) as memory:
        memory.remember(text="dog", id="a")
        yield build_app(memory, tokens=tokens())


def operations(app: FastAPI) -> list[Any]:
    schema = schemathesis.openapi.from_dict(app.openapi())
    schema.app = app
    found = [result.ok() for result in schema.get_all_operations()]  # type: ignore[union-attr]  # ours is valid
    return [operation for operation in found if operation.path not in ENDLESS]


@pytest.mark.slow
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.name.lower())
def test_every_answer_is_described(served: FastAPI, mode: GenerationMode) -> None:
    """No mistake of the server, no status, type or field that the description lacks."""
    found = operations(served)
    tried = 0
    with client(served, "ana") as web:
        for operation in found:

            @seed(SEED)
            @settings(
                max_examples=EXAMPLES,
                deadline=None,
                database=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(case=operation.as_strategy(generation_mode=mode))
            def asked(case: Any) -> None:
                answer = case.call(session=web, base_url=str(web.base_url))
                case.validate_response(answer, checks=CHECKS)

            try:
                asked()
            except Unsatisfiable:  # what takes nothing cannot be asked wrongly
                assert mode is GenerationMode.NEGATIVE, operation.label
            else:
                tried += 1
    assert tried >= OPERATIONS
