"""`sensorium first` to `conflicts`, and places: when something was, what held, and where."""

from __future__ import annotations

from datetime import datetime, timezone
from zoneinfo import ZoneInfo

import pytest
from tests.support.command_line import BARK, DOG, remembered, run, run_json

from sensorium.cli.chronicle import local_zone
from sensorium.cli.values import moment_of

DAY = "2026-05-01T12:{:02d}:00+00:00"


@pytest.fixture
def barks() -> list[str]:
    """Barks at noon and twenty past, a photo at ten past: their ids."""
    return [
        remembered(BARK, "--at", DAY.format(0), "--id", "early"),
        remembered(DOG, "--at", DAY.format(10), "--id", "photo"),
        remembered(BARK, "--at", DAY.format(20), "--id", "late"),
    ]


def ids(found: dict[str, list[dict[str, str]]]) -> list[str]:
    return [record["id"] for record in found["records"]]


@pytest.mark.slow
def test_first_and_last_of_all_matches(barks: list[str]) -> None:
    """With their time to the second, in words and as JSON; what is not sure is not given."""
    sound = ("a dog barking", "--modality", "audio")
    assert run_json("first", *sound)["hit"]["record"]["id"] == "early"
    assert run_json("last", *sound)["hit"]["record"]["id"] == "late"
    assert run_json("last", *sound, "--until", DAY.format(15))["hit"]["record"]["id"] == "early"
    assert run_json("last", "--audio", BARK, "--modality", "audio")["hit"]["record"]["id"] == "late"
    at = datetime(2026, 5, 1, 12, 20, tzinfo=timezone.utc).astimezone()
    assert run("last", *sound).stdout.startswith(f"{at:%Y-%m-%d %H:%M:%S}, audio, confidence")
    assert "nothing matches with enough confidence" in run("first", "quarterly tax report").stdout
    assert run_json("first", "a dog barking", "--origin", "web")["hit"] is None
    assert run_json("last")["hit"]["record"]["id"] == "late"  # by time alone


def test_around_a_moment(barks: list[str]) -> None:
    """An id, a time or words; both sides or one."""
    assert ids(run_json("around", "photo", "--within", "10 min")) == barks
    assert ids(run_json("around", DAY.format(10), "--within", "1 min")) == ["photo"]
    assert ids(run_json("around", "photo", "--after")) == ["late"]
    assert ids(run_json("around", "photo", "--before")) == ["early"]
    found = run_json("around", "--query", "a dog barking", "--before", "--origin", "file")
    assert found["hit"]["record"]["id"] == "late"
    assert ids(found) == ["photo", "early"]
    assert run("around", DAY.format(50)).stdout == "nothing found\n"


def test_how_often_is_an_estimate(barks: list[str]) -> None:
    """With its interval, by day, and matches that are near each other as one."""
    found = run_json("how-often", "a dog barking", "--modality", "audio", "--by", "day")
    assert found["low"] <= 2 <= found["high"]
    assert len(found["by"]) == 1
    near = run_json("how-often", "a dog barking", "--modality", "audio", "--apart", "1 h")
    assert near["high"] == 1
    shown = run("how-often", "a dog barking", "--by", "day").stdout
    assert shown.startswith("about ")
    assert "at least" in shown


def test_what_held_before_and_what_contradicts_itself() -> None:
    """The latest first; pairs with what they differ in."""
    run("remember", "--text", "Ben lives in Rome", "--id", "rome")
    run("remember", "--text", "Ben lives in Oslo", "--id", "oslo")
    [conflict] = run_json("conflicts")["conflicts"]
    assert conflict["differences"] == ["names"]
    assert "names" in run("conflicts").stdout
    run("remember", "--text", "Ben lives in Bern", "--id", "bern", "--supersedes", "rome")
    assert ids(run_json("history", "rome")) == ["bern", "rome"]
    assert run("history", "oslo").stdout.count("Ben lives") == 1
    run("update", "oslo", "--text", "Ben lives in Paris", "--history")
    assert [each["text"][-5:] for each in run_json("history", "oslo")["records"]] == [
        "Paris",
        " Oslo",
    ]


