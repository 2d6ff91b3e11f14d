"""The training pack: files with their labels, splits and licences, as its manifest lists them."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

CACHE = Path("build/mini")  # features, decoded sounds, checkpoints: all can be made again


@dataclass(frozen=True)
class Row:
    """One file of the pack.

    Attributes:
        file: Relative to the pack; recordings of one `.npz` are told apart by `#KEY`.
        modality: `"image"`, `"audio"`, `"thermal"`, `"depth"` or `"imu"`.
        label: What it shows, plain words.
        split: `"train"`, `"dev"` or `"dev_unseen"` (a class no training picture shows).
        source: The data set.
        pack: Where the file is.
    """

    file: str
    modality: str
    label: str
    split: str
    source: str
    pack: Path

    @property
    def path(self) -> Path:
        """The file itself."""
        return self.pack / self.file


def read_rows(pack: Path, modality: str, *splits: str) -> list[Row]:
    """List the pack's files of one modality, in the manifest's order.

    Args:
        pack: The directory with `manifest.csv`.
        modality: Of the files.
        splits: Only these; all of them if none is named.
    """
    with (pack / "manifest.csv").open(encoding="utf-8", newline="") as file:
        rows = [
            Row(row["file"], row["modality"], row["label"], row["split"], row["source"], pack)
            for row in csv.DictReader(file)
        ]
    return [row for row in rows if row.modality == modality and row.split in (splits or row.split)]
