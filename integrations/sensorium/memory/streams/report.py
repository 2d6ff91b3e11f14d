"""What became of everything that was pushed."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from sensorium.memory.streams.clock import moment_of

GAPS_KEPT = 100  # of the last ones; all are counted


class Gap(NamedTuple):
    """A stretch without samples: from the last one before it to the first one after it (UTC)."""

    start: datetime
    end: datetime


@dataclass(frozen=True)
class StreamReport:
    """Counts since the stream was opened.

    Attributes:
        pushed: Samples, or frames, that came.
        windows: Windows, or frames, given out to be remembered.
        remembered: Those that the memory acknowledged.
        waiting: Those that wait or are being written.
        dropped: Those that a full queue pushed out (`drop-oldest`).
        failed: Those of batches in which the memory refused one; the error was raised.
        lost: Samples in dropped and failed windows.
        late: Samples that came later than the lateness allows, and were left out.
        duplicates: Samples left out because one of the same time was there.
        nan: Samples left out because of NaN or infinity.
        skipped: Samples between windows, where the stride is longer than the window; frames that
            came sooner than `every`, or hardly differed.
        discarded: Samples of segments too short for a window.
        jumps: How often the clock jumped.
        gap_count: How often samples were missing for longer than `gap`.
        gaps: The last 100 of those gaps.
    """

    pushed: int
    windows: int
    remembered: int
    waiting: int
    dropped: int
    failed: int
    lost: int
    late: int
    duplicates: int
    nan: int
    skipped: int
    discarded: int
    jumps: int
    gap_count: int
    gaps: tuple[Gap, ...]


@dataclass
class Tally:
    """The counts that are known before a window is queued; see `StreamReport`."""

    pushed: int = 0
    windows: int = 0
    late: int = 0
    duplicates: int = 0
    nan: int = 0
    skipped: int = 0
    discarded: int = 0
    jumps: int = 0
    gap_count: int = 0
    gaps: deque[Gap] = field(default_factory=lambda: deque(maxlen=GAPS_KEPT))

    def gap(self, start: int, end: int) -> None:
        """Count a stretch without samples between two times in ns."""
        self.gap_count += 1
        self.gaps.append(Gap(moment_of(start), moment_of(end)))
