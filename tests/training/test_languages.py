"""The map of languages: what it is learned from, and that it keeps the spread of its aim."""

from __future__ import annotations

import numpy as np
import pytest

from training.languages.learn import QUESTIONS, put, ridge, spread_like


def test_a_regression_finds_the_map_that_made_its_aim() -> None:
    """With nearly no weight on small numbers."""
    drawn = np.random.default_rng(0)
    asked, planted = drawn.normal(size=(200, 6)), drawn.normal(size=(6, 4))
    np.testing.assert_allclose(ridge(asked, asked @ planted, 1e-9), planted, atol=1e-8)


def test_what_was_drawn_to_the_middle_is_spread_again() -> None:
    """The covariance is that of the aim; what has it already does not move."""
    drawn = np.random.default_rng(0)
    aim = drawn.normal(size=(500, 4)) @ drawn.normal(size=(4, 4))
    aim -= aim.mean(0)
    drawn_in = aim @ np.diag([0.9, 0.5, 0.2, 0.1])
    spread = drawn_in @ spread_like(drawn_in, aim)
    np.testing.assert_allclose(spread.T @ spread, aim.T @ aim, rtol=1e-6)
    np.testing.assert_allclose(spread_like(aim, aim), np.eye(4), atol=1e-9)


@pytest.mark.parametrize(
    ("frame", "name", "text"),
    [
        ("show me THE", "owl", "show me the owl"),
        ("is there A in it?", "owl", "is there an owl in it?"),
        ("have you heard A?", "dog", "have you heard a dog?"),
        ("what does A sound like?", "AND gate", "what does an AND gate sound like?"),
    ],
)
def test_a_name_is_put_into_a_question(frame: str, name: str, text: str) -> None:
    """With its article; letters of the name itself stay."""
    assert put(frame, name) == text


def test_every_question_asks_for_its_name_once() -> None:
    """Whatever the frame."""
    assert all(put(frame, "owl").count("owl") == 1 for frame in QUESTIONS)
