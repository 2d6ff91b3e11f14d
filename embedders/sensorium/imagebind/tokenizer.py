"""CLIP's byte-pair encoding, on the `tokenizers` library.

Source: the published vocabulary of openai/CLIP (MIT, in `vocabulary/`). Deliberate difference: the
literal `<|startoftext|>` or `<|endoftext|>` inside a text is read as characters, so that a text
cannot choose the token it is pooled at.
"""

from __future__ import annotations

import gzip
import html
import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

import ftfy
import numpy as np
import torch
from tokenizers import Regex, Tokenizer, models, pre_tokenizers
from torch import Tensor

from sensorium.imagebind.stems import POSITIONS

START, END = 49406, 49407  # ids of the tokens around every text
CONTENT = POSITIONS - 2  # tokens of content that fit between them
MERGES = 49152 - 256 - 2  # lines of the vocabulary that are used, after its header
WORD_END = "</w>"
PIECES = r"'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\s\p{L}\p{N}]+"


def tokenize(texts: Sequence[str]) -> Tensor:
    """Turn texts into token ids; a longer text is cut, and keeps its end token.

    Args:
        texts: Any strings. They are lower-cased, HTML is unescaped, mojibake mended, and white
            space collapsed.
    Returns:
        Shape `(B, 77)`, int64: start token, content, end token (the highest id), zeros.
    """
    return frame(contents(texts))


def contents(texts: Sequence[str]) -> list[list[int]]:
    """Turn texts into the token ids of their content, uncut."""
    encodings = _tokenizer().encode_batch_fast([clean(text) for text in texts])
    return [encoding.ids for encoding in encodings]


def frame(rows: Sequence[Sequence[int]]) -> Tensor:
    """Put content ids between start and end tokens and pad with zeros: `(B, 77)`, int64."""
    ids = np.zeros((len(rows), POSITIONS), np.int64)
    for row, content in zip(ids, rows, strict=True):
        kept = content[:CONTENT]
        row[: len(kept) + 2] = [START, *kept, END]
    return torch.from_numpy(ids)


def clean(text: str) -> str:
    """Clean a text as CLIP's tokenizer does (openai/CLIP, `basic_clean` and lower case)."""
    mended = html.unescape(html.unescape(ftfy.fix_text(text)))
    return re.sub(r"\s+", " ", mended).strip().lower()


@cache
def _tokenizer() -> Tokenizer:
    packed = files("sensorium.imagebind").joinpath("vocabulary/bpe_simple_vocab_16e6.txt.gz")
    lines = gzip.decompress(packed.read_bytes()).decode("utf-8").split("\n")
    merges = [(left, right) for left, right in (line.split() for line in lines[1 : MERGES + 1])]
    alphabet = _byte_symbols()
    symbols = [*alphabet, *(symbol + WORD_END for symbol in alphabet)]
    symbols += [left + right for left, right in merges]
    tokenizer = Tokenizer(
        models.BPE(
            vocab={symbol: index for index, symbol in enumerate(symbols)},
            merges=merges,
            end_of_word_suffix=WORD_END,
        )
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PIECES), behavior="removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    return tokenizer


def _byte_symbols() -> list[str]:
    """List the printable stand-ins of the 256 bytes in vocabulary order.

    Printable Latin-1 bytes stand for themselves and come first; the others follow, as the
    characters from U+0100 on.
    """
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1)]
    printable += range(ord("®"), ord("ÿ") + 1)
    others = 256 - len(printable)
    return [chr(code) for code in printable] + [chr(256 + index) for index in range(others)]
