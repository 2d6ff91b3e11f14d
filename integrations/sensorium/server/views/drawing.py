"""What a page draws of a signal: the outline of a sound, the curves of a motion, a map's values."""

from __future__ import annotations

import base64
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sensorium.percepts import IMU, Audio, Depth, Image, Percept, Text, Thermal, Video
from sensorium.server.views.waveforms import outline

POINTS, MOST_POINTS = 800, 4000  # of a curve or an outline: by default, and at most
WIDEST, HIGHEST = 320, 240  # values of a grid at most
FRAMES = 12  # moments of a film that are named
CURVES = ("ax", "ay", "az", "gx", "gy", "gz")
CURVE_UNITS = ("m/s^2",) * 3 + ("rad/s",) * 3
LONGEST_TEXT = 200_000  # characters of a text that is drawn
CELSIUS = frozenset({"celsius", "kelvin", "fahrenheit"})  # units whose values are degrees Celsius


def drawn(percept: Percept, points: int = POINTS) -> dict[str, Any]:
    """Return what is needed to draw a signal, JSON-ready.

    Args:
        percept: The signal.
        points: Largest number of points of a curve, or of stretches of an outline.
    Raises:
        PerceptError: The signal's file is damaged, changed or gone.
    """
    if isinstance(percept, Audio):
        return _waveform(percept, points)
    if isinstance(percept, IMU):
        return _curves(percept, points)
    if isinstance(percept, (Depth, Thermal)):
        return _grid(percept)
    if isinstance(percept, Text):
        return {"kind": "text", "modality": "text", "text": percept.text[:LONGEST_TEXT]}
    return _frames(percept)


def _waveform(sound: Audio, points: int) -> dict[str, Any]:
    found = outline(sound, points)
    return {
        "kind": "waveform",
        "modality": sound.modality,
        "rate": sound.rate,
        "duration": found.duration,
        "low": _numbers(found.low),
        "high": _numbers(found.high),
        "sampled": found.sampled,
    }


def _curves(motion: IMU, points: int) -> dict[str, Any]:
    """Describe a motion; without a gyroscope there are three curves."""
    count = 6 if motion.has_gyro else 3
    times, samples = _thinned(motion.times, motion.samples[:, :count], points)
    return {
        "kind": "curves",
        "modality": motion.modality,
        "rate": motion.rate,
        "duration": motion.duration,
        "names": list(CURVES[:count]),
        "units": list(CURVE_UNITS[:count]),
        "t": [round(float(time), 6) for time in times],
        "values": [_numbers(curve) for curve in samples.T],
        "gaps": [[gap.start, gap.end] for gap in motion.gaps],
    }


def _thinned(
    times: NDArray[np.float64], samples: NDArray[np.float32], points: int
) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Keep the lowest and the highest sample of each stretch, so that no shock is lost.

    Args:
        times: Seconds, `(T,)`.
        samples: Curves, `(T, C)`.
        points: Largest number of samples that is kept.
    """
    if len(times) <= points:
        return times, samples
    edges = np.linspace(0, len(times), max(1, points // 2) + 1).astype(int)
    kept_times, kept = [], []
    for start, end in pairwise(edges):
        stretch = samples[start:end]
        low, high = stretch.argmin(axis=0), stretch.argmax(axis=0)
        columns = np.arange(samples.shape[1])
        kept += [stretch[np.minimum(low, high), columns], stretch[np.maximum(low, high), columns]]
        kept_times += [times[start], times[(start + end) // 2]]
    return np.array(kept_times), np.array(kept, np.float32)


def _grid(found: Depth | Thermal) -> dict[str, Any]:
    values, unit = _values(found)  # (H, W)
    finite = values[np.isfinite(values)]
    height, width = values.shape
    shrink = max(1.0, width / WIDEST, height / HIGHEST)
    rows = _picked(height, max(1, int(height / shrink)))
    columns = _picked(width, max(1, int(width / shrink)))
    sent = np.ascontiguousarray(values[np.ix_(rows, columns)], "<f4")
    return {
        "kind": "grid",
        "modality": found.modality,
        "width": len(columns),
        "height": len(rows),
        "of": [width, height],
        "unit": unit,
        "low": float(finite.min()) if finite.size else None,
        "high": float(finite.max()) if finite.size else None,
        "data": base64.b64encode(sent.tobytes()).decode("ascii"),
    }


def _picked(count: int, wanted: int) -> NDArray[np.intp]:
    """Return which rows are sent: each is one of the map's own, so that no value is a mixture."""
    return ((np.arange(wanted) + 0.5) * count / wanted).astype(np.intp)


def _values(found: Depth | Thermal) -> tuple[NDArray[np.float32], str]:
    """Return the values of a map, `(H, W)`, and their unit."""
    if isinstance(found, Thermal):
        units = {"counts": "counts", **dict.fromkeys(CELSIUS, "degC")}
        return found.values(), units.get(found.unit, "share")
    if not found.metric:
        return found.disparity(), "relative"
    if found.fx is None:  # disparity of an unknown camera
        return found.disparity(), "px"
    return found.metres(), "m"


def _frames(percept: Percept) -> dict[str, Any]:
    """Describe a picture, a film, or a sense of another package by the moments to preview."""
    described: dict[str, Any] = {
        "kind": "frames",
        "modality": percept.modality,
        "duration": percept.duration,
        "times": [0.0],
        "size": None,
        "fps": None,
        "sound": False,
    }
    if isinstance(percept, Video):
        length = percept.duration
        times = [round((index + 0.5) * length / FRAMES, 3) for index in range(FRAMES)]
        size, sound = list(percept.size), percept.has_sound
        return {**described, "times": times, "size": size, "fps": percept.fps, "sound": sound}
    if isinstance(percept, Image):
        return {**described, "size": list(percept.picture().size)}
    return described


def _numbers(values: NDArray[np.float32]) -> list[float]:
    """Return numbers as JSON shows them: six digits are more than a plot has pixels."""
    return [float(f"{value:.6g}") for value in values]
