"""`sensorium share`, `unshare` and `shares`, and whose what is shown is."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.command_line import DOG, run, run_json


@pytest.fixture(autouse=True)
def dog() -> None:
    run("remember", DOG, "--tag", "family", "--owner", "ana")
    run("remember", "--text", "a secret", "--owner", "ana")


def test_shared_and_ended_at_the_command_line(tmp_path: Path) -> None:
    """Ben finds Ana's dog, reads whose it is and saves it; then not any more."""
    assert "nothing is shared" in run("shares", "--owner", "ana").output
    made = run_json("share", "ben", "--tag", "family", "--owner", "ana")
    assert (made["owner"], made["with"], made["tags"]) == ("ana", "ben", ["family"])
    for owner in ("ana", "ben"):
        assert run_json("shares", "--owner", owner)["shares"] == [made]
        assert "tags family" in run("shares", "--owner", owner).output
    ben = ("--owner", "ben")
    [record] = run_json("timeline", *ben)["records"]
    assert (record["owner"], record["shared"]) == ("ana", True)
    assert "[ana]" in run("timeline", *ben).output
    assert "[ana]" in run("recall", "a dog", *ben).output
    shown = run("show", record["id"][:8], *ben).output
    assert "owner     ana" in shown
    assert str(run_json("show", record["id"], *ben)["media"][0]["path"]) in shown
    run("save", record["id"], tmp_path / "dog.jpg", *ben)
    assert (tmp_path / "dog.jpg").read_bytes() == DOG.read_bytes()
    run("forget", record["id"], *ben)
    assert run_json("timeline", "--owner", "ana")["records"][1]["tags"] == ["family"]
    assert run("unshare", "ben", "--owner", "ana").output == "ended: 1\n"
    assert run_json("timeline", *ben)["records"] == []
    assert "nothing was shared like that" in run("unshare", "ben", "--owner", "ana").output


def test_the_command_line_says_what_is_needed() -> None:
    """Tags or everything; another owner; and which shares are to end."""
    assert "everything" in run("share", "ben", "--owner", "ana", code=1).output
    assert "another owner" in run("share", "ana", "--everything", "--owner", "ana", code=1).output
    assert "nothing was named to end" in run("unshare", "--owner", "ana", code=1).output
    run("share", "ben", "--everything", "--owner", "ana")
    assert "everything" in run("shares", "--owner", "ben").output
    assert run_json("unshare", "--from", "ana", "--owner", "ben") == {"ended": 1}
