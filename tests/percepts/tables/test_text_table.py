"""Tables of text that are damaged, packed or hostile end in our errors alone."""

from __future__ import annotations

import gzip
from contextlib import suppress

import numpy as np
import pytest
from tests.support.motions import COLUMNS, UNITS, planted

from sensorium import errors
from sensorium.percepts.imu import IMU

ROWS = [",".join(f"{each:.6f}" for each in row) for row in planted(3000)]
TABLE = "\n".join([",".join(COLUMNS), *ROWS]).encode()


def test_damaged_tables_raise_our_errors_only() -> None:
    """Bytes anywhere become others: letters, quotes, line ends, what is no letter."""
    random = np.random.default_rng(0)
    for _ in range(150):
        spoilt = bytearray(TABLE[: int(random.integers(200, 20_000))])
        for place in random.integers(len(spoilt), size=3):
            spoilt[place] = random.choice(list(b'"\r\n\t ;,#\x00\xff\x81x7'))
        with suppress(errors.PerceptError):
            IMU(bytes(spoilt), rate=100, **UNITS)


@pytest.mark.parametrize("cut", [30, 500, -200, -9, -1])
def test_packed_tables_that_were_cut_off_say_so(cut: int) -> None:
    """Wherever the rest is missing, also behind what tells the layout."""
    packed = gzip.compress(TABLE)
    assert len(IMU(packed, rate=100, **UNITS).samples) == 3000
    with pytest.raises(errors.MediaDecodeError):
        IMU(packed[:cut], rate=100, **UNITS)


def test_a_quote_that_never_ends_is_a_letter() -> None:
    """Far below the header it is named with its line, and a line end of another kind, too."""
    for letter in (b'"', b'"\r"', b"\x81", b"\xff"):
        lines = TABLE.split(b"\n")
        lines[2500] = lines[2500][:5] + letter + lines[2500][5:]
        with pytest.raises(errors.MediaDecodeError, match="line 2501"):
            IMU(b"\n".join(lines), rate=100, **UNITS)
