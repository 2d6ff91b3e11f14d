"""What a reader is: one class that turns files of one kind into percepts."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from sensorium.errors import PerceptFormatError, show
from sensorium.percepts.percept import Percept


@runtime_checkable
class Reader(Protocol):
    """Files, or folders, of one kind, read as percepts."""

    def matches(self, path: Path, head: bytes) -> bool:
        """Return whether this reader is for a file.

        Args:
            path: Absolute path of an existing file or folder.
            head: First 512 bytes of the file, or fewer if it is shorter; empty for a folder.
        """

    def read(self, path: Path, options: Mapping[str, Any]) -> Iterator[Percept]:
        """Yield the percepts of a file, earlier ones first, in bounded memory.

        Args:
            path: Absolute path of a file that `matches`.
            options: Keywords of the call of `sensorium.sources.open`. Those that the reader does
                not know are errors: see `check_options`.
        """


def check_options(options: Collection[str], known: Collection[str], name: str) -> None:
    """Check that every option is one that a reader knows.

    Args:
        options: Names of the options that were given.
        known: Names of the options that there are.
        name: What is read, in messages.
    Raises:
        PerceptFormatError: One of them is not; the message lists the known ones.
    """
    unknown = [option for option in options if option not in known]
    if unknown:
        raise PerceptFormatError(
            f"{name} with the option {', '.join(map(show, unknown))}",
            f"options among {', '.join(sorted(known))}",
            "correct the name, or leave it out",
        )
