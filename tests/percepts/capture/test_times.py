"""Laws of times: what a clock that was set can have shown."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from sensorium.percepts.capture.times import credible, parse_offset, parse_time

NOW = datetime(2026, 5, 1, 12, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    "text", ["2021:08:03 17:42:10", "2021-08-03T17:42:10", "2021/8/3 17:42:10"]
)
def test_separators_do_not_matter(text: str) -> None:
    """EXIF, ISO 8601 and others write the same time."""
    assert parse_time(text) == datetime(2021, 8, 3, 17, 42, 10)


@pytest.mark.parametrize(
    "text", ["2021-08-03", "٢٠٢١-08-03 17:42:10", "17:42:10", "2021-02-30 10:00"]
)
def test_other_texts_are_no_times(text: str) -> None:
    """A date alone, digits of another script, half of a time, a day that does not exist."""
    assert parse_time(text) is None


@pytest.mark.parametrize(
    ("text", "hours"), [("Z", 0), ("+05:45", 5.75), ("-0330", -3.5), ("+02", 2), ("-00:00", 0)]
)
def test_offsets_are_read(text: str, hours: float) -> None:
    """In the forms of EXIF, ISO 8601 and mails."""
    assert parse_offset(text) == timezone(timedelta(hours=hours))


@pytest.mark.parametrize("text", ["", "CET", "+25:00", "   :  "])
def test_other_texts_are_no_offsets(text: str) -> None:
    """Names, blanks, and more than any zone has."""
    assert parse_offset(text) is None


def test_the_future_has_not_been_seen() -> None:
    """A clock may be some minutes fast; one without a zone may stand east of here."""
    assert credible(NOW + timedelta(minutes=5), now=NOW) is not None
    assert credible(NOW + timedelta(hours=1), now=NOW) is None
    naive = NOW.astimezone().replace(tzinfo=None)
    assert credible(naive + timedelta(hours=13), now=NOW) is not None
    assert credible(naive + timedelta(hours=15), now=NOW) is None


@pytest.mark.parametrize("year", [1, 1000, 9999])
def test_the_ends_of_the_calendar_are_no_times(year: int) -> None:
    """Nor do they raise."""
    assert credible(datetime(year, 1, 2, 3), now=NOW) is None
    assert (
        credible(datetime(year, 12, 31, 23, tzinfo=timezone(timedelta(hours=-14))), now=NOW) is None
    )
