"""`sensorium remember`: files and words become memories, and failures are listed."""

from __future__ import annotations

import re
import shutil
import signal
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from tests.support.command_line import BARK, DOG, MEDIA, MUG, run, run_json, texts
from tests.support.films import BOAT

from sensorium.memory import Memory
from sensorium.mini import MiniEncoder


def test_words_go_in_and_come_out() -> None:
    """Words alone, words from stdin, and the same again, which is known."""
    assert run("remember", "--text", "buy milk", "--tag", "todo").stdout.startswith("new: ")
    run("remember", "-", stdin="the old clock must be repaired\n")
    assert run_json("remember", "--text", "buy milk")["known"] == 1
    assert texts() == ["buy milk", "the old clock must be repaired\n"]
    first, *_ = run_json("recall", "something to drink")["hits"]
    assert first["record"]["text"] == "buy milk"
    assert first["record"]["tags"] == ["todo"]


@pytest.mark.slow
def test_a_folder_is_walked(tmp_path: Path) -> None:
    """Files of known kinds are remembered, others and hidden files are skipped."""
    folder = tmp_path / "folder" / "inner"
    folder.mkdir(parents=True)
    for path in (DOG, BARK):
        shutil.copy(path, folder)
    (folder / "note.md").write_text("with Rex", encoding="utf-8")
    (folder / "data.xyz").write_text("?")
    (folder / ".hidden.txt").write_text("?")
    done = run_json("remember", tmp_path / "folder", "--source", "phone")
    assert (done["new"], done["replaced"], done["known"], done["failures"]) == (3, 0, 0, [])
    assert {(Path(each["file"]).name, each["why"]) for each in done["skipped"]} == {
        ("data.xyz", "unknown kind"),
        (".hidden.txt", "hidden"),
    }
    again = run("remember", tmp_path / "folder")
    assert again.stdout.splitlines() == [
        "3 known: 1 text, 1 image, 1 audio; left as they were",
        "5 files:",
        "  3 known already",
        "  1 hidden (.hidden.txt)",
        "  1 .xyz: unknown kind (data.xyz)",
    ]
    records = run_json("timeline", "--source", "phone")["records"]
    assert sorted(record["modalities"][0] for record in records) == ["audio", "image", "text"]


def test_failures_are_listed_and_the_rest_is_kept(tmp_path: Path) -> None:
    """Missing, unknown, empty, damaged and truncated files get one line each, and exit code 1."""
    bad = {
        "empty.jpg": b"",
        "half.jpg": DOG.read_bytes()[:3000],  # whose header is whole
        "cut.png": MUG.read_bytes()[:40],
        "no.kind": b"?",
        "x.txt": b"se\xf1or",
    }
    for name, content in bad.items():
        (tmp_path / name).write_bytes(content)
    files = [tmp_path / name for name in [*bad, "absent.wav"]]
    result = run("remember", *files[:2], DOG, *files[2:], code=1)
    last = "6 failed: 4 MediaDecodeError, 1 EmptyPerceptError, 1 SourceNotFoundError"
    dated = "1 dated by the file's modification time"
    assert re.fullmatch(f"new: .*\n{dated}\n{last}\n", result.stdout)
    lines = result.stderr.splitlines()
    assert sorted(line.split(": ")[0] for line in lines) == sorted(map(str, files))
    again = run_json("remember", DOG, *files, code=1)
    assert sum(again["failed"].values()) == len(files)
    assert again["known"] == 1
    assert {each["file"] for each in again["failures"]} == set(map(str, files))
    assert all(each["error"]["remedy"] for each in again["failures"])
    [kept] = again["records"]
    assert (kept["file"], kept["status"]) == (str(DOG), "known")


def test_depth_and_heat_are_never_guessed() -> None:
    """A 16-bit picture is rejected until --as says what it is, and options its units."""
    refused = run("remember", MUG, code=1).stderr
    assert "--as depth --unit mm --fx" in refused
    assert "--unit mm --fx" in run("remember", MUG, "--as", "depth", code=1).stderr
    without_lens = run("remember", MUG, "--as", "depth", "--unit", "mm", code=1).stderr
    assert "focal length" in without_lens
    assert "assume-60deg" in without_lens
    assert "--unit" in run("remember", MEDIA / "thermal_dog.jpg", "--as", "thermal", code=1).stderr
    assert "--accel" in run("remember", MEDIA / "imu_walking.npz", code=1).stderr
    run("remember", MUG, "--as", "depth", "--unit", "mm", "--fx", "assume-60deg")
    [record] = run_json("timeline")["records"]
    assert record["modalities"] == ["depth"]
    assert record["media"][0]["units"]["fx"] == "assume-60deg"
    assert run("remember", MUG, "--as", "smell", code=2).stdout == ""


