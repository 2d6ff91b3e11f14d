"""A token goes to a server only where nobody on the way can read it."""

from __future__ import annotations

import pytest

from sensorium.errors import MemoryAccessError
from sensorium.remote.connection import Connection

INSECURE = "SENSORIUM_INSECURE"
TOKEN = "0123456789abcdef"


@pytest.fixture(autouse=True)
def _no_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(INSECURE, raising=False)


@pytest.mark.parametrize(
    "address",
    [
        "sensorium+http://memory.example.org",
        "SENSORIUM+HTTP://memory.example.org:8000/below",
        "sensorium+http://192.168.1.4:8000",
        "sensorium+http://[2001:db8::1]",
        "sensorium+http://127.0.0.1.example.org",
        "sensorium+http://localhost.example.org",
        "sensorium+http://0.0.0.0:8000",
    ],
)
def test_plain_http_to_another_machine_is_refused(address: str) -> None:
    """The error says how to write it, and how to allow it."""
    with pytest.raises(MemoryAccessError, match="https") as caught:
        Connection(address, TOKEN)
    assert INSECURE in str(caught.value)
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize(
    "address",
    [
        "sensorium+https://memory.example.org",
        "sensorium+http://127.0.0.1:8000",
        "sensorium+http://127.9.8.7",
        "sensorium+http://[::1]:8000",
        "sensorium+http://LOCALHOST:8000",
    ],
)
def test_what_nobody_can_read_is_taken(address: str) -> None:
    """TLS, and this machine."""
    Connection(address, TOKEN).close()


def test_plain_http_can_be_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the network is trusted, such as between two containers."""
    monkeypatch.setenv(INSECURE, "1")
    Connection("sensorium+http://memory.internal:8000", TOKEN).close()
    monkeypatch.setenv(INSECURE, "0")
    with pytest.raises(MemoryAccessError, match="https"):
        Connection("sensorium+http://memory.internal:8000", TOKEN)


@pytest.mark.parametrize("address", ["sensorium+https://:secret@host", "sensorium+https://@host"])
def test_a_password_without_a_name_is_one(address: str) -> None:
    """It is refused and not repeated."""
    with pytest.raises(MemoryAccessError, match="token") as caught:
        Connection(address, TOKEN)
    assert "secret" not in str(caught.value)
