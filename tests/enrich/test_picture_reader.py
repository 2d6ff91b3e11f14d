"""Words that a test draws are read where they stand; a picture without words has none."""

from __future__ import annotations

import pickle

import numpy as np
import PIL.Image
import PIL.ImageDraw
import PIL.ImageFont
import pytest

from sensorium.enrich import load_enricher
from sensorium.enrich.picture_reader import PictureReader
from sensorium.errors import PerceptValueError
from sensorium.percepts import Image, Video
from sensorium.samples import FOLDER

pytest.importorskip("rapidocr")


@pytest.fixture(scope="module")
def reader() -> PictureReader:
    found = load_enricher("read")
    assert isinstance(found, PictureReader)
    return found


def drawn(*lines: tuple[str, int, int], size: tuple[int, int] = (640, 480)) -> PIL.Image.Image:
    picture = PIL.Image.new("RGB", size, "white")
    draw = PIL.ImageDraw.Draw(picture)
    font = PIL.ImageFont.load_default(32)
    for words, x, y in lines:
        draw.text((x, y), words, fill="black", font=font)
    return picture


@pytest.mark.slow
def test_words_are_read_with_the_place_where_they_stand(reader: PictureReader) -> None:
    """Boxes are fractions of the picture, upper blocks come first."""
    picture = drawn(("Invoice 2231", 40, 40), ("due on Monday", 40, 84), ("Kitchen", 460, 400))
    upper, lower = reader.find(Image(picture))
    assert upper.text == "Invoice 2231\ndue on Monday"
    assert lower.text == "Kitchen"
    assert upper.origin == "read"
    assert upper.by.startswith("rapidocr ")
    assert upper.span is None
    assert upper.confidence > 0.9
    assert upper.box is not None
    assert lower.box is not None
    left, top, right, bottom = upper.box
    assert 40 / 640 - 0.02 < left < 40 / 640 + 0.02
    assert top < 60 / 480 < bottom < 0.3
    assert 0.3 < right < 0.6
    assert lower.box.left == pytest.approx(460 / 640, abs=0.02)


def test_a_photo_without_words_has_none(reader: PictureReader) -> None:
    """Fur and leaves are no letters."""
    assert list(reader.find(Image(FOLDER / "photo_dog.jpg"))) == []


@pytest.mark.slow
def test_words_in_a_video_have_the_time_they_are_shown(reader: PictureReader) -> None:
    """Words that stand still are found once, from their first frame to their last."""
    first, second = drawn(("Chapter one", 40, 40)), drawn(("The end", 40, 40))
    blank = PIL.Image.new("RGB", first.size, "white")
    frames = [first, first, first, first, blank, blank, second, second]
    video = Video(
        np.stack([np.asarray(frame) for frame in frames]), fps=1
    )  # a frame of each two is read
    one, end = reader.find(video)
    assert (one.text, end.text) == ("Chapter one", "The end")
    assert one.span is not None
    assert (one.span.start, one.span.end) == (0.0, 4.0)
    assert end.span is not None
    assert (end.span.start, end.span.end) == (6.0, 8.0)


@pytest.mark.slow
def test_a_reader_goes_to_another_process(reader: PictureReader) -> None:
    """A reader that was pickled opens its models anew."""
    again = pickle.loads(pickle.dumps(reader))
    [found] = again.find(Image(drawn(("Platform nine", 40, 40))))
    assert found.text == "Platform nine"


@pytest.mark.parametrize("wrong", [{"side": 0}, {"sure": 2.0}, {"step": 0.0}])
def test_numbers_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    """The number that is wrong is named."""
    with pytest.raises(PerceptValueError, match=next(iter(wrong))):
        load_enricher("read", **wrong)
