"""What is doubtful of a file that was remembered is told after the counts."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
from tests.support.command_line import BARK, run, run_json

RATE = 16_000  # Hz


def quiet(path: Path, seed: int) -> Path:
    """A second of noise of one or two steps of 16 bits."""
    noise = np.random.default_rng(seed).integers(-2, 3, RATE).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(noise.tobytes())
    return path


def test_a_quiet_recording_is_said_to_be_quiet(tmp_path: Path) -> None:
    """By name, with its level; one that can be heard is not."""
    path = quiet(tmp_path / "hush.wav", 0)
    lines = run("remember", path, BARK).stdout.splitlines()
    assert "hush.wav: very quiet, -84 dBFS at most" in lines
    assert not any(BARK.name in line for line in lines)
    assert run_json("remember", path)["notes"] == []  # it is known, and not decoded again


def test_few_notes_are_listed_and_the_others_counted(tmp_path: Path) -> None:
    """`--json` has all of them."""
    made = tmp_path / "made"
    made.mkdir()
    for seed in range(7):
        quiet(made / f"{seed}.wav", seed)
    text = run("remember", made, "--no-media", "--at", "2020-01-01").stdout
    assert text.count("very quiet") == 5
    assert "and 2 more files with such notes: see --json" in text
    done = run_json("remember", made, "--at", "2020-01-02")
    assert len(done["notes"]) == 7
    assert done["notes"][0]["notes"] == ["very quiet, -84 dBFS at most"]


def test_a_stream_without_a_length_is_whole(tmp_path: Path) -> None:
    """Servers cannot know it: it stands in the reading, and is nothing to be told of."""
    whole = quiet(tmp_path / "whole.wav", 1).read_bytes()
    loud = (np.frombuffer(whole[44:], "<i2") * 999).tobytes()
    content = whole[:40] + (2_000_000_000).to_bytes(4, "little") + loud
    (tmp_path / "stream.wav").write_bytes(content)
    done = run_json("remember", tmp_path / "stream.wav")
    assert done["notes"] == []
    assert "left open" in done["records"][0]["reading"]["length"]
