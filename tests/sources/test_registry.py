"""One door for every kind of file, and how others add their own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest

from sensorium import sources
from sensorium.errors import (
    EmptyPerceptError,
    MediaDecodeError,
    PerceptFormatError,
    SourceNotFoundError,
    SourceRefusedError,
)
from sensorium.percepts import Limits, Percept, Text, percept_from_media, readers


class LineReader:
    """Reads each line of a file as a text."""

    def matches(self, path: Path, head: bytes) -> bool:
        return head.startswith(b"#lines")

    def read(self, path: Path, options: Mapping[str, Any]) -> Iterator[Percept]:
        sources.check_options(options, ["most"], "a file of lines")
        lines = path.read_text().splitlines()[1:]
        for line in lines[: options.get("most")]:
            yield Text(line, uri=path.as_uri())


class OneReader(LineReader):
    """Reads such a file as one text."""

    options = ("limits",)

    def read(self, path: Path, options: Mapping[str, Any]) -> Iterator[Percept]:
        yield Text("all", uri=path.as_uri(), limits=options.get("limits", Limits()))


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "_registered", [])


def offer(monkeypatch: pytest.MonkeyPatch, name: str, place: str) -> None:
    """As if a package with this reader were installed."""
    point = EntryPoint(name, place, readers.GROUP)
    monkeypatch.setattr(readers, "_offered", lambda: (point,))


def test_any_single_file_is_one_percept(tmp_path: Path) -> None:
    """A file that no reader knows is what `percept_from_media` makes of it, with its origin."""
    path = tmp_path / "a b.png"
    PIL.Image.new("RGB", (4, 3), "red").save(path)
    at = datetime(2024, 5, 1, tzinfo=timezone.utc)
    [picture] = sources.open(path, at=at)
    assert (picture.modality, picture.at, picture.uri) == ("image", at, path.as_uri())
    assert picture.reading["modality"] == "image"


def test_units_are_options(tmp_path: Path) -> None:
    """What the modality needs is given by its own names, and stands in the reading."""
    path = tmp_path / "depth.png"
    PIL.Image.fromarray(np.full((4, 6), 1500, np.uint16)).save(path)
    [depth] = sources.open(path.as_uri(), modality="depth", unit="mm", fx=300)
    assert {"modality": "depth", "unit": "mm", "fx": 300.0}.items() <= depth.reading.items()
    with pytest.raises(PerceptFormatError, match="colour"):
        sources.open(path, modality="depth", unit="mm", fx=300, colour="red")


def test_a_registered_reader_is_asked_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One class reads a new kind of file; other files go on as before."""
    path = tmp_path / "words.txt"
    path.write_text("#lines\none\ntwo\n")
    assert len(list(sources.open(path))) == 1
    sources.register_reader(LineReader())
    assert len(list(sources.open(path))) == 2
    assert len(list(sources.open(path, most=1))) == 1
    sources.register_reader(OneReader())  # the last one is asked first
    assert [str(each) for each in sources.open(path)] == [str(Text("all", uri=path.as_uri()))]
    monkeypatch.setattr(readers, "_registered", [LineReader()])
    with pytest.raises(PerceptFormatError, match="'least'; needed options among most"):
        next(sources.open(path, least=1))


