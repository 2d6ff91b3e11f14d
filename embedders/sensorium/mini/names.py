"""The names that the towers were taught, of which the vector of a percept is a mixture."""

from __future__ import annotations

from functools import cache
from pathlib import Path

FILE = Path(__file__).parent / "names.tsv"  # written by `python -m training.vocabulary`
KINDS = {  # the kind of names that each modality is described by
    "image": "thing",
    "video": "thing",
    "thermal": "thing",
    "depth": "thing",
    "audio": "sound",
    "imu": "motion",
}


@cache
def names_by_modality() -> dict[str, tuple[str, ...]]:
    """Return the names in English for each modality but text; do not write to the dictionary."""
    lines = [line.split("\t") for line in FILE.read_text(encoding="utf-8").splitlines()]
    return {
        modality: tuple(name for kind, name in lines if kind == wanted)
        for modality, wanted in KINDS.items()
    }
