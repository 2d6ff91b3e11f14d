"""Walks over folders: every file is read, or somebody is told why it is not."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest

from sensorium import sources
from sensorium.errors import (
    MediaDecodeError,
    PerceptFormatError,
    SensoriumError,
    SourceNotFoundError,
    SourceRefusedError,
    UnitError,
)
from sensorium.percepts import IMU, Depth, Percept, Text, readers
from sensorium.percepts.recognising import modality_of_file
from sensorium.sources import finding, rules

COUNTS = np.full((4, 6), 5000, np.uint16)  # 1 m at 1/5000
RULE = {"match": "depth/*.png", "as": "depth", "unit": "1/5000", "fx": 525}


class PairReader:
    """Reads folders of pairs of words, each a text."""

    options = ("most", "on_failure")

    def matches(self, path: Path, head: bytes) -> bool:
        return (path / "pairs.txt").is_file()

    def read(self, path: Path, options: Mapping[str, Any]) -> Iterator[Percept]:
        sources.check_options(options, self.options, "pairs")
        for words in ["one", "two"][: options.get("most")]:
            yield Text(words, uri=path.as_uri())


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "_registered", [])


def write_depth(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    PIL.Image.fromarray(COUNTS).save(path)


def write_motion(path: Path, columns: str = "ax,ay,az,gx,gy,gz") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    planted = ["9.8", "0.1", "0.2", "0.3", "0.4", "0.5"]
    part = planted[3:] if path.stem == "Gyr" else planted[: columns.count(",") + 1]
    rows = "".join(",".join([f"{i / 100}", *part]) + "\n" for i in range(200))
    path.write_text(f"t,{columns}\n{rows}")


def names(percepts: Iterator[Percept], folder: Path) -> list[tuple[str, str]]:
    return [(each.modality, (each.uri or "").removeprefix(folder.as_uri())) for each in percepts]


def test_every_file_is_read_or_accounted_for(tmp_path: Path) -> None:
    """Sorted; hidden files, links to folders, unknown kinds and failures are reported."""
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "note.txt").write_text("hello")
    (tmp_path / "a.txt").write_text("first")
    (tmp_path / ".cache").mkdir()
    (tmp_path / "model.bin").write_bytes(b"1")
    (tmp_path / "link").symlink_to(tmp_path / "b")
    (tmp_path / "lost").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe.txt")  # which nobody waits for
    write_depth(tmp_path / "deep.png")
    skipped: dict[str, str] = {}
    failed: dict[str, SensoriumError | OSError] = {}
    read = sources.walk(
        tmp_path,
        on_skip=lambda path, why: skipped.update({path.name: why}),
        on_failure=lambda path, error: failed.update({path.name: error}),
    )
    assert names(read, tmp_path) == [("text", "/a.txt"), ("text", "/b/note.txt")]
    assert skipped == {
        ".cache": "a cache",
        "link": "a link to a folder",
        "lost": "a link to nothing",
        "model.bin": "unknown kind",
        "pipe.txt": "a pipe",
    }
    assert isinstance(failed.pop("deep.png"), UnitError)
    assert failed == {}
    with pytest.raises(UnitError, match="16 bits"):
        list(sources.walk(tmp_path))


def test_options_are_for_the_files_that_have_them(tmp_path: Path) -> None:
    """Units of motion do not disturb texts; a name that nothing has is refused."""
    write_motion(tmp_path / "walk.csv")
    (tmp_path / "note.txt").write_text("hello")
    read = list(sources.walk(tmp_path, accel="m/s^2", gyro="deg/s"))
    assert [each.modality for each in read] == ["text", "imu"]
    assert read[1].units["gyro"] == "deg/s"
    assert read[1].reading["accel"] == ["ax", "ay", "az"]
    with pytest.raises(PerceptFormatError, match="'acel'"):
        sources.walk(tmp_path, acel="g")
    [only] = sources.walk(tmp_path, modality="imu", accel="m/s^2", gyro="deg/s")
    assert only.modality == "imu"
    with pytest.raises(PerceptFormatError, match="'inu'"):
        sources.walk(tmp_path, modality="inu")


@pytest.mark.parametrize("form", ["argument", "file", "file of a parent"])
def test_a_rule_says_what_files_are(form: str, tmp_path: Path) -> None:
    """Given, or written beside the data or above it: the planted metre is read."""
    write_depth(tmp_path / "run" / "depth" / "1.png")
    PIL.Image.new("RGB", (4, 3)).save(tmp_path / "run" / "1.png")
    if form != "argument":
        place = tmp_path / "run" if form == "file" else tmp_path
        (place / "sensorium.toml").write_text(
            '[[files]]\nmatch = "depth/*.png"\nas = "depth"\nunit = "1/5000"\nfx = 525\n'
        )
    rules = [RULE] if form == "argument" else []
    image, depth = sources.walk(tmp_path, rules=rules)
    assert image.modality == "image"
    assert isinstance(depth, Depth)
    np.testing.assert_allclose(depth.metres(), 1, rtol=1e-6)


def test_the_nearest_rule_counts(tmp_path: Path) -> None:
    """The caller's before a folder's, that before its parent's, and the first of several."""
    write_depth(tmp_path / "in" / "d.png")
    rule = '[[files]]\nmatch = "*.png"\nas = "depth"\nfx = 525\nunit = "{}"\n'
    (tmp_path / "sensorium.toml").write_text(rule.format("1/1000"))

    def metres(**more: Any) -> float:
        [read] = sources.walk(tmp_path, **more)
        assert isinstance(read, Depth)
        return float(read.metres().max())

    assert metres() == pytest.approx(5)
    (tmp_path / "in" / "sensorium.toml").write_text(rule.format("1/5000") + rule.format("1/100"))
    assert metres() == pytest.approx(1)
    given = {"match": "in/*", "as": "depth", "fx": 525, "unit": "1/2500"}
    assert metres(rules=[given]) == pytest.approx(2)
    assert metres(unit="1/1250") == pytest.approx(4)  # what is said of all goes before rules


