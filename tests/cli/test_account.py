"""The account that `sensorium remember` closes with: every file of a folder is in one line."""

from __future__ import annotations

import os
import shutil
import socket
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.support.command_line import BARK, DOG, MUG, run, run_json

from sensorium.cli import outcome
from sensorium.sources import Account, Reason

HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100)


def counts(done: dict[str, Any]) -> dict[str, int]:
    """The number of files of each line."""
    return {
        f"{line['suffix']} {line['became']}".strip(): line["count"]
        for line in done["account"]["lines"]
    }


def files_below(folder: Path) -> int:
    """The number of things that are no folders, counted without any code of ours."""
    return sum(
        len(files) + sum(Path(place, name).is_symlink() for name in folders)
        for place, folders, files in os.walk(folder)
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a file of each kind that may be in one."""
    made = tmp_path / "made"
    for place in ("in", "@eaDir/a.jpg", ".hidden/deep", "old", "tagged"):
        (made / place).mkdir(parents=True)
    for name in ("a.jpg", "in/copy.jpg", "@eaDir/a.jpg/SYNOPHOTO_THUMB_XL.jpg"):
        shutil.copy(DOG, made / name)
    shutil.copy(BARK, made / "bark.ogg")
    shutil.copy(MUG, made / "deep.png")
    words = {
        "note.txt": "buy milk",
        ".hidden/one.txt": "1",
        ".hidden/deep/two.txt": "2",
        ".nomedia": "",
        "._a.jpg": "3",
        ".DS_Store": "4",
        "Thumbs.db": "5",
        "tagged/CACHEDIR.TAG": "Signature: 8a477f597d28d172789f06886806bc55\n",
        "tagged/page.txt": "6",
        "bank.csv": "Day,Sum\n2020-01-01,4\n2020-01-02,5\n2020-01-03,6\n",
        "old/letter.xyz": "7",
        "b.XYZ": "8",
        "README": "9",
        "sensorium.toml": '[[files]]\nmatch = "old/**"\nas = "skip"\n',
    }
    for name, text in words.items():
        (made / name).write_text(text, encoding="utf-8")
    os.mkfifo(made / "pipe.jpg")
    with socket.socket(socket.AF_UNIX) as bound:
        os.chdir(made)  # the name of a socket is short
        bound.bind("socket.jpg")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "secret.txt").write_text("secret")
    links = {
        "again.jpg": "a.jpg",
        "lost.jpg": "nowhere.jpg",
        "out.txt": "../elsewhere/secret.txt",
        "out": "../elsewhere",
        "loop": "in",
    }
    for name, target in links.items():
        (made / name).symlink_to(target)
    return made


def test_every_file_is_in_one_line_of_the_account(folder: Path) -> None:
    """The sum of the lines is the number of files found; nothing is waited for."""
    done = run_json("remember", folder, code=1)
    assert done["account"]["files"] == files_below(folder) == sum(counts(done).values())
    assert counts(done) == {
        "remembered": 3,
        "the same as another file of this run": 2,
        "rules for other files": 1,
        "hidden": 3,
        "thumbnails": 2,
        "a cache": 2,
        "AppleDouble, made by macOS for itself": 1,
        "made by a system or a program for itself": 1,
        "a pipe": 1,
        "a socket": 1,
        "a link to nothing": 1,
        "a link to a folder": 1,
        "a link out of the folder": 2,
        f"by the rule 'old/**' of {folder / 'sensorium.toml'}": 1,
        ".xyz unknown kind": 1,
        "no suffix unknown kind": 1,
        ".csv no columns of motion; --as text reads its rows as words": 1,
        ".png failed, UnitError": 1,
    }
    again = run_json("remember", folder, code=1)
    assert counts(again)["known already"] == 3
    assert again["account"]["files"] == done["account"]["files"]
    text = run("remember", folder, code=1).stdout
    assert f"{files_below(folder)} files:\n  3 known already\n" in text
    assert "  1 .xyz: unknown kind (b.XYZ)\n" in text


def test_what_an_extra_would_read_is_skipped_with_its_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted by suffix, exit code 3; a file that is named itself fails."""
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    made = tmp_path / "made"
    made.mkdir()
    for number in range(4):
        (made / f"{number}.HEIC").write_bytes(HEIC + bytes([number]))
    (made / "note.txt").write_text("buy milk")
    done = run("remember", made, code=3)
    line = '  4 .heic: an extra is missing: pip install "sensorium[photos]"\n'
    assert line in done.stdout
    assert done.stderr == ""
    said = run_json("remember", made, code=3)
    assert {each["remedy"] for each in said["skipped"]} == {'pip install "sensorium[photos]"'}
    assert "MissingExtraError" in run("remember", made / "1.HEIC", code=1).stderr


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.xyz", b"?", 0),
        (".DS_Store", b"?", 0),
        ("bank.csv", b"Day,Sum\n2020-01-01,4\n2020-01-02,5\n2020-01-03,6\n", 0),
        ("map.exr", b"v/1\x01", 3),
        ("walk.tsv", b"t\tax\tay\taz\n" + b"0\t1\t2\t9.8\n" * 50, 3),
        ("broken.jpg", b"?", 1),
    ],
)
def test_exit_codes_tell_what_can_be_done(
    tmp_path: Path, name: str, content: bytes, code: int
) -> None:
    """0: only what is never read was skipped; 3: a rule would read it; 1: it should be readable."""
    made = tmp_path / "made"
    made.mkdir()
    (made / name).write_bytes(content)
    assert run_json("remember", made, code=code)["account"]["files"] == 1
    (made / "note.txt").write_text("buy milk")
    done = run_json("remember", made, code=code)
    assert (done["new"], done["account"]["files"]) == (1, 2)
    (made / "sensorium.toml").write_text(f'[[files]]\nmatch = "{name}"\nas = "skip"\n')
    assert run_json("remember", made)["account"]["files"] == 3


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    """It is a wrong name rather than a folder to remember."""
    (tmp_path / "empty").mkdir()
    assert "no known file" in run("remember", tmp_path / "empty", code=1).stderr


def test_a_folder_that_cannot_be_listed_counts_as_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody knows what is in it."""
    made = tmp_path / "made"
    (made / "private").mkdir(parents=True)
    (made / "note.txt").write_text("buy milk")
    listed = Path.iterdir

    def iterdir(path: Path) -> Any:
        if path.name == "private":
            raise PermissionError(13, "Permission denied")
        return listed(path)

    monkeypatch.setattr(Path, "iterdir", iterdir)
    done = run_json("remember", made, code=1)
    assert counts(done) == {"remembered": 1, "may not be read": 1}


def test_files_together_are_remembered_once() -> None:
    """One record of several files is no repetition."""
    done = run_json("remember", DOG, BARK, "--together")
    assert counts(done) == {"remembered": 2}


def test_odd_names_do_not_reach_the_terminal(tmp_path: Path) -> None:
    """Signs that move a cursor are replaced."""
    account = Account()
    (tmp_path / "a.\x1b[31mred").touch()
    account.skip(tmp_path / "a.\x1b[31mred", Reason("unknown kind", by_suffix=True))
    assert str(account) == "1 file:\n  1 .?[31mred: unknown kind (a.?[31mred)"


def test_an_outcome_of_words_has_no_account() -> None:
    """There is no file."""
    assert outcome.Outcome().account.files == 0
    assert run("remember", "--text", "buy milk").stdout.count("\n") == 1
