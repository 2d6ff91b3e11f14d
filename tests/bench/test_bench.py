"""The benchmark, by an encoder that knows the answers, on small planted packages."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.support.bench_data import unpack
from typer.testing import CliRunner

from sensorium.bench import TABLES, Figure, Report, bench
from sensorium.bench.data import Data, absent, items, translations
from sensorium.bench.pool import named
from sensorium.cli import app
from sensorium.encoders import FunctionEncoder, register_encoder
from sensorium.errors import MissingExtraError, QueryError, UnsupportedModalityError
from sensorium.percepts import Percept, Text

DIMENSION = 64


class Oracle:
    """Knows the kind of each item by its content, and the words for it."""

    def __init__(self, data: Data) -> None:
        listed = [*items(), *data.motions()]
        self.kinds = {data.percept(item).digest: item.kind for item in listed}
        self.words = {item.caption: item.kind for item in listed}
        self.words |= {named(kind): kind for kind in set(self.kinds.values())}
        self.words |= {
            name: next(item.kind for item in items() if item.file == file)
            for names in translations().values()
            for file, name in names.items()
        }
        self.rows = {kind: place for place, kind in enumerate(sorted({*self.kinds.values()}))}

    def __call__(self, percepts: Sequence[Percept]) -> Any:
        rows = np.full((len(percepts), DIMENSION), 0.01)
        for row, percept in zip(rows, percepts, strict=True):
            words = isinstance(percept, Text)
            kind = self.words.get(percept.text) if words else self.kinds[percept.digest]  # type: ignore[attr-defined]  # a text has it
            row[self.rows[kind] if kind else DIMENSION - 1] = 1.0
        return rows

    def encoder(self, model: str = "oracle") -> FunctionEncoder:
        towers = dict.fromkeys(("text", "image", "audio", "thermal", "depth", "imu"), self)
        return FunctionEncoder(model, towers, dimension=DIMENSION)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unpack(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def report(folder: Path) -> Report:
    wanted = ["recall", "mixed", "abstention", "times", "languages"]
    return bench(Oracle(Data(folder)).encoder(), tables=wanted, data=folder)


def rows_of(report: Report, name: str) -> list[dict[str, Any]]:
    table = next(table for table in report.tables if table.name == name)
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows]


def value(cell: str | Figure) -> float:
    assert isinstance(cell, Figure)
    assert cell.value is not None
    return cell.value


def test_an_oracle_is_always_right(report: Report) -> None:
    """Recall is 1 for each pair of modalities, chance is less, and captions are right, too."""
    pairs = rows_of(report, "recall")
    assert {(row["asked by"], row["among"]) for row in pairs} >= {
        ("text", "image"),
        ("image", "audio"),
        ("thermal", "image"),
        ("image", "depth"),
        ("imu", "imu"),
    }
    for row in pairs:
        assert value(row["recall@1"]) == 1.0
        assert value(row["chance@1"]) < 1.0
        assert value(row["names@1"]) == 1.0
        assert int(row["questions"]) > 0


def test_what_is_found_in_a_mixed_pool(report: Report) -> None:
    """An exact scan of an oracle's vectors is perfect; a random order is not."""
    found = {row["ranking"]: row for row in rows_of(report, "mixed")}
    assert value(found["exact scan"]["precision@10"]) == 1.0
    assert value(found["exact scan"]["modalities present"]) == 1.0
    assert value(found["memory"]["precision@10"]) > 0.9
    assert value(found["chance"]["precision@10"]) < 0.3


def test_what_is_absent_is_told_apart(report: Report) -> None:
    """The best cosine is 1 for what is there; without statistics there is no calibration error."""
    found = {row["surest by"]: row for row in rows_of(report, "abstention")}
    assert value(found["exact scan"]["AUROC"]) == 1.0
    assert value(found["exact scan"]["first hit right"]) == 1.0
    assert value(found["chance"]["AUROC"]) == 0.5
    assert len(absent()) == 20


def test_times_in_words_choose_the_day(report: Report) -> None:
    """Before, after and on a day: always, where meaning is no difficulty; unread, they are not."""
    found = {row["question"]: row for row in rows_of(report, "times")}
    assert set(found) == {"before", "after", "around", "first", "last"}
    for name in ("before", "after", "around"):
        assert value(found[name]["memory"]) == 1.0, name
        assert value(found[name]["unread"]) < 0.7


def test_languages_are_those_of_the_list(report: Report) -> None:
    """Sixteen, each with a figure of its own."""
    found = rows_of(report, "languages")
    assert len(found) == 16
    assert all(value(row["first hit right"]) > 0.5 for row in found)


def test_the_same_seed_gives_the_same_report(folder: Path, report: Report) -> None:
    """But for the time that it took."""
    again = bench(Oracle(Data(folder)).encoder(), tables=["mixed", "recall"], data=folder)
    for name in ("mixed", "recall"):
        assert rows_of(again, name) == rows_of(report, name)


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


@pytest.mark.slow
def test_spans_and_costs_of_the_built_in_encoder(folder: Path) -> None:
    """Where and cost need an encoder with windows: figures are there, and plausible."""
    found = bench("sensorium-mini", tables=["where", "cost"], data=folder)
    spans = rows_of(found, "where")
    assert [row["modality"] for row in spans] == ["audio", "video", "imu"]
    assert all(0 <= value(row["IoU"]) <= 1 and value(row["whole"]) < 0.3 for row in spans)
    costs = {row["what"]: row for row in rows_of(found, "cost")}
    assert value(costs["recall p50"]["value"]) <= value(costs["recall p95"]["value"])
    assert value(costs["cold start"]["value"]) > 0
