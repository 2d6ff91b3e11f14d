"""BERT's WordPiece (uncased), on the `tokenizers` library and the vocabulary in the package.

Source: arXiv 1810.04805, and the published vocabulary of MiniLM (Apache-2.0). Deliberate
difference: the literal `[SEP]` or `[MASK]` inside a text is read as characters, not as that token.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
from torch import Tensor

from sensorium.mini.manifest import DIRECTORY, read_verified

VOCABULARY = "vocab.txt"  # one piece a line; the line's number is its id
VOCABULARY_SHA256 = "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3"
PAD, START, END = 0, 101, 102  # ids of [PAD], [CLS], [SEP]
UNKNOWN = "[UNK]"
POSITIONS = 256  # tokens a forward pass sees, start and end among them
CONTENT = POSITIONS - 2  # pieces of content that fit between them
LONGEST_WORD = 100  # characters; a longer word is one unknown piece, as it was in training


class Pieces(NamedTuple):
    """A text in word pieces, with the places where it can be cut.

    Attributes:
        ids: Every piece, uncut.
        firsts: Index into `ids` of the first piece of each word (a run of letters and digits, or
            one mark, or one Chinese character), increasing.
        starts: The character of the text at which each of those words begins.
    """

    ids: list[int]
    firsts: list[int]
    starts: list[int]


class WordPiece:
    """Texts to word pieces: lower-cased, accents stripped, marks and Chinese characters apart."""

    def __init__(self, vocabulary: Sequence[str]) -> None:
        """Take the pieces in the order of their ids; `##` begins those that go on a word."""
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
        """Turn texts into the ids of their content, uncut."""
        return [encoding.ids for encoding in self._tokenizer.encode_batch_fast(list(texts))]

    def pieces(self, text: str) -> Pieces:
        """Turn one text into pieces with the places of its words."""
        encoding = self._tokenizer.encode(text)
        words, offsets = encoding.word_ids, encoding.offsets
        firsts = [at for at, word in enumerate(words) if at == 0 or word != words[at - 1]]
        return Pieces(encoding.ids, firsts, [offsets[at][0] for at in firsts])


@cache
def wordpiece(directory: Path = DIRECTORY) -> WordPiece:
    """Read the vocabulary beside the weights, once.

    Raises:
        CheckpointNotFoundError: It is missing.
        CheckpointFormatError: It is another one, or damaged.
    """
    content = read_verified(directory / VOCABULARY, VOCABULARY_SHA256)
    return WordPiece(content.decode("utf-8").removesuffix("\n").split("\n"))


def tokenize(texts: Sequence[str]) -> tuple[Tensor, Tensor]:
    """Turn texts into one batch; what does not fit is cut, keeping the end token.

    Args:
        texts: Any strings.
    Returns:
        As `batch`: ids `(B, N)`, int64, and mask `(B, N)`, bool.
    """
    return batch([frame(row) for row in wordpiece().contents(texts)])


def frame(content: Sequence[int]) -> Tensor:
    """Put at most `CONTENT` ids between the start and end tokens: `(N,)`, int64."""
    return torch.tensor([START, *content[:CONTENT], END])


def batch(rows: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Pad framed ids to the longest of them.

    Returns:
        Ids `(B, N)`, int64, padded with `PAD`; and a mask `(B, N)`, bool, true at the tokens.
    """
    lengths = torch.tensor([len(row) for row in rows], dtype=torch.long)  # (B,)
    ids = torch.full((len(rows), max(map(len, rows), default=0)), PAD)  # (B, N)
    for padded, row in zip(ids, rows, strict=True):
        padded[: len(row)] = row
    return ids, torch.arange(ids.shape[1]) < lengths[:, None]  # 2 x (B, N)
