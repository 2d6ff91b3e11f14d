"""The file of tokens: made, listed and revoked, by several processes, and seen by a server."""

from __future__ import annotations

import hashlib
import stat
import threading
from pathlib import Path

import pytest
from tests.support.planted import PlantedEncoder

from sensorium.agents.grants import grants_of
from sensorium.errors import MemoryAccessError, OwnerError, SensoriumError
from sensorium.memory import Memory
from sensorium.server.entry.attempts import MOST_ADDRESSES, MOST_FAILURES, PERIOD, Attempts
from sensorium.server.entry.tokens import ID_LENGTH, PREFIX, TokenFile

ODD = 'a"b\\c\n\x7f 猫 🐕'


@pytest.fixture
def file(tmp_path: Path) -> TokenFile:
    return TokenFile(tmp_path / "tokens.toml")


def test_a_token_is_its_holders_alone(file: TokenFile) -> None:
    """Long, with a prefix; only its hash is written, into a file that nobody else may read."""
    token = file.add("ana", ["read", "write"], name="laptop")
    assert token.startswith(PREFIX)
    assert len(token) >= 48
    text = file.path.read_text()
    assert token not in text
    assert token.removeprefix(PREFIX) not in text
    assert hashlib.sha256(token.encode()).hexdigest() in text
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    grant = file.of(token)
    assert grant is not None
    assert (grant.owner, set(grant.rights), grant.name) == ("ana", {"read", "write"}, "laptop")
    assert file.of(token[:-1]) is file.of("") is file.of(grant.sha256) is None


def test_mcp_reads_the_same_file(file: TokenFile) -> None:
    """Whatever is in a name."""
    file.add(ODD.strip(), ["read", "admin"], name=ODD)
    file.add("ben")
    first, second = grants_of(file.path)
    assert (first.owner, set(first.rights), first.name) == (ODD.strip(), {"read", "admin"}, ODD)
    assert (second.owner, set(second.rights), second.name) == ("ben", {"read"}, "")
    assert first.created is not None


def test_another_process_is_heard_at_once(file: TokenFile) -> None:
    """A token that it adds is let in, and one that it revokes is not."""
    other = TokenFile(file.path)
    token = other.add("ana", name="x")
    grant = file.of(token)
    assert grant is not None
    assert file.has(grant)
    other.revoke("x")
    assert file.of(token) is None
    assert not file.has(grant)
    other.path.unlink()
    assert file.of(token) is None


def test_revoking_leaves_the_rest_as_it_was(file: TokenFile) -> None:
    """Comments and other tables, by the name or the beginning of the digest."""
    kept = file.add("ana", name="kept")
    gone = file.add("ana")
    last = file.add("ben", name="last")
    file.path.write_text(f"# of the team\n{file.path.read_text()}# the end\n")
    grant = file.of(gone)
    assert grant is not None
    for wrong in ("", grant.sha256[:7], "nosuch", "zzzzzzzzzz"):
        with pytest.raises(MemoryAccessError, match="token list"):
            file.revoke(wrong)
    assert file.revoke(grant.sha256[:ID_LENGTH].upper()) == grant
    assert file.of(gone) is None
    assert file.of(kept)
    assert file.of(last)
    text = file.path.read_text()
    assert text.startswith("# of the team\n")
    assert text.endswith("# the end\n")
    assert text.count("[[tokens]]") == 2


def test_a_table_written_by_hand_is_revoked(file: TokenFile) -> None:
    """However it is written, with the digest of one in the name of another."""
    one, two = (hashlib.sha256(each).hexdigest() for each in (b"1", b"2"))
    file.path.write_text(
        f'tokens = [{{sha256 = "{one}", owner = "ana"}}, '
        f'{{sha256 = "{two}", owner = "ana", name = "{one}"}}]\n'
    )
    assert [each.sha256 for each in TokenFile(file.path).grants()] == [one, two]
    file.path.write_text(
        f'[[tokens]]\nsha256 = "{one}"\nowner = "ana"\nname = "a"\n'
        f'[[tokens]]\nsha256 = "{two}"\nowner = "ana"\nname = "of {one}"\n'
    )
    assert file.revoke("a").sha256 == one
    assert [each.sha256 for each in file.grants()] == [two]


def test_two_writers_lose_nothing(file: TokenFile) -> None:
    """Each token that was added is there, whoever wrote at the same time."""
    made: list[str] = []

    def add(number: int) -> None:
        made.append(TokenFile(file.path).add("ana", name=f"n{number}"))

    threads = [threading.Thread(target=add, args=[number]) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == len(set(made)) == 12
    assert all(map(file.of, made))


def test_what_is_wrong_is_told(file: TokenFile) -> None:
    """Before anything is written; a file that was broken later lets in nobody."""
    for wrong in (["rule"], []):
        with pytest.raises(MemoryAccessError, match="read, write, forget, share, admin"):
            file.add("ana", wrong)
    with pytest.raises(OwnerError):
        file.add(" ana")
    assert not file.path.exists()
    token = file.add("ana", name="a")
    with pytest.raises(MemoryAccessError, match="another token"):
        file.add("ben", name="a")
    whole = file.path.read_text()
    file.path.write_text(whole + "[[")
    assert file.of(token) is None
    with pytest.raises(SensoriumError, match="TOML"):
        TokenFile(file.path)
    file.path.write_text(whole)
    assert file.of(token)


def test_a_memory_begins_in_a_folder_with_tokens(tmp_path: Path) -> None:
    """Tokens may come first; afterwards the folder is a memory like any other."""
    TokenFile(tmp_path / "m" / "tokens.toml").add("ana")
    encoder = PlantedEncoder()
    for count in (0, 1):
        with Memory.open(tmp_path / "m", owner="ana", encoder=encoder) as memory:
            assert memory.count() == count
            memory.remember(text="x", id="x")


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def tries(attempts: Attempts, address: str | None, digest: str = "wrong") -> bool:
    """Whether a wrong token may be tried, which is then noted."""
    try:
        attempts.check(address, digest)
    except SensoriumError:
        return False
    attempts.failed(address)
    return True


def test_an_address_guesses_only_so_often() -> None:
    """Ten times a minute; others are not kept waiting, nor is a token that was right from there."""
    clock = Clock()
    attempts = Attempts(clock=clock)
    attempts.succeeded("192.0.2.1", "right")
    assert [tries(attempts, "192.0.2.1") for _ in range(MOST_FAILURES + 2)] == [True] * 10 + [
        False
    ] * 2
    attempts.check("192.0.2.1", "right")
    assert tries(attempts, "192.0.2.2")
    clock.now += PERIOD
    assert tries(attempts, "192.0.2.1")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2001:db8::1", "2001:db8::ffff:1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::2"),
        (None, ""),
    ],
)
def test_one_client_has_many_addresses(one: str | None, other: str) -> None:
    """Whoever has a network of IPv6 does not guess from each of its addresses."""
    attempts = Attempts(clock=Clock())
    for _ in range(MOST_FAILURES):
        attempts.failed(one)
    assert not tries(attempts, other)
    assert tries(attempts, "2001:db8:0:1::1")


def test_attempts_take_bounded_memory() -> None:
    """However many addresses ask."""
    attempts = Attempts(clock=Clock())
    for number in range(MOST_ADDRESSES + 50):
        attempts.failed(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    assert len(attempts._of) == MOST_ADDRESSES
