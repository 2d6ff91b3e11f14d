"""A zone of this machine that is not UTC."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from tests.support.captures import EASTERN


@pytest.fixture
def eastern(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This machine stands in New York: 4 hours behind UTC in summer."""
    if not hasattr(time, "tzset"):
        pytest.skip("the zone of this system cannot be set")
    with monkeypatch.context() as changed:
        changed.setenv("TZ", EASTERN)
        time.tzset()
        yield
    time.tzset()
