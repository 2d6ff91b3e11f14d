"""The built-in encoder, the memory and the command line do without torch."""

from __future__ import annotations

import subprocess
import sys

import pytest

# What `pip install sensorium` does not bring: as if none of it were there
WITHOUT = (
    "import sys\nfor name in ('torch', 'torchaudio', 'ftfy', 'onnx'): sys.modules[name] = None\n"
)
USE = """
import numpy as np
from sensorium.memory import Memory
from sensorium.percepts import Audio
from sensorium.samples import sample, sample_names
with Memory.open(":memory:", owner="rex") as memory:
    for name in sample_names():
        memory.remember(sample(name), id=name)
    memory.remember(Audio(np.sin(np.arange(44_100) / 9, dtype=np.float32), rate=44_100), id="tone")
    print(memory.recall("a dog", modalities=["image"], limit=1)[0].record.id)
"""
EVERY_PACKAGE = """
import importlib, sensorium.cli, sensorium.langchain, sensorium.langgraph
import sensorium.llama_index, sensorium.mcp, sensorium.qdrant.client
from sensorium.errors import MissingExtraError
from sensorium.encoders import load_encoder
try:
    load_encoder("imagebind-huge")
except MissingExtraError as error:
    print(error)
"""


def run(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT + code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.slow
def test_a_memory_of_seven_modalities_needs_no_torch() -> None:
    """Files are read, resampled, encoded, kept and found."""
    assert run(USE) == "photo_dog"


@pytest.mark.slow
def test_imagebind_without_torch_says_what_to_install() -> None:
    """Everything else is imported without it."""
    assert 'pip install "sensorium[imagebind]"' in run(EVERY_PACKAGE)


def test_the_weights_that_it_has_are_listed() -> None:
    """Without torch these are the built-in ones; how to get others is said."""
    code = "from sensorium.cli import app; app(['weights', 'list'])"
    assert run(code).splitlines() == [
        "sensorium-mini (inside the package)",
        'for others, run: pip install "sensorium[imagebind]"',
    ]


def test_what_is_listed_can_be_verified() -> None:
    """The built-in weights by their name, without torch."""
    code = "from sensorium.cli import app; app(['weights', 'verify', 'sensorium-mini'])"
    assert "audio, background, image, imu, languages, maps, text, trunk, vocabulary match" in run(
        code
    )


def test_an_array_imports_no_torch() -> None:
    """Whoever has a tensor has imported torch; whoever has none does not pay for it."""
    code = "import sys, numpy as np; from sensorium.percepts import Image; "
    code += "Image(np.zeros((4, 4, 3), np.uint8)).picture(); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.slow
def test_opening_the_package_imports_only_what_a_memory_needs() -> None:
    """What exports, event loops, HTTP and readers of files need comes when they are used."""
    code = "import sys; from sensorium.memory import Memory; print(*sys.modules)"
    loaded = set(run(code).split())
    assert "sensorium.memory.memory" in loaded
    assert not loaded & {
        *("asyncio", "pydantic", "http.client", "sensorium.sources", "onnxruntime"),
        *("sensorium.memory.asynchronous", "sensorium.memory.moving.exporting"),
    }
    assert run("from sensorium.memory import *; print(AsyncMemory.__name__)") == "AsyncMemory"
