"""Chains of which a record goes: what it superseded is superseded by what supersedes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sensorium.memory.holding.links import BY, SUPERSEDES, name_of
from sensorium.memory.layout.parts import pages
from sensorium.qdrant import Backend, Filter, Ids, OneOf
from sensorium.qdrant.points import StoredPoint

PAGE = 256  # points read in one request
CHAINED = ("id", SUPERSEDES, BY)  # keys of records that are about to go


class Joined:
    """The records that supersede some that are about to go, and take over what these superseded.

    First each names both those that go and what they superseded, so that a call that is cut short
    leaves nothing that would hold again; when they are gone, their names are left out.
    """

    def __init__(self, backend: Backend, owner: str, going: Sequence[StoredPoint]) -> None:
        """Find them.

        Args:
            backend: The collection; the owner's lock is held.
            owner: Owner of the records.
            going: The records that are about to go, with the keys `CHAINED`.
        """
        self._backend, self._owner = backend, owner
        self._behind = {name_of(point): point.payload.get(SUPERSEDES) or () for point in going}
        self._later: list[StoredPoint] = []
        if any(point.payload.get(SUPERSEDES) or point.payload.get(BY) for point in going):
            wanted = Filter(owner, OneOf(SUPERSEDES, tuple(self._behind)))
            found = pages(backend, wanted, limit=PAGE, payload=["id", SUPERSEDES])
            gone = {point.id for point in going}
            self._later = [point for page in found for point in page if point.id not in gone]

    @property
    def former(self) -> set[str]:
        """Ids of what the records superseded that go, or those before them, and stays."""
        return {n for names in self._behind.values() for n in names} - self._behind.keys()

    @property
    def later(self) -> list[str]:
        """Ids of the records that take over."""
        return [name_of(point) for point in self._later]

    def join(self) -> None:
        """Let the later records supersede all that is behind those that go."""
        for point in self._later:
            named = point.payload[SUPERSEDES]
            behind = [name for each in named for name in _behind(each, self._behind)]
            self._write(point, [*dict.fromkeys([*named, *behind])])

    def part(self) -> None:
        """Leave out those that are gone."""
        for point in self._later:
            behind = [n for each in point.payload[SUPERSEDES] for n in _behind(each, self._behind)]
            self._write(point, [n for n in dict.fromkeys(behind) if n not in self._behind])

    def _write(self, point: StoredPoint, named: Sequence[str]) -> None:
        clear = [] if named else [SUPERSEDES]
        given = {SUPERSEDES: list(named)} if named else {}
        self._backend.set_payload(Filter(self._owner, Ids((point.id,))), given, clear=clear)


def _behind(name: str, going: Mapping[str, Sequence[str]]) -> list[str]:
    """Return a record with all that it leads to through records that go, in order."""
    found: dict[str, None] = {}
    ahead = [name]
    while ahead:
        each = ahead.pop(0)
        if each not in found:
            found[each] = None
            ahead[:0] = going.get(each, ())
    return list(found)
