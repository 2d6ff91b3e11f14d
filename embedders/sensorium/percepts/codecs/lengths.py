"""How much of a recording is there, compared with what its header states."""

from __future__ import annotations

from sensorium.errors import MediaDecodeError
from sensorium.percepts.source import Encoded

# A file that lacks less than both of these is not called truncated
SLACK = 0.05  # share of the stated length
SLACK_SECONDS = 0.5


def truncation_error(source: Encoded, what: str) -> MediaDecodeError:
    """Build the error for a file that ends before its header says it does."""
    return MediaDecodeError(
        f"{source.name}, truncated: {what}",
        "the whole file",
        "copy it again or repair it, or pass the decoded samples",
    )


def check_length(stated: float | None, decoded: float, source: Encoded) -> None:
    """Check that about as many seconds were decoded as the header states.

    Raises:
        MediaDecodeError: Clearly fewer seconds were decoded.
    """
    if stated is not None and stated - decoded > max(SLACK_SECONDS, SLACK * stated):
        raise truncation_error(source, f"{decoded:.1f} of {stated:.1f} s")
