"""Embedding texts: sensorium-mini beside sentence-transformers with the model it comes from.

`python benchmarks/text_peers.py --model FOLDER` rewrites text_peers.md. FOLDER is all-MiniLM-L6-v2
as sentence-transformers reads it; it and `pip install sentence-transformers` are asked for here
only. Both encode the same texts whole, from words to unit vectors, in turn, in one process.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import torch
from machine import describe
from measure import Run, alternate
from sentence_transformers import SentenceTransformer, __version__
from tables import markdown

from sensorium.encoders.threads import VARIABLE
from sensorium.mini import MiniEncoder
from sensorium.mini.encoder import SEMANTIC
from sensorium.percepts import Text

HERE = Path(__file__).parent
CPU = torch.device("cpu")
MS = 1e3
UNCOUNTED, COUNTED = 2, 3  # calls of a run in each of its turns
LENGTHS = (6, 40, 200)  # words
BATCHES = (1, 32)  # texts
WORDS = "the a dog rain walks over sea clock car of green old house and sings loudly near"
COLD = {  # from nothing to the first vector
    "sensorium-mini": (
        "from sensorium.mini import MiniEncoder; from sensorium.percepts import Text;"
        "MiniEncoder().embed([Text('a dog')])"
    ),
    "sentence-transformers": (
        "import sys; from sentence_transformers import SentenceTransformer;"
        "SentenceTransformer(sys.argv[1], device='cpu').encode(['a dog'])"
    ),
}
MEASURED = """
import resource, subprocess, sys, time
start = time.perf_counter()
subprocess.run(sys.argv[1:], check=True, capture_output=True)
print(time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)
"""
HEADING = """# Texts, beside sentence-transformers

Written by `python benchmarks/text_peers.py`, with {threads} threads: sentence-transformers
{version} on torch, with the same model in float32. Ratios are those of medians, of {repeat} turns
each. The least cosine between both vectors of a text was {least:.4f}.
"""
WARM = ("words", "texts", "sensorium-mini, ms", "sentence-transformers, ms", "ratio")
BEGUN = ("from nothing to a vector", "seconds", "peak MiB")


def texts(words: int, count: int) -> list[str]:
    """Make texts of a number of words."""
    random = np.random.default_rng(words)
    return [" ".join(random.choice(WORDS.split(), words)) for _ in range(count)]


def compared(model: Path, repeat: int) -> tuple[list[list[str]], float]:
    """Return the rows of the table, and the least cosine between the two vectors of a text."""
    ours, theirs = MiniEncoder(), SentenceTransformer(str(model), device="cpu")
    rows, least = [], 1.0
    for words in LENGTHS:
        for count in BATCHES:
            given = texts(words, count)
            percepts = [Text(text) for text in given]
            runs: dict[str, Run] = {
                "ours": lambda percepts=percepts: ours.embed(percepts),
                "theirs": lambda given=given: theirs.encode(given, normalize_embeddings=True),
            }
            found = alternate(
                runs, CPU, repeat=repeat, least=0, uncounted=UNCOUNTED, counted=COUNTED
            )
            both = ours.embed(percepts)[:, :SEMANTIC], theirs.encode(given)
            least = min(least, float(np.einsum("bs,bs->b", *both).min()))
            a, b = found["ours"].median, found["theirs"].median
            rows.append([f"{words}", f"{count}", f"{MS * a:.1f}", f"{MS * b:.1f}", f"{b / a:.2f}x"])
            print(*rows[-1], sep=" | ", flush=True)
    return rows, least


def begun(model: Path) -> list[list[str]]:
    """Return the best time and the peak of processes that embed one text."""
    rows = []
    for name, code in COLD.items():
        small = [sys.executable, "-c", MEASURED, sys.executable, "-c", code, str(model)]
        done = [subprocess.run(small, check=True, capture_output=True, text=True) for _ in range(5)]
        found = [tuple(map(float, each.stdout.split())) for each in done]
        rows.append([name, f"{min(s for s, _ in found):.2f}", f"{max(m for _, m in found):.0f}"])
        print(*rows[-1], sep=" | ", flush=True)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=8)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    os.environ[VARIABLE] = str(arguments.threads)
    cold = begun(arguments.model)
    warm, least = compared(arguments.model, arguments.repeat)
    heading = HEADING.format(
        threads=arguments.threads, repeat=arguments.repeat, least=least, version=__version__
    )
    facts = [f"- {key}: {value}" for key, value in describe(CPU).items()]
    parts = [heading, markdown(WARM, warm), "", markdown(BEGUN, cold), "", *facts, ""]
    (HERE / "text_peers.md").write_text("\n".join(parts), encoding="utf-8")


if __name__ == "__main__":
    main()
