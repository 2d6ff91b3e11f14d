"""How many windows of a batch are encoded, of about how many."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from sensorium.encoders.supervision import is_watched, report_windows
from sensorium.errors import SensoriumError
from sensorium.percepts import Percept, Span, Text


class WindowCount:
    """Counts the windows of a batch, and reports them if somebody listens.

    Long percepts are cut as they are encoded, so their number of windows is estimated from the
    share of them that has been cut.
    """

    def __init__(self, percepts: Sequence[Percept]) -> None:
        """Begin with no window cut or encoded."""
        self._watched = is_watched()
        self._done = 0
        self._cut: Counter[str] = Counter()  # windows by modality
        self._covered: dict[str, float] = defaultdict(float)  # of the extent of a modality
        self._reached: dict[int, float] = {}  # end of the last window, by the percept's identity
        self._extents: dict[str, float] = defaultdict(float)
        for percept in percepts if self._watched else ():
            self._extents[percept.modality] += _extent(percept)

    def cut(self, percept: Percept, span: Span | None) -> None:
        """Note a window that was cut from a percept; a still has no span."""
        if not self._watched:
            return
        end, key = (1.0 if span is None else span.end), id(percept)
        self._cut[percept.modality] += 1
        self._covered[percept.modality] += max(0.0, end - self._reached.get(key, 0.0))
        self._reached[key] = max(end, self._reached.get(key, 0.0))

    def encoded(self, windows: int) -> None:
        """Note windows that have gone through a tower."""
        self._done += windows
        if self._watched:
            report_windows(self._done, max(self._done, self._total()))

    def _total(self) -> int:
        total = 0.0
        for modality, extent in self._extents.items():
            cut, covered = self._cut[modality], self._covered[modality]
            if covered <= 0:  # nothing is known yet: a window each, at least
                total += cut or 1
            else:
                total += cut * max(1.0, extent / covered)
        return round(total)


def _extent(percept: Percept) -> float:
    """Return the length of a percept as its spans count it; 1 for a still."""
    if isinstance(percept, Text):
        return float(max(1, len(percept.text)))
    try:
        return 1.0 if percept.still else percept.duration or 0.0
    except SensoriumError:  # its error is found when it is read
        return 0.0
