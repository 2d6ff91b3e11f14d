"""What is shown of a percept: the right stretch, the right way up, inside its limits."""

from __future__ import annotations

import io
import wave
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensorium.errors import SourceChangedError
from sensorium.percepts import IMU, Audio, Depth, Image, Percept, Span, Text, Thermal, Video
from sensorium.percepts.audio import PREVIEW_RATE as RATE
from sensorium.percepts.forms import MAX_BYTES, Preview
from sensorium.percepts.limits import Limits
from sensorium.percepts.previews import preview
from sensorium.percepts.source import take
from sensorium.samples import FOLDER as MEDIA

DOG = MEDIA / "photo_dog.jpg"
HOUR = 3600  # seconds
SLOW = 1000  # Hz, the rate of a very long sound
RED, BLUE = (220, 30, 30), (30, 30, 220)


def shown(found: Preview | None) -> PIL.Image.Image:
    assert found is not None
    picture = PIL.Image.open(io.BytesIO(found.data))
    assert found.mime == f"image/{(picture.format or '').lower()}"
    return picture


def heard(found: Preview | None) -> np.ndarray:
    assert found is not None
    assert found.mime == "audio/wav"
    with wave.open(io.BytesIO(found.data)) as reader:
        assert (reader.getframerate(), reader.getnchannels()) == (RATE, 1)
        return np.frombuffer(reader.readframes(reader.getnframes()), "<i2") / 32768


def tone(hertz: float, seconds: float, rate: int) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)


def pitch(sound: np.ndarray) -> float:
    return float(np.abs(np.fft.rfft(sound)).argmax() * RATE / sound.size)


def encoded(picture: PIL.Image.Image, format: str, **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, format, **options)
    return file.getvalue()


def test_a_small_picture_is_shown_as_it_is() -> None:
    """A file that fits and that everything reads is not encoded again."""
    assert preview(Image(DOG)) == Preview("image/jpeg", DOG.read_bytes())


@settings(max_examples=30, deadline=None)
@given(
    width=st.integers(1, 300),
    height=st.integers(1, 300),
    max_bytes=st.integers(1, 100_000),
    max_side=st.integers(1, 300),
)
def test_sizes_are_kept_to(width: int, height: int, max_bytes: int, max_side: int) -> None:
    """A picture is within both limits, in its own proportions, or is not shown at all."""
    noise = np.random.default_rng(7).integers(0, 256, (height, width, 3), np.uint8)
    found = preview(Image(noise), max_bytes=max_bytes, max_side=max_side)
    if found is None:
        assert max_bytes < 4000  # noise of 31 x 31 pixels needs more
        return
    picture = shown(found)
    assert len(found.data) <= max_bytes
    assert max(picture.size) <= min(max_side, max(width, height))
    scale = max(picture.size) / max(width, height)
    assert min(picture.size) == pytest.approx(min(width, height) * scale, abs=1.01)


def test_a_turned_picture_is_shown_upright() -> None:
    """EXIF orientation is applied: models do not all read it."""
    sideways = PIL.Image.new("RGB", (40, 20), RED)
    sideways.paste(BLUE, (0, 0, 20, 20))  # on the left; on top once it is turned
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    picture = shown(preview(Image(encoded(sideways, "JPEG", exif=exif, quality=95))))
    assert picture.size == (20, 40)
    assert np.asarray(picture)[5, 10, 2] > 150 > np.asarray(picture)[35, 10, 2]
    assert dict(picture.getexif()) == {}


@pytest.mark.parametrize(("mode", "format"), [("CMYK", "JPEG"), ("I;16", "PNG"), ("RGB", "BMP")])
def test_what_few_programs_read_is_converted(mode: str, format: str) -> None:
    """Pictures of other formats, colours and depths become plain JPEG."""
    found = preview(Image(encoded(PIL.Image.new(mode, (30, 20)), format)))
    assert shown(found).mode == "RGB"
    assert found is not None
    assert found.mime == "image/jpeg"


