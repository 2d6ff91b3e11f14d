"""Write the names that the towers were taught: `python -m training.vocabulary --pack PACK`.

The vector of a percept is a mixture of the vectors of such names, so that an encoder of another
text space can say it in its own (`CarriedEncoder`).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import sensorium.mini
from training.class_names import HERE, read_names
from training.imu import KINDS
from training.pack import read_rows

FILE = Path(sensorium.mini.__file__).parent / "names.tsv"


def names_by_kind(pack: Path) -> dict[str, list[str]]:
    """Return the names of things, sounds and motions, each once and in order."""
    things = [names[0] for names in read_names(HERE / "imagenet.tsv")]
    things += sorted({names[-1] for names in read_names(HERE / "furniture.tsv")})
    for modality in ("image", "thermal", "depth"):
        things += sorted({row.label for row in read_rows(pack, modality, "train")})
    motions = [name for kind, words in KINDS.items() for name in (kind, *words)]
    sounds = [names[0] for names in read_names(HERE / "sounds.tsv")]
    kinds = {"thing": things, "sound": sounds, "motion": motions}
    return {
        kind: [name for name in dict.fromkeys(names) if name.isascii() and "\\" not in name]
        for kind, names in kinds.items()
    }


def main() -> None:
    """Write the file, a name on each line behind its kind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pack", type=Path, required=True)
    kinds = names_by_kind(parser.parse_args().pack)
    lines = [f"{kind}\t{name}\n" for kind, names in kinds.items() for name in names]
    FILE.write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
