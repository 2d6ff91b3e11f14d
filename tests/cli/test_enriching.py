"""`--read`, `--listen` and `sensorium enrich`: what they find, and what they say."""

from __future__ import annotations

from pathlib import Path

import PIL.Image
import PIL.ImageDraw
import PIL.ImageFont
import pytest
from tests.support.command_line import DOG, run, run_json

pytest.importorskip("rapidocr")


def written(words: str, path: Path) -> Path:
    picture = PIL.Image.new("RGB", (480, 200), "white")
    font = PIL.ImageFont.load_default(40)
    PIL.ImageDraw.Draw(picture).text((30, 70), words, fill="black", font=font)
    picture.save(path)
    return path


@pytest.mark.slow
def test_words_are_found_while_and_after_files_are_remembered(tmp_path: Path) -> None:
    """`remember --read` finds words at once, `enrich --read` those of older memories, each once."""
    first = written("Harbour gate", tmp_path / "gate.png")
    second = written("Platform nine", tmp_path / "train.png")
    run("remember", first, "--read", "--tag", "gate")
    run("remember", second, DOG)
    [hit] = run_json("recall", "where is the harbour?", "--limit", "1")["hits"]
    assert hit["finding"]["text"] == "Harbour gate"
    assert run("enrich", "--read").stdout.strip() == "1 found in 2 memories"
    assert run("enrich", "--read", "--again", "--tag", "gate").stdout == "1 found in 1 memory\n"
    again = run_json("enrich", "--read")
    assert again == {"records": 0, "found": 0, "not_kept": 0, "failures": []}
    [late] = run_json("recall", "--keywords", "platform")["hits"]
    assert [each["text"] for each in late["record"]["findings"]] == ["Platform nine"]
    shown = run("show", late["record"]["id"]).stdout
    assert "read      Platform nine" in shown
    assert "“Harbour gate” gate.png" in run("recall", "harbour gate").stdout


def test_nothing_to_look_for_is_an_error(tmp_path: Path) -> None:
    """`enrich` without `--read` or `--listen` names both."""
    run("remember", DOG)
    assert "--read, --listen" in run("enrich", code=2).stderr
