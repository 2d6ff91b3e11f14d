"""The benchmark as a whole: one report, its command, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.support.bench_data import DIMENSION, Oracle, rows_of
from typer.testing import CliRunner

from sensorium.bench import TABLES, Report, bench
from sensorium.bench.data import Data
from sensorium.cli import app
from sensorium.encoders import FunctionEncoder, register_encoder
from sensorium.errors import MissingExtraError, QueryError, UnsupportedModalityError


@pytest.mark.slow
def test_the_same_seed_gives_the_same_report(folder: Path, report: Report) -> None:
    """But for the time that it took."""
    again = bench(Oracle(Data(folder)).encoder(), tables=["mixed", "recall", "times"], data=folder)
    for name in ("mixed", "recall", "times"):
        assert rows_of(again, name) == rows_of(report, name)


@pytest.mark.slow
def test_a_report_says_where_its_data_is_from(report: Report) -> None:
    """Each package with its version and licence, in both forms; the page loads nothing."""
    whole = json.loads(report.to_json())
    assert any("scikit-image 9.9 (BSD-3-Clause" in line for line in whole["facts"]["data"])
    cell = whole["tables"][0]["rows"][0][4]
    assert set(cell) == {"value", "low", "high", "count"}
    page = report.to_html()
    assert "scikit-image 9.9" in page
    assert "<script" not in page
    assert "http" not in page


def test_an_encoder_with_markup_for_a_name_is_shown_as_it_is(folder: Path) -> None:
    """Nothing of it is markup of the page."""
    oracle = Oracle(Data(folder)).encoder("<b>bold</b>")
    assert "<b>" not in bench(oracle, tables=["languages"], data=folder).to_html()


def test_missing_packages_are_named_at_once(tmp_path: Path, folder: Path) -> None:
    """All of them, with both ways to get them, before anything is measured."""
    oracle = Oracle(Data(folder)).encoder()
    with pytest.raises(MissingExtraError) as raised:
        bench(oracle, data=tmp_path)
    for part in ("ambience", "onsen", 'pip install "sensorium[bench]"', "--data DATA"):
        assert part in str(raised.value)


def test_what_cannot_be_measured_is_refused(folder: Path) -> None:
    """An unknown table, none, and an encoder of words alone."""
    oracle = Oracle(Data(folder))
    for wrong in (["speed"], []):
        with pytest.raises(QueryError, match="recall, mixed"):
            bench(oracle.encoder(), tables=wrong, data=folder)
    words = FunctionEncoder("words", {"text": oracle}, dimension=DIMENSION)
    with pytest.raises(UnsupportedModalityError, match="mteb"):
        bench(words, data=folder)


def test_the_command_writes_both_reports(folder: Path, tmp_path: Path) -> None:
    """Under the name of the encoder; a package that is missing is one line of an error."""
    register_encoder("an/oracle", lambda **_: Oracle(Data(folder)).encoder())
    out = tmp_path / "reports"
    command = ["bench", "an/oracle", "--tables", "mixed", "--out", str(out)]
    done = CliRunner().invoke(app, [*command, "--data", str(folder)])
    assert done.exit_code == 0, done.output
    assert {path.name for path in out.iterdir()} == {"an-oracle.json", "an-oracle.html"}
    missing = CliRunner().invoke(app, [*command, "--data", str(tmp_path)])
    assert missing.exit_code == 1


def test_every_table_has_a_name_on_the_command_line() -> None:
    """What `--help` lists is what there is."""
    told = CliRunner().invoke(app, ["bench", "--help"], env={"COLUMNS": "200"}).output
    assert all(name in told for name in TABLES)
