"""Ages: one number and one letter, and the time that was so long ago."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from sensorium.agents.ages import parse_age, time_before


@pytest.mark.parametrize(
    ("text", "age"),
    [
        ("90s", timedelta(seconds=90)),
        ("15m", timedelta(minutes=15)),
        ("1.5 h", timedelta(hours=1, minutes=30)),
        (" 30d ", timedelta(days=30)),
        ("2w", timedelta(weeks=2)),
        ("0d", timedelta(0)),
    ],
)
def test_a_number_and_a_letter_are_an_age(text: str, age: timedelta) -> None:
    """Each letter is a unit; white space around and between does not matter."""
    assert parse_age(text) == age


@pytest.mark.parametrize("text", ["", "d", "30", "-1d", "1y", "1d2h", "a month", "9" * 400 + "w"])
def test_other_text_is_no_age(text: str) -> None:
    """Neither is a length of time beyond what a `timedelta` holds."""
    assert parse_age(text) is None


def test_the_time_before_now() -> None:
    """An age is subtracted from now; before the calendar's first day there is nothing."""
    expected = datetime.now(timezone.utc) - timedelta(days=1)
    assert abs(time_before(timedelta(days=1)) - expected) < timedelta(seconds=5)
    assert time_before(timedelta.max) == datetime.min.replace(tzinfo=timezone.utc)
