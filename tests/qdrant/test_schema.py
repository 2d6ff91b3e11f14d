"""The layout of a collection: what it is made with, and what is refused at opening."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.support.stores import ME, SCHEMA, SPACE, D, Reopen, point

from sensorium.encoders.functions import EXTERNAL
from sensorium.encoders.probe import unit_probe
from sensorium.errors import (
    SchemaVersionError,
    SpaceMismatchError,
    StoreFormatError,
)
from sensorium.qdrant.backend import Backend
from sensorium.qdrant.schema import VERSION, CollectionSchema


def test_a_modality_needs_a_plain_name(backend: Backend) -> None:
    """A name is a word, not a path."""
    with pytest.raises(StoreFormatError):
        backend.add_modality("../smell")
    assert backend.schema == SCHEMA


def test_another_space_is_refused(reopen: Reopen) -> None:
    """The message names both spaces, and the store is unharmed."""
    reopen(SCHEMA).upsert([point("a")])
    other = replace(SPACE, model="stranger")
    with pytest.raises(SpaceMismatchError) as caught:
        reopen(CollectionSchema.for_space(other))
    assert SPACE.id in str(caught.value)
    assert other.id in str(caught.value)
    assert reopen(SCHEMA).count(ME) == 1


def test_a_probe_is_kept_and_compared(reopen: Reopen) -> None:
    """A collection without one gains that of the first encoder; then it decides."""
    space = replace(SPACE, weights=EXTERNAL)
    same = replace(space, probe=unit_probe([1.0] * D))
    renamed = replace(same, model="wrapper")
    other = replace(space, probe=unit_probe([1.0, *[0.0] * (D - 1)]))
    assert reopen(CollectionSchema.for_space(space)).schema.space.probe is None
    with pytest.raises(SpaceMismatchError, match=r'model="planted"'):
        reopen(CollectionSchema.for_space(replace(space, model="wrapper")))
    reopen(CollectionSchema.for_space(same))
    assert reopen(CollectionSchema.for_space(space)).schema.space.probe == pytest.approx(
        same.probe, abs=1e-3
    )
    reopen(CollectionSchema.for_space(renamed)).upsert([point("a")])
    with pytest.raises(SpaceMismatchError, match=r"one sentence differ, cosine 0\.25"):
        reopen(CollectionSchema.for_space(other))
    assert reopen(CollectionSchema.for_space(space)).count(ME) == 1


def test_a_damaged_probe_is_refused() -> None:
    """It is part of the identity."""
    for probe in ("?", 5, "AAAA"):
        with pytest.raises(StoreFormatError, match="cannot be read"):
            CollectionSchema.from_dict({**SCHEMA.to_dict(), "probe": probe}, place="here")


def test_a_newer_layout_is_refused(reopen: Reopen) -> None:
    """What this release cannot know it does not touch."""
    reopen(replace(SCHEMA, version=99))
    with pytest.raises(SchemaVersionError, match="99"):
        reopen(SCHEMA)


def test_the_version_is_read_before_all_else() -> None:
    """A layout to come may have other fields; the message says to upgrade, not that it is torn."""
    fields = SCHEMA.to_dict()
    to_come = {**fields, "version": VERSION + 1, "space": {**fields["space"], "pooling": "mean"}}
    for schema in (to_come, {"version": VERSION + 1}):
        with pytest.raises(SchemaVersionError, match="upgrade"):
            CollectionSchema.from_dict(schema, place="here")
    for torn in ({}, {**fields, "version": "x"}, {**fields, "space": 5}, {**fields, "space": {}}):
        with pytest.raises(StoreFormatError, match="cannot be read"):
            CollectionSchema.from_dict(torn, place="here")
