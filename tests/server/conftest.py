"""A server of a small memory, asked in this process without a socket.

`app`, `ana`, `ben`, `guest` and `nobody` are shared by the tests of a file, which only read; a test
that writes takes `fresh`, or makes its own with `tests.support.serving`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient
from tests.support.planted import PlantedEncoder
from tests.support.serving import client, tokens

from sensorium.memory import Memory
from sensorium.samples import sample
from sensorium.server import build_app

SAMPLES = ("photo_dog", "sound_dog_bark", "depth_mug", "imu_walking", "thermal_person")
NOON = datetime(2026, 5, 1, 12, tzinfo=timezone.utc)


@pytest.fixture(scope="module")
def memory() -> Iterator[Memory]:
    """Ana's memory: samples by their names, an hour apart, and "note"; and one text of Ben's."""
    with Memory.open(":memory:", owner="ana") as one:
        for hour, name in enumerate(SAMPLES):
            one.remember(sample(name), id=name, at=NOON + timedelta(hours=hour), tags=[name[:5]])
        one.remember(text="the dog barks at the sea", id="note", at=NOON, tags=["note"])
        with one.for_owner("ben") as other:
            other.remember(text="Ben's secret", id="secret", at=NOON)
        yield one


@pytest.fixture(scope="module")
def app(memory: Memory) -> Iterator[FastAPI]:
    """The server of that memory."""
    made = build_app(memory, tokens=tokens())
    with client(made):
        yield made


@pytest.fixture
def ana(app: FastAPI) -> TestClient:
    return client(app, "ana")


@pytest.fixture
def ben(app: FastAPI) -> TestClient:
    return client(app, "ben")


@pytest.fixture
def guest(app: FastAPI) -> TestClient:
    """May only read Ana's memories."""
    return client(app, "guest")


@pytest.fixture
def nobody(app: FastAPI) -> TestClient:
    """Sends no token."""
    return client(app)


@pytest.fixture
def fresh() -> Iterator[FastAPI]:
    """The server of an empty memory of planted vectors, of this test alone."""
    with Memory.open(":memory:", owner="ana", encoder=PlantedEncoder(background=True)) as memory:
        made = build_app(memory, tokens=tokens())
        with client(made):
            yield made