def test_rules_for_tables_of_motion(tmp_path: Path) -> None:
    """Columns and units, and files that belong together, which are read once."""
    write_motion(tmp_path / "Acc.csv", "x,y,z")
    write_motion(tmp_path / "Gyr.csv", "x,y,z")
    (tmp_path / "sensorium.toml").write_text(
        '[[files]]\nmatch = "Acc.csv"\nas = "imu"\naccel = "m/s^2"\ngyro = "none"\n'
        'columns = { accel = ["x", "y", "z"], time = "t" }\n'
        '[[files]]\nmatch = "Gyr.csv"\nas = "skip"\n'
    )
    [alone] = sources.walk(tmp_path)
    assert isinstance(alone, IMU)
    assert not alone.has_gyro
    for path, columns in (("Acc.csv", "ax,ay,az"), ("Gyr.csv", "gx,gy,gz")):
        write_motion(tmp_path / path, columns)
    (tmp_path / "sensorium.toml").write_text(
        '[[files]]\nmatch = "Acc.csv"\nas = "imu"\naccel = "m/s^2"\ngyro = "deg/s"\n'
        'with = "Gyr.csv"\n'
    )
    skipped: dict[str, str] = {}
    [both] = sources.walk(tmp_path, on_skip=lambda path, why: skipped.update({path.name: why}))
    assert isinstance(both, IMU)
    assert both.has_gyro
    assert skipped == {"Gyr.csv": "read with Acc.csv"}


@pytest.mark.parametrize(
    ("match", "path", "wanted"),
    [
        ("*.png", "/a/b/1.png", True),
        ("*.png", "/a/b/1.PNG", False),
        ("b/*.png", "/a/b/1.png", True),
        ("a/*.png", "/a/b/1.png", False),
        ("a/**/*.png", "/a/b/c/1.png", True),
        ("a/**/*.png", "/a/1.png", True),
        ("a/**", "/x/a/b/c/1.png", True),
        ("/a/*/*.png", "/a/b/1.png", True),
        ("/b/*.png", "/a/b/1.png", False),
        ("[[]1].png", "/a/[1].png", True),
    ],
)
def test_what_patterns_match(match: str, path: str, wanted: bool) -> None:
    """The end of a path, part by part; from the root after a first slash."""
    [rule] = rules.rules_of([{"match": match}], origin="a test")
    assert rule.matches(Path(path)) is wanted


