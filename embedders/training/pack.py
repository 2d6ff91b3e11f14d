"""The training pack: files with their labels and splits, as its manifest lists them."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

CACHE = Path("build/mini")  # features, vectors of names, checkpoints; all can be made again


@dataclass(frozen=True)
class Row:
    """One file of the pack.

    Attributes:
        file: Path relative to the pack; `FILE#KEY` is one of several recordings in an `.npz`.
        modality: `"image"`, `"audio"`, `"thermal"`, `"depth"` or `"imu"`.
        label: Plain words for the content.
        split: `"train"`, `"dev"` or `"dev_unseen"` (a class that no training picture shows).
        source: Name of the data set.
        pack: Directory of the pack.
    """

    file: str
    modality: str
    label: str
    split: str
    source: str
    pack: Path

    @property
    def path(self) -> Path:
        """Path of the file."""
        return self.pack / self.file


def read_rows(pack: Path, modality: str, *splits: str) -> list[Row]:
    """List the pack's files of one modality, in the manifest's order.

    Args:
        pack: Directory with `manifest.csv`.
        modality: Modality of the files.
        splits: Splits to list; all of them by default.
    """
    with (pack / "manifest.csv").open(encoding="utf-8", newline="") as file:
        rows = [
            Row(row["file"], row["modality"], row["label"], row["split"], row["source"], pack)
            for row in csv.DictReader(file)
        ]
    return [row for row in rows if row.modality == modality and row.split in (splits or row.split)]