def test_packages_offer_readers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry point names a class, which is asked before the built-in ones."""
    path = tmp_path / "words.txt"
    path.write_text("#lines\none\ntwo\n")
    package = tmp_path / "lines_of_files.py"
    package.write_text(Path(__file__).read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    offer(monkeypatch, "lines", "lines_of_files:LineReader")
    assert len(list(sources.open(path))) == 2


def test_a_recording_yields_what_is_asked_of_it(tmp_path: Path) -> None:
    """With a modality, its percepts of that modality alone, of readers that know none, too."""
    path = tmp_path / "words.txt"
    path.write_text("#lines\none\n")
    sources.register_reader(LineReader())
    assert len(list(sources.open(path, modality="text"))) == 1
    assert (
        len(list(sources.open(path, most=None))) == 1
    )  # None is a value: no gyroscope, all topics
    with pytest.raises(PerceptFormatError, match="'gyro'"):
        next(sources.open(path, gyro=None))
    assert list(sources.open(path, modality="image")) == []
    with pytest.raises(PerceptFormatError, match="'txt'"):
        sources.open(path, modality="txt")


def test_media_are_read_by_readers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file whose reader has one percept is that percept, with the caller's time and origin."""
    path = tmp_path / "words.txt"
    path.write_text("#lines\none\n")
    sources.register_reader(LineReader())
    at = datetime(2024, 5, 1, tzinfo=timezone.utc)
    assert percept_from_media(path, at=at) == Text("one", at=at, uri=path.as_uri())
    assert percept_from_media(path, uri="x:y", modality="text", roots=[tmp_path]).uri == "x:y"
    monkeypatch.setattr(readers, "_registered", [OneReader()])
    limits = Limits(max_characters=3)
    assert percept_from_media(path, limits=limits).limits == limits
    monkeypatch.setattr(readers, "_registered", [LineReader()])
    assert percept_from_media(b"#lines\none\n").modality == "text"  # bytes have no reader
    with pytest.raises(EmptyPerceptError, match="no percept of modality image"):
        percept_from_media(path, modality="image")
    with pytest.raises(SourceRefusedError, match="below"):
        percept_from_media(path, roots=[tmp_path / "inner"])
    path.write_text("#lines\none\ntwo\n")
    with pytest.raises(MediaDecodeError, match=r"iterate over sensorium\.sources\.open"):
        percept_from_media(path)


def test_several_files_of_a_motion_are_one_percept(tmp_path: Path) -> None:
    """The others are found beside the first, and within the roots."""
    for name, header in (("a", "ax,ay,az"), ("g", "gx,gy,gz")):
        rows = "".join(f"{i / 100},{i % 7},{i % 5},9.8\n" for i in range(200))
        (tmp_path / f"{name}.csv").write_text(f"t,{header}\n{rows}")
    units = {"accel": "m/s^2", "gyro": "deg/s"}
    [motion] = sources.open(tmp_path / "a.csv", with_="g.csv", roots=[tmp_path], **units)
    assert (motion.modality, motion.units["gyro"]) == ("imu", "rad/s")
    outside = tmp_path / "in"
    outside.mkdir()
    (outside / "a.csv").write_bytes((tmp_path / "a.csv").read_bytes())
    with pytest.raises(SourceRefusedError, match="below"):
        list(sources.open(outside / "a.csv", with_=["../g.csv"], roots=[outside], **units))


def test_what_is_no_reader_is_refused() -> None:
    """A class in place of an object, or an object without the two methods."""
    for wrong in (LineReader, object()):
        with pytest.raises(PerceptFormatError, match=r"matches\(path, head\)"):
            sources.register_reader(wrong)  # type: ignore[arg-type]  # as meant


def test_a_broken_reader_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package whose reader cannot be imported is named, whatever file is opened."""
    offer(monkeypatch, "lost", "no_such_module:Reader")
    (tmp_path / "a.txt").write_text("hello")
    with pytest.raises(PerceptFormatError, match="'lost' of an installed package"):
        sources.open(tmp_path / "a.txt")


def test_places_are_checked(tmp_path: Path) -> None:
    """Nothing there, a folder of anything, a URL, a path outside the roots."""
    (tmp_path / "a.txt").write_text("hello")
    with pytest.raises(SourceNotFoundError, match="nothing is"):
        sources.open(tmp_path / "b.txt")
    with pytest.raises(MediaDecodeError, match="no reader knows"):
        sources.open(tmp_path)
    with pytest.raises(SourceRefusedError, match="fetches nothing"):
        sources.open("https://example.com/a.bag")
    with pytest.raises(SourceRefusedError, match="below"):
        sources.open(tmp_path / "a.txt", roots=[tmp_path / "inner"])
    assert len(list(sources.open(tmp_path / "a.txt", roots=[tmp_path]))) == 1
