"""Write the names of emoji: `python -m training.languages.emoji_names EMOJIBASE`.

EMOJIBASE is the folder of the npm package emojibase-data 17.0.0 (MIT), whose English labels are the
short names of Unicode CLDR (Unicode-3.0).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from sensorium.mini.languages.emoji import STYLE, TABLE

ANIMALS, COMPONENTS = 3, 2  # groups of emoji; components are parts of others
THINGS = (ANIMALS, 4, 5, 6, 7, 9)  # food, places, activities, objects, flags
HEAD = """# Short names of emoji: Unicode CLDR, by emojibase-data 17.0.0. Copyright Unicode, Inc.,
# and Miles Johnson; Unicode-3.0 and MIT, see NOTICE. Animals without "face".
"""


def main() -> None:
    file = Path(sys.argv[1]) / "en" / "data.json"
    lines = {}
    for row in json.loads(file.read_text(encoding="utf-8")):
        group = row.get("group")
        name = row["label"].removeprefix("flag: ")
        if group == ANIMALS:
            name = name.removesuffix(" face")
        if group not in (None, COMPONENTS):
            kind = "thing" if group in THINGS else "other"
            lines[row["emoji"].translate(STYLE)] = f"{name}\t{kind}"
    text = "".join(f"{emoji}\t{rest}\n" for emoji, rest in lines.items())
    TABLE.write_text(HEAD + text, encoding="utf-8")


if __name__ == "__main__":
    main()
