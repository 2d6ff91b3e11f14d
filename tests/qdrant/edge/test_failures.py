"""Edge's errors, which differ only in their text, get the names of ours."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from tests.support.edge_points import SCHEMA, point

from sensorium.errors import StoreError, StoreFormatError, StoreFullError, StoreLockedError
from sensorium.qdrant import EdgeBackend
from sensorium.qdrant.edge.failures import translated_error, translating_errors


@pytest.mark.parametrize(
    ("text", "opening", "kind"),
    [
        ("No space left on device", False, StoreFullError),
        ("write failed (os error 28)", True, StoreFullError),
        ("Disk quota exceeded", False, StoreFullError),
        ('Os { code: 27, kind: FileTooLarge, message: "File too large" }', True, StoreFullError),
        ("Failed to persist " + "a/long/path" * 40 + ": No space left", False, StoreFullError),
        ("WouldBlock: held elsewhere", True, StoreLockedError),
        ("torn segment", True, StoreFormatError),
        ("bad request", False, StoreError),
    ],
)
def test_each_failure_has_its_error(text: str, opening: bool, kind: type[StoreError]) -> None:
    """The text of Edge decides, and whether the shard was being opened."""
    error = translated_error(Exception(text), "the memory 'here'", opening=opening)
    assert type(error) is kind
    assert "the memory 'here'" in error.came


@pytest.mark.parametrize("content", [b"", b"\0" * 8])
def test_a_shard_that_panics_is_a_damaged_memory(tmp_path: Path, content: bytes) -> None:
    """Rust's panic is no Exception: nobody outside meets it, and the folder is free again."""
    with closing(EdgeBackend.open(tmp_path, schema=SCHEMA)) as backend:
        backend.upsert([point(1)])
    for status in tmp_path.glob("shard/segments/*/payload_index/*/*/status.dat"):
        status.write_bytes(content)
    for _ in range(2):
        with pytest.raises(StoreFormatError, match="cannot be opened"):
            EdgeBackend.open(tmp_path, schema=SCHEMA)


def test_a_panic_of_an_open_shard_is_damage() -> None:
    """A class that cannot be imported is known by its name."""

    class PanicException(BaseException):
        """As Rust's interface to Python raises it."""

    with pytest.raises(StoreFormatError, match="damaged files"):  # noqa: SIM117
        with translating_errors("the memory 'here'"):
            raise PanicException("index out of bounds")


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_what_is_no_error_passes(kind: type[BaseException]) -> None:
    """Control-C stays control-C."""
    with pytest.raises(kind), translating_errors("the memory 'here'"):
        raise kind


def test_an_error_of_another_package_stays_itself() -> None:
    """A watch on blocking calls raises its own where the engine's folder is looked at."""

    class BlockingError(Exception):
        """As such a watch raises it, with advice of its own."""

    with pytest.raises(BlockingError, match="to_thread"), translating_errors("the memory 'here'"):
        raise BlockingError("use asyncio.to_thread")
    for ours in (OSError("broken"), RuntimeError("broken"), Exception("broken")):
        with pytest.raises(StoreError, match="broken"), translating_errors("the memory 'here'"):
            raise ours
