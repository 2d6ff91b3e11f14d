"""The short form in which payloads are stored, and the one in which a memory reads them.

Each key of a payload costs a store about as much as 300 numbers of a vector, and each list twice
that. So a list of one text is stored as that text, and the time of remembering only where it is not
the time of the moment. Collections of version 1 hold lists and both times: either form is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sensorium.qdrant.points import Payload
from sensorium.qdrant.schema import AT, CREATED, PAYLOAD, TEXTS_KEY

LISTS = tuple(key for key, kind in PAYLOAD.items() if kind == TEXTS_KEY)
VERSION_KEY = "schema_version"  # of each payload of version 1
WRITTEN_OUT = 1  # the version whose payloads say everything


def shortened(payload: Payload) -> Payload:
    """Return the form in which the whole payload of a point is stored."""
    short = with_plain_values(payload)
    if VERSION_KEY in short or (CREATED in short and short[CREATED] == short.get(AT)):
        return without_repeated({**short})
    return short


def with_plain_values(payload: Payload) -> Payload:
    """Return some keys of a payload with each list of one text as that text."""
    plain = {
        key: values[0]
        for key in LISTS
        if key in payload
        and type(values := payload[key]) is list
        and len(values) == 1
        and type(values[0]) is str
    }
    return {**payload, **plain} if plain else payload


def as_read(payload: Mapping[str, Any] | None) -> Payload:
    """Return a payload as memories read it, whichever version of the layout wrote it.

    Keys that were removed by a null are left out.
    """
    full = {key: value for key, value in (payload or {}).items() if value is not None}
    for key in LISTS:
        if type(full.get(key)) is str:
            full[key] = [full[key]]
    return without_repeated(full)


def without_repeated(payload: Payload) -> Payload:
    """Leave out, in place, what a payload says twice, or every payload says."""
    payload.pop(VERSION_KEY, None)
    if CREATED in payload and payload[CREATED] == payload.get(AT):
        del payload[CREATED]
    return payload


def written_out(payload: Payload) -> Payload:
    """Return a payload that was read with all that it leaves out, for other programs to read."""
    created = {CREATED: payload[AT]} if AT in payload else {}
    return {**created, **payload, VERSION_KEY: WRITTEN_OUT}
