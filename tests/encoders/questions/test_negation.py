"""What a question leaves out: it is read where it is certain, and nothing else is."""

from __future__ import annotations

import pytest

from sensorium.encoders.questions import Exclusion, read_exclusion


@pytest.mark.parametrize(
    "form",
    [
        "a bird, but not a heron",
        "a bird but not a heron",
        "a bird without a heron",
        "a bird except a heron",
        "a bird except for a heron",
        "a bird other than a heron",
        "a bird that is not a heron",
        "a bird that isn't a heron",
        "a bird, not a heron",
        "a bird excluding a heron",
        "a bird with no a heron",
    ],
)
def test_what_is_left_out_is_read(form: str) -> None:
    """The wanted stands before, the unwanted behind."""
    assert read_exclusion(form) == Exclusion("a bird", "a heron")


@pytest.mark.parametrize(
    "asked",
    [
        "a bird",
        "not a heron",
        "without a hat",
        "photos that are not of dogs",
        "everything except dogs",
        "Doctors Without Borders",
        "whether or not it rains",
        "the car would not start",
        "I did not see the heron",
        "the heron is not here",
        "nothing but trouble",
        "last but not least",
        "not only herons but storks",
        "a walk without the dog and the cat",
        "I cannot go without you because I am late",
        "a tap, not the old one that we bought in the shop by the river last year",
        "",
    ],
)
def test_what_is_not_certain_is_not_read(asked: str) -> None:
    """Without something wanted and something unwanted, or with more than one "not", it is left."""
    assert read_exclusion(asked) is None
