"""Tokens of clients: each is of one owner with rights, and only its hash is kept."""

from __future__ import annotations

import hashlib
import hmac
import subprocess
import sys
from pathlib import Path

import pytest

from sensorium.agents.grants import Grant, Grants, digest_of, grants_of
from sensorium.errors import MemoryAccessError

ADA, BOB = "token-of-ada-0123456789", "token-of-bob-0123456789"
SHORT = "fifteen letters"
GRANTS = [
    Grant(digest_of(ADA), "ada"),
    Grant(digest_of(BOB), "bob", frozenset({"read", "write"})),
    Grant(digest_of(SHORT), "ada"),
]


def test_a_token_is_its_owners() -> None:
    """With its rights; no other token, no prefix, no hash and no short one lets anybody in."""
    grants = Grants(GRANTS)
    assert grants.of(ADA) == Grant(digest_of(ADA), "ada", frozenset({"read"}))
    assert grants.of(BOB) == Grant(digest_of(BOB), "bob", frozenset({"read", "write"}))
    for token in (SHORT, digest_of(ADA), ADA[:-1], ADA + "x", "ü" * 20, "\ud800" * 20, ""):
        assert grants.of(token) is None, token


def test_every_digest_is_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    """In constant time, also behind the one that fits: the first owner answers no faster."""
    compared = []

    def compare(one: str, other: str) -> bool:
        compared.append(one)
        return one == other

    monkeypatch.setattr(hmac, "compare_digest", compare)
    Grants(GRANTS).of(ADA)
    assert compared == [grant.sha256 for grant in GRANTS]


def test_the_digest_is_sha256() -> None:
    """The one that users compute by the documentation."""
    assert digest_of(ADA) == hashlib.sha256(ADA.encode()).hexdigest()


def test_grants_need_tokens_that_differ() -> None:
    """None lets in nobody, and one digest is one owner's."""
    for grants in ([], [GRANTS[0], Grant(digest_of(ADA), "bob")]):
        with pytest.raises(MemoryAccessError, match="at least one"):
            Grants(grants)


def test_a_file_is_read_without_a_framework(tmp_path: Path) -> None:
    """An HTTP server of another kind needs none of the packages of MCP."""
    path = tmp_path / "tokens.toml"
    path.write_text(f'[[tokens]]\nsha256 = "{digest_of(BOB)}"\nowner = "bob"\nrights = ["write"]\n')
    assert grants_of(path) == [Grant(digest_of(BOB), "bob", frozenset({"write"}))]
    code = (
        "import sys, sensorium.agents.grants, sensorium.agents.owners\n"
        "assert not {'mcp', 'jwt', 'langchain_core', 'starlette'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
