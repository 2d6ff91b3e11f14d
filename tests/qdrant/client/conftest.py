"""A backend whose server is a stub."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.support.qdrant_stub import Stub, serving
from tests.support.stubbed import SCHEMA, described

from sensorium.qdrant.client import connection
from sensorium.qdrant.client.backend import ClientBackend


@pytest.fixture
def stub() -> Iterator[Stub]:
    with serving(Stub(described(SCHEMA))) as running:
        yield running


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits, and no key comes from outside."""
    monkeypatch.setattr(connection, "FIRST_WAIT", 0.001)
    monkeypatch.delenv("QDRANT_API_KEY", raising=False)


@pytest.fixture
def backend(stub: Stub) -> Iterator[ClientBackend]:
    opened = ClientBackend.open(stub.url, schema=SCHEMA, timeout=5)
    stub.asked.clear()
    yield opened
    opened.close()
