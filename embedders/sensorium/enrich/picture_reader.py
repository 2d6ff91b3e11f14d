"""Words in pictures and videos, read by RapidOCR, whose models come with its package."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np

from sensorium.encoders.forking import Lock
from sensorium.enrich.found import Box, Found
from sensorium.enrich.lines import Line, blocks
from sensorium.errors import MissingExtraError, PerceptValueError, show
from sensorium.percepts import Image, Percept, Span, Video

if TYPE_CHECKING:
    import PIL.Image

SIDE = 640  # pixels; of lines as high as 1/80 of a photo, 5 of 6 are found; at 320 none is
SURE = 0.7  # confidence of a line, at least; what leaves and fur look like has less
STEP = 2.0  # seconds from one frame of a video to the next that is read
MOST_FRAMES = 300  # of a video; longer ones are read in longer steps
MEANT = re.compile(r"\w{2}")  # a line with no two letters or digits together says nothing


class PictureReader:
    """Reads Latin and Chinese writing in pictures, and in the frames of videos.

    Looking at a photo takes about 0.4 s of one processor, whether it has words or not, and each
    line that is found some 0.05 s more. A smaller `side` looks faster, and misses small writing.
    """

    modalities = frozenset({"image", "video"})

    def __init__(self, *, side: int = SIDE, sure: float = SURE, step: float = STEP) -> None:
        """Open the models.

        Args:
            side: The longer side to which a picture is reduced before lines are looked for, in
                pixels from 64 on: at 320 in a third of the time, for lines of at least 1/25 of the
                picture's height.
            sure: Confidence of a line, from 0 to 1, below which it is left out.
            step: Seconds from one frame of a video to the next that is read, more than 0.
        Raises:
            MissingExtraError: `rapidocr` is not installed: `pip install "sensorium[ocr]"`.
            PerceptValueError: A number is out of its range.
        """
        try:
            import rapidocr  # noqa: F401  # now, so that the error comes when it is opened
        except ImportError as error:
            raise MissingExtraError.for_package("rapidocr", "ocr") from error
        if not (side >= 64 and 0 <= sure <= 1 and step > 0):
            raise PerceptValueError(
                f"side={show(side)}, sure={show(sure)}, step={show(step)}",
                "pixels from 64 on, a number from 0 to 1, and seconds",
                "correct it, or leave it out",
            )
        self.by = f"rapidocr {version('rapidocr')}"
        self._side, self._sure, self._step = side, sure, step
        self._lock = Lock()
        self._engine: tuple[int, Any] | None = None  # of this process: a fork cannot use it

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (self._side, self._sure, self._step)

    def find(self, percept: Percept) -> Iterator[Found]:
        """Yield the blocks of words of a picture, or of a video with the time they are shown.

        Args:
            percept: An `Image` or a `Video`.
        Raises:
            PerceptError: The percept cannot be read.
        """
        if isinstance(percept, Image):
            for block in self._blocks(percept.picture()):
                yield self._found(block, None)
        elif isinstance(percept, Video):
            yield from self._in_frames(percept)

    def _in_frames(self, video: Video) -> Iterator[Found]:
        """Yield blocks of a video, each once for as long as it stands still."""
        step = max(self._step, video.duration / MOST_FRAMES)
        count = max(1, round(video.duration / step))
        times = [(index + 0.5) * video.duration / count for index in range(count)]
        length = video.duration / count
        shown: dict[str, tuple[float, Line]] = {}  # since when, by the words
        for time, frame in zip(times, video.frames(times), strict=True):
            seen = {block.text: block for block in self._blocks(frame)}
            for words in [words for words in shown if words not in seen]:
                start, block = shown.pop(words)
                yield self._found(block, Span(start, time - length / 2))
            for words, block in seen.items():
                shown.setdefault(words, (time - length / 2, block))
        for start, block in shown.values():
            yield self._found(block, Span(start, video.duration))

    def _found(self, block: Line, span: Span | None) -> Found:
        return Found(block.text, "read", self.by, span, block.box, block.confidence)

    def _blocks(self, picture: PIL.Image.Image) -> list[Line]:
        return blocks(self._lines(picture))

    def _lines(self, picture: PIL.Image.Image) -> list[Line]:
        pixels = np.asarray(picture.convert("RGB"))[:, :, ::-1]  # the models want BGR
        with self._lock:
            seen = self._open()(np.ascontiguousarray(pixels))
        if not seen.txts:
            return []
        width, height = picture.size
        lines = []
        for text, corners, score in zip(seen.txts, seen.boxes, seen.scores, strict=True):
            (left, top), (right, bottom) = np.min(corners, axis=0), np.max(corners, axis=0)
            box = Box(*np.clip([left / width, top / height, right / width, bottom / height], 0, 1))
            words = " ".join(str(text).split())
            if score >= self._sure and MEANT.search(words):
                lines.append(Line(words, Box(*map(float, box)), float(score)))
        return lines

    def _open(self) -> Any:
        """Return the models, opened in this process."""
        if self._engine is None or self._engine[0] != os.getpid():
            from rapidocr import RapidOCR

            said = {
                "Global.log_level": "error",
                "Det.limit_type": "max",
                "Det.limit_side_len": self._side,
            }
            self._engine = os.getpid(), RapidOCR(params=said)
        return self._engine[1]


def _again(side: int, sure: float, step: float) -> PictureReader:
    """Return a reader that was pickled."""
    return PictureReader(side=side, sure=sure, step=step)
