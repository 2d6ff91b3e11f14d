"""An adapter without its framework says what to install; with it, it loads no model."""

from __future__ import annotations

import subprocess
import sys

import pytest

FRAMEWORKS = {  # the adapter, the module it cannot do without, and the extra that brings it
    "sensorium.langchain": ("langchain_core", "langchain"),
    "sensorium.langgraph": ("langgraph", "langgraph"),
    "sensorium.llama_index": ("llama_index.core", "llama-index"),
    "sensorium.mcp": ("mcp", "mcp"),
    "sensorium.server": ("fastapi", "server"),
}
MODELS = {"torch", "torchaudio", "av", "tokenizers", "sensorium.imagebind", "sensorium.mini"}


@pytest.mark.parametrize("adapter", FRAMEWORKS)
def test_a_missing_framework_is_named_with_its_cure(adapter: str) -> None:
    """Importing the adapter raises one `ImportError` that holds the line to type."""
    module, extra = FRAMEWORKS[adapter]
    code = (
        f"import sys\nsys.modules[{module!r}] = None\n"
        "from sensorium.errors import MissingExtraError\n"
        f"try:\n    import {adapter}\nexcept MissingExtraError as error:\n    print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert f'pip install "sensorium[{extra}]"' in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("adapter", FRAMEWORKS)
def test_an_adapter_loads_no_model(adapter: str) -> None:
    """Importing it takes what its framework takes, and nothing of ours that is heavy."""
    module = FRAMEWORKS[adapter][0]
    listed = "import sys\nbefore = set(sys.modules)\n{}\nprint(*(set(sys.modules) - before))"
    code = f"import {module}\n" + listed.format(f"import {adapter}")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert MODELS & set(done.stdout.split()) == set()