def test_the_matching_frame_of_a_video_is_shown() -> None:
    """The frame in the middle of the span; the first without one."""
    frames = np.empty((20, 24, 32, 3), np.uint8)
    frames[:10], frames[10:] = RED, BLUE
    video = Video(frames, fps=10)
    for span, colour in ((None, RED), (Span(0.0, 0.5), RED), (Span(1.2, 1.9), BLUE)):
        pixel = shown(preview(video, span=span)).getpixel((16, 12))
        assert pixel == pytest.approx(colour, abs=12)


def test_the_matching_stretch_of_a_long_sound_is_heard() -> None:
    """Of an hour, the second that matched: it alone has this pitch."""
    hour = tone(50, HOUR, SLOW).astype(np.float32)
    hour[3000 * SLOW : 3001 * SLOW] = tone(200, 1, SLOW)
    sound = heard(preview(Audio(hour, rate=SLOW), span=Span(3000, 3001)))
    assert sound.size == RATE
    assert pitch(sound) == pytest.approx(200, abs=2)
    assert np.abs(sound).max() == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("span", [None, Span(60, HOUR)])
def test_a_sound_too_long_is_cut(span: Span | None) -> None:
    """As much from the start on as fits; of an hour, not an hour."""
    found = preview(Audio(tone(50, HOUR, SLOW), rate=SLOW), span=span)
    assert found is not None
    assert MAX_BYTES - 2 * RATE < len(found.data) <= MAX_BYTES
    assert heard(preview(Audio(tone(50, 60, SLOW), rate=SLOW), max_bytes=32_044)).size == RATE


def test_quality_goes_before_size_and_size_has_an_end() -> None:
    """A picture is made coarser, then smaller down to 16 pixels; then it is not shown."""
    noise = Image(np.random.default_rng(0).integers(0, 255, (256, 256, 3), np.uint8))
    sides, found = [], preview(noise)
    while found is not None:
        sides.append(shown(found).size[0])
        found = preview(noise, max_bytes=len(found.data) - 1)
    assert sides[:4] == [256, 256, 128, 128]
    assert sides[-1] == 16


def test_a_tenth_of_a_second_is_the_least_that_is_heard() -> None:
    """A shorter span is lengthened to that; where not even that fits, nothing is shown."""
    sound = Audio(tone(50, 2, SLOW), rate=SLOW)
    assert heard(preview(sound, span=Span(0.5, 0.51))).size == RATE // 10
    least = 44 + 2 * RATE // 10  # bytes: a header and 16-bit samples
    assert heard(preview(sound, max_bytes=least)).size == RATE // 10
    assert preview(sound, max_bytes=least - 2) is None


def test_a_sound_file_is_decoded() -> None:
    """Two channels of a real file become one, at full length where that fits."""
    sound = heard(preview(Audio(MEDIA / "sound_dog_bark.ogg")))
    assert sound.size == pytest.approx(5 * RATE, rel=0.01)
    assert np.abs(sound).max() > 0.05


@pytest.mark.parametrize(
    ("span", "max_bytes"), [(Span(5, 6), MAX_BYTES), (None, 100), (None, 10), (Span(0, 1), 0)]
)
def test_where_nothing_can_be_heard_nothing_is_shown(span: Span | None, max_bytes: int) -> None:
    """No sound in the span, or no room for any."""
    assert preview(Audio(tone(50, 2, SLOW), rate=SLOW), span=span, max_bytes=max_bytes) is None


def test_near_is_bright_and_holes_are_black() -> None:
    """Depth in metres and disparity look the same; the far end is no hole."""
    metres = np.full((30, 30), 10.0)
    metres[:, :10] = 1.0
    metres[:, 20:] = 0.0  # not measured
    nearer = np.full((30, 30), np.nan)
    nearer[:, :10], nearer[:, 10:20] = 100.0, 10.0
    maps = [Depth(metres, unit="m", fx=100.0), Depth(nearer, unit="disparity")]
    for depth in maps:
        near, far, hole = np.asarray(shown(preview(depth)))[15, [5, 15, 25]]
        assert (near, hole) == (255, 0)
        assert 30 < far < 100
    assert preview(maps[0]) == preview(maps[1])


