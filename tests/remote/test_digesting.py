"""A digest of a memory on a server says what one here says."""

from __future__ import annotations

import inspect
from datetime import timedelta
from threading import Event

import numpy as np
import pytest
from tests.remote.conftest import Opened
from tests.support.streamed import START, totals

from sensorium.encoders import normalise
from sensorium.errors import MemoryAccessError, QueryError
from sensorium.memory import Memory, Moment
from sensorium.percepts import Image
from sensorium.remote import RemoteMemory

FRAMES = 30


@pytest.fixture
def far(place: Memory, opened: Opened) -> RemoteMemory:
    """Ana's memory over the server, with frames of a camera."""
    draw = np.random.default_rng(0)
    place.forget(everything=True)
    rows = normalise(1 + 0.1 * draw.normal(size=(FRAMES, place.encoder.space.dimension)))
    place.remember_many(
        Moment(
            (Image(draw.integers(0, 256, (4, 4, 3), np.uint8)),),
            vectors={"image": row[None]},
            at=START + timedelta(minutes=number),
            source="camera",
            origin="sensor",
        )
        for number, row in enumerate(rows)
    ).raise_first()
    return opened("ana")


def test_a_receipt_is_the_same_here_and_there(place: Memory, far: RemoteMemory) -> None:
    """A dry run changes nothing; then the same frames go."""
    here = place.digest(dry_run=True, keep=0.2, older_than="30d")
    there = far.digest(dry_run=True, keep=0.2, older_than="30d")
    assert totals(there) == totals(here)
    assert there.before == here.before
    assert far.count() == FRAMES
    done = far.digest(keep=0.2, older_than=timedelta(days=30), source="camera")
    assert totals(done) == totals(here)
    assert not done.dry_run
    assert place.count() == done.kept == 6


def test_what_a_server_does_not_hear_of_is_refused(far: RemoteMemory) -> None:
    """Progress and giving up stay where the memory is; wrong arguments fail as here."""
    with pytest.raises(MemoryAccessError, match="cancel="):
        far.digest(cancel=Event())
    with pytest.raises(QueryError, match="keeps nothing"):
        far.digest(keep=0)
    with pytest.raises(QueryError, match="positive length"):
        far.digest(older_than="-1d")
    assert far.count() == FRAMES


def test_the_signature_is_that_of_a_memory() -> None:
    """The same arguments, in the same order."""
    assert inspect.signature(RemoteMemory.digest) == inspect.signature(Memory.digest)
