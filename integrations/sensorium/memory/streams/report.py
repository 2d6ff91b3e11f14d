"""Counts of what became of everything that was pushed into a stream."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from sensorium.memory.streams.clock import moment_of

GAPS_KEPT = 100  # the last gaps are listed; all are counted


class Gap(NamedTuple):
    """A stretch without samples: from the last sample before it to the first after it (UTC)."""

    start: datetime
    end: datetime


@dataclass(frozen=True)
class StreamReport:
    """Counts since the stream was opened.

    Attributes:
        pushed: Samples or frames that were pushed.
        windows: Windows or frames that were cut to be remembered.
        remembered: Windows that the memory acknowledged.
        waiting: Windows that wait or are being written.
        dropped: Windows that a full queue dropped (policy `drop-oldest`).
        failed: Windows in batches of which the memory refused at least one; the error was raised.
        lost: Samples in dropped and failed windows.
        late: Samples left out because they came later than the lateness allows.
        duplicates: Samples left out because another one has the same time.
        nan: Samples left out because of NaN or infinity.
        skipped: Samples between windows, if the stride is longer than the window; frames that came
            sooner than `every`, or hardly differed.
        discarded: Samples in segments too short for a window.
        jumps: How often the clock jumped.
        gap_count: How often samples were missing for longer than `gap`.
        gaps: The last 100 gaps.
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
class Counts:
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
