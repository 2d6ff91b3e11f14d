"""Of several sound tracks the one that players play is taken, or the one that is asked for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.support.sounds import RATE, encoded, tone, wav

from sensorium.errors import PerceptValueError, UnitError
from sensorium.percepts import Audio, Video, percept_from_dict
from sensorium.percepts.files import file_from_percept, percept_from_file

PITCHES = (300.0, 500.0, 800.0)  # Hz, of the tracks in turn


def recorded(*, default: tuple[int, ...] = (), container: str = "matroska") -> bytes:
    return encoded(container, "aac", *(tone(each, 2) for each in PITCHES), default=default)


def pitch(sound: Audio) -> float:
    """Frequency in Hz of a tone, by its spectrum."""
    wave = sound.mono(RATE)[RATE // 2 : RATE // 2 + RATE]
    return float(np.abs(np.fft.rfft(wave)).argmax())


@pytest.mark.parametrize(
    ("default", "taken"), [((1,), 1), ((2,), 2), ((), 0), ((0, 2), 0), ((1, 2), 1)]
)
def test_the_default_track_is_taken_else_the_first(default: tuple[int, ...], taken: int) -> None:
    """As players do; how many there are, and which it is, can be asked."""
    sound = Audio(recorded(default=default))
    assert (sound.tracks, sound.track, dict(sound.units)) == (3, taken, {})
    assert pitch(sound) == PITCHES[taken]


@pytest.mark.parametrize("number", [0, 1, 2, np.int64(2)])
def test_any_track_can_be_asked_for(number: Any, tmp_path: Path) -> None:
    """It is read again from its dictionary and from the file that is kept of it."""
    sound = Audio(recorded(default=(1,)), track=number)
    assert pitch(sound) == PITCHES[number]
    assert dict(sound.units) == ({} if number == 1 else {"track": number})
    again = percept_from_dict(json.loads(json.dumps(sound.to_dict())))
    kept = file_from_percept(sound)
    from_file = percept_from_file(kept.source.read(), modality="audio", units=kept.units)
    for each in (again, from_file):
        assert isinstance(each, Audio)
        assert (each.track, pitch(each), each.digest) == (number, PITCHES[number], sound.digest)


def test_tracks_are_other_sounds_and_the_default_one_is_itself() -> None:
    """Asked for by its number or not, it has one digest."""
    content = recorded(default=(1,))
    digests = {Audio(content, track=number).digest for number in range(3)}
    assert len(digests) == 3
    assert Audio(content, track=1).digest == Audio(content).digest


def test_a_late_stretch_is_of_the_same_track() -> None:
    """Skipping through the file does not change it."""
    content = encoded("matroska", "aac", tone(300, 12), tone(500, 12))
    sound = Audio(content, track=1)
    late = np.concatenate(list(sound.blocks(RATE, since=9.0)))
    assert float(np.abs(np.fft.rfft(late[:RATE])).argmax()) == 500


def test_a_film_has_them_too() -> None:
    """Its sound is that of the default track unless another is asked for."""
    import io
    from fractions import Fraction

    import av
    from av.stream import Disposition

    stream = io.BytesIO()
    with av.open(stream, "w", format="matroska") as output:
        picture: Any = output.add_stream("libx264", rate=10)
        picture.width, picture.height, picture.pix_fmt = 64, 48, "yuv420p"
        sounds: list[Any] = [output.add_stream("aac", rate=RATE, layout="mono") for _ in range(2)]
        sounds[0].disposition, sounds[1].disposition = Disposition(0), Disposition.default
        for index in range(20):
            frame: Any = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), format="rgb24")
            frame.pts, frame.time_base = index, Fraction(1, 10)
            output.mux(picture.encode(frame))
        output.mux(picture.encode(None))
        for each, frequency in zip(sounds, PITCHES, strict=False):
            block = tone(frequency, 2)[None].astype(np.float32)
            frame = av.AudioFrame.from_ndarray(block, format="fltp", layout="mono")
            frame.sample_rate, frame.pts = RATE, 0
            output.mux(each.encode(frame))
            output.mux(each.encode(None))
    video = Video(stream.getvalue())
    assert (pitch(video.sound()), video.sound().tracks) == (PITCHES[1], 2)
    assert pitch(video.sound(track=0)) == PITCHES[0]
    with pytest.raises(PerceptValueError, match=r"track=2.*from 0 to 1"):
        video.sound(track=2)


@pytest.mark.parametrize("number", [3, -1, 1.0, True, "0"])
def test_a_track_that_is_not_there_is_refused(number: Any) -> None:
    """With how many there are."""
    with pytest.raises(PerceptValueError, match="which has 3; needed a whole number from 0 to 2"):
        Audio(recorded(), track=number)


def test_samples_have_no_tracks() -> None:
    """They are one; a file of one track is 0 of 1."""
    assert (Audio(tone(300, 1), rate=RATE).tracks, Audio(wav(tone(300, 1))).track) == (1, 0)
    with pytest.raises(UnitError, match="with track=0"):
        Audio(tone(300, 1), rate=RATE, track=0)
