"""The LlamaIndex example runs without network, and prints what it promises."""

from __future__ import annotations

import re
import runpy

import pytest
from tests.support.golden_files import ROOT


def test_the_example_finds_what_it_asks_for(capsys: pytest.CaptureFixture[str]) -> None:
    """By words and pictures, in every sense, and in a chat of one session alone."""
    runpy.run_path(str(ROOT / "examples" / "llama_index_retrieval.py"), run_name="__main__")
    printed = capsys.readouterr().out
    assert printed.startswith("5 notes, 12 photos\n")
    answers = dict(re.findall(r"^(\S.*)\n((?:  .*\n)+)", printed, re.MULTILINE))
    assert "TextNode" in answers["notes about a big cat"]
    photos = answers["photos of a big cat"]
    assert "photo_wild_cat.jpg" in photos.splitlines()[0]
    assert "TextNode" not in photos
    for answer in answers.values():  # best first: nothing looks like a wrong ranking
        scores = [float(score) for score in re.findall(r"^  +(\d\.\d\d)  ", answer, re.MULTILINE)]
        assert scores == sorted(scores, reverse=True)
    assert "photo_wild_cat.jpg" in answers["what looks like the leopard"]
    kinds = re.findall(
        r"(TextNode|ImageNode|Node) ", answers["in every sense: an old clock ticking"]
    )
    assert sorted(kinds) == ["ImageNode", "Node", "TextNode"]
    assert "sound_dog_bark" in answers["what the dog's photo sounds like"]
    shown = answers["Did I ever show you a big cat? A model is shown:"].splitlines()
    assert "user said] This is what I saw" in shown[0]
    assert shown[0].endswith("+ ImageBlock")
    assert printed.endswith("Another session recalls 0 messages.\n")


def test_a_desk_keeps_its_users_apart(capsys: pytest.CaptureFixture[str]) -> None:
    """It recalls words, a picture and a sound, corrects one and forgets two."""
    runpy.run_path(str(ROOT / "examples" / "llama_index_support.py"), run_name="__main__")
    told = capsys.readouterr().out.splitlines()
    assert told[0].startswith("ada: the parcel goes to 5 Elm Street")
    assert "a picture, photo_dog.jpg" in told[1]
    assert "a sound, sound_sea_waves.ogg" in told[2]
    assert told[3].startswith("bob: the parcel goes to 5 Oak Road")
    assert told[4].startswith("corrected: the parcel goes to 7 Elm Street")
    assert told[5] == "left of ada: ['the parcel goes to 7 Elm Street']"
    assert told[6] == "left of bob: ['the parcel goes to 5 Oak Road']"
