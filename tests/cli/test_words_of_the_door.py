"""What a refusal advises is typed as it is written: options and commands, no calls of Python."""

from __future__ import annotations

import re
import shlex

import pytest
from tests.support.command_line import run, run_json

PYTHON = re.compile(r"\w+\(|\b\w+=|\bTrue\b|timedelta|TOML|\[\[")
REFUSED: dict[str, list[str]] = {
    "an unknown place": ["timeline", "--near", "moon"],
    "an unknown place with a blank": ["timeline", "--near", "my moon within 1 km"],
    "an unknown origin": ["timeline", "--origin", "robot"],
    "an unknown origin of a memory": ["remember", "--text", "a", "--origin", "robot"],
    "a share of nothing": ["share", "ben"],
    "a share with nobody": ["share", "", "--everything"],
    "an end of nothing": ["unshare"],
    "a digest of an age that is none": ["digest", "--older-than", "banana"],
    "a digest of a size that is none": ["digest", "--most-bytes", "2"],
    "a digest that keeps nothing": ["digest", "--keep", "0"],
    "a digest of what persons said": ["digest", "--origin", "person"],
    "a length that is none": ["around", "2026-05-01T12:00", "--within", "soon"],
    "rights that are none": ["token", "add", "--owner", "ana", "--rights", "read,fly"],
}


@pytest.fixture(autouse=True)
def kept() -> None:
    run("remember", "--text", "a dog")


@pytest.mark.parametrize("typed", REFUSED.values(), ids=REFUSED)
def test_a_remedy_is_in_words_of_the_command_line(typed: list[str]) -> None:
    """Whatever is refused."""
    result = run(*typed, code=2 if typed[0] in {"remember", "token"} else 1)
    assert not PYTHON.findall(result.stderr), result.stderr


def test_remedies_work_as_they_are_typed() -> None:
    """Each is copied from the message; then what was refused is done."""
    refused = run("timeline", "--near", "my moon", code=1).stderr
    run(*shlex.split(refused.split("give it first: sensorium ")[1]))
    assert run_json("timeline", "--near", "my moon")["records"] == []
    refused = run("digest", "--older-than", "banana", code=1).stderr
    run("digest", "--dry-run", *shlex.split(refused.split("; write ")[1]))
    run("share", "ben", "--tag", "family")
    refused = run("unshare", code=1).stderr
    command = refused.split("; write sensorium ")[1].split(";")[0]
    assert run_json(*shlex.split(command)) == {"ended": 1}
