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


@pytest.mark.slow
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


def test_cells_without_a_number_are_holes_whatever_stands_there() -> None:
    """First, last and next to each other; empty or words for nothing; and no other cell moves."""
    for word in ("", "NA", "nan", "n/a", "null", "-"):
        lines = [row.split(",") for row in ROWS[:400]]
        for row, cells in ((7, [0]), (8, [5]), (9, [1, 2, 3]), (390, [0, 1, 2, 3, 4, 5])):
            for cell in cells:
                lines[row][cell] = word
        content = "\n".join([",".join(COLUMNS), *map(",".join, lines)])
        read = IMU(content.encode(), rate=100, **UNITS)
        wanted = np.delete(planted(3000)[:400], [7, 8, 9, 390], axis=0)
        np.testing.assert_allclose(read.samples, wanted, atol=1e-5)
        np.testing.assert_allclose(read.times, np.delete(np.arange(400), [7, 8, 9, 390]) / 100)


def test_moments_of_another_zone_among_plain_ones_are_read_with_it() -> None:
    """They have as many letters as the others, and are the same moments."""
    rows = [
        f"2026-01-13 10:00:{i // 100:02d}.{i % 100:02d}00,{row}" for i, row in enumerate(ROWS[:300])
    ]
    rows[100] = rows[100].replace("2026-01-13 10:00:01.0000", "2026-01-13 09:00:01-0100")
    read = IMU("\n".join([f"time,{','.join(COLUMNS)}", *rows]).encode(), **UNITS)
    np.testing.assert_allclose(read.times, np.arange(300) / 100, atol=1e-6)