def test_a_slash_begins_at_the_folder_of_the_rules(tmp_path: Path) -> None:
    """Only the file right there is passed over."""
    (tmp_path / "in").mkdir()
    for place in (tmp_path, tmp_path / "in"):
        (place / "a.txt").write_text(str(place))
    (tmp_path / "sensorium.toml").write_text('[[files]]\nmatch = "/a.txt"\nas = "skip"\n')
    assert names(sources.walk(tmp_path), tmp_path) == [("text", "/in/a.txt")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("files = 3", "not a list of tables"),
        ('[[file]]\nmatch = "a"', "the key file"),
        ("[[files]", "TOML"),
        ('[[files]]\nas = "depth"', "match, the end of a path"),
        ('[[files]]\nmatch = "a[1.png"', "match, the end of a path"),
        ('[[files]]\nmatch = "../a"', "match, the end of a path"),
        ("[[files]]\nmatch = 'a\\b'", "match, the end of a path"),
        ('[[files]]\nmatch = "a//b"', "match, the end of a path"),
        ("#" * 2**20 + "#", "more than 1 MiB"),
        ('[[files]]\nmatch = "*"\nas = "dept"', "one of .*skip"),
        ('[[files]]\nmatch = "*"\nas = "depth"\nunits = "mm"', "with units; .*unit"),
        ('[[files]]\nmatch = "*"\nas = "imu"\nwith = "../b.csv"', "a file in"),
    ],
)
def test_wrong_rules_are_refused(text: str, said: str, tmp_path: Path) -> None:
    """Before anything is read, with what is possible."""
    (tmp_path / "sensorium.toml").write_text(text)
    with pytest.raises(PerceptFormatError, match=said):
        sources.walk(tmp_path)


def test_rules_for_no_file_are_reported(tmp_path: Path) -> None:
    """Those of the caller are errors; those of a file, which may serve more folders, are told."""
    (tmp_path / "a.txt").write_text("hello")
    with pytest.raises(PerceptFormatError, match="for no file"):
        sources.walk(tmp_path, rules=[RULE])
    (tmp_path / "sensorium.toml").write_text('[[files]]\nmatch = "*.png"\nas = "skip"\n')
    skipped: dict[str, str] = {}
    assert list(sources.walk(tmp_path, on_skip=lambda path, why: skipped.update({path.name: why})))
    assert skipped == {"sensorium.toml": "'*.png' is for no file"}


def test_a_recording_is_read_by_its_reader(tmp_path: Path) -> None:
    """A whole folder; file by file where a rule is for a file in it; or not at all."""
    sources.register_reader(PairReader())
    folder = tmp_path / "pairs"
    folder.mkdir()
    (folder / "pairs.txt").write_text("these are the words")
    assert len(list(sources.walk(tmp_path))) == 2
    assert len(list(sources.walk(tmp_path, most=1))) == 1
    assert len(list(sources.walk(tmp_path, rules=[{"match": "pairs", "most": 1}]))) == 1
    [text] = sources.walk(tmp_path, rules=[{"match": "*.txt", "as": "text"}])
    assert (text.uri or "").endswith("pairs.txt")
    assert list(sources.walk(tmp_path, rules=[{"match": "pairs", "as": "skip"}])) == []
    (tmp_path / "sensorium.toml").write_text('[[files]]\nmatch = "*.txt"\nas = "skip"\n')
    assert len(list(sources.walk(tmp_path))) == 2  # what is passed over is no other reading of it
    assert list(sources.walk(tmp_path, modality="depth")) == []


def test_a_reader_may_have_other_options_for_each_path(tmp_path: Path) -> None:
    """Then it is asked for them, and given no others."""

    class Choosy(PairReader):
        def options(self, path: Path) -> set[str]:  # type: ignore[override]  # or a method
            return {"most"} if path.name == "few" else set()

        def read(self, path: Path, options: Mapping[str, Any]) -> Iterator[Percept]:
            yield from (Text(words) for words in ["one", "two"][: options.get("most")])

    sources.register_reader(Choosy())
    for name in ("few", "many"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "pairs.txt").write_text("")
    assert len(list(sources.walk(tmp_path, most=1))) == 1 + 2


