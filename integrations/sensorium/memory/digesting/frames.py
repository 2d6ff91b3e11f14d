"""Which records are frames of a stream or a recording, and why all others stay."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sensorium.errors import Doors, QueryError
from sensorium.memory.digesting.weighing import Weighed, recording_keys, words_key
from sensorium.memory.digesting.wish import Wish
from sensorium.memory.filters import Filters
from sensorium.memory.holding.links import LINKED
from sensorium.memory.layout.findings import FOUND
from sensorium.qdrant import Condition, Either, Not, OneOf, Present
from sensorium.qdrant.points import iso

ROW = 8  # records of one recording, or with the same words, from which on they are a row
SENSORS = ("sensor", "file")  # origins of frames, unless a call names others
PERSON = "person"
ORIGIN = "provenance"  # key of a payload
CHANGED = {"id", "origin"}  # keys of records that were given an id, or were changed


def frame_origins(filters: Filters) -> Condition:
    """Return the condition that a record may be a frame: by who says so.

    What has no origin may be one where the call names its source.

    Raises:
        QueryError: A person's own words are asked for.
    """
    asked = filters.get("origins")
    if asked is not None and PERSON in asked:
        raise QueryError(
            "a digest of what persons said, which never drops their words",
            "other origins, such as sensor or file",
            Doors(
                'leave "person" out of origins; forget() removes what persons said',
                command="leave --origin person out; sensorium forget removes what persons said",
                rest='leave "person" out of "origins"; /v1/forget removes what persons said',
            ),
        )
    meant = OneOf(ORIGIN, tuple(asked or SENSORS))
    if asked is not None or filters.get("source") is None:
        return meant
    return Either((meant, Not(Present(ORIGIN))))


@dataclass(frozen=True, eq=False)
class Frames:
    """Tells frames from records that stay whatever they are like.

    Attributes:
        wish: What the digest is asked for.
        weighed: What is known of all records.
        is_named: Whether the call names a source: all of its records are a row.
    """

    wish: Wish
    weighed: Weighed
    is_named: bool

    def reason(self, payload: Mapping[str, Any], modalities: Collection[str]) -> str | None:
        """Return why a record stays; `None` if it is a frame.

        Args:
            payload: Its payload, as it is now.
            modalities: Those of its vectors.
        """
        origin = payload.get(ORIGIN)
        heard = any(found.get("origin") == "heard" for found in payload.get(FOUND, ()))
        why = {
            "recent": payload.get("until", payload["at"]) >= iso(self.wish.before),
            "tags": bool(self.wish.protect.intersection(payload.get("tags", ()))),
            "versions": any(payload.get(key) for key in LINKED),
            "expiry": bool(payload.get("expires_at")),
            "words": origin == PERSON or self._has_words(payload),
            "heard": heard,
            "single": origin == "file" and not self._is_in_row(payload),
            "no vectors": not modalities,
        }
        return next((reason for reason, holds in why.items() if holds), None)

    def _has_words(self, payload: Mapping[str, Any]) -> bool:
        """Return whether a record has words of its own, which are not the label of a stream."""
        key = words_key(payload)
        if key is None:
            return False
        # Words that were written on a record later, or on one that was given a name, are its own
        is_as_sensed = payload.get(ORIGIN) == "sensor" and not CHANGED & payload.keys()
        return not is_as_sensed or self.weighed.words[key] < ROW

    def _is_in_row(self, payload: Mapping[str, Any]) -> bool:
        """Return whether a record of a file is one of many of the same recording."""
        counts = self.weighed.recordings
        return self.is_named or any(counts[key] >= ROW for key in recording_keys(payload))
