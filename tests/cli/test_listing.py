"""`sensorium timeline` and `stats`: what is listed and counted, and how tables look."""

from __future__ import annotations

import re

from tests.support.command_line import run, run_json


def test_a_page_leads_to_the_next() -> None:
    """The cursor of a page leads to the next one, until the last."""
    for number in range(3):
        run("remember", "--text", f"note {number}", "--at", f"2026-01-0{number + 1}")
    first = run("timeline", "--limit", "2", "--oldest-first").stdout
    cursor = first.splitlines()[-1].removeprefix("more: --cursor ")
    last = run_json("timeline", "--limit", "2", "--oldest-first", "--cursor", cursor)
    assert [record["text"] for record in last["records"]] == ["note 2"]
    assert last["cursor"] is None


def test_stats_count_this_owner_alone() -> None:
    """Another owner's memories are not counted, listed or forgotten."""
    run("remember", "--text", "mine")
    run("remember", "--text", "theirs", "--owner", "rex")
    assert run_json("stats")["records"] == 1
    assert re.search(r"records +1 *\n", run("stats").stdout)
    assert run_json("forget", "--everything", "--yes")["forgotten"] == 1
    assert run_json("stats", "--owner", "rex")["records"] == 1


def test_a_record_stays_on_one_line() -> None:
    """What does not fit 80 columns ends in an ellipsis."""
    run("remember", "--text", "word " * 40)
    [_, line] = run("timeline").stdout.splitlines()
    assert "\N{HORIZONTAL ELLIPSIS}" in line
    assert len(line) <= 80


def test_markup_and_control_characters_are_not_obeyed() -> None:
    """Markup and control characters in a memory are shown, not followed."""
    run("remember", "--text", "[bold]not \x1b[31mbold[/]")
    shown = run("timeline").stdout
    assert "[bold]not" in shown
    assert "\x1b" not in shown
