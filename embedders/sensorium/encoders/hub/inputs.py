"""Percepts as what sentence-transformers takes, cut so that the model reads all of each.

Everything is passed under the name of its modality. Given a bare text that looks like the URL or
the path of a picture, the library would fetch the picture.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sensorium.encoders.batching import Window
from sensorium.encoders.hub.token_windows import token_windows
from sensorium.errors import PerceptTooShortError, UnsupportedModalityError
from sensorium.percepts import Audio, Image, Percept, Span, Text, Video
from sensorium.percepts.windows import back_to_back, cut_windows

SECONDS = 10.0  # of sound or video in a window, where the model does not say
SHORTEST = 0.025  # seconds of sound: one analysis frame of most models
FRAMES = 8  # of a window of video
RATE = 16_000  # Hz, where the model does not say


def windows(percept: Percept, model: Any, prompt: str) -> Iterator[Window]:
    """Cut one percept into windows, lazily.

    Args:
        percept: Text, image, sound or video.
        model: The `SentenceTransformer`, which says how much it reads.
        prompt: Words that will stand before each text.
    Raises:
        PerceptError: The percept is unreadable, or too short.
    """
    if isinstance(percept, Text):
        for span in token_windows(percept.text, model, prompt):
            text = percept.text[int(span.start) : int(span.end)]
            yield Window(span, {"text": text})
    elif isinstance(percept, Image):
        yield Window(None, {"image": percept.picture()})
    elif isinstance(percept, Audio):
        yield from _sounds(percept, model)
    elif isinstance(percept, Video):
        yield from _films(percept)
    else:
        raise UnsupportedModalityError(
            f"a percept of {percept.modality}", "text, image, audio or video", "leave it out"
        )


def _sounds(audio: Audio, model: Any) -> Iterator[Window]:
    extractor = _part(model, "feature_extractor")
    rate = int(getattr(extractor, "sampling_rate", None) or RATE)
    longest = getattr(extractor, "max_length_s", None) or getattr(extractor, "chunk_length", None)
    seconds = min(SECONDS, float(longest)) if isinstance(longest, (int, float)) else SECONDS
    for start, wave in cut_windows(audio.blocks(rate), int(seconds * rate)):
        if len(wave) < SHORTEST * rate:
            raise PerceptTooShortError(
                f"a sound of {1000 * len(wave) / rate:.1f} ms",
                f"at least {1000 * SHORTEST:.0f} ms",
                "leave it out, or pass a longer stretch around it",
            )
        span = Span(start / rate, (start + len(wave)) / rate)
        yield Window(span, {"audio": {"array": wave, "sampling_rate": rate}})


def _films(video: Video) -> Iterator[Window]:
    for span in back_to_back(video.duration, SECONDS):
        step = (span.end - span.start) / FRAMES
        times = [span.start + step * (index + 0.5) for index in range(FRAMES)]
        yield Window(span, {"video": list(video.frames(times))})


def _part(model: Any, name: str) -> Any:
    """Return a part of the model's processor, or the processor where that is the part."""
    processor = getattr(model, "processor", None)
    return getattr(processor, name, processor)
