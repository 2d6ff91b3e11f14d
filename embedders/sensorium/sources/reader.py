"""What the readers of files have in common."""

from __future__ import annotations

from collections.abc import Collection

from sensorium.errors import PerceptFormatError, show


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
