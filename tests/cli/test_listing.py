"""`sensorium timeline` and `stats`: what is listed and counted, and how tables look."""

from __future__ import annotations

import re

import pytest
from tests.support.command_line import run, run_json

from sensorium.cli.values import parse_bound


def test_a_page_leads_to_the_next() -> None:
    """The cursor of a page leads to the next one, until the last."""
    for number in range(3):
        run("remember", "--text", f"note {number}", "--at", f"2026-01-0{number + 1}")
    first = run("timeline", "--limit", "2", "--oldest-first").stdout
    cursor = first.splitlines()[-1].removeprefix("more: --cursor ")
    last = run_json("timeline", "--limit", "2", "--oldest-first", "--cursor", cursor)
    assert [record["text"] for record in last["records"]] == ["note 2"]
    assert last["cursor"] is None


def test_bounds_in_words_are_read_and_said() -> None:
    """--since has the beginning of what words name, --until its end; stderr says which."""
    for day in ("2024-04-30", "2024-05-01", "2024-05-31", "2024-06-01"):
        run("remember", "--text", day, "--at", f"{day}T12:00")
    since = run("timeline", "--since", "May 2024", "--oldest-first")
    shown = [line.split()[0] for line in since.stdout.splitlines()[1:]]
    assert shown == ["2024-05-01", "2024-05-31", "2024-06-01"]
    assert since.stderr == "read --since May 2024: since 2024-05-01 00:00\n"
    until = ["--until", "mayo de 2024", "--oldest-first"]
    assert [each["text"] for each in run_json("timeline", *until)["records"]] == [
        *("2024-04-30", "2024-05-01", "2024-05-31")
    ]
    assert (
        run_json("timeline", "--since", "since May 2024", "--until", "before June 2024")["records"][
            0
        ]["text"]
        == "2024-05-31"
    )
    assert run_json("timeline", "--since", "yesterday")["records"] == []


def test_other_words_are_no_bounds() -> None:
    """Words without that end, or beside a time, are refused with forms that are read."""
    for option, words in (
        *(("--since", "before 2020"), ("--until", "since May"), ("--until", "tomorrow")),
        *(("--since", "the dog last summer"), ("--since", ""), ("--until", "soon")),
    ):
        refused = run_json("timeline", option, words, code=2)["error"]["came"]
        forms = {"yesterday", *re.findall(r'"([^"]+)"|(2026[^ ,]+)|(7d)', refused)}
        assert len(forms) == 7
        for form in ("".join(each) for each in forms):
            assert parse_bound(form, option)


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


@pytest.mark.slow
def test_episodes_are_listed() -> None:
    """Two sittings far apart are two episodes, each with its span and what was said in it."""
    for day in ("2026-01-01", "2026-03-01"):
        for minute in range(4):
            run("remember", "--text", f"note {day} {minute}", "--at", f"{day}T12:0{minute}")
    found = run_json("episodes", "--oldest-first")["episodes"]
    assert [each["records"] for each in found] == [4, 4]
    assert found[0]["start"] < found[0]["end"] < found[1]["start"]
    assert "note 2026-01-01" in run("episodes", "--until", "2026-02-01").stdout
    assert run("episodes", "--since", "2026-05-01").stdout == "nothing found\n"
    run_json("episodes", "--since", "2026-05-01", "--until", "2026-04-01", code=1)
