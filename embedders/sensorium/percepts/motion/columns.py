"""What the columns of a motion file hold, by one rule for the words of their names.

A name says a kind (acceleration, rotation, gravity, time), an axis, and perhaps a unit: in
brackets, as words behind the kind, or in a row of units below. Phones, wearables, robots and
laboratories write these in every order and spelling; the rule is of words, not a list of names.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

STANDARD_GRAVITY = 9.80665  # m/s^2, exact by definition
SENSORS = ("accel", "linear", "gravity", "gyro")
ACCEL_UNITS = {  # in m/s^2
    "m/s^2": 1.0,
    "g": STANDARD_GRAVITY,
    "mg": STANDARD_GRAVITY / 1e3,
    "ug": STANDARD_GRAVITY / 1e6,
    "cm/s^2": 1e-2,
    "mm/s^2": 1e-3,
    "ft/s^2": 0.3048,
}
GYRO_UNITS = {  # in rad/s
    "rad/s": 1.0,
    "deg/s": math.pi / 180,
    "mrad/s": 1e-3,
    "mdeg/s": math.pi / 180e3,
    "rpm": math.tau / 60,
    "rev/s": math.tau,
    "deg/min": math.pi / (180 * 60),
    "deg/h": math.pi / (180 * 3600),
}
SPELLINGS = {  # of units, without spaces, signs of multiplication and brackets
    **dict.fromkeys(("m/s^2", "m/s2", "m/s/s", "ms^-2", "ms-2", "ms2", "mps2", "mss"), "m/s^2"),
    **dict.fromkeys(("g", "gs", "gravity", "gforce", "g0", "gn", "gₙ"), "g"),
    **dict.fromkeys(("mg", "millig", "milli-g"), "mg"),
    **dict.fromkeys(("ug", "microg", "micro-g"), "ug"),
    **dict.fromkeys(("cm/s^2", "cms^-2", "gal"), "cm/s^2"),
    **dict.fromkeys(("mm/s^2", "mms^-2"), "mm/s^2"),
    **dict.fromkeys(("ft/s^2", "fts^-2"), "ft/s^2"),
    **dict.fromkeys(("rpm", "rev/min"), "rpm"),
    **dict.fromkeys(("rev/s", "rps"), "rev/s"),
    **dict.fromkeys(("rad/s", "rad/sec", "rads^-1", "rads-1", "rads", "rad", "radps"), "rad/s"),
    **dict.fromkeys(("radpersec", "radpers"), "rad/s"),
    **dict.fromkeys(
        ("deg/s", "deg/sec", "degs^-1", "degs-1", "degs", "dps", "degps", "deg", "d/s"), "deg/s"
    ),
    **dict.fromkeys(("degpersec", "degpers"), "deg/s"),
    **dict.fromkeys(("deg/min", "degmin^-1"), "deg/min"),
    **dict.fromkeys(("deg/h", "deg/hr", "deg/hour", "degh^-1", "dph"), "deg/h"),
    **dict.fromkeys(("mdps", "mdeg/s"), "mdeg/s"),
    **dict.fromkeys(("mrad/s", "mrads"), "mrad/s"),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), "s"),
    **dict.fromkeys(("ms", "msec", "msecs", "millis", "millisecond", "milliseconds"), "ms"),
    **dict.fromkeys(("us", "usec", "usecs", "micros", "microsecond", "microseconds"), "us"),
    **dict.fromkeys(("ns", "nsec", "nsecs", "nanos", "nanosec", "nanosecs"), "ns"),
    **dict.fromkeys(("nanosecond", "nanoseconds"), "ns"),
}
UNITS_OF = {
    "accel": frozenset(ACCEL_UNITS),
    "linear": frozenset(ACCEL_UNITS),
    "gravity": frozenset(ACCEL_UNITS),
    "gyro": frozenset(GYRO_UNITS),
    "time": frozenset(("s", "ms", "us", "ns")),
}
ACCEL = frozenset(("acc", "accel", "accelero", "acceleration", "accelerations", "accelerometer"))
GYRO = frozenset(
    (
        *("gyr", "gyro", "gyros", "gyroscope", "omega", "rotationrate", "angularvelocity"),
        *("angvel", "angrate", "angularrate"),
    )
)
TURNING = frozenset(("angular", "ang", "rotation", "rotational", "rot"))
SPEED = frozenset(("velocity", "vel", "rate", "speed"))
GRAVITY = frozenset(("gravity", "grav"))
LINEAR = frozenset(("user", "linear", "lin", "free"))  # acceleration without gravity
LETTERS = {"a": "accel", "g": "gyro", "w": "gyro"}  # alone, before anything else
TIME = frozenset(
    (
        "t",
        "time",
        "times",
        "timestamp",
        "timestamps",
        "datetime",
        "date",
        "epoch",
        "epoc",
        "elapsed",
        "utc",
        "stamp",
        "millis",
        "micros",
        "datum",
        "zeit",
        "yyyy",
    )
)
TIMED = ("time", "stamp")  # ends of words of times: `utime`, `systimestamp`
AXES = {"x": 0, "y": 1, "z": 2}
FILLERS = frozenset(  # beside an axis, they say nothing
    (
        *("axis", "value", "values", "val", "data", "attr", "attribute", "measurement", "meas"),
        *("measured", "reading", "sample", "signal", "component", "raw", "cal", "calibrated"),
    )
)
SHORTEST = 3  # letters of a word for seconds
NUMBERED = ("0", "1", "2")  # last words of three columns that are the axes of a sensor
OTHER = frozenset(  # words of columns that are about motion and are not its samples
    (
        *("bias", "offset", "cov", "covariance", "variance", "var", "std", "stddev", "dt", "delta"),
        *("integral", "mag", "magnetic", "magnetometer", "magneticfield", "norm"),
        *("quat", "quaternion", "q", "attitude", "orientation", "roll", "pitch", "yaw", "heading"),
        *(
            "temp",
            "temperature",
            "pressure",
            "lat",
            "lon",
            "altitude",
            "gps",
            "status",
            "magnitude",
        ),
        *("accuracy", "confidence", "count", "counter", "index", "id", "label", "activity"),
    )
)
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
G_FORCE = re.compile(r"^g[ _-]?f(?:orce)?[ _-]?(?=[xyz]\b)", re.IGNORECASE)  # `gFx`: in g
SEVERAL = re.compile(r"(?<![\d.])10+ ?[mun]s\b")  # times that count 100 ns, 10 us or the like
BRACKET = re.compile(r"[(\[{]([^()\[\]{}]*(?:\([^()]*\)[^()\[\]{}]*)?)[)\]}]")


@dataclass(frozen=True)
class Column:
    """A column of a file, as its name explains it.

    Attributes:
        name: Its name in the file.
        place: Its index in a row.
        kind: `"accel"`, `"linear"` (acceleration without gravity), `"gravity"`, `"gyro"`, `"time"`,
            `"bare"` (an axis of what the file's name may say), or `None` for anything else.
        axis: 0, 1 or 2, for x, y or z; `None` where there is none.
        unit: As we write units; `None` where the file does not say it.
        bracket: The words in the name's bracket or below it, if they are no unit that we know.
        fraction: Place and unit of the column that goes on with these whole seconds: `nsecs`.
    """

    name: str
    place: int
    kind: str | None
    axis: int | None
    unit: str | None
    bracket: str | None = None
    fraction: tuple[int, str] | None = None


def explain(names: Sequence[str], units: Sequence[str] = ()) -> list[Column]:
    """Explain the names of a file's columns.

    Args:
        names: Names, in the order of the columns.
        units: What a row of units below them says, if there is one.
    """
    below = [*units, *[""] * (len(names) - len(units))]
    columns = [_explain(name, place, below[place]) for place, name in enumerate(names)]
    words = [tuple(words_of(name)) for name in names]
    return _with_fractions(_with_numbers(columns, words), words)


def unit_of(text: str) -> str | None:
    """Return a unit as we write it, from any spelling: `"m s^-2"`, `"m/(s²)"`, `"°/s"`."""
    plain = text.strip().lower()
    for theirs, ours in (("²", "2"), ("⁻", "-"), ("¹", "1"), ("°", "deg"), ("º", "deg")):
        plain = plain.replace(theirs, ours)
    plain = plain.replace("µ", "u").replace("μ", "u").replace("**", "^").replace("degrees", "deg")
    plain = plain.replace("degree", "deg").replace(" per ", "/")
    plain = re.sub(r"[\s·*()_.\[\]]", "", plain).replace("degs/", "deg/").replace("s^2", "s2")
    plain = (
        plain.replace("radians", "rad")
        .replace("persecond", "/s")
        .replace("second", "s")
        .replace("/sec", "/s")
    )
    return SPELLINGS.get(plain) or SPELLINGS.get(plain.replace("s2", "s^2"))


def unit_in_brackets(name: str) -> str | None:
    """Return the unit that a name in any language says in its last bracket, if it is known."""
    told = [unit for found in BRACKET.findall(name) if (unit := unit_of(found))]
    return told[-1] if told else None


def _with_numbers(columns: Sequence[Column], words: Sequence[tuple[str, ...]]) -> list[Column]:
    """Give axes to three columns of a sensor that end in 0, 1 and 2: `Accel Channel 0`."""
    found = {own: place for place, own in enumerate(words) if columns[place].kind is None}
    made = list(columns)
    for own, first in found.items():
        if own[-1:] != NUMBERED[:1] or (kind := kind_of(own)) not in SENSORS:
            continue
        places = [first, *(found.get((*own[:-1], number), -1) for number in NUMBERED[1:])]
        if -1 in places or (*own[:-1], "3") in found:
            continue
        for axis, place in enumerate(places):
            unit = unit_of((BRACKET.findall(columns[place].name) or [""])[-1])
            told = unit if unit in UNITS_OF[kind] else None
            made[place] = replace(columns[place], kind=kind, axis=axis, unit=told)
    return made


def _with_fractions(columns: Sequence[Column], words: Sequence[tuple[str, ...]]) -> list[Column]:
    """Tell whole seconds from the column beside them that goes on with their fractions.

    `stamp.secs` and `stamp.nsecs` are one time, as ROS and clocks of computers count it.
    """
    last = {own: place for place, own in enumerate(words) if own and columns[place].axis is None}
    made = list(columns)
    for own, place in last.items():
        seconds = unit_of(own[-1]) == "s" and len(own[-1]) >= SHORTEST
        if not seconds and columns[place].kind != "time":
            continue
        for other, rest in last.items():
            unit = unit_of(other[-1])
            if other[:-1] == (own[:-1] if seconds else own) and unit in ("ms", "us", "ns"):
                whole = replace(columns[place], kind="time", fraction=(rest, unit))
                made[place] = replace(whole, unit="s") if seconds else whole
                made[rest] = replace(columns[rest], kind="time", unit=unit)
    return made


def _explain(name: str, place: int, below: str) -> Column:
    index, bracket = None, below.strip() or None
    name, told = G_FORCE.sub("acceleration (g) ", name), name
    for found in BRACKET.findall(name):
        if found.strip() in ("0", "1", "2"):
            index = int(found)
        elif found.strip().lower() in AXES:
            index = AXES[found.strip().lower()]
        else:
            bracket = found
    words = words_of(name)
    kind = kind_of(words)
    if kind == "time" and below:  # what an object knows of its times goes before its name
        bracket = below.strip()
    elif kind is None and TURNING & set(words) and is_speed(bracket):
        kind = "gyro"  # `Rotation X [rad/s]`
    axes = [AXES[word] for word in words if word in AXES]
    axis = axes[-1] if axes else index  # `ArrayAcc[0].x` is about x
    if kind is None and axis is not None and set(words) <= AXES.keys() | FILLERS:
        return Column(told, place, "bare", axis, unit_of(bracket or ""), bracket)
    if kind is None or (kind == "time") == (axis is not None):
        return Column(told, place, None, None, None)
    unit = unit_of(bracket) if bracket else _suffix(words, kind)
    if kind == "time" and not bracket and (several := SEVERAL.search(name.lower())):
        bracket, unit = several[0], None  # `time_100ns`
    if unit not in UNITS_OF[kind]:
        return Column(told, place, kind, axis, None, bracket)
    return Column(told, place, kind, axis, unit)


def order_of_axes(name: str) -> tuple[int, ...]:
    """Return which of three columns are x, y and z, where the name of the first one says it.

    Cameras write `Accelerometer (z,x,y) [m/s2]` above the first of them.
    """
    for found in BRACKET.findall(name):
        letters = re.findall("[xyz]", found.lower())
        if sorted(letters) == sorted(AXES):
            return tuple(letters.index(axis) for axis in AXES)
    return (0, 1, 2)


def is_speed(unit: str | None) -> bool:
    """Return whether a unit is one of turning in a time, and no angle."""
    return unit_of(unit or "") in UNITS_OF["gyro"] and "s" in str(unit).lower().split("deg")[-1]


def _apart(word: str) -> tuple[str, ...]:
    """Part a word from the axis at its end: `"gyrx"` is `"gyr"` and `"x"`."""
    stem, last = word[:-1], word[-1]
    if last in AXES and (stem in LETTERS or stem in ACCEL | GYRO | GRAVITY):
        return stem, last
    if word[0] in AXES and word[1:] in ACCEL | GYRO:  # `xacc`
        return word[1:], word[0]
    return (word,)


def kind_of(words: Sequence[str]) -> str | None:
    """Return what words, in small letters, name: a kind of `Column`, or `None`."""
    known = set(words)
    if known & OTHER or (known & TURNING and known & ACCEL):  # of an angle, no force
        return None
    accel = "linear" if known & LINEAR else "accel"
    told = {
        "gravity": known & GRAVITY,
        "gyro": known & GYRO or (known & TURNING and known & SPEED),
        accel: known & ACCEL,
    }
    kind = next((kind for kind, found in told.items() if found), None)
    if kind is None and words:
        own = [word for word in words if word != "imu" and not word.isdigit()]
        kind = LETTERS.get(own[0]) if own else None
    timed = known & TIME or any(word.endswith(TIMED) for word in known)
    return "time" if kind is None and timed else kind


def kind_of_file(name: str) -> str | None:
    """Return what the name of a file or of a table names, as `kind_of` does.

    A letter counts alone, or with its axis: `A_walk.csv` is not about acceleration.
    """
    words = words_of(name)
    kind = kind_of(words)
    by_letter = kind in SENSORS and kind_of([word for word in words if len(word) > 1]) is None
    return None if by_letter and set(words) - AXES.keys() - LETTERS.keys() else kind


def words_of(name: str) -> list[str]:
    """Part a name into its words, in small letters: `"userAccelX"` is `user`, `accel`, `x`."""
    words = [word.lower() for word in WORD.findall(BRACKET.sub(" ", name))]
    return [part for word in words for part in _apart(word)]


def _suffix(words: Sequence[str], kind: str) -> str | None:
    """Return the unit that the last words of a name say: `gyro_rad`, `accelerometer_m_s2_x`."""
    rest = [word for word in words if word not in AXES and word not in ("cal", "raw")]
    for length in (3, 2, 1):
        known = len(rest) > length or rest in (["millis"], ["micros"])
        unit = unit_of("".join(rest[-length:])) if known else None
        if unit in UNITS_OF[kind]:
            return unit
    return None
