"""An encoder in mteb: a task of its own, offline."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sensorium.encoders import FunctionEncoder
from sensorium.errors import UnsupportedModalityError


def test_without_mteb_it_says_what_to_install() -> None:
    """Importing raises one `ImportError` that holds the line to type."""
    code = (
        "import sys\nsys.modules['mteb'] = None\n"
        "from sensorium.errors import MissingExtraError\n"
        "try:\n    import sensorium.bench.mteb_encoder\n"
        "except MissingExtraError as error:\n    print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 'pip install "sensorium[mteb]"' in done.stdout


def lengths(texts: Any) -> list[list[float]]:
    return [[np.cos(len(t.text) / 10), np.sin(len(t.text) / 10)] for t in texts]


def reds(pictures: Any) -> list[list[float]]:
    return [[1.0, float(np.asarray(p.picture()).mean()) + 1] for p in pictures]


@pytest.fixture
def adapted() -> Any:
    pytest.importorskip("mteb")
    from sensorium.bench.mteb_encoder import MtebEncoder

    towers = {"text": lengths, "image": reds}
    return MtebEncoder(FunctionEncoder("lengths", towers, dimension=2))


def test_batches_are_rows_in_order(adapted: Any) -> None:
    """Words and pictures of one item are averaged; of neither, a refusal."""
    rows = adapted.encode([{"text": ["a", "bbbb"]}, {"text": ["cc"]}])
    np.testing.assert_allclose(rows[:, 1], np.sin([0.1, 0.4, 0.2]), atol=1e-6)
    import PIL.Image

    both = adapted.encode([{"text": ["a"], "image": [PIL.Image.new("RGB", (4, 4))]}])
    parts = np.array([[np.cos(0.1), np.sin(0.1)], [0.5**0.5, 0.5**0.5]])
    mean = parts.mean(axis=0)
    np.testing.assert_allclose(both[0], mean / np.linalg.norm(mean), atol=1e-6)
    with pytest.raises(UnsupportedModalityError, match="video"):
        adapted.encode([{"video": [1]}])


@pytest.mark.filterwarnings("ignore")  # of mteb and what it imports
def test_a_task_of_ones_own_runs(adapted: Any, tmp_path: Path) -> None:
    """Sentences whose likeness is that of their lengths: the order is found, Spearman is 1."""
    import mteb
    from datasets import Dataset, DatasetDict
    from mteb.abstasks.sts import AbsTaskSTS
    from mteb.abstasks.task_metadata import TaskMetadata

    class Lengths(AbsTaskSTS):  # type: ignore[misc]  # mteb ships no type information
        metadata = TaskMetadata(
            name="Lengths",
            description="Likeness of lengths.",
            reference=None,
            dataset={"path": "local/lengths", "revision": "1"},
            type="STS",
            category="t2t",
            modalities=["text"],
            eval_splits=["test"],
            eval_langs=["eng-Latn"],
            main_score="cosine_spearman",
            date=None,
            domains=None,
            task_subtypes=None,
            license=None,
            annotations_creators=None,
            dialect=None,
            sample_creation=None,
            bibtex_citation=None,
        )
        min_score, max_score = 0, 10

        def load_data(self, **_: Any) -> None:
            pairs = {
                "sentence1": ["a"] * 5,
                "sentence2": ["a" * n for n in (1, 3, 5, 8, 12)],
                "score": [9.0, 7.0, 5.0, 3.0, 1.0],
            }
            self.dataset = DatasetDict({"test": Dataset.from_dict(pairs)})
            self.data_loaded = True

    result = mteb.evaluate(adapted, Lengths(), cache=None, co2_tracker=False)
    assert result.task_results[0].get_score() == pytest.approx(1.0)
