"""BERT's WordPiece (uncased), on the `tokenizers` library and the vocabulary in the package.

Source: arXiv 1810.04805, and the published vocabulary of MiniLM (Apache-2.0). Deliberate
difference: the literal `[SEP]` or `[MASK]` inside a text is read as characters, not as that token.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from sensorium.mini.manifest import DIRECTORY, read_verified

VOCABULARY = "vocab.txt"  # a piece on each line; the number of the line is its id
VOCABULARY_SHA256 = "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3"
PAD, START, END = 0, 101, 102  # ids of [PAD], [CLS], [SEP]
UNKNOWN = "[UNK]"
POSITIONS = 256  # tokens that a forward pass sees, start and end included
CONTENT = POSITIONS - 2  # pieces of content that fit between start and end
LONGEST_WORD = 100  # characters; a longer word is one unknown piece, as it was in training

Ids: TypeAlias = NDArray[np.int64]  # of word pieces


class Pieces(NamedTuple):
    """A text in word pieces, with the places where it can be cut.

    Attributes:
        ids: Ids of all pieces.
        firsts: Index into `ids` of the first piece of each word, increasing. A word is a run of
            letters and digits, a mark, or a Chinese character.
        starts: Index into the text of the first character of each word.
    """

    ids: list[int]
    firsts: list[int]
    starts: list[int]


class WordPiece:
    """Cuts texts into word pieces, in lower case and without accents."""

    def __init__(self, vocabulary: Sequence[str]) -> None:
        """Take the pieces in the order of their ids; `##` begins a piece inside a word."""
        self._tokenizer = Tokenizer(
            models.WordPiece(
                {piece: index for index, piece in enumerate(vocabulary)},
                unk_token=UNKNOWN,
                max_input_chars_per_word=LONGEST_WORD,
            )
        )
        self._tokenizer.normalizer = normalizers.BertNormalizer()
        self._tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()

    def contents(self, texts: Sequence[str]) -> list[list[int]]:
        """Turn texts into the ids of all their pieces, without start and end tokens."""
        return [encoding.ids for encoding in self._tokenizer.encode_batch_fast(list(texts))]

    def pieces(self, text: str) -> Pieces:
        """Turn a text into pieces, with the places of its words."""
        encoding = self._tokenizer.encode(text)
        words, offsets = encoding.word_ids, encoding.offsets
        # A piece begins a word if the piece before it belongs to another word.
        firsts = [at for at, word in enumerate(words) if at == 0 or word != words[at - 1]]
        return Pieces(encoding.ids, firsts, [offsets[at][0] for at in firsts])


@cache
def wordpiece(directory: Path = DIRECTORY) -> WordPiece:
    """Read the vocabulary beside the weights, once.

    Raises:
        CheckpointNotFoundError: The vocabulary is missing.
        CheckpointFormatError: The vocabulary is damaged, or is another vocabulary.
    """
    content = read_verified(directory / VOCABULARY, VOCABULARY_SHA256)
    return WordPiece(content.decode("utf-8").removesuffix("\n").split("\n"))


def tokenize(texts: Sequence[str]) -> tuple[Ids, NDArray[np.bool_]]:
    """Turn texts into a batch; a longer text is cut, and keeps its end token.

    Args:
        texts: Any strings.
    Returns:
        Ids `(B, N)`, int64, and mask `(B, N)`, bool, as `batch` returns them.
    """
    return batch([frame(row) for row in wordpiece().contents(texts)])


def frame(content: Sequence[int]) -> Ids:
    """Put at most `CONTENT` ids between the start and the end token: `(N,)`, int64."""
    return np.array([START, *content[:CONTENT], END], np.int64)


def batch(rows: Sequence[Ids]) -> tuple[Ids, NDArray[np.bool_]]:
    """Pad rows of ids to the length of the longest.

    Returns:
        Ids `(B, N)`, int64, padded with `PAD`; and a mask `(B, N)`, bool, false at the padding.
    """
    lengths = np.array([len(row) for row in rows], np.int64)  # (B,)
    ids = np.full((len(rows), max(map(len, rows), default=0)), PAD, np.int64)  # (B, N)
    for padded, row in zip(ids, rows, strict=True):
        padded[: len(row)] = row
    return ids, np.arange(ids.shape[1]) < lengths[:, None]  # 2 x (B, N)