def test_a_failure_within_a_recording_does_not_end_it(tmp_path: Path) -> None:
    """A reader that can go on is asked to, when somebody listens."""

    class Failing(PairReader):
        def read(self, path: Path, options: Mapping[str, Any]) -> Iterator[Percept]:
            error = MediaDecodeError("a page", "words", "write")
            options["on_failure"](sources.MessageFailure("/page", 1, error))
            yield Text("the rest")

    sources.register_reader(Failing())
    (tmp_path / "pairs.txt").write_text("")
    failed: list[SensoriumError | OSError] = []
    [read] = sources.walk(tmp_path, on_failure=lambda path, error: failed.append(error))
    assert read == Text("the rest")
    with pytest.raises(KeyError):  # nobody listens: the reader has none, and raises itself
        list(sources.walk(tmp_path))
    assert [str(error)[:6] for error in failed] == ["a page"]


def test_what_is_asked_goes_before_what_a_rule_says(tmp_path: Path) -> None:
    """Files that a rule says are something else are passed over, and its units are not theirs."""
    write_depth(tmp_path / "a.png")
    rule = {"match": "a.png", "as": "thermal", "unit": "kelvin", "scale": 0.06}
    told: list[str] = []
    asked = sources.walk(
        tmp_path, modality="depth", rules=[rule], on_skip=lambda path, why: told.append(why)
    )
    assert (list(asked), told) == ([], ["not depth"])
    [alone] = sources.walk(tmp_path / "a.png", modality="depth", rules=[rule], unit="mm", fx=60)
    assert "scale" not in alone.units
    [heat] = sources.walk(tmp_path, rules=[rule])
    assert (heat.modality, heat.units["scale"]) == ("thermal", 0.06)


def test_motion_of_every_name_is_found_where_it_is_asked_for(tmp_path: Path) -> None:
    """A table whose name says text; words are passed over."""
    write_motion(tmp_path / "log.txt")
    (tmp_path / "note.txt").write_text("hello")
    [motion] = sources.walk(tmp_path, modality="imu", accel="m/s^2", gyro="deg/s")
    assert (motion.uri or "").endswith("log.txt")


def test_what_cannot_be_looked_at_does_not_end_a_walk(tmp_path: Path) -> None:
    """A folder or a file that may not be read is reported, and the others are read."""

    class Locked(PairReader):
        def matches(self, path: Path, head: bytes) -> bool:
            if path.name.startswith("locked"):
                raise PermissionError(13, "Permission denied")
            return False

    sources.register_reader(Locked())
    (tmp_path / "locked").mkdir()
    (tmp_path / "locked.txt").write_text("secret")
    (tmp_path / "note.txt").write_text("hello")
    failed: dict[str, SensoriumError | OSError] = {}
    note = failed.setdefault
    read = sources.walk(tmp_path, on_failure=lambda path, error: note(path.name, error))
    assert names(read, tmp_path) == [("text", "/note.txt")]
    assert {name: type(error) for name, error in failed.items()} == {
        "locked": SourceRefusedError,
        "locked.txt": SourceRefusedError,
    }
    with pytest.raises(SourceRefusedError, match="Permission denied"):
        list(sources.walk(tmp_path / "locked.txt"))


def test_roots_hold_within_a_folder(tmp_path: Path) -> None:
    """A link that leads out is reported, not followed; so is a file of rules."""
    inside = tmp_path / "in"
    inside.mkdir()
    (tmp_path / "secret.txt").write_text("secret")
    (inside / "link.txt").symlink_to(tmp_path / "secret.txt")
    failed: list[SensoriumError | OSError] = []
    read = sources.walk(inside, roots=[inside], on_failure=lambda path, error: failed.append(error))
    assert list(read) == []
    assert [type(error) for error in failed] == [SourceRefusedError]
    with pytest.raises(SourceRefusedError):
        sources.walk(tmp_path, roots=[inside])
    (inside / "sensorium.toml").symlink_to(tmp_path / "secret.txt")
    with pytest.raises(SourceRefusedError):
        sources.walk(inside, roots=[inside], on_failure=lambda path, error: None)


def test_places_that_are_no_folder(tmp_path: Path) -> None:
    """Nothing there; or a file, which is read by the rules beside it."""
    with pytest.raises(SourceNotFoundError):
        sources.walk(tmp_path / "b")
    write_motion(tmp_path / "a.csv")
    (tmp_path / "sensorium.toml").write_text(
        '[[files]]\nmatch = "*.csv"\naccel = "m/s^2"\ngyro = "deg/s"\n'
        '[[files]]\nmatch = "*.png"\nas = "skip"\n'
    )
    told: list[str] = []
    [motion] = sources.walk(tmp_path / "a.csv", on_skip=lambda path, why: told.append(why))
    assert (motion.modality, told) == ("imu", [])


