"""The house holds: one namespace, imports one way, nothing heavy before it is needed."""

from __future__ import annotations

import ast
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_socket import SocketBlockedError
from tests.support.golden_files import ROOT

WINGS = (ROOT / "embedders" / "sensorium", ROOT / "integrations" / "sensorium")
# Each layer may import itself and the layers before it.
LAYERS = [
    *(
        "errors",
        "percepts",
        "sources",
        "samples",
        "encoders",
        "enrich",
        "imagebind",
        "mini",
        "decoders",
        "qdrant",
        "memory",
    ),
    *("moving", "remote", "agents", "bench", "adapters", "server", "cli"),
]
ADAPTERS = {"langchain", "langgraph", "llama_index", "mcp"}
MODELS = {"imagebind", "mini"}
FORBIDDEN = {"qdrant": MODELS, "imagebind": {"mini"}, "mini": {"imagebind"}}


def layer_of(part: str) -> str:
    return "adapters" if part in ADAPTERS else part


def modules() -> list[tuple[str, Path]]:
    return [
        (path.relative_to(wing).parts[0].removesuffix(".py"), path)
        for wing in WINGS
        for path in sorted(wing.rglob("*.py"))
    ]


def imported_parts(path: Path) -> set[str]:
    parts = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names = [node.module or ""]
            if node.module == "sensorium":
                names = [f"sensorium.{alias.name}" for alias in node.names]
        parts |= {name.split(".")[1] for name in names if name.startswith("sensorium.")}
    return parts


@pytest.mark.parametrize("wing", WINGS, ids=lambda wing: wing.parent.name)
def test_the_namespace_has_no_init(wing: Path) -> None:
    """A `sensorium/__init__.py` in one wing would hide the other."""
    assert not (wing / "__init__.py").exists()


@pytest.mark.parametrize(("part", "path"), modules(), ids=lambda value: str(value)[-40:])
def test_imports_point_one_way(part: str, path: Path) -> None:
    """No module imports a later layer, nor one it is kept apart from."""
    own = LAYERS.index(layer_of(part))
    for other in imported_parts(path):
        assert LAYERS.index(layer_of(other)) <= own, f"{path} imports sensorium.{other}"
        assert other not in FORBIDDEN.get(part, set()), f"{path} imports sensorium.{other}"


def test_every_public_package_is_typed() -> None:
    """Each sub-package carries `py.typed`, so installed copies are type-checked."""
    packages = {path.parent for wing in WINGS for path in wing.glob("*/__init__.py")}
    assert packages
    assert [package for package in packages if not (package / "py.typed").exists()] == []


HEAVY = {"torch", "torchaudio", "onnxruntime", "av", "sklearn", "qdrant_client"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        ("import sensorium.percepts", HEAVY),
        ("import sensorium.sources", {*HEAVY, "rosbags"}),
        ("import sensorium.encoders", HEAVY),
        ("import sensorium.decoders", {*HEAVY, "diffusers", "transformers"}),
        ("import sensorium.imagebind", {"torchaudio", "av", "sklearn", "qdrant_client"}),
        ("import sensorium.qdrant", HEAVY),
        ("import sensorium.memory", HEAVY),
        ("import sensorium.cli", HEAVY),
    ],
)
def test_heavy_packages_wait(statement: str, absent: set[str]) -> None:
    """Importing a layer loads no package that only some of its uses need."""
    code = f"{statement}\nimport sys\nprint(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert absent & set(loaded) == set()


@pytest.mark.filterwarnings("ignore:A test tried to use socket:UserWarning")
def test_sockets_are_blocked() -> None:
    """A test that reaches for the network fails, whatever the machine allows."""
    with pytest.raises(SocketBlockedError):
        socket.create_connection(("127.0.0.1", 9), timeout=1)
