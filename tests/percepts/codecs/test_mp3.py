"""An MP3 that states its length is not taken for whole if a part of it lacks."""

from __future__ import annotations

import struct

import pytest
from tests.support.sounds import RATE, encoded, noise

from sensorium.errors import MediaDecodeError
from sensorium.percepts import Audio

ID3 = b"ID3\x03\0\0\0\0\x02\x01" + b"\0" * 257  # 2 * 128 + 1 bytes of a tag
FRAME = 576 / RATE  # seconds of a frame of MPEG 2, layer III
SHARE = 0.5  # of a file that has arrived


def with_length() -> bytes:
    """4 s, whose first frame says how many frames there are and how many bytes."""
    content = encoded("mp3", "libmp3lame", noise(4))
    assert b"Info" in content[:1024] or b"Xing" in content[:1024]
    return content


def without_length() -> bytes:
    """The same without that frame."""
    content = with_length()
    first = content.index(b"\xff\xf3")
    return content[content.index(b"\xff\xf3", first + 4) :]


def with_vbri() -> bytes:
    """The same, its length stated as Fraunhofer's encoder does."""
    rest = without_length()
    frame = bytearray(rest[: rest.index(b"\xff\xf3", 4)])
    frame[4:] = bytes(len(frame) - 4)
    stated = struct.pack(">4sHHHII", b"VBRI", 1, 0, 75, len(frame) + len(rest), round(4 / FRAME))
    frame[36 : 36 + len(stated)] = stated
    return bytes(frame) + rest


@pytest.mark.parametrize("tag", [b"", ID3, ID3 + ID3])
@pytest.mark.parametrize("make", [with_length, with_vbri])
def test_half_a_file_is_refused_when_it_is_opened(make: object, tag: bytes) -> None:
    """Whichever way its length is stated, and whatever tags stand before it."""
    assert callable(make)
    whole = tag + make()
    assert len(Audio(whole).mono(RATE)) / RATE == pytest.approx(4, abs=0.2)
    with pytest.raises(MediaDecodeError, match=r"truncated: [12]\.\d of [34]\.\d s"):
        Audio(whole[: round(SHARE * len(whole))])


def test_a_number_of_frames_alone_is_compared_with_what_is_decoded() -> None:
    """Some encoders state no bytes."""
    whole = bytearray(with_length())
    place = max(whole.find(b"Xing"), whole.find(b"Info"))
    frames = whole[place + 8 : place + 12]
    whole[place + 7] = 1  # a number of frames is all that follows
    whole[place + 8 : place + 20] = frames + bytes(8)
    assert len(Audio(bytes(whole)).mono(RATE)) / RATE == pytest.approx(4, abs=0.2)
    half = Audio(bytes(whole[: len(whole) // 2]))
    with pytest.raises(MediaDecodeError, match="truncated"):
        half.mono(RATE)


def test_a_file_that_states_no_length_may_end_anywhere() -> None:
    """Nothing says that more belongs to it."""
    whole = without_length()
    assert len(Audio(whole).mono(RATE)) / RATE == pytest.approx(4, abs=0.2)
    half = Audio(whole[: len(whole) // 2]).mono(RATE)
    assert len(half) / RATE == pytest.approx(2, abs=0.2)


def test_a_little_may_lack() -> None:
    """The last frame, as recorders of streams leave it."""
    whole = with_length()
    assert len(Audio(whole[:-200]).mono(RATE)) / RATE == pytest.approx(4, abs=0.2)
