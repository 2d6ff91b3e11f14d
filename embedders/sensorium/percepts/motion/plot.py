"""Motion as a picture: acceleration above, rotation below, over time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import numpy as np
import PIL.Image
from numpy.typing import NDArray
from PIL import ImageDraw, ImageFont

from sensorium.percepts.percept import Span

Floats: TypeAlias = NDArray[np.float64]

WIDTH, HEIGHT = 768, 512  # pixels
LEFT, RIGHT, TOP, BOTTOM = 64, 16, 28, 48  # pixels around the traces
BETWEEN = 36  # pixels between the two panels, where the title of the lower one stands
FONT = 13  # pixels
TICK_COUNTS = {"x": 8, "y": 5}  # at most, about
WHITE, INK, GRID = (255, 255, 255), (40, 40, 40), (225, 225, 225)
AXES = {"x": (200, 40, 40), "y": (30, 130, 60), "z": (40, 80, 200)}  # name and colour
QUIET = 0.01  # m/s^2 or rad/s: room above and below a trace that hardly moves


@dataclass(frozen=True)
class _Panel:
    """Where values and times lie in the picture."""

    top: int
    bottom: int
    start: float  # seconds
    end: float
    low: float
    high: float

    def x(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        return LEFT + (times - self.start) / (self.end - self.start) * (WIDTH - LEFT - RIGHT)

    def y(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        share = (values - self.low) / (self.high - self.low)
        return self.bottom - share * (self.bottom - self.top)


def plot_motion(
    times: Floats, samples: NDArray[np.floating], gaps: Sequence[Span], *, span: Span | None = None
) -> PIL.Image.Image:
    """Draw the six traces of a motion; where samples are missing, the lines break.

    Args:
        times: Seconds of the samples, shape `(T,)`, increasing.
        samples: Accelerations in m/s^2 and rotation rates in rad/s, shape `(T, 6)`.
        gaps: Stretches without samples, in order.
        span: The stretch of it in seconds; all of it by default, or where it holds no two samples.
    Returns:
        An RGB picture of 768 x 512 pixels.
    """
    stretches = _stretches(times, samples, gaps)
    stretches = _within(stretches, span) or stretches
    picture = PIL.Image.new("RGB", (WIDTH, HEIGHT), WHITE)
    draw = ImageDraw.Draw(picture)
    tall = (HEIGHT - TOP - BOTTOM - BETWEEN) // 2
    for row, title in enumerate(("acceleration (m/s^2)", "rotation rate (rad/s)")):
        top = TOP + row * (tall + BETWEEN)
        columns = slice(3 * row, 3 * row + 3)
        traces = [(seconds, values[:, columns]) for seconds, values in stretches]
        panel = _panel(traces, top, top + tall)
        _frame(draw, panel, title, last=row == 1)
        for seconds, values in traces:
            for index, colour in enumerate(AXES.values()):
                _trace(draw, panel, seconds, values[:, index], colour)
    return picture


def _stretches(
    times: Floats, samples: NDArray[np.floating], gaps: Sequence[Span]
) -> list[tuple[Floats, Floats]]:
    """Return times `(n,)` and samples `(n, 6)` of each stretch of two samples or more."""
    breaks = np.searchsorted(times, [gap.end for gap in gaps])
    parts = pairwise([0, *breaks.tolist(), len(times)])
    return [
        (times[first:end], samples[first:end].astype(np.float64))
        for first, end in parts
        if end - first > 1
    ]


def _within(
    stretches: list[tuple[Floats, Floats]], span: Span | None
) -> list[tuple[Floats, Floats]]:
    """Cut stretches to a span, and drop those that have fewer than two samples in it."""
    if span is None:
        return stretches
    inside = [(times >= span.start) & (times <= span.end) for times, _ in stretches]
    return [
        (times[chosen], values[chosen])
        for (times, values), chosen in zip(stretches, inside, strict=True)
        if chosen.sum() > 1
    ]


def _panel(
    traces: list[tuple[NDArray[np.float64], NDArray[np.float64]]], top: int, bottom: int
) -> _Panel:
    low = min(float(values.min()) for _, values in traces)
    high = max(float(values.max()) for _, values in traces)
    margin = max(0.05 * (high - low), QUIET, 1e-3 * max(abs(low), abs(high)))
    start, end = float(traces[0][0][0]), float(traces[-1][0][-1])
    return _Panel(top, bottom, start, end, low - margin, high + margin)


def _frame(draw: ImageDraw.ImageDraw, panel: _Panel, title: str, *, last: bool) -> None:
    """Draw the grid, the numbers and the words of a panel; the time is named below the last."""
    font = ImageFont.load_default(FONT)
    right = WIDTH - RIGHT
    for value in _ticks(panel.low, panel.high, TICK_COUNTS["y"]):
        y = float(panel.y(np.array(value)))
        draw.line([(LEFT, y), (right, y)], GRID)
        draw.text((LEFT - 6, y), f"{value:g}", INK, font, anchor="rm")
    for time in _ticks(panel.start, panel.end, TICK_COUNTS["x"]):
        x = float(panel.x(np.array(time)))
        draw.line([(x, panel.top), (x, panel.bottom)], GRID)
        draw.text((x, panel.bottom + 6), f"{time:g}", INK, font, anchor="mt")
    draw.rectangle([LEFT, panel.top, right, panel.bottom], outline=INK)
    draw.text((LEFT, panel.top - 6), title, INK, font, anchor="ls")
    for place, (name, colour) in enumerate(AXES.items()):
        x = right - 24 * (len(AXES) - 1 - place)
        draw.text((x, panel.top - 6), name, colour, font, anchor="rs")
    if last:
        middle = (LEFT + right) / 2
        draw.text((middle, panel.bottom + 26), "time (s)", INK, font, anchor="mt")


def _trace(
    draw: ImageDraw.ImageDraw,
    panel: _Panel,
    times: NDArray[np.float64],
    values: NDArray[np.float64],
    colour: tuple[int, int, int],
) -> None:
    """Draw a line through the samples; of many in one column of pixels, the least and greatest."""
    x, y = panel.x(times), panel.y(values)
    column = np.floor(x).astype(np.int64)
    starts = np.flatnonzero(np.diff(column, prepend=-1))
    if len(starts) * 4 < len(x):
        lows, highs = np.minimum.reduceat(y, starts), np.maximum.reduceat(y, starts)
        x = np.repeat(x[starts], 2)
        y = np.stack([lows, highs], axis=1).reshape(-1)
    draw.line(list(zip(x.tolist(), y.tolist(), strict=True)), colour, width=1)


def _ticks(low: float, high: float, most: int) -> list[float]:
    """Return round numbers from `low` to `high`, about `most` of them."""
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(step for step in (1, 2, 5, 10) if step * power >= rough) * power
    first, last = math.ceil(low / step), math.floor(high / step)
    return [float(f"{index * step:.12g}") for index in range(first, last + 1)]
