"""Shares of a memory over HTTP: the same verbs, and no file that outlives one."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import pytest
from tests.remote.conftest import Opened

from sensorium.errors import ForbiddenError, MediaNotFoundError, OwnerError, RecordError
from sensorium.memory import AsyncMemory, Memory
from sensorium.remote import RemoteMemory
from sensorium.samples import sample


@pytest.fixture
def dog(place: Memory) -> Iterator[Memory]:
    """Ana's memory with a dog in the family, and nothing shared."""
    place.remember(sample("photo_dog"), text="our dog", id="dog", tags=["family"])
    yield place
    place.unshare(everything=True)
    place.forget(everything=True)


def test_arguments_are_the_same() -> None:
    """Whoever calls a memory need not know where it is."""
    for name in ("share", "unshare", "shares"):
        for kind in (RemoteMemory, AsyncMemory):
            here, there = getattr(Memory, name), getattr(kind, name)
            assert list(inspect.signature(there).parameters) == list(
                inspect.signature(here).parameters
            )


def test_shares_over_http(dog: Memory, opened: Opened) -> None:
    """Given, listed on both sides, read, and ended; percepts come back while it lasts."""
    ana, ben = opened("giver"), opened("ben")
    made = ana.share(with_="ben", tags=["family"])
    assert made == ana.share(with_="ben", tags=["family"])
    assert dog.shares() == ana.shares() == ben.shares() == [made]
    [hit] = ben.recall("a dog", min_confidence=0.3)
    assert (hit.record.owner, hit.record.shared) == ("ana", True)
    assert ben.get(hit.record.id) == hit.record
    assert [each.modality for each in ben.percepts(hit)] == ["text", "image"]
    assert ana.unshare(with_="ben") == 1
    assert ben.recall("a dog") == []
    # Neither what was fetched before, nor what would be fetched now
    with pytest.raises(MediaNotFoundError):
        ben.percepts(hit)
    with pytest.raises(MediaNotFoundError):
        ben.open_file(hit.record.files[0])


def test_wrong_shares_have_their_errors(dog: Memory, opened: Opened) -> None:
    """Here and there the same class; a token without the right is refused."""
    ana = opened("giver")
    for memory in (dog, ana):
        with pytest.raises(OwnerError):
            memory.share(with_="ana", tags=["family"])
        with pytest.raises(RecordError):
            memory.share(with_="ben")
        with pytest.raises(RecordError):
            memory.unshare()
    with pytest.raises(ForbiddenError, match="the right share"):
        opened("ana").share(with_="ben", tags=["family"])
