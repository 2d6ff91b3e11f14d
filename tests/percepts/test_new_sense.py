"""A new sense is a class: what it declares holds wherever percepts are stored, shown and read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import PIL.Image
import pytest
from qdrant_client import QdrantClient

from sensorium.encoders import EmbeddingSpace, EncoderBase, Encoding, normalise
from sensorium.errors import PerceptFormatError, SensoriumError, UnitError
from sensorium.memory import Memory
from sensorium.percepts import Depth, Limits, Percept, Span, Unit, percept_from_media
from sensorium.percepts.codecs.pictures import decode, encode_tiff
from sensorium.percepts.files import file_from_percept
from sensorium.percepts.forms import FileFormat, PerceptFile, Preview, PreviewLimits
from sensorium.percepts.percept import is_still, make_percept
from sensorium.percepts.previews import encode_drawing, preview
from sensorium.percepts.recognising import guessed_suffixes, modality_of_file
from sensorium.percepts.source import Encoded, Given, Samples, take
from sensorium.qdrant import CollectionSchema
from sensorium.qdrant.client import create_collection

SIDE = 4  # cells of a tactile map
RATE = 32  # Hz of a recorded force
SPACE = EmbeddingSpace("skin-1", weights="none", preprocessing="plain", dimension=SIDE * SIDE)


class Tactile(Percept):
    """A map of pressure: a still sense."""

    modality: ClassVar[str] = "tactile"
    still: ClassVar[bool] = True
    needs: ClassVar[Mapping[str, Unit]] = {"unit": Unit("kPa", "kPa", required=True)}
    suffixes: ClassVar[tuple[str, ...]] = (".skin", ".png")

    def __init__(
        self,
        source: Given,
        *,
        unit: str | None = None,
        at: datetime | None = None,
        uri: str | None = None,
        limits: Limits = Limits(),  # noqa: B008  # frozen
    ) -> None:
        if unit != "kPa":
            raise UnitError(f"a tactile map in {unit!r}", "kPa", 'pass unit="kPa"')
        taken = take(source, modality=self.modality, limits=limits)
        if isinstance(taken, Samples):
            taken = Samples(taken.array.astype(np.float32))
        self._describe(taken, at=at, uri=uri, limits=limits)

    @property
    def units(self) -> Mapping[str, Any]:
        return {"unit": "kPa"}

    def rows(self) -> np.ndarray:
        if isinstance(self.source, Samples):
            return self.source.array.reshape(1, -1)
        assert isinstance(self.source, Encoded)
        picture = decode(self.source, modality=self.modality, limits=self.limits, exact=True)
        return np.asarray(picture).reshape(1, -1)

    def make_file(self) -> PerceptFile | None:
        content = encode_tiff(self.to_array())
        assert content is not None
        return PerceptFile(Encoded(data=content), "tiff", "image/tiff", dict(self.units))

    def make_preview(self, span: Span | None, limits: PreviewLimits) -> Preview | None:
        cells = self.rows().reshape(SIDE, SIDE)
        return encode_drawing(
            PIL.Image.fromarray((255 * cells / cells.max()).astype(np.uint8)), limits
        )


class Force(Percept):
    """A recorded force, a row a second, from arrays or text files."""

    modality: ClassVar[str] = "force"
    needs: ClassVar[Mapping[str, Unit]] = {"rate": Unit("samples per second", 32, required=True)}
    suffixes: ClassVar[tuple[str, ...]] = (".newton",)

    def __init__(
        self,
        source: Given,
        *,
        rate: int,
        at: datetime | None = None,
        uri: str | None = None,
        limits: Limits = Limits(),  # noqa: B008  # frozen
    ) -> None:
        taken = take(source, modality=self.modality, limits=limits)
        self._describe(taken, at=at, uri=uri, limits=limits)
        self._set(rate=rate)

    rate: int

    @property
    def units(self) -> Mapping[str, Any]:
        return {"rate": self.rate}

    def rows(self) -> np.ndarray:
        if isinstance(self.source, Samples):
            newtons = self.source.array
        else:
            assert isinstance(self.source, Encoded)
            newtons = np.array(self.source.read().split(), np.float64)
        seconds = newtons[: newtons.size // self.rate * self.rate].reshape(-1, self.rate)
        return np.abs(np.fft.rfft(seconds))[:, : SIDE * SIDE]  # (W, 16)

    def file_format(self, kind: str) -> FileFormat:
        return FileFormat("newton", f"text/{'force' if kind == 'text' else 'unknown'}")


for each in (Tactile, Force):  # other tests have the seven senses only
    del Percept.modalities[each.modality]


class Skin(EncoderBase):
    """The rows of a percept, scaled to unit length."""

    space = SPACE
    modalities = frozenset({"tactile", "force"})

    def try_encode(self, percepts: Sequence[Percept], /) -> list[Encoding | SensoriumError]:
        return [self._encoded(percept) for percept in percepts]

    def _encoded(self, percept: Percept) -> Encoding:
        assert isinstance(percept, (Tactile, Force))
        rows = normalise(percept.rows().astype(np.float32))
        spans = () if percept.still else tuple(Span(n, n + 1) for n in range(len(rows)))
        return Encoding(percept.modality, rows, spans)


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    both: dict[str, type[Percept]] = {"tactile": Tactile, "force": Force}
    monkeypatch.setattr(Percept, "modalities", {**Percept.modalities, **both})


@pytest.fixture(params=["edge", "client"])
def memory(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Memory]:
    client = QdrantClient(":memory:") if request.param == "client" else None
    place = client or tmp_path / "memory"
    with Memory.open(place, owner="robot", encoder=Skin(), media=tmp_path / "media") as opened:
        yield opened


def touched(cell: int, strength: float = 3.0) -> Tactile:
    cells = np.zeros(SIDE * SIDE)
    cells[cell] = strength
    return Tactile(cells.reshape(SIDE, SIDE), unit="kPa")


def pulled(*hertz: int) -> np.ndarray:
    """A second of each frequency."""
    times = np.arange(RATE) / RATE
    return np.concatenate([np.sin(2 * np.pi * each * times) for each in hertz])


def test_a_new_sense_is_remembered_and_recalled(memory: Memory) -> None:
    """Both senses are found by what they hold; of a recording, the second that matched."""
    memory.remember(touched(3), tags=["corner"])
    memory.remember(touched(9), touched(10), tags=["middle"])  # a still each: two points
    memory.remember(Force(pulled(2, 5, 2), rate=RATE), tags=["pull"])
    corner = memory.recall(touched(3, 8.0), limit=1)[0]
    assert (corner.record.tags, corner.modality, corner.span) == (("corner",), "tactile", None)
    second = memory.recall(touched(10), limit=1)[0]
    assert second.record.tags == ("middle",)
    assert second.medium == second.record.media[1]
    pull = memory.recall(Force(pulled(5), rate=RATE), limit=1)[0]
    assert (pull.record.tags, pull.span) == (("pull",), Span(1, 2))
    assert memory.count(with_modalities=["tactile"]) == 2


def test_a_new_sense_is_kept_and_shown_as_its_class_says(memory: Memory, tmp_path: Path) -> None:
    """Samples and files come back as the percepts they were, and are drawn if they can be."""
    path = tmp_path / "a.newton"
    path.write_text(" ".join(map(str, pulled(4))))
    given = [touched(3), Force(pulled(2, 5), rate=RATE), Force(path, rate=RATE)]
    record = memory.get(memory.remember(*given).id)
    assert [(medium.mime, (medium.file or "").rpartition(".")[2]) for medium in record.media] == [
        ("image/tiff", "tiff"),
        ("application/x-npy", "npy"),
        ("text/force", "newton"),
    ]
    felt, pull, read = memory.percepts(record)
    assert isinstance(felt, Tactile)
    assert isinstance(pull, Force)
    assert isinstance(read, Force)
    assert (felt.rows() == touched(3).rows()).all()
    assert pull == given[1]
    assert read.digest == given[2].digest
    shown = preview(felt)
    assert shown is not None
    assert shown.mime == "image/png"
    assert preview(pull) is None


def test_a_new_sense_is_exported_and_imported(memory: Memory, tmp_path: Path) -> None:
    """Another memory answers as the first did, and opens the same signals."""
    pytest.importorskip("pyarrow")
    memory.remember(touched(3), Force(pulled(2, 5, 2), rate=RATE), tags=["both"])
    memory.export(tmp_path / "export")
    with Memory.open(tmp_path / "other", owner="robot", encoder=Skin()) as other:
        assert other.import_(tmp_path / "export").records == 1
        hit = other.recall(Force(pulled(5), rate=RATE), limit=1)[0]
        assert (hit.record.tags, hit.span) == (("both",), Span(1, 2))
        felt, pull = other.percepts(hit)
        assert isinstance(felt, Tactile)
        assert (felt.rows() == touched(3).rows()).all()
        assert pull == Force(pulled(2, 5, 2), rate=RATE)


def test_the_class_decides_between_a_vector_and_rows() -> None:
    """A still sense has one vector a point; others have rows, as those without a class do."""
    client = QdrantClient(":memory:")
    schema = CollectionSchema.for_space(SPACE, modalities=["tactile", "force", "smell"])
    create_collection(client, "sensorium", schema)
    vectors = client.get_collection("sensorium").config.params.vectors
    assert isinstance(vectors, dict)
    stills = {name for name, vector in vectors.items() if vector.multivector_config is None}
    assert stills == {"tactile"}
    assert [is_still(name) for name in ("tactile", "force", "smell")] == [True, False, False]
    default = CollectionSchema.for_space(SPACE).modalities
    assert set(default) == Percept.modalities.keys()


def test_files_are_made_percepts_by_name_and_units(tmp_path: Path) -> None:
    """A suffix says the modality, unless an older sense has it; units are checked by the class."""
    path = tmp_path / "a.NEWTON"
    path.write_text(" ".join(map(str, pulled(4))))
    assert modality_of_file(path) == "force"
    assert guessed_suffixes()[".skin"] == "tactile"
    assert guessed_suffixes()[".png"] == "image"
    force = percept_from_media(path, modality="force", units={"rate": RATE})
    assert force == Force(path, rate=RATE)
    with pytest.raises(UnitError, match="kPa"):
        percept_from_media(np.zeros((SIDE, SIDE)), modality="tactile")
    for units in ({}, {"fps": 3}):
        with pytest.raises(PerceptFormatError, match=r"force with the units.*Force.*give rate"):
            make_percept("force", path, units)
    with pytest.raises(PerceptFormatError, match=r"'smell'.*one of.*force.*import the module"):
        make_percept("smell", path, {})


def test_required_units_are_named_if_they_are_missing() -> None:
    """A unit that others make needless is not asked for."""
    assert Force.missing_units({}) == ["rate"]
    assert Force.missing_units({"rate": None}) == ["rate"]
    assert Force.missing_units({"rate": 1}) == []
    assert Depth.missing_units({}) == ["unit", "fx"]
    assert Depth.missing_units({"unit": "mm"}) == ["fx"]
    assert Depth.missing_units({"unit": 0.001, "fx": 525}) == []
    assert Depth.missing_units({"unit": "relative"}) == []


def test_the_examples_of_units_are_units() -> None:
    """Every modality's own examples make a percept of a file that needs them."""
    deep = PIL.Image.fromarray(np.full((4, 4), 900, np.uint16))
    for modality in ("depth", "thermal", "imu"):
        sense = Percept.modalities[modality]
        required = {name: unit.example for name, unit in sense.needs.items() if unit.required}
        content: object = deep
        if modality == "thermal":
            content = np.full((4, 4), 20.0)
        if modality == "imu":
            required["rate"] = sense.needs["rate"].example
            content = np.tile([0, 0, 9.8, 0, 0, 0], (60, 1))
        assert make_percept(modality, content, required).units


def test_a_file_keeps_its_own_content(tmp_path: Path) -> None:
    """An encoded file is kept byte for byte, whatever its class."""
    path = tmp_path / "a.newton"
    path.write_bytes(b"\0\1\2")
    kept = file_from_percept(Force(path, rate=RATE))
    assert (kept.source.read(), kept.mime) == (b"\0\1\2", "text/unknown")
