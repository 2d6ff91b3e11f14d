"""Where in a long recording: sounds after each other, pictures as a film, motions in a row."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from sensorium.bench.data import MOTION_RATE, MOTION_UNITS, Item
from sensorium.bench.figures import Figure, mean, overlap
from sensorium.bench.pool import Pool
from sensorium.bench.report import Table
from sensorium.encoders import Encoding
from sensorium.percepts import IMU, Audio, Percept, Text, Video

PARTS = 4  # things in a recording
SECONDS = 5.0  # of each
MADE = 8  # recordings of each modality
RATE = 16_000  # Hz of the sounds
FRAMES = 4  # a second of the films
SIDE = (240, 320)  # pixels of the films
NOTE = (
    "Four things follow each other in a recording, 5 s each (motion: 10 s); each is asked for by "
    "its caption. IoU: of the found stretch with the true one, where the stretch is the best "
    "window with its neighbours that score at least halfway between the median and the best. "
    "Pointed: the middle of the best window lies in the true stretch. Whole: IoU, were all of the "
    "recording the answer. Chance: a window at random. Videos are photos shown after each other."
)
COLUMNS = ("modality", "recordings", "IoU", "whole", "pointed", "chance")

Stretch = tuple[float, float]
Made = tuple[Percept, list[tuple[str, Stretch]]]


def where(pool: Pool) -> Table:
    """Measure whether the window that matched lies where the thing is."""
    rows: list[Sequence[str | Figure]] = []
    makers: dict[str, Callable[[Pool, Sequence[Item]], Made]] = {
        "audio": _sounds,
        "video": _film,
        "imu": _motions,
    }
    for modality, make in makers.items():
        source = "image" if modality == "video" else modality
        if modality not in pool.encoder.modalities or source not in pool.modalities:
            continue
        ious, pointed, whole = [], [], []
        for chosen in _groups(pool, source, "sktime" if modality == "imu" else None):
            percept, parts = make(pool, chosen)
            [encoding] = pool.encoder.encode([percept])
            asked = pool.encoder.embed([Text(caption) for caption, _ in parts])
            for vector, (_, true) in zip(asked, parts, strict=True):
                found, middle = _stretch(encoding, vector)
                ious.append(overlap(found, true))
                pointed.append(float(true[0] <= middle < true[1]))
                whole.append(overlap((0.0, percept.duration or true[1]), true))
        rows.append(
            (
                modality,
                str(MADE),
                mean(ious, pool.seed),
                Figure(float(np.mean(whole))),
                mean(pointed, pool.seed),
                Figure(1 / PARTS),
            )
        )
    return Table("where", "Where in a long recording", NOTE, COLUMNS, rows)


def _groups(pool: Pool, modality: str, package: str | None) -> Iterator[list[Item]]:
    """Draw items of different kinds for each recording; of one package, as rates differ."""
    draw = np.random.default_rng(pool.seed)
    kinds: dict[str, list[Item]] = {}
    for place in pool.of_modality(modality):
        if package in (None, pool.items[place].package):
            kinds.setdefault(pool.items[place].kind, []).append(pool.items[place])
    names = list(kinds)
    for _ in range(MADE):
        order = draw.permutation(len(names))[:PARTS]
        yield [kinds[names[at]][draw.integers(len(kinds[names[at]]))] for at in order]


def _stretch(encoding: Encoding, vector: NDArray[np.float32]) -> tuple[Stretch, float]:
    """Return the best window with its neighbours that match nearly as well, and its middle."""
    scores = encoding.vectors @ vector
    best = int(scores.argmax())
    least = (float(np.median(scores)) + float(scores[best])) / 2
    first = last = best
    while first > 0 and scores[first - 1] >= least:
        first -= 1
    while last + 1 < len(scores) and scores[last + 1] >= least:
        last += 1
    spans = encoding.spans
    return (spans[first].start, spans[last].end), (spans[best].start + spans[best].end) / 2


def _sounds(pool: Pool, chosen: Sequence[Item]) -> Made:
    pieces = []
    for item in chosen:
        sound = pool.data.percept(item)
        assert isinstance(sound, Audio)
        mono = sound.mono(RATE)
        start = max(0, (len(mono) - round(SECONDS * RATE)) // 2)  # in the middle, where it is on
        piece = mono[start : start + round(SECONDS * RATE)]
        loud = float(np.abs(piece).max()) or 1.0
        pieces.append(np.resize(piece / loud * 0.5, round(SECONDS * RATE)))
    return Audio(np.concatenate(pieces), rate=RATE), _parts(chosen, SECONDS)


def _film(pool: Pool, chosen: Sequence[Item]) -> Made:
    frames: list[NDArray[np.uint8]] = []
    for item in chosen:
        photo: Any = pool.data.percept(item)
        picture = photo.picture().convert("RGB").resize(SIDE[::-1])
        frames += [np.asarray(picture)] * round(SECONDS * FRAMES)
    return Video(_encoded(frames)), _parts(chosen, SECONDS)


def _encoded(frames: Sequence[NDArray[np.uint8]]) -> bytes:
    content = io.BytesIO()
    with av.open(content, "w", format="mp4") as container:
        stream: Any = container.add_stream("mpeg4", rate=FRAMES)
        stream.height, stream.width = SIDE
        stream.pix_fmt, stream.bit_rate = "yuv420p", 4_000_000
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())
    return content.getvalue()


def _motions(pool: Pool, chosen: Sequence[Item]) -> Made:
    pieces = []
    for item in chosen:
        motion = pool.data.percept(item)
        assert isinstance(motion, IMU)
        pieces.append(motion.samples)
    joined = IMU(np.concatenate(pieces), rate=MOTION_RATE, trust=True, **MOTION_UNITS)  # type: ignore[arg-type]  # of units alone
    parts, start = [], 0.0
    for item, piece in zip(chosen, pieces, strict=True):
        end = start + len(piece) / MOTION_RATE
        parts.append((item.caption, (start, end)))
        start = end
    return joined, parts


def _parts(chosen: Sequence[Item], seconds: float) -> list[tuple[str, Stretch]]:
    return [
        (item.caption, (index * seconds, (index + 1) * seconds))
        for index, item in enumerate(chosen)
    ]
