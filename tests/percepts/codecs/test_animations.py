"""Pictures that move are films, frame by frame as long as they say; others stay pictures."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest

from sensorium.errors import MediaDecodeError, TooManyPixelsError
from sensorium.percepts import Image, Limits, Video, percept_from_media
from sensorium.percepts.files import file_from_percept, percept_from_file
from sensorium.percepts.recognising import modality_of_file

KINDS = {"gif": "GIF", "png": "PNG", "webp": "WEBP", "avif": "AVIF"}
SHADES = (0, 80, 160, 240)
PERIODS = (100, 300, 200, 400)  # milliseconds


def animated(kind: str, shades: Any = SHADES, periods: Any = PERIODS) -> bytes:
    frames = [PIL.Image.new("RGB", (64, 48), (shade,) * 3) for shade in shades]
    # Pillow joins frames that are equal, unless something differs that nobody sees
    content = io.BytesIO()
    options: dict[str, Any] = {"lossless": True} if kind == "webp" else {}
    frames[0].save(
        content,
        KINDS[kind],
        save_all=True,
        append_images=frames[1:],
        duration=list(periods),
        loop=0,
        **options,
    )
    return content.getvalue()


def shades_at(video: Video, times: list[float]) -> list[int]:
    return [round(float(np.asarray(picture).mean())) for picture in video.frames(times)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_that_moves_is_a_film(kind: str, tmp_path: Path) -> None:
    """By name, by content and by mime type, with the length that its frames say."""
    content = animated(kind)
    path = tmp_path / f"moving.{kind}"
    path.write_bytes(content)
    assert modality_of_file(path) == "video"
    for video in (
        percept_from_media(path),
        percept_from_media(content),
        percept_from_media(content, mime_type=f"image/{kind}"),
    ):
        assert isinstance(video, Video)
        assert video.duration == pytest.approx(1.0, abs=0.02)
        assert video.size == (64, 48)
        assert not video.has_sound
    assert percept_from_media(content, modality="image").modality == "image"


@pytest.mark.parametrize("kind", KINDS)
def test_each_frame_is_shown_for_its_own_time(kind: str) -> None:
    """The second one from 0.1 s to 0.4 s, the last from 0.6 s to the end."""
    times = [0.0, 0.05, 0.15, 0.35, 0.45, 0.55, 0.65, 0.95, 2.0]
    expected = [0, 0, 80, 80, 160, 160, 240, 240, 240]
    shown = shades_at(Video(animated(kind)), times)
    np.testing.assert_allclose(shown, expected, rtol=0, atol=3)


@pytest.mark.parametrize("kind", KINDS)
def test_one_frame_is_a_picture(kind: str, tmp_path: Path) -> None:
    """As nearly all files of these kinds are."""
    path = tmp_path / f"still.{kind}"
    path.write_bytes(animated(kind, [80], [100]))
    assert modality_of_file(path) == "image"
    assert isinstance(percept_from_media(path), Image)


def test_frames_that_are_all_the_same_are_a_picture() -> None:
    """A file of two equal frames does not move."""
    frames = [PIL.Image.new("P", (8, 8), 1) for _ in range(2)]
    for number, frame in enumerate(frames):
        frame.putpalette([0, 0, 0, 90, 90, 90, number, 0, 0])  # the last colour is not used
    content = io.BytesIO()
    frames[0].save(content, "GIF", save_all=True, append_images=frames[1:], duration=100)
    with PIL.Image.open(content) as written:
        count = getattr(written, "n_frames", 1)
    assert isinstance(percept_from_media(content.getvalue()), Image), count


def test_a_frame_without_a_time_is_shown_for_a_tenth_of_a_second() -> None:
    """As browsers do."""
    for kind in ("webp", "gif", "png"):
        periods = [0] * 4 if kind != "webp" else [5, 10, 0, 1]
        assert Video(animated(kind, periods=periods)).duration == pytest.approx(0.4, abs=0.05)


def test_transparency_lies_on_white() -> None:
    """As everywhere else."""
    frames = [PIL.Image.new("RGBA", (8, 8), (0, 0, 0, alpha)) for alpha in (0, 255)]
    content = io.BytesIO()
    frames[0].save(content, "WEBP", save_all=True, append_images=frames[1:], duration=500)
    assert shades_at(Video(content.getvalue()), [0.1, 0.7]) == [255, 0]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_kept_is_read_again(kind: str) -> None:
    """The file stays what it was, byte for byte."""
    video = Video(animated(kind))
    kept = file_from_percept(video)
    again = percept_from_file(kept.source.read(), modality="video", units=kept.units)
    assert isinstance(again, Video)
    assert shades_at(again, [0.2, 0.9]) == shades_at(video, [0.2, 0.9])


def test_limits_and_damage() -> None:
    """Too large a frame is refused before it is decoded; half a file is no film."""
    content = animated("webp")
    with pytest.raises(TooManyPixelsError):
        Video(content, limits=Limits(max_pixels=1000))
    with pytest.raises(MediaDecodeError):
        Video(content[: len(content) // 2])
