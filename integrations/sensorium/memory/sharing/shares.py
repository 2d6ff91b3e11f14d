"""What one owner lets another read, and the ledger in which that is kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sensorium.errors import Doors, OwnerError, RecordError, StoreFormatError, show
from sensorium.memory.checks import check_tags
from sensorium.qdrant.filters import Shared, check_owner
from sensorium.qdrant.points import from_iso, iso

READ = "read"
MOST_TAGS = 20  # of one share
MOST_OF_ONE = 50  # shares of one owner with one reader: each is looked up in every recall of theirs
MOST_OF_ALL = 500  # shares of all owners with one reader


@dataclass(frozen=True)
class Share:
    """What an owner lets somebody else read.

    Attributes:
        owner: Whose memories are shared.
        with_: Who may read them.
        tags: Tags that a memory must have, all of them; without any, all memories are shared.
        rights: What the other may do: `"read"`.
        since: When it was shared, UTC.
    """

    owner: str
    with_: str
    tags: tuple[str, ...]
    since: datetime
    rights: str = READ

    @property
    def key(self) -> tuple[str, str, tuple[str, ...]]:
        """What tells it from other shares."""
        return self.owner, self.with_, self.tags

    def to_dict(self) -> dict[str, Any]:
        """Return it JSON-ready, `with_` as `with`."""
        return {
            "owner": self.owner,
            "with": self.with_,
            "tags": list(self.tags),
            "rights": self.rights,
            "since": iso(self.since),
        }

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any], *, place: str) -> Share:
        """Read what `to_dict` returned.

        Args:
            fields: What was kept.
            place: Where it was kept, for the error.
        Raises:
            StoreFormatError: It is something else.
        """
        try:
            given = check_owner(fields["owner"]), check_owner(fields["with"])
            tags = check_tags(fields["tags"])
            return cls(*given, tags, from_iso(fields["since"]), str(fields["rights"]))
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise StoreFormatError(
                f"{place}, which does not say who may read what ({error})",
                "shares as Sensorium writes them",
                "restore it from a backup; or remove it, and share again",
            ) from error


class Ledger(Protocol):
    """Where shares are kept. What `given_to` says is so now, whoever changed it last."""

    def given_to(self, reader: str) -> Sequence[Share]:
        """Return what others share with somebody."""

    def given_by(self, owner: str) -> Sequence[Share]:
        """Return what an owner shares with others."""

    def add(self, share: Share) -> Share:
        """Keep a share, safe against loss of power; return the one that was there already.

        Raises:
            RecordError: The reader has as many as one can have.
        """

    def remove(self, shares: Sequence[Share]) -> None:
        """End shares; when this returns, no call that begins reads by them."""


def checked_share(
    owner: str, with_: object, tags: object, *, everything: bool, rights: object, since: datetime
) -> Share:
    """Return the share that a caller asked for.

    Raises:
        OwnerError: `with_` is no name, or the owner's own.
        RecordError: Tags that are no names, none without `everything`, both; or other rights.
        FilterError: A tag with half a character, which no record can have.
    """
    reader = check_other(with_, "with_")
    if reader == owner:
        raise OwnerError(
            f"a share of {owner!r} with themselves", "another owner", "name somebody else"
        )
    if rights != READ:
        raise RecordError(
            f"rights={show(rights)}",
            f'"{READ}": others never change, forget or pass on what is shared with them',
            'write rights="read"; to write together, open the memory of one owner',
        )
    share = Share(owner, reader, chosen_tags(tags, everything=everything), since)
    for shared in as_shared([share]):
        assert shared.condition  # refuses tags that no store can compare
    return share


def check_other(owner: object, argument: str) -> str:
    """Return the name of another owner.

    Args:
        owner: What was given.
        argument: Name of the argument.
    Raises:
        OwnerError: It is no name; the message says of which argument.
    """
    try:
        return check_owner(owner)
    except OwnerError as error:
        field = argument.rstrip("_")
        raise OwnerError(
            Doors(
                f"{argument}={show(owner)}",
                command=f"the owner {show(owner)}",
                rest=f"{field} {show(owner)}",
            ),
            f"{error.needed}, without a blank at its ends",
            Doors(
                f'write {argument}="ben", one owner in a call',
                command="write the name of one owner, such as ben",
                rest=f'write "{field}": "ben"',
            ),
        ) from error


def chosen_tags(tags: object, *, everything: bool) -> tuple[str, ...]:
    """Return the tags of what is shared, each once and sorted; none for everything.

    Raises:
        RecordError: Tags that are no names, none without `everything`, or both.
    """
    names = () if tags is None else tuple(sorted(set(check_tags(tags))))
    if bool(names) == bool(everything):
        raise RecordError(
            "a share of everything and of some tags" if names else "a share without tags",
            "either tags, or that everything is meant",
            Doors(
                'write tags=["family"]; everything=True shares all memories, the coming ones too',
                command="write --tag family; --everything shares all memories, the coming ones too",
                rest='write "tags": ["family"]; "everything": true shares all memories, the coming '
                "ones too",
            ),
        )
    if len(names) > MOST_TAGS:
        raise RecordError(
            f"{len(names)} tags of one share", f"at most {MOST_TAGS}", "share fewer tags"
        )
    return names


def check_room(share: Share, there: Sequence[Share]) -> None:
    """Check that somebody can be given one share more.

    Raises:
        RecordError: They have too many, of this owner or of all.
    """
    of_one = sum(each.owner == share.owner for each in there)
    if of_one >= MOST_OF_ONE or len(there) >= MOST_OF_ALL:
        raise RecordError(
            f"{len(there) + 1} shares with {share.with_!r}, {of_one + 1} of them of one owner",
            f"at most {MOST_OF_ALL}, of one owner {MOST_OF_ONE}",
            "end some of them, or give what is shared one tag",
        )


def as_shared(shares: Iterable[Share]) -> tuple[Shared, ...]:
    """Return what may be read by some shares, for filters; rights that are not known give none."""
    given: dict[str, list[tuple[str, ...]]] = {}
    for share in shares:
        if share.rights == READ:
            given.setdefault(share.owner, []).append(share.tags)
    return tuple(
        Shared(owner, tags)
        for owner, several in given.items()
        for tags in (((),) if () in several else several)
    )
