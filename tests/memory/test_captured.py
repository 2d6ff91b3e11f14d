"""A record is of the time and the place at which its files say that they were taken."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from tests.support.captures import SYDNEY, photo
from tests.support.memories import everything
from tests.support.planted import picture

from sensorium.errors import RecordError
from sensorium.memory import Memory, Moment
from sensorium.percepts import Image, Percept, Place

TAKEN = datetime(2021, 8, 3, 17, 42, 10, tzinfo=timezone.utc)
OPERA = Place(-33.8568, 151.2153)
YEAR = timedelta(days=365)


def snap(colour: str = "teal") -> bytes:
    return photo(taken="2021:08:03 19:42:10", offset="+02:00", gps=SYDNEY, colour=colour)


def test_a_photo_is_remembered_when_and_where_it_was_taken(memory: Memory) -> None:
    """Not when it is imported; what was recorded since another time finds it by that."""
    done = memory.remember(Image(snap()))
    record = memory.get(done.id)
    assert (record.at, record.until, record.place) == (TAKEN, TAKEN, OPERA)
    assert record.to_dict()["place"]["latitude"] == OPERA.latitude
    assert memory.count(since=TAKEN, until=TAKEN + timedelta(seconds=1)) == 1
    assert memory.count(since=datetime.now(timezone.utc) - YEAR) == 0


def test_the_first_of_several_photos_dates_them(memory: Memory) -> None:
    """As with times that are stated; the first place counts."""
    later = photo(taken="2021:08:03 20:00:00", offset="+02:00", colour="red")
    done = memory.remember(Image(later), Image(snap()), picture("drawn"))
    record = memory.get(done.id)
    assert (record.at, record.place) == (TAKEN, OPERA)


def test_what_is_stated_goes_before(memory: Memory) -> None:
    """The moment, then a percept, then `dated`, then what the files say, then now."""
    one, two, three = (TAKEN + n * YEAR for n in (1, 2, 3))
    image = Image(snap(), at=two)
    assert memory.get(memory.remember(image, at=one, dated=three).id).at == one
    assert memory.get(memory.remember(image, dated=three).id).at == two
    assert memory.get(memory.remember(Image(snap()), dated=three).id).at == three
    drawn = memory.get(memory.remember(picture("drawn"), dated=three, place=Place(1, 2)).id)
    assert (drawn.at, drawn.place) == (three, Place(1, 2))
    now = memory.get(memory.remember(picture("now")).id)
    assert (abs(now.at - datetime.now(timezone.utc)) < YEAR, now.place) == (True, None)


def test_importing_again_gives_no_second_record(memory: Memory, tmp_path: Path) -> None:
    """Neither under another name, nor after a copy with another time, nor by another way."""
    path, copy = tmp_path / "IMG_20210803_174210.jpg", tmp_path / "IMG_20150620_140533.jpg"
    plain = photo(colour="navy")
    path.write_bytes(plain)
    copy.write_bytes(plain)
    moments: list[Moment | Percept] = [
        Moment(Image(path)),
        Moment(Image(copy)),
        Moment(Image(path), dated=TAKEN),
        Moment(Image(plain), dated=TAKEN + YEAR),
        Moment(Image(plain), place=OPERA),
        Image(plain),
    ]
    first = memory.remember(Image(path))
    at = memory.get(first.id).at
    report = memory.remember_many(moments)
    assert (report.new, report.known, report.failures) == (0, 6, [])
    assert {done.id for done in report.remembered} == {first.id}
    assert memory.get(first.id).at == at
    other = memory.remember(Image(plain), at=TAKEN)  # a stated time is another memory
    assert other.id != first.id


def test_an_id_that_comes_again_is_known_whatever_dated_it(memory: Memory) -> None:
    """A place that is said is part of what is compared; one that was read is not."""
    memory.remember(Image(snap()), id="a", dated=TAKEN)
    assert memory.remember(Image(snap()), id="a", dated=TAKEN + YEAR).status == "known"
    assert memory.remember(Image(snap()), id="a", place=OPERA).status == "known"
    assert memory.remember(Image(snap()), id="a", place=Place(1, 2, 3)).status == "replaced"
    assert memory.get("a").place == Place(1, 2, 3)


def test_the_place_stays_with_a_record(memory: Memory) -> None:
    """Also when it changes, and in what continues it."""
    memory.remember(Image(snap()), id="a")
    memory.update("a", picture("more"), tags=["sea"])
    assert memory.get("a").place == OPERA
    points = everything(memory)
    assert len(points) == 2  # a second still is a point of its own
    assert [point["place"] for point in points] == [{"lat": -33.8568, "lon": 151.2153}] * 2


def test_other_places_are_refused(memory: Memory) -> None:
    """One number does not say where."""
    with pytest.raises(RecordError, match=r"place=\(1,\)"):
        memory.remember(text="here", place=(1,))  # type: ignore[arg-type]  # the point of it
    with pytest.raises(RecordError, match=r"dated=.*naive"):
        memory.remember(text="here", dated=datetime(2021, 8, 3))
