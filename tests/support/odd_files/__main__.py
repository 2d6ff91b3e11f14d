"""Make the folder and print the truth about its files as a table."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.support.odd_files import make_folder

for odd in make_folder(Path(sys.argv[1])):
    place = "" if odd.place is None else f"{odd.place[0]}, {odd.place[1]}"
    when = f"{odd.at:%Y-%m-%d %H:%M:%S%z} by {odd.by}" if odd.at and odd.fate == "read" else ""
    row = (ascii(odd.name), odd.fate, ", ".join(odd.senses) or odd.why or odd.of, when, place)
    print("| " + " | ".join(row) + " |")
