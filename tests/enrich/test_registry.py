"""Enrichers are found by name; those of a process go before those of packages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sensorium.enrich import (
    Found,
    enricher_names,
    find_words,
    load_enricher,
    register_enricher,
    registry,
)
from sensorium.errors import PerceptFormatError
from sensorium.percepts import Image, Percept, Text


class Stamp:
    """Reads the size that a picture has, as words."""

    modalities = frozenset({"image"})

    def __init__(self, *, by: str = "stamp 1") -> None:
        self.by = by

    def find(self, percept: Percept) -> Iterator[Found]:
        assert isinstance(percept, Image)
        width, height = percept.size
        yield Found(f"{width} by {height}", "read", self.by)


@pytest.fixture
def stamp(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_registered", {})
    register_enricher("stamp", Stamp)


@pytest.mark.usefixtures("stamp")
def test_a_registered_enricher_is_opened_with_its_options() -> None:
    """What was registered has a name, and takes the options of its class."""
    assert {"listen", "read", "stamp"} <= set(enricher_names())
    found = load_enricher("stamp", by="stamp 2")
    picture = Image(b"P6 3 2 255 " + bytes(18))
    assert [(each.text, each.by) for each in found.find(picture)] == [("3 by 2", "stamp 2")]


@pytest.mark.usefixtures("stamp")
def test_an_enricher_is_asked_for_its_modalities_alone() -> None:
    """A text is not shown to those that look at pictures."""
    stamps = [load_enricher("stamp"), load_enricher("stamp", by="stamp 2")]
    picture = Image(b"P6 3 2 255 " + bytes(18))
    assert [each.by for each in find_words(picture, stamps)] == ["stamp 1", "stamp 2"]
    assert list(find_words(Text("3 by 2"), stamps)) == []


@pytest.mark.usefixtures("stamp")
def test_what_is_no_enricher_is_refused() -> None:
    """Unknown names, unknown options and things that find nothing are named."""
    with pytest.raises(PerceptFormatError, match="one of listen, read, stamp"):
        load_enricher("smell")
    with pytest.raises(PerceptFormatError, match="colour"):
        load_enricher("stamp", colour="red")
    with pytest.raises(PerceptFormatError, match="pass the class itself"):
        register_enricher("stamp", Stamp())  # type: ignore[arg-type]
    register_enricher("nothing", dict)  # type: ignore[arg-type]
    with pytest.raises(PerceptFormatError, match="find"):
        load_enricher("nothing")