def test_a_folder_whose_rules_may_not_be_looked_for_ends_no_walk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in `lost+found`: nothing in it may be looked at, not even whether it is there."""
    (tmp_path / "lost+found").mkdir()
    (tmp_path / "note.txt").write_text("milk and bread")
    is_file = Path.is_file

    def looked_at(path: Path) -> bool:
        if path.parent.name == "lost+found":
            raise PermissionError(13, "Permission denied")
        return is_file(path)

    monkeypatch.setattr(Path, "is_file", looked_at)
    failed: list[str] = []
    found = sources.walk(tmp_path, on_failure=lambda path, error: failed.append(path.name))
    assert [each.text for each in found if isinstance(each, Text)] == ["milk and bread"]
    assert set(failed) == {"lost+found"}


def test_an_account_tells_what_was_read_twice(tmp_path: Path) -> None:
    """The same content under another name is read, and counted as such."""
    for name, words in (("a.txt", "milk"), ("b.txt", "milk"), ("c.txt", "bread")):
        (tmp_path / name).write_text(words)
    account = sources.Account()
    assert len(list(sources.walk(tmp_path, account=account))) == 3
    assert {line.became: line.paths for line in account.lines} == {
        "read": (tmp_path / "a.txt", tmp_path / "c.txt"),
        "the same as another file of this run": (tmp_path / "b.txt",),
    }


def test_an_account_is_whole_before_the_walk_has_ended(tmp_path: Path) -> None:
    """What is not read yet is counted as such."""
    for name in "abc":
        (tmp_path / f"{name}.txt").write_text(name)
    account = sources.Account()
    walk = sources.walk(tmp_path, account=account)
    assert (account.files, [line.became for line in account.lines]) == (3, ["not read yet"])
    next(walk)
    next(walk)
    assert {line.became: line.count for line in account.lines} == {"read": 1, "not read yet": 2}


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("photo.jpg_large", "--map '*.jpg_large=image'"),
        ("photo.part", ""),
        ("photo.Backup2", "--map '*.Backup2=image'"),
    ],
)
def test_a_medium_with_an_unknown_suffix_is_told_with_its_rule(
    tmp_path: Path, name: str, remedy: str
) -> None:
    """The rule reads it; a download that has not ended has none."""
    with (tmp_path / name).open("wb") as stream:
        PIL.Image.new("RGB", (4, 3)).save(stream, "JPEG")
    told: list[sources.Reason] = []
    assert not list(sources.walk(tmp_path, on_skip=lambda path, why: told.append(why)))
    assert remedy in told[0].remedy
    assert bool(told[0].remedy) == bool(remedy)
    if remedy:
        match, _, kind = remedy.removeprefix("--map ").strip("'").partition("=")
        [image] = sources.walk(tmp_path, rules=[{"match": match, "as": kind}])
        assert image.modality == "image"


def test_a_file_of_a_folder_is_looked_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each reader is asked once about it, and its kind is told once, however often it is needed."""
    asked: list[str] = []
    told: list[str] = []

    class Asked:
        def matches(self, path: Path, head: bytes) -> bool:
            asked.append(path.name)
            return False

        def read(self, path: Path, options: Mapping[str, Any]) -> Iterator[Percept]:
            raise AssertionError(path)

    def tell(path: Path) -> str:
        told.append(path.name)
        return modality_of_file(path)

    monkeypatch.setattr(readers, "_registered", [Asked()])
    monkeypatch.setattr(finding, "modality_of_file", tell)
    for name in ("a.png", "b.png"):
        PIL.Image.new("RGB", (4, 4)).save(tmp_path / name)
    search = finding.Search([], None, lambda path, why: None, lambda path, error: None)
    for found in search.find([tmp_path]):
        assert found.modality() == "image"
        [percept] = found.open(found.options())
        assert percept.modality == "image"
    assert [name for name in asked if name != tmp_path.name] == told == ["a.png", "b.png"]
