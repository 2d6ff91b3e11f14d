"""Sessions of the Empatica E4, a wristband with an accelerometer."""

from __future__ import annotations

from pathlib import Path

from sensorium.percepts.limits import Limits
from sensorium.percepts.motion.choice import Choice
from sensorium.percepts.motion.columns import STANDARD_GRAVITY
from sensorium.sources.folders.layout import Contents, entries_of, inside
from sensorium.sources.folders.lists import beginning, is_number
from sensorium.sources.folders.motion import Motion
from sensorium.sources.folders.tables import MotionTable
from sensorium.sources.stamps import NANOSECONDS, moment_of

AXES = 3
COUNT = STANDARD_GRAVITY / 64  # m/s^2: the range of 2 g in 8 bits, a count being 1/64 g
RATES = (1.0, 1000.0)  # Hz
TABLE = "acc.csv"


class EmpaticaFolder:
    """A session of the E4: `ACC.csv`, and tables of other sensors, which are passed over.

    Its first row repeats the start in seconds since 1970, the second the rate; the others are x y z
    in 1/64 g. There is no gyroscope. Source: `info.txt` of each session.
    """

    name = "empatica"
    title = "Empatica E4"

    def matches(self, path: Path) -> bool:
        """Return whether there is a table that begins with a start and a rate."""
        return _table(path) is not None

    def contents(self, path: Path, limits: Limits, choice: Choice) -> Contents:
        """Return the part `"imu"`."""
        table = _table(path)
        assert table is not None
        source = MotionTable(inside(path, table), limits, choice)
        units: dict[str, str | float] = {"accel": COUNT, "gyro": "none"}
        others = [each.name for each in entries_of(path) if each != table]
        return Contents([Motion("imu", [source], units, path)], others)


def _table(folder: Path) -> Path | None:
    path = next((each for each in folder.glob("[aA][cC][cC].[cC][sS][vV]")), None)
    if path is None:
        return None
    rows = [line.replace(",", " ").split() for line in beginning(path).splitlines()[:2]]
    if len(rows) < 2 or any(len(row) != AXES or len(set(row)) != 1 for row in rows):
        return None
    (start, *_), (rate, *_) = rows
    if not is_number(start) or not is_number(rate):
        return None
    began = moment_of(round(float(start) * NANOSECONDS))
    return path if began is not None and RATES[0] <= float(rate) <= RATES[1] else None