def test_a_flat_depth_map_is_bright() -> None:
    """One distance everywhere is no division by zero."""
    assert shown(preview(Depth(np.full((9, 9), 2.0), unit="m", fx=100.0))).getpixel((4, 4)) == 255


def test_hot_is_bright() -> None:
    """A thermal picture is shown white-hot, in one channel."""
    celsius = np.full((20, 20), 15.0)
    celsius[:10] = 37.0
    picture = shown(preview(Thermal(celsius, unit="celsius")))
    assert picture.getpixel((5, 5)) == 255
    assert picture.getpixel((5, 15)) == 0


def plot_of(motion: IMU, **options: Any) -> np.ndarray:
    return np.asarray(shown(preview(motion, **options)).convert("RGB")).astype(int)


def coloured(plot: np.ndarray) -> np.ndarray:
    """Where traces are drawn: grid and words are grey."""
    return np.asarray(np.ptp(plot, axis=2) > 60)


def test_a_motion_is_a_plot_of_two_panels() -> None:
    """Acceleration above, rotation below: a still sensor's jolt shows in the upper one alone."""
    samples = np.zeros((1000, 6))
    samples[:, 2] = 9.8
    still = plot_of(IMU(samples, rate=100, accel="m/s^2", gyro="rad/s"))
    samples[500, 0] = 40.0
    jolt = plot_of(IMU(samples, rate=100, accel="m/s^2", gyro="rad/s"))
    assert still.shape == (512, 768, 3)
    lower = slice(270, 500)
    assert (still[lower] == jolt[lower]).all()
    red = (jolt[..., 0] > 150) & (jolt[..., 1] < 100)
    peak = np.flatnonzero(red[40:100].any(axis=0))  # the words above the panel left out
    assert peak.size > 0
    assert abs(np.median(peak) - (64 + 0.5 * 688)) < 5


def test_gaps_of_a_motion_stay_empty() -> None:
    """Where nothing was measured, nothing is drawn."""
    times = np.r_[np.arange(0, 4, 0.01), np.arange(6, 10, 0.01)]
    samples = np.random.default_rng(0).normal(size=(times.size, 6))
    traces = coloured(plot_of(IMU(samples, timestamps=times, accel="m/s^2", gyro="rad/s")))
    middle = 64 + 344
    assert not traces[40:, middle - 50 : middle + 50].any()
    assert traces[40:, 64 : middle - 80].any(axis=0).all()


def test_the_span_of_a_motion_is_shown() -> None:
    """A span is stretched over the whole width; one that holds nothing shows it all."""
    samples = np.random.default_rng(0).normal(size=(360_000, 6))
    motion = IMU(samples, rate=100, accel="m/s^2", gyro="rad/s")
    whole, part = plot_of(motion), plot_of(motion, span=Span(10, 11))
    assert coloured(whole)[40:].mean() > 2 * coloured(part)[40:].mean()
    assert (plot_of(motion, span=Span(9000, 9001)) == whole).all()


def test_words_need_no_preview() -> None:
    """A text is given to a model as it is."""
    assert preview(Text("words")) is None


def test_a_new_sense_is_drawn_only_by_its_class(monkeypatch: pytest.MonkeyPatch) -> None:
    """A class that draws nothing has no preview, which is no error; one that inherits does."""
    monkeypatch.setattr(Percept, "modalities", dict(Percept.modalities))

    class Smell(Percept):
        modality = "smell"

        def __init__(self, content: bytes) -> None:
            source = take(content, modality=self.modality, limits=Limits())
            self._describe(source, at=None, uri=None, limits=Limits())

        @property
        def units(self) -> dict[str, Any]:
            return {}

    class Infrared(Image):
        modality = "infrared"

    assert preview(Smell(b"sweet")) is None
    assert preview(Infrared(DOG)) == preview(Image(DOG))


def test_a_file_that_changed_is_an_error(tmp_path: Path) -> None:
    """A preview is never of other content than the percept's."""
    path = tmp_path / "dog.jpg"
    path.write_bytes(DOG.read_bytes())
    percept = Image(path)
    path.write_bytes(b"something else")
    with pytest.raises(SourceChangedError, match="changed"):
        preview(percept)
