"""What errors advise, as options of the command line."""

from __future__ import annotations

import shlex

import pytest

from sensorium.cli.advice import in_options, options_of
from sensorium.errors import Phrase

WAYS = {
    "names and numbers": ({"unit": "mm", "fx": 525.0}, ["--unit", "mm", "--fx", "525"]),
    "a flag": ({"trust": True}, ["--trust"]),
    "a modality and its units": (
        {"modality": "depth", "units": {"unit": "1/5000"}},
        ["--as", "depth", "--unit", "1/5000"],
    ),
    "a shape": ({"shape": (48, 64), "dtype": ">u2"}, ["--shape", "48x64", "--dtype", ">u2"]),
    "several numbers": ({"invalid": [-1, 65_535.0]}, ["--invalid", "-1,65535"]),
    "columns": (
        {"columns": {"accel": ["a x", "b", 3], "time": "t"}, "time_unit": "ms"},
        ["--column", "accel=a x,b,3", "--time-column", "t", "--time-unit", "ms"],
    ),
    "another file": ({"source": ["a.csv", "the gyro.csv"]}, ["--with", "the gyro.csv"]),
    "a topic": ({"topics": {"/imu": {"accel": "g"}}}, ["--topic", "/imu accel=g"]),
    "what is left out": ({"rate": None}, ["no", "--rate"]),
}


@pytest.mark.parametrize(("way", "options"), WAYS.values(), ids=WAYS)
def test_arguments_are_options(way: dict[str, object], options: list[str]) -> None:
    """A shell parts what is written into the options and their values."""
    assert shlex.split(options_of(way)) == options


def test_a_phrase_is_written_in_options_and_words_are_too() -> None:
    """Places of a phrase become options; of a plain text, the keywords that are options."""
    phrase = Phrase("pass {0}, or {1}; {2}", {"accel": "m/s^2"}, {"trust": True})
    assert in_options(phrase) == "pass --accel 'm/s^2', or --trust; {2}"
    assert in_options('pass bits="swapped"') == 'pass --bits "swapped"'
