"""The command line of a memory: what goes in comes out, and what goes wrong is said."""

from __future__ import annotations

import csv
import os
import pty
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.support.command_line import run, run_json

from sensorium.cli import app
from sensorium.cli.files import Units, read
from sensorium.cli.ids import full, short
from sensorium.encoders import load_encoder
from sensorium.errors import QueryError, RecordNotFoundError, UnitError
from sensorium.memory import Memory
from sensorium.memory import opened as memory_module
from sensorium.samples import FOLDER as MEDIA

DOG, BARK, MUG = (MEDIA / name for name in ("photo_dog.jpg", "sound_dog_bark.ogg", "depth_mug.png"))
READING = ["recall x", "timeline", "stats", "forget --everything", "sweep", "compact", "export out"]


kept_encoder = cache(load_encoder)


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty place that every command works on; 80 columns wide."""
    for name in ("SENSORIUM_OWNER", "SENSORIUM_ENCODER", "SENSORIUM_MEDIA", "QDRANT_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SENSORIUM_MEMORY", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(memory_module, "load_encoder", kept_encoder)  # its towers stay open
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home"


def texts() -> list[str]:
    """What is remembered, oldest first."""
    return [each["text"] for each in run_json("timeline", "--oldest-first")["records"]]


def remembered(*arguments: str | Path) -> str:
    """Remember one thing and give its id."""
    [record] = run_json("remember", *arguments)["records"]
    return str(record["id"])


# Remember


def test_words_go_in_and_come_out() -> None:
    """Words alone, words from stdin, and the same again, which is known."""
    assert run("remember", "--text", "buy milk", "--tag", "todo").stdout.startswith("new: ")
    run("remember", "-", stdin="the old clock must be repaired\n")
    assert run_json("remember", "--text", "buy milk")["known"] == 1
    assert texts() == ["buy milk", "the old clock must be repaired\n"]
    first, *_ = run_json("recall", "something to drink")["hits"]
    assert first["record"]["text"] == "buy milk"
    assert first["record"]["tags"] == ["todo"]


def test_a_folder_is_walked(tmp_path: Path) -> None:
    """Known kinds are remembered by what they are, others and hidden files are passed over."""
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
    assert again.stdout == "3 known: 1 text, 1 image, 1 audio; left as they were\n"
    assert "data.xyz: skipped, unknown kind" in again.stderr
    records = run_json("timeline", "--source", "phone")["records"]
    assert sorted(record["modalities"][0] for record in records) == ["audio", "image", "text"]


def test_what_fails_is_listed_and_the_rest_is_kept(tmp_path: Path) -> None:
    """Missing, nameless, empty, damaged and truncated files: one line each, exit code 1."""
    bad = {
        "empty.jpg": b"",
        "half.jpg": DOG.read_bytes()[:3000],  # whose header is whole
        "cut.png": MUG.read_bytes()[:40],
        "no.kind": b"?",
        "x.txt": b"\xff\xfe",
    }
    for name, content in bad.items():
        (tmp_path / name).write_bytes(content)
    files = [tmp_path / name for name in [*bad, "absent.wav"]]
    result = run("remember", *files[:2], DOG, *files[2:], code=1)
    assert re.fullmatch(f"new: .*\n{len(files)} failed\n", result.stdout)
    lines = result.stderr.splitlines()
    assert sorted(line.split(": ")[0] for line in lines) == sorted(map(str, files))
    again = run_json("remember", DOG, *files, code=1)
    assert again["known"] == 1
    assert {each["file"] for each in again["failures"]} == set(map(str, files))
    assert all(each["error"]["remedy"] for each in again["failures"])
    [kept] = again["records"]
    assert (kept["file"], kept["status"]) == (str(DOG), "known")


def test_depth_and_heat_are_never_guessed() -> None:
    """A 16-bit picture is refused until it is said what it means, and in which unit."""
    refused = run("remember", MUG, code=1).stderr
    assert "--as depth --unit mm --fx" in refused
    assert "--unit mm --fx" in run("remember", MUG, "--as", "depth", code=1).stderr
    assert "--unit" in run("remember", MEDIA / "thermal_dog.jpg", "--as", "thermal", code=1).stderr
    assert "--accel" in run("remember", MEDIA / "imu_walking.npz", code=1).stderr
    run("remember", MUG, "--as", "depth", "--unit", "mm", "--fx", "assume-60deg")
    [record] = run_json("timeline")["records"]
    assert record["modalities"] == ["depth"]
    assert record["media"][0]["units"]["fx"] == "assume-60deg"
    assert run("remember", MUG, "--as", "smell", code=2).stdout == ""


def test_units_reach_the_percept(tmp_path: Path) -> None:
    """Numbers are numbers, and only what a sense knows is passed on."""
    path = tmp_path / "walk.csv"
    with path.open("w", newline="") as file:
        rows = [["ax", "ay", "az", "gx", "gy", "gz"], *[[0, 0, 1, 0, 0, 0]] * 100]
        csv.writer(file).writerows(rows)
    given = Units(accel="g", gyro="deg/s", rate=50, unit="mm", fx="525")
    assert read(path, given).duration == pytest.approx(2, abs=0.05)
    assert read(MUG, given, modality="depth").units["fx"] == 525.0
    with pytest.raises(UnitError, match="--gyro"):
        read(path, Units(accel="g"))


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
    """One entry a file, with its id and what became of it; together they have one id."""
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


def test_what_known_records_do_not_get_is_said() -> None:
    """Tags and metadata of what is there already are left; the message names the way."""
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


# Show, save, update


def test_a_record_is_shown_and_its_signal_saved(tmp_path: Path) -> None:
    """All fields, where its file lies, and a copy of it, byte for byte; never over another."""
    name = remembered(DOG, "--text", "with Rex", "--meta", "room=garden")
    shown = run_json("show", name[:8])
    [medium] = [each for each in shown["media"] if each["modality"] == "image"]
    assert Path(medium["path"]).read_bytes() == DOG.read_bytes()
    assert medium["path"] in run("show", name).stdout
    assert "room=garden" in run("show", name).stdout
    run("save", name, tmp_path / "copy.jpg")
    assert (tmp_path / "copy.jpg").read_bytes() == DOG.read_bytes()
    assert "is there already" in run("save", name, tmp_path / "copy.jpg", code=1).stderr
    assert run_json("save", name, tmp_path)["files"] == [str(tmp_path / DOG.name)]
    words = remembered("--text", "buy milk")
    assert run_json("save", words, tmp_path, code=1)["error"]["type"] == "MediaNotFoundError"


def test_several_signals_need_a_folder(tmp_path: Path) -> None:
    """A record of a photo and its sound is saved as two files, by their names."""
    name, _ = (each["id"] for each in run_json("remember", "--together", DOG, BARK)["records"])
    assert "a folder" in run("save", name, tmp_path / "both", code=1).stderr
    (tmp_path / "both").mkdir()
    run("save", name, tmp_path / "both")
    assert {path.name for path in (tmp_path / "both").iterdir()} == {DOG.name, BARK.name}


def test_a_record_is_updated() -> None:
    """Tags and metadata replace what there is, --add-tag adds; all else stays."""
    name = remembered("--text", "buy milk", "--tag", "todo", "--meta", "shop=old")
    assert run_json("update", name[:8], "--add-tag", "food")["tags"] == ["todo", "food"]
    assert run_json("update", name, "--tag", "done", "--meta", "n=1")["tags"] == ["done"]
    changed = run_json("update", name, "--text", "milk is here", "--source", "me")
    assert (changed["text"], changed["metadata"]) == ("milk is here", {"n": 1})
    assert (changed["tags"], changed["source"]) == (["done"], "me")
    assert "changes nothing" in run("update", name, code=1).stderr


# Recall


def test_a_question_of_several_senses() -> None:
    """Files and words are added up; a table fits 80 columns; weights belong to the parts."""
    run("remember", DOG, BARK, MEDIA / "photo_piano.jpg")
    [hit] = run_json("recall", "--audio", BARK, "--modality", "image", "--limit", "1")["hits"]
    assert hit["record"]["media"][0]["uri"].endswith("photo_dog.jpg")
    parts = ["a piano", "--image", DOG, "--modality", "image"]
    [first, _] = run_json("recall", *parts, "--weights", "1,-1")["hits"]
    assert first["record"]["media"][0]["uri"].endswith("photo_piano.jpg")
    table = run("recall", "a dog barking").stdout
    assert max(map(len, table.splitlines())) <= 80
    assert re.search(r"^1 +0\.\d\d .*audio +0:0\d\.\d-0:0\d\.\d .*sound_dog_bark.ogg", table, re.M)
    assert (
        "one finite number for each part" in run("recall", "x", "--weights", "1,2", code=1).stderr
    )


def test_nothing_is_an_answer() -> None:
    """A question that nothing fits finds nothing, in words and in JSON, and is no error."""
    run("remember", "--text", "buy milk")
    unlikely = ["recall", "the orbit of Jupiter", "--min-confidence", "0.9"]
    assert run(*unlikely).stdout == "nothing found\n"
    assert run_json(*unlikely) == {"hits": []}


def test_filters_reach_recall() -> None:
    """Time, tags, sources, keywords and likeness restrict what is found."""
    run("remember", "--text", "milk of long ago", "--at", "2001-01-01")
    run("remember", "--text", "fresh milk", "--tag", "todo", "--source", "shop")
    for wanted in (["--since", "7d"], ["--tag", "todo"], ["--source", "shop"]):
        [hit] = run_json("recall", "milk", *wanted)["hits"]
        assert hit["record"]["text"] == "fresh milk"
    [old] = run_json("recall", "--keywords", "long ago")["hits"]
    assert old["record"]["text"] == "milk of long ago"
    [other] = run_json("recall", "--like", short(old["record"]["id"]))["hits"]
    assert other["record"]["text"] == "fresh milk"
    assert run_json("recall", "milk", "--half-life", "1d")["hits"][0]["record"] == other["record"]


def test_filters_reach_the_timeline_and_forget() -> None:
    """Senses, words and times restrict what is listed, and only that is forgotten."""
    run("remember", "--text", "milk of long ago", "--at", "2001-01-01")
    run("remember", DOG)
    run("remember", "--text", "fresh milk")
    for wanted, count in (
        (["--modality", "image"], 1),
        (["--modality", "image", "--modality", "text"], 3),
        (["--text-contains", "milk fresh"], 1),
        (["--until", "2002-01-01"], 1),
        (["--since", "2002-01-01T00:00Z", "--modality", "text"], 1),
    ):
        assert len(run_json("timeline", *wanted)["records"]) == count, wanted
    assert (
        run_json("forget", "--text-contains", "milk", "--older-than", "52w", "--yes")["forgotten"]
        == 1
    )
    assert run_json("forget", "--modality", "image", "--yes")["forgotten"] == 1
    assert texts() == ["fresh milk"]


def test_a_page_leads_to_the_next() -> None:
    """The cursor that is shown gives the page after, until there is none."""
    for number in range(3):
        run("remember", "--text", f"note {number}", "--at", f"2026-01-0{number + 1}")
    first = run("timeline", "--limit", "2", "--oldest-first").stdout
    cursor = first.splitlines()[-1].removeprefix("more: --cursor ")
    last = run_json("timeline", "--limit", "2", "--oldest-first", "--cursor", cursor)
    assert [record["text"] for record in last["records"]] == ["note 2"]
    assert last["cursor"] is None


@pytest.mark.parametrize(
    "wrong",
    [
        *("recall x --ranking best", "recall x --limit 0", "recall x --min-confidence 2"),
        *("recall x --diversity -1", "recall x --half-life 0d", "recall x --weights nan"),
        *("recall x --modality smell", "recall x --where room", "timeline --modality smell"),
        *("timeline --limit 10001", "remember --text x --meta room", "remember x --as smell"),
        *("remember --text x --ttl soon", "remember --text x --tag ", "forget --since soon"),
    ],
)
def test_a_wrong_option_is_named_before_anything_is_opened(wrong: str, home: Path) -> None:
    """Exit code 2, the option's name, an error in JSON too; no memory is begun."""
    [option] = [each for each in wrong.split(" ") if each.startswith("--") and each != "--text"]
    assert option in " ".join(run(*wrong.split(" "), code=2).stderr.split())
    error = run_json(*wrong.split(" "), code=2)["error"]
    assert error["type"] == "OptionError"
    assert option in error["came"]
    assert not home.exists()