def test_files_can_be_one_memory() -> None:
    """--together makes one record of a photo, its sound and words, at the stated time."""
    about = ["--text", "with Rex", "--at", "2026-03-01T10:00:00+01:00", "--meta", "room=garden"]
    run("remember", DOG, BARK, "--together", *about, "--meta", "n=3", "--meta", "done=true")
    [record] = run_json("timeline", "--where", "n=3", "--where", "done=true")["records"]
    assert record["modalities"] == ["audio", "image", "text"]
    assert record["at"] == "2026-03-01T09:00:00+00:00"
    assert record["metadata"] == {"room": "garden", "n": 3, "done": True}
    assert run_json("timeline", "--where", "n=4")["records"] == []
    assert len(run_json("timeline", "--where", "n=4", "--where", "n=3")["records"]) == 1


def test_signals_need_not_be_kept(home: Path) -> None:
    """--no-media keeps vectors alone."""
    run("remember", DOG, "--no-media")
    assert [path for path in (home / "media").rglob("*.jpg") if path.is_file()] == []
    assert run_json("recall", "a dog")["hits"][0]["file"] is None


def test_files_are_known_by_their_records() -> None:
    """The answer has one entry for each file, with its id and status; together they have one id."""
    first, second = run_json("remember", DOG, BARK)["records"]
    assert [first["file"], second["file"]] == [str(DOG), str(BARK)]
    assert {record["id"] for record in run_json("timeline")["records"]} == {
        first["id"],
        second["id"],
    }
    again = run_json("remember", BARK, DOG)["records"]
    assert [each["id"] for each in again] == [second["id"], first["id"]]
    one, two = run_json("remember", DOG, BARK, "--together")["records"]
    assert one["id"] == two["id"]
    assert run_json("remember", DOG, BARK, "--together")["known"] == 1


def test_a_file_and_its_copy_are_one_new_record(tmp_path: Path) -> None:
    """The same content twice in a run is new once, and counted so."""
    copy = shutil.copy(DOG, tmp_path / "copy.jpg")
    done = run_json("remember", DOG, copy)
    assert (done["new"], done["known"]) == (1, 0)
    assert len({record["id"] for record in done["records"]}) == 1


def test_known_records_keep_their_tags() -> None:
    """A known record does not get new tags or metadata; the message says how to update it."""
    run("remember", DOG)
    assert "see: sensorium update" in run("remember", DOG, "--tag", "pet").stdout
    assert "sensorium update" not in run("remember", DOG).stdout
    assert run_json("timeline")["records"][0]["tags"] == []
    run("remember", "--text", "buy milk")
    assert "see: sensorium update" in run("remember", "--text", "buy milk", "--meta", "n=1").stdout


def test_a_name_and_a_time_to_live_can_be_given() -> None:
    """A record of one's own id is replaced; --ttl says when it goes."""
    run("remember", "--text", "in the kitchen", "--id", "keys")
    assert run_json("remember", "--text", "in the car", "--id", "keys", "--ttl", "30d")["replaced"]
    [record] = run_json("timeline")["records"]
    assert (record["id"], record["text"]) == ("keys", "in the car")
    left = datetime.fromisoformat(record["expires_at"]) - datetime.now(timezone.utc)
    assert timedelta(days=29) < left < timedelta(days=31)
    run("remember", DOG, BARK, "--id", "keys", code=2)


