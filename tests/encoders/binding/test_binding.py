"""A sense is bound from pairs, and nothing else changes."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from tests.support.hums import RATE, SHAPES, Hum, hum, of_words, pairs, wave, word_encoder
from tests.support.planted import picture

from sensorium.encoders import Background, Encoding, FunctionEncoder, Pair
from sensorium.encoders.binding import BoundEncoder, RandomConvolutions, bind, load_bound
from sensorium.encoders.encoder import ReadsQuestions
from sensorium.errors import (
    CheckpointFormatError,
    CheckpointNotFoundError,
    PerceptFormatError,
    PerceptValueError,
    SourceTypeError,
    SpaceMismatchError,
    UnitError,
    UnknownEncoderError,
    UnsupportedModalityError,
    VectorError,
    WeightsExistError,
)
from sensorium.percepts import IMU, Percept, Span, Text


def named(encoder: Any, percepts: Sequence[Percept]) -> list[str]:
    words = encoder.embed([Text(shape) for shape in SHAPES])
    return [SHAPES[index] for index in (encoder.embed(percepts) @ words.T).argmax(axis=1)]


@pytest.fixture(scope="module")
def bound() -> BoundEncoder:
    return bind("hum", None, pairs(60), to=word_encoder(), provenance={"licence": "CC0-1.0"})


def test_what_was_not_seen_is_named(bound: BoundEncoder) -> None:
    """Hums of other seeds find their shape, and a word that means it finds it, too."""
    asked = pairs(30, start=1000)
    found = named(bound, [percept for percept, _ in asked])
    assert np.mean([a == b for a, (_, b) in zip(found, asked, strict=True)]) > 0.9
    assert bound.sense.report["held_out"] > 0.9
    [blocky] = bound.embed([Text("blocky")])
    best = max(asked, key=lambda pair: float(bound.embed([pair[0]])[0] @ blocky))
    assert best[1] == "square"


def test_other_senses_stay_bit_for_bit(bound: BoundEncoder) -> None:
    """In a mixed batch, words have the vectors of the host, at their places."""
    batch = [Text("saw"), hum("sine", 1), Text("else"), hum("saw", 2)]
    together = bound.embed(batch)
    assert (together[[0, 2]] == bound.host.embed([batch[0], batch[2]])).all()
    assert (together[[1, 3]] == bound.embed([batch[1], batch[3]])).all()
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-6)


def test_the_space_is_another_one(bound: BoundEncoder) -> None:
    """A memory of the host's is not opened with it, nor one of a sense bound otherwise."""
    other = bind("hum", None, pairs(30), to=word_encoder())
    spaces = {bound.space.id, other.space.id, bound.host.space.id}
    assert len(spaces) == 3
    again = bind("hum", None, pairs(60), to=word_encoder())
    assert again.space == bound.space


def test_a_saved_sense_makes_the_same_vectors(bound: BoundEncoder, tmp_path: Path) -> None:
    """Bit for bit; its provenance and its report are in the file, and no code."""
    file = bound.save(tmp_path / "hum.safetensors")
    again = load_bound(file, to=word_encoder())
    asked = [hum("saw", 5), hum("sine", 6)]
    assert (again.embed(asked) == bound.embed(asked)).all()
    assert again.space == bound.space
    assert again.sense.provenance == {"licence": "CC0-1.0"}
    assert again.sense.report == bound.sense.report
    assert (pickle.loads(pickle.dumps(again)).embed(asked) == again.embed(asked)).all()
    with pytest.raises(WeightsExistError, match="overwrite=True"):
        bound.save(file)
    with pytest.raises(SpaceMismatchError, match="other"):
        load_bound(file, to=word_encoder("other"))


def test_a_changed_file_is_refused(bound: BoundEncoder, tmp_path: Path) -> None:
    """Cut short, other numbers, something else, nothing: each is said."""
    file = bound.save(tmp_path / "hum.safetensors")
    whole = file.read_bytes()
    file.write_bytes(whole[:-8])
    with pytest.raises(CheckpointFormatError):
        load_bound(file, to=word_encoder())
    file.write_bytes(whole[:-4] + b"\0\0\0\x40")
    with pytest.raises(CheckpointFormatError, match="digest"):
        load_bound(file, to=word_encoder())
    save_file(load_file(file), file)  # without what describes it
    with pytest.raises(CheckpointFormatError, match="bind the sense again"):
        load_bound(file, to=word_encoder())
    with pytest.raises(CheckpointNotFoundError):
        load_bound(tmp_path / "nothing")