@pytest.mark.parametrize(
    "wrong",
    ["remember absent.jpg", "remember https://a.org/b.jpg", "import absent", "forget", "recall"],
)
def test_a_wrong_command_begins_no_memory(wrong: str, home: Path) -> None:
    """Missing files and questions are told before a folder is made."""
    run(*wrong.split(), code=1)
    assert not home.exists()


def test_words_given_as_a_file_are_recognised() -> None:
    """The remedy is the command that was meant."""
    assert "--text" in run("remember", "some words", code=1).stderr


def test_what_needs_no_encoder_loads_none(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Listing, forgetting and moving work without it, and import no torch."""
    name = remembered("--text", "buy milk", "--tag", "todo")

    def refuse(_: str) -> None:
        raise AssertionError("an encoder was loaded")

    monkeypatch.setattr(memory_module, "load_encoder", refuse)
    for command in ("stats", "timeline", "sweep", "compact", "forget --tag x", f"show {name}"):
        run(*command.split())
    run("update", name, "--tag", "done")
    run("export", tmp_path / "out")
    run("import", tmp_path / "out")
    run("forget", name)
    program = "import sys; from sensorium.cli import app; app(['stats'], standalone_mode=False); "
    code = f"{program} sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


# Forget


def test_ids_are_forgotten_without_a_question() -> None:
    """The eight characters that are shown name a record; an unknown id is an error."""
    kept, lost = (remembered("--text", text) for text in ("keep", "lose"))
    assert lost[:8] in run("timeline").stdout
    assert run("forget", lost[:8]).stdout == "forgot 1 memory\n"
    assert run_json("forget", lost[:8], code=1)["error"]["type"] == "RecordNotFoundError"
    assert run_json("forget", kept)["forgotten"] == 1


@pytest.mark.parametrize("wanted", [["--tag", "old"], ["--everything"], ["--older-than", "30d"]])
def test_more_than_ids_needs_a_yes(wanted: list[str]) -> None:
    """Where nobody can answer, nothing is forgotten without --yes, and the error says how much."""
    run("remember", "--text", "buy milk", "--tag", "old", "--at", "2001-01-01")
    refused = run("forget", *wanted, code=1).stderr
    assert "forget 1 memory of 'me'" in refused
    assert texts() == ["buy milk"]
    assert run_json("forget", *wanted, "--yes")["forgotten"] == 1
    assert texts() == []


@pytest.fixture
def typist(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A terminal as stdin; yields the end at which somebody types."""
    end, slave = pty.openpty()
    with os.fdopen(slave, encoding="utf-8") as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        yield end
    os.close(end)


@pytest.mark.parametrize(("reply", "left"), [(b"yes\n", 0), (b"no\n", 1), (b"\n", 1)])
def test_only_yes_forgets(
    typist: int, reply: bytes, left: int, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Asked in a terminal, how many would go is said, and only a yes removes them."""
    with Memory.open(home, owner="me") as memory:
        memory.remember(text="buy milk", tags=["old"])
    os.write(typist, reply)
    with pytest.raises(SystemExit) as ended:
        app(["forget", "--tag", "old"])
    said = capsys.readouterr()
    assert "Forget 1 memory of 'me'? [y/N]" in said.err
    assert said.out == ("nothing forgotten\n" if left else "forgot 1 memory\n")
    assert ended.value.code == left
    with Memory.open(home, owner="me") as memory:
        assert memory.count() == left


def test_what_would_go_is_listed() -> None:
    """--dry-run removes nothing; what nothing matches is no question and no error."""
    run("remember", "--text", "buy milk", "--tag", "old")
    keep = remembered("--text", "keep")
    assert "buy milk" in run("forget", "--tag", "old", "--dry-run").stdout
    listed = run_json("forget", keep, "--dry-run")["would_forget"]
    assert [record["id"] for record in listed] == [keep]
    assert len(texts()) == 2
    assert run("forget", "--tag", "nonesuch").stdout == "nothing to forget\n"
    assert run_json("forget", "--tag", "nonesuch")["forgotten"] == 0


def test_forgetting_says_what(home: Path) -> None:
    """Nothing named, or everything and something, is refused; media can go alone."""
    run("remember", DOG)
    for wanted in (["forget"], ["forget", "--everything", "--tag", "x", "--yes"]):
        assert run_json(*wanted, code=1)["error"]["type"] == "QueryError"
    assert "the media of 1 memory" in run("forget", "--everything", "--media-only", "--yes").stdout
    assert run_json("recall", "a dog")["hits"][0]["file"] is None
    assert run_json("sweep") == {"records": 0, "files": 0, "bytes": 0}
    assert run_json("compact").keys() == {"compacted"}


class Listed:
    """A memory of given ids, two a page."""

    owner = "me"

    def __init__(self, *ids: str) -> None:
        self.ids = ids

    def get(self, name: str) -> Any:
        if name in self.ids:
            return SimpleNamespace(id=name)
        raise RecordNotFoundError(name, "another", "see the others")

    def timeline(self, *, limit: int, cursor: str | None = None) -> Any:
        start = int(cursor or 0)
        page = [SimpleNamespace(id=each) for each in self.ids[start : start + 2]]
        following = str(start + 2) if start + 2 < len(self.ids) else None
        return type("Page", (list,), {"cursor": following})(page)


def test_the_beginning_of_an_id_must_mean_one() -> None:
    """Found on any page; two of one beginning are told; names are whole."""
    one, two = "0123abcd-0000-4000-8000-00000000000", "89abcdef-0000-4000-8000-000000000000"
    memory: Any = Listed(f"{one}1", f"{one}2", two, "my walk")
    assert full(memory, two[:8]) == two
    assert full(memory, "my walk") == "my walk"
    with pytest.raises(QueryError, match="2 ids"):
        full(memory, one[:8])
    for absent in ("my wal", "77777777", two[:7]):
        with pytest.raises(RecordNotFoundError):
            full(memory, absent)
    assert (short(two), short("my walk")) == (two[:8], "my walk")


# Move, describe, check


def test_an_export_comes_back_whole(tmp_path: Path) -> None:
    """What was exported can be imported elsewhere, and a memory be copied to another place."""
    run("remember", DOG, "--text", "with Rex")
    assert run_json("export", tmp_path / "out")["records"] == 1
    assert "ExportFormatError" in run("export", tmp_path / "out", code=1).stderr
    assert run_json("import", tmp_path / "out", "--memory", tmp_path / "b")["records"] == 1
    assert run_json("promote", tmp_path / "c")["copied"] == 1
    for place in ("b", "c"):
        [record] = run_json("timeline", "--memory", tmp_path / place)["records"]
        assert record["text"] == "with Rex"


def test_stats_count_this_owner_alone() -> None:
    """Another owner's memories are not counted, listed or forgotten."""
    run("remember", "--text", "mine")
    run("remember", "--text", "theirs", "--owner", "rex")
    assert run_json("stats")["records"] == 1
    assert re.search(r"records +1 *\n", run("stats").stdout)
    assert run_json("forget", "--everything", "--yes")["forgotten"] == 1
    assert run_json("stats", "--owner", "rex")["records"] == 1


@pytest.mark.parametrize("command", READING)
def test_reading_commands_make_no_memory(command: str, home: Path) -> None:
    """A folder that is not there is a slip of the pen: an error, and no new folder."""
    assert run_json(*command.split(), code=1)["error"]["type"] == "StoreFormatError"
    assert not home.exists()


@pytest.mark.parametrize(
    "command",
    ["recall", "recall x --image absent.jpg", "remember", "show absent", "import absent"],
)
def test_an_error_is_one_line_that_ends_with_the_remedy(command: str) -> None:
    """On stderr, with nothing on stdout; in JSON the same four fields on stdout."""
    run("remember", "--text", "buy milk")
    result = run(*command.split(), code=1)
    [line] = result.stderr.splitlines()
    fields = run_json(*command.split(), code=1)["error"]
    assert result.stdout == ""
    assert fields.keys() == {"type", "came", "needed", "remedy"}
    assert line.startswith(f"{fields['type']}: ")
    assert line.endswith(fields["remedy"])


def test_a_name_stays_on_one_line() -> None:
    """What does not fit 80 columns ends in an ellipsis."""
    run("remember", "--text", "word " * 40)
    [_, line] = run("timeline").stdout.splitlines()
    assert "\N{HORIZONTAL ELLIPSIS}" in line
    assert len(line) <= 80


def test_words_are_not_obeyed() -> None:
    """Markup and control characters in a memory are shown, not followed."""
    run("remember", "--text", "[bold]not \x1b[31mbold[/]")
    shown = run("timeline").stdout
    assert "[bold]not" in shown
    assert "\x1b" not in shown


def test_an_open_memory_is_not_opened_twice(home: Path) -> None:
    """What another program has open is an error that says so."""
    with Memory.open(home, owner="me"):
        for command in ("remember --text x", "stats"):
            error = run_json(*command.split(), code=1)["error"]
            assert error["type"] == "StoreLockedError"
