"""Fixtures of folders that several processes use."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.support.holding import HoldingProcess


@pytest.fixture
def holding() -> Iterator[HoldingProcess]:
    """Another process, which ends with the test."""
    process = HoldingProcess()
    yield process
    process.kill()