def test_features_of_ones_own_are_passed_again(tmp_path: Path) -> None:
    """A file names them and never runs code; without them, or with others, it is refused."""
    mine = bind("hum", edges, pairs(30), to=word_encoder())
    file = mine.save(tmp_path / "hum.safetensors")
    asked = [hum("saw", 5)]
    again = load_bound(file, to=word_encoder(), features=edges)
    assert (again.embed(asked) == mine.embed(asked)).all()
    for others in (None, RandomConvolutions()):
        with pytest.raises(UnknownEncoderError, match="test_binding:edges"):
            load_bound(file, to=word_encoder(), features=others)


def edges(hums: Sequence[Hum]) -> list[list[float]]:
    curves = [each.samples()[:, 0] for each in hums]
    return [
        [float(np.abs(np.diff(c)).max()), float(np.abs(np.diff(c)).mean()), float(c.std())]
        for c in curves
    ]


def test_another_rate_or_unit_is_refused_alone(bound: BoundEncoder) -> None:
    """The others of the batch are encoded; a thousandth in another unit is the same percept."""
    slow = Hum(wave("sine", 1), rate=50, unit="Pa")
    small = Hum(wave("sine", 1) * 1000, rate=RATE, unit="mPa")
    almost = Hum(wave("sine", 1), rate=RATE * 1.001, unit="Pa")
    first, wrong, third, fourth = bound.try_encode([hum("sine", 1), slow, small, almost])
    assert isinstance(wrong, UnitError)
    assert "rate=50" in str(wrong)
    assert "rate=200" in str(wrong)
    assert isinstance(first, Encoding)
    assert isinstance(third, Encoding)
    assert isinstance(fourth, Encoding)
    np.testing.assert_allclose(third.vectors, first.vectors, atol=1e-4)


def test_windows_have_their_spans() -> None:
    """A hum that changes is found where it changes: rows follow each other, the last ends it."""
    moments = bind("hum", None, pairs(60), to=word_encoder(), window=1.0)
    long = np.concatenate([wave("sine", 3), wave("square", 4), wave("saw", 5, seconds=0.5)])
    [encoding] = moments.encode([Hum(long, rate=RATE, unit="Pa")])
    assert encoding.spans == (Span(0, 1), Span(1, 2), Span(1.5, 2.5))
    [square] = moments.embed([Text("square")])
    assert (encoding.vectors @ square).argmax() == 1


@pytest.mark.parametrize(
    ("taught", "error", "words"),
    [
        ([], PerceptValueError, "0 pairs"),
        (pairs(3), PerceptValueError, "3 pairs"),
        ([(hum("saw", n), "saw") for n in range(9)], PerceptValueError, "one target only"),
        (
            [(hum("saw", n), [f"word {n}", f"other {n}"]) for n in range(6)],
            PerceptValueError,
            "6 pairs for 12 targets",
        ),
        ([*pairs(6), (Hum(wave("saw", 1), rate=50, unit="Pa"), "saw")], UnitError, "rate=50"),
        ([hum("saw", n) for n in range(6)], SourceTypeError, "pair 0"),
        ([(Text("a"), "a")] * 6, SourceTypeError, "a percept of hum"),
        ([(hum("saw", n), "") for n in range(6)], SourceTypeError, "target of pair 0"),
        (
            [(hum("saw", n), picture(str(n))) for n in range(6)],
            UnsupportedModalityError,
            "targets of image",
        ),
    ],
)
def test_pairs_that_teach_nothing_are_refused(
    taught: list[Any], error: type[Exception], words: str
) -> None:
    """Each says what came and what to do."""
    with pytest.raises(error, match=words):
        bind("hum", None, taught, to=word_encoder())


