"""`sensorium forget`: what is removed, and when somebody is asked."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import pytest
from tests.support.command_line import DOG, remembered, run, run_json, texts

from sensorium.cli import app, forgetting
from sensorium.memory import Memory


def test_filters_reach_the_timeline_and_forget() -> None:
    """Modalities, words and times restrict what is listed, and what is forgotten."""
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


def test_an_age_and_a_time_restrict_together() -> None:
    """Of --older-than and --until the earlier one decides, whichever it is."""
    for year in (2001, 2003):
        run("remember", "--text", f"in {year}", "--at", f"{year}-01-01")
    both = ["--older-than", "52w", "--until", "2002-01-01", "--dry-run"]
    [record] = run_json("forget", *both)["would_forget"]
    assert record["text"] == "in 2001"
    assert run_json("forget", "--older-than", "5200w", "--until", "2004-01-01", "--yes") == {
        "forgotten": 0,
        "media_only": False,
    }


def test_ids_are_forgotten_without_a_question() -> None:
    """The eight characters that are shown name a record; an unknown id is an error."""
    kept, lost = (remembered("--text", text) for text in ("keep", "lose"))
    assert lost[:8] in run("timeline").stdout
    assert run("forget", lost[:8]).stdout == "forgot 1 memory\n"
    assert run_json("forget", lost[:8], code=1)["error"]["type"] == "RecordNotFoundError"
    assert run_json("forget", kept)["forgotten"] == 1


@pytest.mark.slow
@pytest.mark.parametrize("wanted", [["--tag", "old"], ["--everything"], ["--older-than", "30d"]])
def test_more_than_ids_needs_a_yes(wanted: list[str]) -> None:
    """Where nobody can answer, nothing is forgotten without --yes, and the error says how much."""
    run("remember", "--text", "buy milk", "--tag", "old", "--at", "2001-01-01")
    refused = run("forget", *wanted, code=1).stderr
    assert "forget 1 memory of 'me'" in refused
    assert texts() == ["buy milk"]
    assert run_json("forget", *wanted, "--yes")["forgotten"] == 1
    assert texts() == []


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


def test_dry_run_lists_what_would_be_forgotten() -> None:
    """--dry-run removes nothing; if nothing matches, there is no question and no error."""
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


def test_compacting_says_what_it_does_and_when_there_is_nothing_to_gain(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two texts are compared as fast; it is said how many vectors are new, and for how long."""
    for text in ("keep", "lose"):
        remembered("--text", text)
    said: list[str] = []

    def waiting(message: str, *, elapsed: bool = False) -> AbstractContextManager[None]:
        said.append(message)
        return nullcontext()

    monkeypatch.setattr(forgetting, "waiting", waiting)
    assert run("compact").stdout.startswith("nothing to gain")
    assert said == ["indexing 2 vectors, about 1 s if nothing else is busy"]


def test_a_purge_says_what_was_erased_and_what_is_not_promised() -> None:
    """The receipt is printed in lines, or whole with --json; the other memories stay."""
    kept, lost, next_one = (remembered("--text", text) for text in ("keep", "lose", "go"))
    printed = run("forget", lost, "--purge").stdout
    assert printed.startswith("forgot 1 memory of 'me' and erased ")
    assert "not promised:\n- " in printed
    answer = run_json("forget", next_one, "--purge")
    assert (answer["forgotten"], answer["media_only"]) == (1, False)
    assert answer["receipt"]["ids"] == [next_one]
    assert answer["receipt"]["not_promised"]
    assert [record["id"] for record in run_json("timeline")["records"]] == [kept]


def test_a_purge_alone_forgets_nothing_more() -> None:
    """It asks nothing, and finishes what an earlier command left; a purge of all needs a yes."""
    remembered("--text", "keep")
    assert run_json("forget", "--purge")["forgotten"] == 0
    assert texts() == ["keep"]
    assert "add --yes" in run("forget", "--everything", "--purge", code=1).stderr
    assert run_json("forget", "--everything", "--purge", "--yes")["forgotten"] == 1
