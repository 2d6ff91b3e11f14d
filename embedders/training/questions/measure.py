"""Measure how questions are put: `python -m training.questions.measure --pack PACK`.

A memory of 264 records: the things that are asked for, one record each, a note that mentions each
photo and each sound, and others that share no word with them. Questions are put in 70 frames
(`frames.tsv`): the rules were written with those named "design", the others came later. Frames of
other languages ask about the samples of `sensorium demo`.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sensorium.memory import Memory
from sensorium.memory.recalling.query import Query
from sensorium.mini import MiniEncoder
from sensorium.mini.manifest import DIRECTORY
from sensorium.percepts import Percept, Text
from sensorium.samples import notes, sample, sample_names
from training.pack import read_rows
from training.percepts import percept_of
from training.sections import write_section
from training.table import interval

HERE = Path(__file__).parent
HEADING = "## How a question is put"
OTHERS = {"image": 80, "thermal": 15, "depth": 40, "imu": 25}  # records that nobody asks for
MENTIONS = (
    "the children drew {} at school",
    "Martin told a long story about {}",
    "we read a book about {}",
)
PROMPTS = ("{}", "a photo of {}", "the sound of {}")
SURE = 0.5  # confidence
LEFT_OUT = (
    "{}, but not {}",
    "{} except {}",
    "{} that is not {}",
    "{} other than {}",
    "{} without {}",
)
EACH = 3  # pictures of each label that is wanted or not
ALIKE = ("dog", "helicopter", "piano", "airplane")  # samples that answer to one name
ORDER = ("design", "report", "fresh", "points")  # of groups, by their first words; then kinds
NOTE = """Written by `python -m training.questions.measure`: top-1, MRR over ten hits, and median
confidence of the right record (0 where it is not among ten). The memory has {count} records:
photos, sounds, depth, heat and motion of the pack's dev splits, and notes. *As it is*: all words.
*Stripped*: only what is asked for. *By recall*: the same, with the medium that a frame names
before others. *Averages*: the mean of the question, "a photo of" it and "the sound of" it. A
record is right in the modality that the frame points at, and in any if it points at none; notes
that only mention a thing are wrong answers for photos and sounds. The rules were written with the
frames of "design". When those of "report" were first asked, exactly the thing was left of 580 of
644 questions; of those of "fresh", 20 odder ones that were written last, of 174 of 512. Rules for
what failed were added afterwards, and words of media were listed with all frames in sight: for
frames that nobody has seen, expect shares between these. Intervals are Wilson's, 95 %; tries of
one thing are not independent.
"""


class Answer(NamedTuple):
    """What became of one question."""

    rank: int | None  # of the right record, from 0; `None` beyond ten
    confidence: float  # of the right record
    first: float  # confidence of the first hit


def read(name: str) -> list[list[str]]:
    """Read the rows of a table beside this file, without its head."""
    lines = (HERE / name).read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines[1:]]


def words_of(label: str) -> set[str]:
    return {word.rstrip("s") for word in label.lower().split()}


def records(pack: Path) -> Iterator[tuple[str, Percept]]:
    """Yield the records with their names: the modality and the label, or what a note is for."""
    random = np.random.default_rng(0)
    rows = {name: read_rows(pack, name, "dev", "dev_unseen") for name in ("audio", *OTHERS)}
    things = read("things.tsv")
    taken = {"dalmatian"}.union(*(words_of(row[1]) for row in things if row[0] != "text"))
    for number, (modality, label, named, *_) in enumerate(things):
        if modality == "text":
            yield f"text {label}", Text(label)
            continue
        found = [row for row in rows[modality] if row.label == label]
        yield f"{modality} {label}", percept_of(found[int(random.integers(len(found)))])
        yield f"mention {label}", Text(MENTIONS[number % len(MENTIONS)].format(named))
    for modality, count in OTHERS.items():
        free = [row for row in rows[modality] if not words_of(row.label) & taken]
        for index in random.permutation(len(free))[:count]:
            yield f"other {free[index].file}", percept_of(free[index])
    for note in (HERE / "notes.txt").read_text(encoding="utf-8").splitlines():
        yield f"other {note}", Text(note)


def filled(encoder: MiniEncoder, found: Sequence[tuple[str, Percept]]) -> Memory:
    memory = Memory.open(":memory:", owner="asker", encoder=encoder, keep_media=False)
    for name, percept in found:
        memory.remember(percept, id=name)
    return memory


def ask(memory: Memory, query: Query, right: Callable[[str], bool]) -> Answer:
    hits = memory.recall(query)
    rank = next((place for place, hit in enumerate(hits) if right(hit.record.id)), None)
    sure = [hit.confidence or 0.0 for hit in hits]
    return Answer(rank, 0.0 if rank is None else sure[rank], sure[0])


def figures(answers: Sequence[Answer]) -> str:
    top = float(np.mean([answer.rank == 0 for answer in answers]))
    mean = float(np.mean([0 if a.rank is None else 1 / (1 + a.rank) for a in answers]))
    median = float(np.median([answer.confidence for answer in answers]))
    return f"{top:.2f} ({interval(top, len(answers))}) / {mean:.2f} / {median:.2f}"


def averaged(words: str) -> list[str | Percept]:
    return [Text(prompt.format(words)) for prompt in PROMPTS]


def frames_table(memory: Memory) -> list[str]:
    groups: dict[str, list[list[Answer]]] = {}
    encoder = memory.encoder
    assert isinstance(encoder, MiniEncoder)
    exact = {half: [0, 0] for half in ("design", "report", "fresh")}
    for half, kind, pointed, frame in read("frames.tsv"):
        for modality, label, *forms in read("things.tsv"):
            if pointed not in ("", modality):
                continue
            named = dict(zip(("{a}", "{the}", "{s}"), forms, strict=True))
            slot = next(slot for slot in named if slot in frame)
            question = frame.replace(slot, named[slot])
            asked = encoder.asked_for(question)
            exact[half][0] += asked == named[slot]
            exact[half][1] += 1
            names = {f"{modality} {label}"} | (set() if pointed else {f"mention {label}"})
            plain: list[Query] = [Text(question), Text(asked), question]
            ways: list[Query] = [*plain, averaged(question), averaged(asked)]
            answers = [ask(memory, way, names.__contains__) for way in ways]
            for group in (f"{half}, all", f"points at {pointed or 'nothing'}", kind):
                groups.setdefault(group, []).append(answers)
    rows = [
        f"| {name} | {len(tries)} | " + " | ".join(map(figures, zip(*tries, strict=True))) + " |"
        for name, tries in sorted(groups.items(), key=lambda group: _order(group[0]))
    ]
    shares = [f"{right} of {count} ({half})" for half, (right, count) in exact.items()]
    return [
        f"Exactly the thing is left of {', '.join(shares)}.",
        "",
        "| frames | tries | as it is | stripped | by recall | averages | stripped, averages |",
        "| --- | ---: | --- | --- | --- | --- | --- |",
        *rows,
    ]


def _order(group: str) -> int:
    """Return the place of a group: the halves first, then what frames point at, then kinds."""
    return next((at for at, first in enumerate(ORDER) if group.startswith(first)), len(ORDER))


def absent_line(memory: Memory) -> str:
    """Tell how often a question about a thing that is not there finds something for certain."""
    things = (HERE / "absent.txt").read_text(encoding="utf-8").splitlines()
    shares = []
    frames = [row[3] for row in read("frames.tsv") if not row[2]]
    for wrap in (Text, str):
        asked = [
            wrap(frame.replace("{a}", t).replace("{the}", t).replace("{s}", t))
            for t in things
            for frame in frames
        ]
        first = [ask(memory, question, lambda _: False).first for question in asked]
        shares.append(float(np.mean(np.array(first) > SURE)))
    bare = [ask(memory, Text(thing), lambda _: False).first > SURE for thing in things]
    return (
        f"Of {len(things) * len(frames)} framed questions about {len(things)} things that are not "
        f"there, the first hit has more than {SURE} confidence in {shares[0]:.3f} as they are, "
        f"{shares[1]:.3f} stripped, and {np.mean(bare):.3f} where only the thing is named."
    )


def elsewhere_table(encoder: MiniEncoder, others: Sequence[tuple[str, Percept]]) -> list[str]:
    """Measure frames in other languages, about the samples of the demo."""
    known = [(name, sample(name)) for name in sample_names()]
    known += [(f"note {text}", Text(text)) for text in notes()]
    memory = filled(encoder, [*known, *others])
    head, *things = [
        line.split("\t")
        for line in (HERE / "things_elsewhere.tsv").read_text(encoding="utf-8").splitlines()
    ]
    rows = []
    for language in head[2:]:
        frames = [frame for name, frame in read("frames_elsewhere.tsv") if name == language]
        answers: list[list[Answer]] = []
        for thing in things:
            right = answers_to(thing[0])
            named = thing[head.index(language)]
            for frame in frames:
                question = frame.replace("{}", named)
                ways = (Text(question), question, Text(named))
                answers.append([ask(memory, way, right) for way in ways])
        shown = " | ".join(map(figures, zip(*answers, strict=True)))
        rows.append(f"| {language} | {len(answers)} | {shown} |")
    return [
        "Frames of other languages, about 20 samples of the demo among "
        f"{len(known) + len(others)} records:",
        "",
        "| language | tries | as it is | by recall | the thing alone |",
        "| --- | ---: | --- | --- | --- |",
        *rows,
    ]


def answers_to(name: str) -> Callable[[str], bool]:
    """Return whether a sample answers to a name: also another of the same thing."""
    key = next((word for word in ALIKE if word in name), name)
    return lambda found: key in found


def negation_table(
    encoder: MiniEncoder, pack: Path, others: Sequence[tuple[str, Percept]]
) -> list[str]:
    """Measure what a question leaves out: kinds of things but for one, and pairs of notes."""
    kinds = [
        (half, kind, members.split(", "), also.split(", ") if also else [])
        for half, kind, members, also in read("kinds.tsv")
    ]
    inside = {member for _, _, members, _ in kinds for member in members}
    rows = read_rows(pack, "image", "dev", "dev_unseen")
    random, found = np.random.default_rng(1), list(others)
    for label in sorted({row.label for row in rows}):
        own = [row for row in rows if row.label == label]
        for index in random.permutation(len(own))[: EACH if label in inside else 1]:
            found.append((f"image {label} {index}", percept_of(own[index])))
    pairs = read("negated_notes.tsv")
    found += [(f"note {text}", Text(text)) for pair in pairs for text in pair]
    memory = filled(encoder, found)
    lines = []
    for half in ("design", "report"):
        tries: list[list[tuple[bool, float, bool]]] = []
        for _, kind, members, also in (row for row in kinds if row[0] == half):
            for member in members:
                named = f"{'an' if member[0] in 'aeiou' else 'a'} {member}"
                for form in LEFT_OUT:
                    question = form.format(kind, named)
                    ways = (Text(question), Text(kind), question)
                    tries.append([judge(memory, way, member, [*members, *also]) for way in ways])
        columns = [np.mean(np.array(column, float), 0) for column in zip(*tries, strict=True)]
        shown = " | ".join(
            f"{right:.2f} ({interval(right, len(tries))}) / {five:.2f} / {wrong:.2f}"
            for right, five, wrong in columns
        )
        lines.append(f"| {half} | {len(tries)} | {shown} |")
    right = [
        [memory.recall(wrap(pair[1]), limit=1)[0].record.text == pair[1] for pair in pairs]
        for wrap in (Text, str)
    ]
    return [
        'What is left out ("a fruit, but not a banana", in five forms), among pictures: the first '
        "hit is right / share of the first five that are / the first hit is what was left out:",
        "",
        "| kinds | tries | as it is | only the kind | subtracted |",
        "| --- | ---: | --- | --- | --- |",
        *lines,
        "",
        f'Of {len(pairs)} pairs of notes such as "coffee with sugar" and "coffee without sugar", '
        f"the one asked for with its negation comes first {sum(right[0])} times as it is, and "
        f"{sum(right[1])} times by `recall`, which compares texts with all words.",
    ]


def pairs_table(encoder: MiniEncoder, others: Sequence[tuple[str, Percept]]) -> list[str]:
    """Measure what words in another order or number change: pairs of notes, one of them right."""
    rows = read("pairs.tsv")
    stored = [(text, Text(text)) for _, one, other, *_ in rows for text in (one, other)]
    memory = filled(encoder, [*stored, *others])
    right: dict[str, list[bool]] = {}
    for what, *texts, first, second in rows:
        for asked, wanted in zip((first, second), texts, strict=True):
            names = [hit.record.id for hit in memory.recall(asked)]
            right.setdefault(what, []).append(
                wanted in names and not any(text in names[: names.index(wanted)] for text in texts)
            )
    shown = "; ".join(
        f"{what} {np.mean(tries):.2f} ({interval(float(np.mean(tries)), len(tries))})"
        for what, tries in right.items()
    )
    return [
        f"Of {len(rows)} pairs of notes that differ in one respect, each asked for in other words, "
        f"the right one of the two comes first, where .50 is chance: {shown}."
    ]


def judge(
    memory: Memory, query: Query, left_out: str, kind: Sequence[str]
) -> tuple[bool, float, bool]:
    hits = memory.recall(query, limit=5, modalities=["image"])
    names = [hit.record.id.removeprefix("image ") for hit in hits]
    out = [name.startswith(f"{left_out} ") for name in names]
    of_kind = [any(word in name for word in kind) for name in names]
    right = [ok and not bad for ok, bad in zip(of_kind, out, strict=True)]
    return right[0], float(np.mean(right)), out[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pack", type=Path, required=True)
    pack = parser.parse_args().pack
    encoder = MiniEncoder()
    found = list(records(pack))
    others = [(name, percept) for name, percept in found if name.startswith("other ")]
    memory = filled(encoder, found)
    parts = [
        [NOTE.format(count=len(found)), *frames_table(memory), "", absent_line(memory)],
        elsewhere_table(encoder, others),
        negation_table(encoder, pack, others),
        pairs_table(encoder, others),
    ]
    text = "\n\n".join("\n".join(part) for part in parts)
    print(text)
    write_section(DIRECTORY / "EVALUATION.md", HEADING, text)


if __name__ == "__main__":
    main()
