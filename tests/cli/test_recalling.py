"""`sensorium recall`: questions of words, files and several of them."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import re
from pathlib import Path

import pytest
from tests.support.command_line import BARK, DOG, MEDIA, run, run_json
from tests.support.planted import PlantedEncoder

from sensorium.cli.answering import print_hits
from sensorium.cli.ids import short_id
from sensorium.memory import Memory


@pytest.mark.slow
def test_a_question_of_several_modalities() -> None:
    """Files and words are added up; a table fits 80 columns; weights belong to the parts."""
    run("remember", DOG, BARK, MEDIA / "photo_piano.jpg")
    [hit] = run_json("recall", "--audio", BARK, "--modality", "image", "--limit", "1")["hits"]
    assert hit["record"]["media"][0]["uri"].endswith("photo_dog.jpg")
    parts: list[str | Path] = ["a piano", "--image", DOG, "--modality", "image"]
    [first, _] = run_json("recall", *parts, "--weights", "1,-1")["hits"]
    assert first["record"]["media"][0]["uri"].endswith("photo_piano.jpg")
    table = run("recall", "a dog barking").stdout
    assert max(map(len, table.splitlines())) <= 80
    assert re.search(r"^1 +0\.\d\d .*audio +0:0\d\.\d-0:0\d\.\d .*sound_dog_bar", table, re.M)
    assert (
        "one finite number for each part" in run("recall", "x", "--weights", "1,2", code=1).stderr
    )


def test_nothing_is_an_answer() -> None:
    """A question without a fitting memory finds nothing, in text and in JSON, without an error."""
    run("remember", "--text", "buy milk")
    unlikely = ["recall", "the orbit of Jupiter", "--min-confidence", "0.9"]
    assert run(*unlikely).stdout == "nothing found\n"
    assert run_json(*unlikely) == {"hits": [], "times": None, "notes": []}


@pytest.mark.slow
def test_a_line_parts_what_is_related_from_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Above it the certainty is said in words, below it are few; in a pipe nothing is drawn."""
    monkeypatch.setenv("TERM", "xterm-kitty")
    sounds = sorted(MEDIA.glob("sound_*"))[:8]
    run("remember", DOG, *sounds, *sorted(MEDIA.glob("photo_[a-e]*")))
    asked = run("recall", "a photo of a dog", "--limit", "9", "--picture")
    assert "\x1b" not in asked.stdout
    assert asked.stderr == "no picture: the output is no terminal that is known to show one\n"
    head, *lines = asked.stdout.splitlines()
    assert head.split() == ["#", "conf", "modality", "span", "when", "what", "id"]
    [line] = [place for place, each in enumerate(lines) if each.startswith("── probably unrelated")]
    assert all(
        re.match(r"\d  (1.00|0.[7-9]\d) sure|\d  0.[2-6]\d uncertain", each)
        for each in lines[:line]
    )
    assert "_dog" in lines[0]
    assert all(re.match(r"\d  0.[01]\d  ", each) for each in lines[line + 1 : -1])
    assert len(lines[line + 1 : -1]) == 3
    assert lines[-1] == f"and {9 - line - 3} more, probably unrelated: --all lists them"
    every = run("recall", "a photo of a dog", "--limit", "9", "--all").stdout.splitlines()
    assert len(every) == 1 + 9 + 1
    nothing = run("recall", "quarterly tax report").stdout.splitlines()
    assert nothing[0] == "Nothing here is probably related; the nearest:"
    assert len(nothing) == 1 + 1 + 3 + 1
    named = run("recall", "--keywords", "nothing").stdout
    assert "probably" not in named


@pytest.mark.parametrize("width", [30, 40, 60, 80, 120])
def test_a_table_of_hits_fits_its_terminal(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each hit has one line, which names it however narrow the terminal is."""
    with Memory.open(":memory:", owner="me", encoder=PlantedEncoder()) as memory:
        memory.remember(text="photo of a dog")
        hit = dataclasses.replace(memory.recall("a dog")[0], confidence=0.6)
    monkeypatch.setenv("COLUMNS", str(width))
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        print_hits([hit, dataclasses.replace(hit, confidence=0.1)], keywords=False, every=False)
    lines = printed.getvalue().splitlines()
    assert len(lines) == 4
    assert max(map(len, lines)) <= width
    assert "uncertain" in lines[1]
    assert "photo" in lines[1]


@pytest.mark.slow
def test_times_in_words_are_read_and_said() -> None:
    """Unless an option says the time, or that they are words like others."""
    run("remember", "--text", "milk of long ago", "--at", "2001-01-01")
    run("remember", "--text", "fresh milk", "--at", "2024-05-03T12:00:00")
    asked = run("recall", "milk in May 2024")
    assert "fresh milk" in asked.stdout
    assert "long ago" not in asked.stdout
    assert asked.stderr == "read in May 2024: since 2024-05-01 00:00, before 2024-06-01 00:00\n"
    told = run_json("recall", "milk in May 2024")
    assert [hit["record"]["text"] for hit in told["hits"]] == ["fresh milk"]
    assert told["times"]["words"] == "in May 2024"
    assert run("recall", "milk last century 1999-01-01").stdout == (
        "nothing found; for all times, add --no-read-times\n"
    )
    for options in (["--no-read-times"], ["--since", "2000-01-01"]):
        found = run_json("recall", "milk in May 2024", *options)
        assert (len(found["hits"]), found["times"]) == (2, None)


@pytest.mark.slow
def test_filters_reach_recall() -> None:
    """Time, tags, sources, keywords and likeness restrict what is found."""
    run("remember", "--text", "milk of long ago", "--at", "2001-01-01")
    run("remember", "--text", "fresh milk", "--tag", "todo", "--source", "shop")
    for wanted in (["--since", "7d"], ["--tag", "todo"], ["--source", "shop"]):
        [hit] = run_json("recall", "milk", *wanted)["hits"]
        assert hit["record"]["text"] == "fresh milk"
    [old] = run_json("recall", "--keywords", "long ago")["hits"]
    assert old["record"]["text"] == "milk of long ago"
    [other] = run_json("recall", "--like", short_id(old["record"]["id"]))["hits"]
    assert other["record"]["text"] == "fresh milk"
    assert run_json("recall", "milk", "--half-life", "1d")["hits"][0]["record"] == other["record"]