def test_stopping_says_how_to_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C names how much is kept, in JSON too, and ends with its own code."""

    def stopped(self: Memory, moments: Any, *, progress: Any, **_: Any) -> None:
        progress(1, None)
        raise KeyboardInterrupt

    monkeypatch.setattr(Memory, "remember_many", stopped)
    assert "1 of 2 files are done" in run("remember", DOG, BARK, code=130).stderr
    error = run_json("remember", DOG, BARK, code=130)["error"]
    assert error["type"] == "Interrupted"
    assert "same command again" in error["remedy"]


@pytest.mark.parametrize(
    ("files", "passes", "kept"),
    [(20, 2, "16 of 20 files are done and kept"), (1, 1, "0 memories are kept")],
)
def test_ctrl_c_stops_between_two_batches_of_windows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: int, passes: int, kept: str
) -> None:
    """The signal is heeded at the next pass of a tower; one line says what is kept."""
    notes = tmp_path / "notes"
    notes.mkdir()
    for number in range(files):
        (notes / f"{number:02}.txt").write_text(f"{number} " + "words " * 60_000 * (files == 1))
    forward, count = MiniEncoder.forward, 0

    def interrupted(self: MiniEncoder, *inputs: Any) -> Any:
        nonlocal count
        count += 1
        if count == passes:
            signal.raise_signal(signal.SIGINT)
        return forward(self, *inputs)

    before = signal.getsignal(signal.SIGINT)
    with monkeypatch.context() as patch:
        patch.setattr(MiniEncoder, "forward", interrupted)
        said = run("remember", notes, code=130).stderr
    assert said.count("\n") == 1
    assert kept in said
    assert count == passes
    assert signal.getsignal(signal.SIGINT) is before
    assert len(texts()) == 16 * (files == 20)


def test_a_second_ctrl_c_does_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where something does not heed the first one, the second ends it at once."""

    def deaf(self: MiniEncoder, *inputs: Any) -> Any:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        pytest.fail("it went on")

    monkeypatch.setattr(MiniEncoder, "forward", deaf)
    assert "0 of 1 files" in run("remember", DOG, code=130).stderr


def test_words_given_as_a_file_are_recognised() -> None:
    """The remedy is the command for words, also for more than a name can be long."""
    for words in ("some words", "some words " * 100):
        refused = run("remember", words, code=1).stderr
        assert "SourceNotFoundError" in refused
        assert "--text" in refused


def test_the_encoding_of_a_text_is_asked_for_and_said(tmp_path: Path) -> None:
    """A text that does not tell its encoding is refused with the option that reads it."""
    path = tmp_path / "old.txt"
    path.write_bytes("señor".encode("cp1252"))
    assert "--encoding cp1252" in run("remember", path, code=1).stderr
    done = run_json("remember", path, "--encoding", "cp1252")
    assert run_json("show", done["records"][0]["id"])["text"] == "señor"


def test_a_live_photo_is_one_record(tmp_path: Path) -> None:
    """Photo, film and sound: the film is listed as a file beside the photo, and imported once."""
    (tmp_path / "trip").mkdir()
    shutil.copy(DOG, tmp_path / "trip" / "IMG_1.JPG")
    (tmp_path / "trip" / "IMG_1.MOV").write_bytes(BOAT)
    done = run_json("remember", tmp_path / "trip")
    assert (done["new"], done["skipped"], done["failures"]) == (1, [], [])
    [beside] = done["side_files"]
    assert Path(beside["file"]).name == "IMG_1.MOV"
    assert Path(beside["of"]).name == "IMG_1.JPG"
    [record] = run_json("timeline")["records"]
    assert record["modalities"] == ["audio", "image", "video"]
    assert run_json("remember", tmp_path / "trip")["known"] == 1


def test_subtitles_beside_a_video_are_its_words(tmp_path: Path) -> None:
    """They are listed beside it, and what is said in them finds the video."""
    (tmp_path / "trip").mkdir()
    (tmp_path / "trip" / "film.mp4").write_bytes(BOAT)
    (tmp_path / "trip" / "film.en.srt").write_text(
        "1\n00:00:01,000 --> 00:00:02,000\nThe ferry to the island leaves at nine.\n"
    )
    done = run_json("remember", tmp_path / "trip")
    assert (done["new"], done["skipped"]) == (1, [])
    assert [Path(each["of"]).name for each in done["side_files"]] == ["film.mp4"]
    [hit] = run_json("recall", "when does the ferry leave?")["hits"]
    assert (hit["finding"]["origin"], hit["span"]) == ("subtitle", [1.0, 2.0])
