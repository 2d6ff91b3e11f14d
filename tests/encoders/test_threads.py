"""Encoders compute with as many threads as the process may use."""

from __future__ import annotations

import os
import sys

import pytest

from sensorium.encoders.threads import MOST, VARIABLE, thread_count
from sensorium.errors import EncodingError


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="only Linux binds to processors")
def test_the_processors_of_the_process_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not those of the machine; and never many."""
    monkeypatch.delenv(VARIABLE, raising=False)
    assert sys.platform == "linux"
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(before)})
        assert thread_count() == 1
    finally:
        os.sched_setaffinity(0, before)
    assert thread_count() == min(len(before), MOST)


def test_a_variable_says_how_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """A blank one says nothing."""
    monkeypatch.setenv(VARIABLE, "3")
    assert thread_count() == 3
    monkeypatch.setenv(VARIABLE, " ")
    assert 1 <= thread_count() <= MOST


@pytest.mark.parametrize("given", ["0", "-1", "two", "1.5", "²", "1025", "9" * 5000])
def test_another_value_is_refused(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    """The message names the variable."""
    monkeypatch.setenv(VARIABLE, given)
    with pytest.raises(EncodingError, match=VARIABLE):
        thread_count()
