"""`sensorium update`: other words, tags and metadata."""

from __future__ import annotations

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
