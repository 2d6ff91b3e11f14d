"""The file that keeps how far the records of an owner were looked at, for the next opening."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sensorium.memory.calibrating.sample import DAMAGE
from sensorium.memory.episodes.detection import Checkpoint, Detector
from sensorium.memory.episodes.observing import Centring
from sensorium.memory.episodes.progress import Progress
from sensorium.memory.episodes.seen import SeenRecords
from sensorium.qdrant.durability import write_whole
from sensorium.qdrant.edge.folder import removed_while_open
from sensorium.qdrant.points import from_iso, iso
from sensorium.qdrant.regular_files import open_regular_file

logger = logging.getLogger(__name__)

VERSION = 2  # of the file and of what finds episodes: another one is found anew
NOTES = "notes"  # in the file: JSON as bytes
CENTRES, SEEN, BEFORE = "centres.", "seen.", "before"  # names in the file
Arrays = dict[str, NDArray[Any]]


def save(path: Path, key: Mapping[str, str], progress: Progress) -> None:
    """Write the file; it is replaced whole or not at all. On a full disk there is none.

    Args:
        path: The file.
        key: What it is of: the owner, the encoder, and what was removed until then.
        progress: What is kept.
    Raises:
        StoreFormatError: The memory's folder was removed while open.
    """
    states = [*progress.checkpoints, progress.detector.checkpoint()]
    seen = progress.seen
    notes = {
        "version": VERSION,
        "key": dict(key),
        "modalities": seen.modalities,
        "frames": seen.frames,
        "newest": None if seen.newest is None else iso(seen.newest),
        "unsettled": sorted(progress.centring.unsettled),
        "states": [[each.count, each.last, each.frame] for each in states],
    }
    arrays: Arrays = {SEEN + name: column for name, column in seen.to_arrays().items()}
    arrays |= {CENTRES + name: row for name, row in progress.centring.centres.items()}
    for number, state in enumerate(states):
        arrays |= {f"{number}.{name}": array for name, array in state.arrays.items()}
    arrays[BEFORE] = progress.detector.before()
    arrays[NOTES] = np.frombuffer(json.dumps(notes).encode(), np.uint8)
    content = io.BytesIO()
    np.savez(content, **arrays)  # type: ignore[arg-type]  # one of its names is another argument
    try:
        write_whole(path, content.getvalue(), safe=False)
    except FileNotFoundError as error:
        raise removed_while_open(path.parents[1]) from error
    except OSError as error:
        logger.warning("sensorium: what was found of episodes cannot be kept: %s", error)


def load(path: Path, key: Mapping[str, str]) -> Progress | None:
    """Read the file; return `None` if it is missing, damaged, or of something else.

    A damaged file is no error, because all can be found again.
    """
    try:
        with open_regular_file(path) as file, np.load(file, allow_pickle=False) as archive:
            notes = json.loads(archive[NOTES].tobytes())
            if notes["version"] != VERSION or notes["key"] != dict(key):
                return None
            return _read(notes, {name: archive[name] for name in archive.files})
    except DAMAGE:
        return None


def _read(notes: Mapping[str, Any], arrays: Arrays) -> Progress:
    newest = from_iso(notes["newest"]) if notes["newest"] else None
    columns = {name[len(SEEN) :]: each for name, each in arrays.items() if name.startswith(SEEN)}
    seen = SeenRecords.from_arrays(columns, notes["modalities"], notes["frames"], newest)
    centres = {n[len(CENTRES) :]: row for n, row in arrays.items() if n.startswith(CENTRES)}
    states = [
        Checkpoint(int(count), float(last), frame, _within(arrays, f"{number}."))
        for number, (count, last, frame) in enumerate(notes["states"])
    ]
    detector = Detector.at_checkpoint(arrays[BEFORE], states[-1])
    if len(detector) != len(seen) or any(state.count > len(seen) for state in states):
        raise ValueError("states of other records")
    return Progress(detector, seen, Centring(centres, frozenset(notes["unsettled"])), states[:-1])


def _within(arrays: Arrays, prefix: str) -> Arrays:
    return {n[len(prefix) :]: each for n, each in arrays.items() if n.startswith(prefix)}
