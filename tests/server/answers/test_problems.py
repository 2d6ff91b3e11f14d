"""How errors are told: as problems, with what to do about them."""

from __future__ import annotations

import inspect

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient
from tests.support.serving import client

from sensorium import errors
from sensorium.errors import SensoriumError
from sensorium.server.answers import models
from sensorium.server.answers.problems import MEDIA_TYPE, STATUSES, status_of
from sensorium.server.entry.access import Reader

CLASSES = [
    cls for _, cls in inspect.getmembers(errors, inspect.isclass) if issubclass(cls, SensoriumError)
]


@pytest.mark.slow
def test_errors_are_problems_with_a_remedy(ana: TestClient) -> None:
    """Whatever is wrong: the path, the method, a parameter, an id."""
    for answer, status in (
        (ana.get("/nosuch"), 404),
        (ana.put("/v1/session"), 405),
        (ana.get("/v1/memories/nosuch"), 404),
        (ana.get("/v1/memories/note?lmit=3"), 422),
        (ana.get("/v1/memories/" + "x" * 5000), 422),
    ):
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == MEDIA_TYPE
        problem = models.Problem(**answer.json())
        assert problem.status == status
        assert all((problem.came, problem.needed, problem.remedy, problem.code))


@pytest.mark.parametrize("cls", CLASSES)
def test_every_class_of_errors_has_a_status(cls: type[SensoriumError]) -> None:
    """Its own, or that of the class it stands below in the tree."""
    error = cls.__new__(cls)
    assert 400 <= status_of(error) < 600
    assert STATUSES.keys() <= set(CLASSES)


def test_a_mistake_of_ours_is_logged_and_not_told(
    fresh: FastAPI, caplog: pytest.LogCaptureFixture
) -> None:
    """The client learns nothing of it; the log has all of it."""

    @fresh.get("/fails/{what}")
    def fails(what: str, caller: Reader) -> None:
        raise RuntimeError("the secret of the house")

    answer = client(fresh, "ana").get("/fails/a%0Aforged%20line")
    assert (answer.status_code, answer.json()["code"]) == (500, "InternalError")
    assert "secret" not in answer.text
    assert "the secret of the house" in caplog.text
    assert f"{answer.headers['x-request-id']} GET /fails/a%0Aforged%20line failed" in caplog.text