def test_a_sense_is_bound_once_and_needs_a_class(bound: BoundEncoder) -> None:
    """A name that the encoder has, or that no class has, is refused; so are wrong options."""
    with pytest.raises(UnsupportedModalityError, match="which has it"):
        bind("hum", None, pairs(6), to=bound)
    with pytest.raises(PerceptFormatError, match="aura"):
        bind("aura", None, pairs(6), to=word_encoder())
    with pytest.raises(PerceptValueError, match="method"):
        bind("hum", None, pairs(6), to=word_encoder(), method="magic")
    with pytest.raises(PerceptValueError, match="window"):
        bind("hum", None, pairs(6), to=word_encoder(), window=0)


@pytest.mark.parametrize(
    "wrong",
    [lambda hums: [[1.0]], lambda hums: [["a"]] * len(hums), lambda hums: [[np.nan]] * len(hums)],
)
def test_features_are_rows_of_numbers(wrong: Any) -> None:
    """Too few rows, no numbers, NaN: refused before anything is learned."""
    with pytest.raises(VectorError, match="a row of finite numbers"):
        bind("hum", wrong, pairs(12), to=word_encoder())


def test_series_alone_have_random_convolutions() -> None:
    """A percept of another kind says to pass features of its own."""
    shake = [
        (
            IMU(
                np.random.default_rng(n).standard_normal((50, 6)),
                rate=50,
                accel="m/s^2",
                gyro="rad/s",
            ),
            SHAPES[n % 3],
        )
        for n in range(6)
    ]
    with pytest.raises(UnsupportedModalityError, match="Series"):
        bind("imu", None, shake, to=word_encoder())


def test_statistics_take_the_place_of_the_anchor() -> None:
    """Every pair of modalities has numbers; those with the words were measured."""

    class Shipping(FunctionEncoder):
        @property
        def background(self) -> Background:
            centre = np.full(5, 0.2, np.float32)
            pair = {("text", "text"): Pair(0.1, 0.2)}
            return Background({"text": centre}, pair, pair, {("text", "text"): 0.9})

    host = Shipping("shipping", {"text": of_words}, dimension=5)
    background = bind("hum", None, pairs(60), to=host).background
    assert background is not None
    wanted = {("text", "text"), ("text", "hum"), ("hum", "text"), ("hum", "hum")}
    assert set(background.centred) == set(background.raw) == set(background.overlap) == wanted
    assert background.centred["text", "text"] == Pair(0.1, 0.2)
    assert background.centred["text", "hum"] != Pair(0.1, 0.2)
    assert background.overlap["hum", "text"] == 0.9


def test_questions_are_read_as_the_host_reads_them(bound: BoundEncoder) -> None:
    """A host that reads them is asked; with another, they stay as they are."""

    class Reading(FunctionEncoder):
        def asked_for(self, question: str) -> str:
            return question.removeprefix("show me ")

        def exclusion_in(self, asked: str) -> None:
            return None

    host = Reading("reading", {"text": of_words}, dimension=5)
    reading = bind("hum", None, pairs(12), to=host)
    assert isinstance(reading, ReadsQuestions)
    assert reading.asked_for("show me a saw") == "a saw"
    assert bound.asked_for("show me a saw") == "show me a saw"


def test_contrast_tells_apart_what_it_was_taught() -> None:
    """InfoNCE keeps what the ridge knows; it is named in the report."""
    contrast = bind("hum", edges, pairs(60), to=word_encoder(), method="contrast")
    assert contrast.sense.report["method"] == "contrast"
    asked = pairs(30, start=500)
    found = named(contrast, [percept for percept, _ in asked])
    assert np.mean([a == b for a, (_, b) in zip(found, asked, strict=True)]) > 0.9


def test_a_file_that_cannot_be_written_leaves_nothing(bound: BoundEncoder, tmp_path: Path) -> None:
    """Neither a part of it, nor what two writers would share under one name."""
    (tmp_path / "hum.safetensors").mkdir()
    with pytest.raises(OSError, match=r"hum\.safetensors"):
        bound.save(tmp_path / "hum.safetensors", overwrite=True)
    assert [path.name for path in tmp_path.iterdir()] == ["hum.safetensors"]
    (tmp_path / ".other.safetensors.partial").mkdir()  # as one of another writer would be there
    assert bound.save(tmp_path / "other.safetensors").is_file()
