"""CLIP's byte-pair encoding, on the `tokenizers` library.

Source: the published vocabulary of openai/CLIP (MIT, in `vocabulary/`). Deliberate difference: the
literal `<|startoftext|>` or `<|endoftext|>` inside a text is read as characters, so a text cannot
choose where it is pooled.
"""

from __future__ import annotations

import gzip
import html
import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from itertools import pairwise

import ftfy
import torch
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers
from torch import Tensor

from sensorium.imagebind.stems import POSITIONS
from sensorium.percepts.percept import Span

START, END = 49406, 49407  # ids of the tokens around every text
CONTENT = POSITIONS - 2  # tokens of content that fit between them
MERGES = 49152 - 256 - 2  # lines of the vocabulary in use, after its header
SAFE_PIECE = 16  # characters: at most four bytes, hence four tokens, each
WORD_END = "</w>"
PIECES = r"'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\s\p{L}\p{N}]+"


def tokenize(texts: Sequence[str]) -> Tensor:
    """Turn texts into token ids; what does not fit is cut, keeping the end token.

    Args:
        texts: Any strings; lower-cased, HTML unescaped, mojibake mended, white space collapsed.
    Returns:
        Shape `(B, 77)`, int64: start token, content, end token (the highest id), zeros.
    """
    ids = torch.zeros(len(texts), POSITIONS, dtype=torch.long)
    for row, encoding in enumerate(_tokenizer().encode_batch_fast([clean(t) for t in texts])):
        content = [START, *encoding.ids[:CONTENT], END]
        ids[row, : len(content)] = torch.tensor(content)
    return ids


def clean(text: str) -> str:
    """Return the text as CLIP's tokenizer sees it (openai/CLIP, `basic_clean` and lower case)."""
    mended = html.unescape(html.unescape(ftfy.fix_text(text)))
    return re.sub(r"\s+", " ", mended).strip().lower()


def text_windows(text: str) -> list[Span]:
    """Cut a text into the fewest windows that fit a forward pass, of about equal length.

    Cuts fall between words; a word that is too long by itself (or a script without spaces) is cut
    every 16 characters. The vector of a window is that of the text `text[start:end]`.

    Args:
        text: Any string.
    Returns:
        Spans in characters, in order, covering every word; one span if the text fits.
    """
    if len(text) <= CONTENT // 4 or _count([text])[0] <= CONTENT:
        return [Span(0, len(text))]
    words = [match.span() for match in re.finditer(r"\S+", text)]
    sizes = _count([text[start:end] for start, end in words])
    pieces: list[tuple[int, int, int]] = []  # start, end, tokens
    for (start, end), size in zip(words, sizes, strict=True):
        if size <= CONTENT:
            pieces.append((start, end, size))
            continue
        cuts = list(pairwise([*range(start, end, SAFE_PIECE), end]))
        counts = _count([text[first:last] for first, last in cuts])
        pieces += [(*cut, count) for cut, count in zip(cuts, counts, strict=True)]
    return _balance(pieces)


def _balance(pieces: list[tuple[int, int, int]]) -> list[Span]:
    total = sum(size for _, _, size in pieces)
    target = min(CONTENT, -(-total // -(-total // CONTENT)))  # tokens a window, rounded up
    spans: list[Span] = []
    first, filled = 0, 0
    for index, (_, _, size) in enumerate(pieces):
        if filled and filled + size > target:
            spans.append(Span(pieces[first][0], pieces[index - 1][1]))
            first, filled = index, 0
        filled += size
    spans.append(Span(pieces[first][0], pieces[-1][1]))
    return spans


def _count(texts: Sequence[str]) -> list[int]:
    encodings = _tokenizer().encode_batch_fast([clean(text) for text in texts])
    return [len(encoding.ids) for encoding in encodings]


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
    tokenizer.normalizer = normalizers.NFC()
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