def test_who_says_so_and_where_it_was() -> None:
    """Words alone are a person's and files a file's, unless it is said."""
    for name, options in (
        ("words", ["--text", "a"]),
        ("page", ["--text", "b", "--origin", "web", "--place", "1,2 in map"]),
        ("photo", [DOG]),
        ("shared", [DOG, "--at", DAY.format(0), "--origin", "person", "--place", "48.5,2.5"]),
    ):
        run("remember", *options, "--id", name)
    said = {each["id"]: each for each in run_json("timeline")["records"]}
    assert [said[name]["origin"] for name in ("words", "page", "photo", "shared")] == [
        *("person", "web", "file", "person")
    ]
    assert said["page"]["place"]["frame"] == "map"
    assert said["shared"]["place"]["latitude"] == 48.5
    assert "is not one of" in run_json("remember", DOG, "--origin", "god", code=2)["error"]["came"]


def test_places_have_names() -> None:
    """A name given again is moved, and restricts by --near."""
    assert run("name-place", "home", "48.5,2.5").stdout == "named: home\n"
    assert run("name-place", "home", "48.5,2.25", "--radius", "1 km").stdout == "moved: home\n"
    run("name-place", "dock", "1,2 in map", "--radius", "2 m")
    found = run_json("places")["places"]
    assert found["home"] == {
        "place": {"latitude": 48.5, "longitude": 2.25, "altitude": None},
        "radius": 1000.0,
    }
    assert "1,2,0 in map" in run("places").stdout
    assert "not a place" in run_json("name-place", "sea", "there", code=2)["error"]["came"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (("around",), "no moment"),
        (("around", "a", "--query", "b"), "both a moment and --query"),
        (("around", "a", "--before", "--after"), "both --before and --after"),
        (("around", "photo", "--before", "--within", "1 h"), "within with before"),
        (("how-often",), "nothing to count"),
        (("first", " "), "blank words"),
    ],
)
def test_what_cannot_be_asked_is_refused(given: tuple[str, ...], words: str) -> None:
    """In words, before anything is guessed."""
    run("remember", "--text", "a", "--id", "photo")
    assert words in run_json(*given, code=1)["error"]["came"]


def test_a_moment_is_told_from_an_id() -> None:
    """Eight hexadecimal digits are an id, even if they look like a day or an age."""
    assert moment_of("20260101") is None
    assert moment_of("1234567d") is None
    assert moment_of("2026-05-01T12:00Z") == datetime(2026, 5, 1, 12, tzinfo=timezone.utc)
    assert moment_of("2h") is not None


def test_days_are_of_the_zone_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """By its name, so that summer and winter have their own hours."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    assert local_zone() == ZoneInfo("Europe/Berlin")


def test_what_happened_in_a_row(barks: list[str]) -> None:
    """Each step is an option; the rows in words and as JSON, and nothing is passed over."""
    steps = ("--sequence", "a dog barking", "--sequence", "a dog barking")
    far = run_json("recall", *steps, "--within", "30 min", "--modality", "audio")
    [row] = far["hits"]
    assert [row["record"]["id"], *(hit["record"]["id"] for hit in row["then"])] == ["early", "late"]
    shown = run("recall", *steps, "--within", "30 min", "--modality", "audio").stdout
    assert shown.startswith("1. in a row, ")
    assert shown.count("(early)") == shown.count("(late)") == 1
    near = run("recall", *steps, "--within", "1 min", "--modality", "audio").stdout
    assert near == "nothing surely happened in this order\n"
    assert run("recall", *steps, "--modality", "audio").stdout == near  # a minute by default
    assert "--sequence" in run("recall", "a dog", "--within", "1 min", code=1).stderr
    for other in (["a dog"], ["--like", "late"], ["--ranking", "raw"], ["--diversity", "0.5"]):
        assert "and --sequence" in run("recall", *steps, *other, code=1).stderr
    assert "2 to" in run("recall", *steps[:2], code=1).stderr
    refused = run("recall", *steps, "--within", "soon", code=1).stderr
    assert "write --within '10 min'" in refused
