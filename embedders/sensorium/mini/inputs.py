"""From a percept to the inputs of the towers: pictures, stretches of text, sound and motion.

A long percept is covered whole by windows back to back; the last ends where the percept ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from sensorium.encoders.batching import Window
from sensorium.errors import PerceptTooShortError, UnsupportedModalityError
from sensorium.mini import log_mel as sound
from sensorium.mini.cells import shown
from sensorium.mini.languages.emoji import name_emoji
from sensorium.mini.languages.questions import can_be_read
from sensorium.mini.languages.reader import Language, language_of
from sensorium.mini.text_windows import text_windows
from sensorium.mini.wordpiece import Ids, frame, wordpiece
from sensorium.percepts import IMU, Audio, Depth, Image, Percept, Span, Text, Thermal, Video
from sensorium.percepts.holes import fill_holes
from sensorium.percepts.windows import back_to_back, cut_windows, long_segments

REVISION = 2  # version of this preprocessing; every change that moves vectors raises it
Array: TypeAlias = NDArray[np.float32]

MEAN = np.array([0.485, 0.456, 0.406], np.float32)[:, None, None]  # mean of R, G, B in [0, 1]
SPREAD = np.array([0.229, 0.224, 0.225], np.float32)[:, None, None]
FAR, NEAR = 2.0, 98.0  # percentiles of a depth map's nearness that become 0 and 1
FRAMES = (0.25, 0.75)  # times of the two frames of a video window, as shares of its length
VIDEO_WINDOW = 2.0  # seconds
SILENT = 1e-3  # share of full scale, -60 dB; windows that are never louder are left out
SHORTEST_SOUND = sound.FRAME  # samples
LOWEST_TONE = 20.0  # Hz, the lowest that is heard
RATE = 50  # Hz, of motion
WINDOW = 128  # samples: 2.56 s of motion
SHORTEST_MOTION = RATE // 2  # samples: half a second


def windows(percept: Percept) -> Iterator[Window]:
    """Preprocess one percept, lazily: a long one is decoded as its windows are asked for.

    Raises:
        PerceptError: The percept is unreadable, or too short.
        UnsupportedModalityError: The percept has another modality than the package's seven.
    """
    if isinstance(percept, Image):
        yield Window(None, (picture_input(percept.picture()),))
    elif isinstance(percept, Thermal):
        yield Window(None, thermal_input(percept))
    elif isinstance(percept, Depth):
        yield Window(None, depth_input(percept))
    elif isinstance(percept, Text):
        yield from (Window(span, read) for span, read in text_inputs(percept.text))
    elif isinstance(percept, Video):
        yield from video_windows(percept)
    elif isinstance(percept, Audio):
        yield from audio_windows(percept)
    elif isinstance(percept, IMU):
        yield from imu_windows(percept)
    else:
        raise UnsupportedModalityError(
            f"a percept of modality {percept.modality!r}",
            "one of the seven modalities of sensorium.percepts",
            "use an encoder that knows it",
        )


def text_inputs(text: str) -> Iterator[tuple[Span, Ids | str]]:
    """Cut a text into windows, each with what its tower takes: ids of pieces, or a `str`.

    A window that is English is tokenised as it is, emoji with their names; one of another language
    is left to the tower of many languages, where that is installed.
    """
    for span, ids in text_windows(text):
        part = text[int(span.start) : int(span.end)]
        named = name_emoji(part)
        if language_of(named) is Language.ENGLISH or not can_be_read(named):
            yield span, ids if named is part else frame(wordpiece().contents([named])[0])
        else:
            yield span, named


def picture_input(picture: PIL.Image.Image) -> Array:
    """Turn an upright RGB picture into float32 `(3, H, W)`, normalised: whole, see `cells`."""
    pixels = np.asarray(shown(picture), np.float32).transpose(2, 0, 1)  # (3, H, W)
    return np.ascontiguousarray((pixels / 255 - MEAN) / SPREAD)


def thermal_input(thermal: Thermal) -> Array:
    """Turn a thermal picture into float32 `(1, H, W)` in [0, 1], hotter larger.

    Raises:
        PerceptError: The picture cannot be decoded.
    """
    return _map(thermal.intensity())


def depth_input(depth: Depth) -> Array:
    """Turn a depth map into float32 `(1, H, W)` in [0, 1], nearer larger.

    The 2nd and the 98th percentile of the disparity (or of 1 / metres) become 0 and 1, so that
    neither the focal length nor the scale of the scene matters. Holes are filled from around them
    first.

    Raises:
        PerceptError: The depth map cannot be decoded.
    """
    near = fill_holes(depth.disparity())
    low, high = np.percentile(near, (FAR, NEAR))
    extent = high - low
    # A flat map has neither near nor far: it becomes grey.
    shown = (near - low) / extent if extent > 0 else np.full_like(near, 0.5)
    return _map(shown.clip(0, 1).astype(np.float32))


def _map(values: NDArray[np.float32]) -> Array:
    fitted = np.asarray(shown(PIL.Image.fromarray(np.ascontiguousarray(values, np.float32))))
    return fitted.clip(0, 1)[None]  # (1, H, W); bicubic overshoots at edges


def video_windows(video: Video) -> Iterator[Window]:
    """Cut a video into windows of 2 s with two frames each, `(3, H, W)`.

    Raises:
        MediaDecodeError: The video is unreadable or truncated.
    """
    spans = back_to_back(video.duration or 0.0, VIDEO_WINDOW)
    times = [span.start + (span.end - span.start) * at for span in spans for at in FRAMES]
    # Frames are decoded in order of time; the last window may begin before its neighbour ends.
    order = np.argsort(times, kind="stable")
    frames = video.frames(times[index] for index in order)
    looks: dict[int, Array] = {}
    for index, picture in zip(order, frames, strict=True):
        looks[int(index)] = picture_input(picture)
        window, first = int(index) // 2, int(index) // 2 * 2
        if first in looks and first + 1 in looks:
            yield Window(spans[window], (looks.pop(first), looks.pop(first + 1)))


def audio_windows(audio: Audio) -> Iterator[Window]:
    """Cut a sound into windows of 0.975 s, `(15600,)`, float32 at 16 kHz.

    A shorter sound is centred in digital silence. Silent windows are left out; of a sound that is
    silent throughout, the first window is kept. The constant offset of a cheap converter is
    subtracted, as it would make silence loud.

    Raises:
        PerceptTooShortError: The sound is shorter than 25 ms.
        PerceptError: The sound cannot be decoded.
    """
    silent: Window | None = None
    heard = False
    for start, cut in cut_windows(audio.blocks(sound.SAMPLE_RATE), sound.WINDOW):
        wave = without_offset(cut)
        if len(wave) < SHORTEST_SOUND:
            raise PerceptTooShortError(
                f"a sound of {1000 * len(wave) / sound.SAMPLE_RATE:.1f} ms",
                f"at least {1000 * SHORTEST_SOUND // sound.SAMPLE_RATE} ms, one analysis frame",
                "leave it out, or pass a longer stretch around it",
            )
        span = Span(start / sound.SAMPLE_RATE, (start + len(wave)) / sound.SAMPLE_RATE)
        missing = sound.WINDOW - len(wave)
        window = Window(span, np.pad(wave, (missing // 2, -(-missing // 2))))
        if np.abs(wave).max() > SILENT:
            heard = True
            yield window
        elif silent is None:
            silent = window
    if silent is not None and not heard:
        yield silent


def without_offset(wave: Array) -> Array:
    """Return a window `(n,)` at 16 kHz without its mean, or as it is if the mean is no offset.

    A mean is an offset if it is more than a tone that is heard, as loud as the window, can leave:
    half a period of the lowest one.
    """
    if not wave.size:
        return wave
    mean = wave.mean()
    left = float(np.abs(wave).max()) * sound.SAMPLE_RATE / (np.pi * LOWEST_TONE * len(wave))
    return wave - mean if abs(mean) > max(left, SILENT / 2) else wave


def imu_windows(imu: IMU) -> Iterator[Window]:
    """Cut a recording into windows of 2.56 s, `(128, 6)`, float32 at 50 Hz.

    Windows lie within the gap-free stretches. A stretch shorter than a window is continued with its
    mirror image; stretches under half a second are left out.

    Raises:
        PerceptTooShortError: Every stretch is shorter than half a second.
    """
    for part in long_segments(imu, RATE, SHORTEST_MOTION):
        samples = part.samples
        length = len(samples) / RATE
        if len(samples) < WINDOW:
            yield Window(Span(part.start, part.start + length), _repeat(samples))
            continue
        for span in back_to_back(length, WINDOW / RATE):
            first = min(round(span.start * RATE), len(samples) - WINDOW)
            piece = np.ascontiguousarray(samples[first : first + WINDOW], np.float32)
            yield Window(Span(part.start + span.start, part.start + span.end), piece)


def _repeat(samples: NDArray[np.floating[Any]]) -> Array:
    missing = WINDOW - len(samples)
    return np.pad(samples.astype(np.float32), ((0, missing), (0, 0)), mode="symmetric")
