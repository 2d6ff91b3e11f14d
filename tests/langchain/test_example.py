"""The example answers with what was recalled, in words and by sound."""

from __future__ import annotations

import re
import runpy

import pytest
from tests.support.golden_files import ROOT


def test_a_chain_answers_in_words_and_by_sound(capsys: pytest.CaptureFixture[str]) -> None:
    """Each question is answered by the memory that fits, a sound by a picture, nonsense by none."""
    runpy.run_path(str(ROOT / "examples" / "langchain_rag.py"), run_name="__main__")
    printed = capsys.readouterr().out
    for question, answer in {
        r"the postman afraid of\?": r'I remember a note, .*: "my dog likes to bark',
        r"a pizza for dinner\?": r"I remember photo_pizza",
        r"rain on the roof\?": r"I remember \d+ to \d+ s of sound_rain",
        r"someone out for a run\?": r"I remember \d+ to \d+ s of imu_jogging",
        r"the tax report\?": r"I remember nothing of the kind\.",
        r"sound_dog_bark look like\?": r"photo_dog",
        r"sound_sea_waves look like\?": r"photo_sailboat",
        r"sound_helicopter look like\?": r"photo_helicopter",
    }.items():
        assert re.search(rf"{question}\n  {answer}", printed), question
    assert "a model that takes pictures: [('image', 'image/jpeg')]" in printed


def test_a_desk_keeps_its_users_apart(capsys: pytest.CaptureFixture[str]) -> None:
    """It recalls words, a picture and a sound, corrects one and forgets two."""
    runpy.run_path(str(ROOT / "examples" / "langchain_support.py"), run_name="__main__")
    printed = capsys.readouterr().out
    assert re.search(r"ada: .*\n.*the parcel goes to 5 Elm Street", printed)
    assert re.search(r"bob: .*\n.*the parcel goes to 9 Oak Road", printed)
    assert "ada: image photo_dog.jpg\nada: audio sound_sea_waves.ogg\n" in printed
    assert "corrected: the parcel goes to 7 Elm Street" in printed
    assert "left: ['address'] and of bob: ['address']" in printed


def test_a_graph_of_tools_serves_two_users(capsys: pytest.CaptureFixture[str]) -> None:
    """Pictures, voice notes and files are kept, found by sound, corrected and forgotten."""
    runpy.run_path(str(ROOT / "examples" / "langgraph_support.py"), run_name="__main__")
    printed = capsys.readouterr().out
    for question, answer in {
        "ada: remember my dog Rex": "remembered: image, text\nwith what the user sent: a picture\n",
        "ada: remember order": "remembered: text\nwith what the user sent: a text\n",
        "bob: remember a note": "remembered: audio, text\nwith what the user sent: a sound of ",
        "ada: update my dog is called Max": "updated: image, text\nchanged: text\n"
        'lost: the text "my dog Rex"\nkept: a picture\n',
        "bob: forget that": "forgot 1 memory\n",
    }.items():
        assert f"{question}\n  {answer}" in printed
    found, of_bob = re.findall(r": recall.*\n((?:.*\n)*?)(?=  shown|bob: forget)", printed)
    assert "my dog Rex" in found
    assert "dog" not in of_bob
    assert "shown: ['text', 'image']" in printed
    assert "left: [2, 0, 0]" in printed
