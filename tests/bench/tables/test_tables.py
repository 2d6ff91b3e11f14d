"""Tables of an encoder that knows the answers: what they must say of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.bench_data import rows_of, value

from sensorium.bench import Report, bench
from sensorium.bench.data import absent


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
