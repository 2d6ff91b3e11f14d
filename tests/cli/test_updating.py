"""`sensorium update`: other words, tags and metadata."""

from __future__ import annotations

import pytest
from tests.support.command_line import remembered, run, run_json


def test_a_record_is_updated() -> None:
    """Tags and metadata are replaced, --add-tag adds; everything else stays."""
    name = remembered("--text", "buy milk", "--tag", "todo", "--meta", "shop=old")
    assert run_json("update", name[:8], "--add-tag", "food")["tags"] == ["todo", "food"]
    assert run_json("update", name, "--tag", "done", "--meta", "n=1")["tags"] == ["done"]
    changed = run_json("update", name, "--text", "milk is here", "--source", "me")
    assert (changed["text"], changed["metadata"]) == ("milk is here", {"n": 1})
    assert (changed["tags"], changed["source"]) == (["done"], "me")
    assert "changes nothing" in run("update", name, code=1).stderr


def test_a_place_is_corrected() -> None:
    """In degrees, with the height if it is known; the rest stays."""
    name = remembered("--text", "the lighthouse", "--tag", "sea")
    changed = run_json("update", name, "--place", "-33.8568,151.2153")
    assert changed["place"] == {"latitude": -33.8568, "longitude": 151.2153, "altitude": None}
    changed = run_json("update", name, "--place", "54.1, 13.7, 3")
    assert run_json("show", name)["place"] == {
        "latitude": 54.1,
        "longitude": 13.7,
        "altitude": 3.0,
    }
    assert (changed["text"], changed["tags"]) == ("the lighthouse", ["sea"])


@pytest.mark.parametrize("place", ["91,0", "48.8", "1,2,3,4", "here", "nan,0", ""])
def test_what_is_no_place_is_a_wrong_option(place: str) -> None:
    """The message shows how one is written."""
    assert "48.8584" in run("update", "some", "--place", place, code=2).output
