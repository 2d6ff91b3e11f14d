"""A WAV is read to its end whatever its header states, unless that shows that a part lacks."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from tests.support.sounds import RATE, noise, wav

from sensorium.errors import MediaDecodeError
from sensorium.percepts import Audio

WHOLE = wav(noise(4))  # 128,000 bytes of samples
HEADER = 44  # bytes
SAMPLES = len(WHOLE) - HEADER


def stating(size: int, content: bytes = WHOLE, *, riff: int | None = None) -> bytes:
    """The same file with another size of its samples in the header."""
    total = min(size + HEADER - 8, 2**32 - 1) if riff is None else riff
    head = bytearray(content)
    head[4:8], head[40:44] = struct.pack("<I", total), struct.pack("<I", size)
    return bytes(head)


@pytest.mark.parametrize(
    "size",
    [
        *(0, 0xFFFF_FFFF, 0x7FFF_FFFF, 0x7FFF_FFFF - 36, 0x7FFF_F000, 3_200_000_000),
        *(2_000_000_000, 2_000_000_000 - 36, 1_000_000_000, 500_000_000, 100_000_000),
        *(2**30, 2**30 - 44, 2**26, 1_900_123_456, 1_073_741_823),
    ],
)
def test_a_size_that_a_stream_could_not_know_is_no_size(size: int) -> None:
    """All samples are there, the length is theirs, and nothing is said of damage."""
    sound = Audio(stating(size))
    np.testing.assert_array_equal(sound.mono(RATE), Audio(WHOLE).mono(RATE))
    assert sound.duration == pytest.approx(4.0)
    assert "truncated" not in str(sound.reading)


@pytest.mark.parametrize(
    "size", [2 * SAMPLES, 10 * SAMPLES, 1_000_000, 4_000_000, 32_000_000, 99_000_000, 2**25]
)
def test_a_part_that_lacks_is_told(size: int) -> None:
    """A recording of 125 s has 4,000,000 bytes: so round a size may well be true."""
    with pytest.raises(MediaDecodeError, match=rf"truncated: {len(WHOLE)} of {size + HEADER} byt"):
        Audio(stating(size))


def test_a_copy_that_stopped_in_the_middle_of_a_large_file_is_told() -> None:
    """A size beyond a thousand million bytes is believed if a good part of them is there."""
    from sensorium.percepts.codecs.riff import _is_placeholder

    assert not _is_placeholder(1_500_123_456, 700_000_000)
    assert _is_placeholder(1_500_123_456, 70_000_000)


@pytest.mark.parametrize("right", [True, False])
def test_a_size_that_was_not_brought_up_to_date_hides_nothing(right: bool) -> None:
    """A recorder that lost its power states half; the other half is sound, and is told."""
    sound = Audio(stating(SAMPLES // 2, riff=len(WHOLE) - 8 if right else None))
    np.testing.assert_array_equal(sound.mono(RATE), Audio(WHOLE).mono(RATE))
    assert sound.duration == pytest.approx(4.0)
    assert sound.reading["length"] == "to the end of the file; the header states 2.0 s"


@pytest.mark.parametrize(
    "behind",
    [
        b"LIST" + struct.pack("<I", 39_940) + b"INFO" + bytes(range(256)) * 156,
        b"id3 " + struct.pack("<I", 39_936) + bytes(range(256)) * 156,
        bytes(40_000),
        b"bext" + struct.pack("<I", 30_001) + bytes(range(1, 256)) * 120,
    ],
)
def test_what_stands_behind_the_samples_is_no_sound(behind: bytes) -> None:
    """Chunks of other kinds, and room that was set aside, are left out without a word."""
    sound = Audio(stating(SAMPLES, WHOLE + behind, riff=len(WHOLE + behind) - 8))
    np.testing.assert_array_equal(sound.mono(RATE), Audio(WHOLE).mono(RATE))
    assert dict(sound.reading) == {}


def test_a_wrong_size_of_the_file_alone_matters_to_nobody() -> None:
    """The samples have a size of their own, which is right."""
    sound = Audio(stating(SAMPLES, riff=2_000_000_000))
    assert (len(sound.mono(RATE)), dict(sound.reading)) == (4 * RATE, {})
