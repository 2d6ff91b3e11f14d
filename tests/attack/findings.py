"""What an attack did, how often, and the problems that it found."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path

PLACE = re.compile(r"\S*sensorium-attack-\w+/home")  # another one in each run
NUMBER = re.compile(r"[0-9a-f-]{6,}|[0-9]+")
MOST = 40  # problems whose details are kept; all are counted


@dataclass(frozen=True)
class Problem:
    """One thing that must not happen.

    Attributes:
        kind: One or two words: lost, half, hung, unopenable, foreign, ...
        case: Number of the round or case, which with the seed finds it again.
        detail: What was seen.
    """

    kind: str
    case: int
    detail: str


@dataclass
class Findings:
    """Counts and problems of one attack; a file has them all the time, should the attack crash.

    Attributes:
        done: What was done, how often.
        kinds: Problems of each kind.
        problems: The first of them, each different one once.
        skipped: Why the attack cannot run here; empty if it can.
        file: Where they are written.
    """

    done: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)
    skipped: str = ""
    file: Path | None = None

    def count(self, what: str, number: int = 1) -> None:
        """Count what was done."""
        self.done[what] += number

    def report(self, kind: str, case: int, detail: str) -> None:
        """Note a problem; of those that differ in numbers alone the first is kept."""
        self.kinds[kind] += 1
        shown = PLACE.sub("...", " ".join(detail.split()))[:600]
        same = {(one.kind, _pattern(one.detail)) for one in self.problems}
        if (kind, _pattern(shown)) not in same and len(self.problems) < MOST:
            self.problems.append(Problem(kind, case, shown))
        self.save()

    def save(self) -> None:
        """Write everything to the file, whole or not at all."""
        if self.file is None:
            return
        part = self.file.with_suffix(".part")
        fields = {
            "done": self.done,
            "kinds": self.kinds,
            "problems": [asdict(one) for one in self.problems],
            "skipped": self.skipped,
        }
        part.write_text(json.dumps(fields), encoding="utf-8")
        part.replace(self.file)

    @classmethod
    def read(cls, file: Path) -> Findings:
        """Read what an attack wrote; nothing, if it did not come to that."""
        try:
            fields = json.loads(file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return cls()
        problems = [Problem(**one) for one in fields["problems"]]
        return cls(Counter(fields["done"]), Counter(fields["kinds"]), problems, fields["skipped"])

    def __str__(self) -> str:
        if self.skipped:
            return f"skipped: {self.skipped}"
        done = ", ".join(f"{number:,} {what}" for what, number in self.done.items())
        wrong = ", ".join(f"{number:,} {kind}" for kind, number in self.kinds.most_common())
        return f"{done or 'nothing done'}: {wrong or 'no problem'}"


def _pattern(detail: str) -> str:
    return NUMBER.sub("#", detail)[:160]
