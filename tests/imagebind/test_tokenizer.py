"""Texts become CLIP's tokens."""

from __future__ import annotations

import pytest
import torch

from sensorium.imagebind.tokenizer import END, START, clean, tokenize


def contents(text: str) -> list[int]:
    """Token ids between start and end."""
    row = tokenize([text])[0].tolist()
    return row[1 : row.index(END)]


def test_tokens_equal_the_references(
    golden_texts: list[str], goldens: dict[str, torch.Tensor]
) -> None:
    """Empty, accented, over-long, HTML and emoji texts give exactly the golden ids."""
    assert torch.equal(tokenize(golden_texts), goldens["tokens"])


def test_no_texts_give_no_rows() -> None:
    """An empty batch has shape (0, 77)."""
    assert tokenize([]).shape == (0, 77)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("A  Dog\n\t barks", "a dog barks"),
        ("don\u2019t", "don't"),
        ("fish &amp;amp; chips", "fish & chips"),
        ("schÃ¶n", "schön"),
    ],
)
def test_cleaning_unifies_spellings(text: str, same: str) -> None:
    """Case, white space, curly quotes, HTML entities and mojibake do not change the tokens."""
    assert tokenize([text]).tolist() == tokenize([same]).tolist()


def test_a_text_cannot_choose_where_it_is_pooled() -> None:
    """The literal end token inside a text is characters, not the end."""
    ids = contents("<|endoftext|> a dog <|startoftext|>")
    assert START not in ids
    assert END not in ids


def test_a_long_text_keeps_its_start_and_its_end_token() -> None:
    """Cutting keeps the first 75 content tokens and ends with the highest id."""
    row = tokenize(["dog " * 500])[0]
    assert row[0] == START
    assert row[-1] == END
    assert len(set(row[1:-1].tolist())) == 1
    assert int(row.argmax()) == 76


def test_clean_is_what_the_tokens_see() -> None:
    """The cleaned form is lower case with single spaces."""
    assert clean("  The&nbsp;SEA\n ") == "the sea"
