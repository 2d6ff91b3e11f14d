"""Sound in recordings: samples as they were, cut into stretches, and nothing guessed."""

from __future__ import annotations

import io
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_types_from_msg, get_typestore
from tests.support.bags import (
    HUMBLE,
    KINDS,
    SECOND,
    START,
    Written,
    header,
    image,
    sound,
    sound_info,
    write_bag,
)

from sensorium import sources
from sensorium.errors import MediaDecodeError, PerceptError, PerceptFormatError, UnitError
from sensorium.percepts import Audio

RATE = 8000
TENTH = SECOND // 10
INFO = Written("/mic/audio_info", START, sound_info(RATE, 1))


def tone(seconds: float, *, channels: int = 1) -> NDArray[np.int16]:
    """A tone in 16 bits, `(T, C)`, interleaved when it is written out."""
    times = np.arange(round(seconds * RATE))[:, None] / RATE
    pitches = 440 * (1 + np.arange(channels))
    samples: NDArray[np.int16] = np.rint(9000 * np.sin(2 * np.pi * pitches * times)).astype("<i2")
    return samples


def pieces(samples: NDArray[Any], *, start: int = START, late: int | None = None) -> list[Written]:
    """Messages of a tenth of a second; stamped ones if they are written late."""
    count = RATE // 10
    found = []
    for index in range(0, len(samples), count):
        time = start + index // count * TENTH
        content = samples[index : index + count].tobytes()
        message = sound(content, stamp=None if late is None else time)
        found.append(Written("/mic/audio", time + (late or 0), message))
    return found


def read(folder: Path, *messages: Written, kind: str = "mcap", **options: Any) -> list[Audio]:
    path = write_bag(folder, sorted(messages, key=lambda each: each.log_time), kind)
    found = list(sources.bag(path, **options))
    sounds = [each for each in found if isinstance(each, Audio)]
    assert len(sounds) == len(found)
    return sounds


def wave(audio: Audio) -> NDArray[np.float32]:
    """All samples at their own rate, channels averaged."""
    return np.concatenate(list(audio.blocks(audio.rate)))


@pytest.mark.parametrize("kind", KINDS[:1] + KINDS[2:])
@pytest.mark.parametrize("channels", [1, 2])
def test_samples_are_exact(kind: str, channels: int, tmp_path: Path) -> None:
    """Their rate and channels are those of the topic beside theirs."""
    samples = tone(1.0, channels=channels)
    info = INFO._replace(message=sound_info(RATE, channels))
    [found] = read(tmp_path, info, *pieces(samples, late=7), kind=kind)
    np.testing.assert_allclose(wave(found), (samples / 2**15).mean(axis=1), atol=1e-6)
    assert (found.rate, found.channels, found.duration) == (RATE, channels, 1.0)
    assert found.at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=timezone.utc)
    assert found.reading == {
        "topic": "/mic/audio",
        "type": "audio_common_msgs/AudioDataStamped",
        "sound": f"S16LE, {RATE} Hz, {channels} channels (/mic/audio_info)",
        "messages": 10,
        "at": "header.stamp",
        "log_time": START + 7,
        "number": 1,
    }


def test_without_a_stamp_the_log_tells_the_time(tmp_path: Path) -> None:
    """As AudioData has no header."""
    [found] = read(tmp_path, INFO, *pieces(tone(0.5)))
    assert found.at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=timezone.utc)
    assert found.reading["at"] == "log time (the stamps are zero)"


def test_stretches_end_at_pauses_and_when_they_are_long(tmp_path: Path) -> None:
    """No sample is lost or doubled."""
    samples = tone(4.0)
    messages = [
        *pieces(samples[: 2 * RATE]),
        *pieces(samples[2 * RATE :], start=START + 5 * SECOND),
    ]
    cut = read(tmp_path, INFO, *messages, stretch=1.5)
    assert [round(each.duration or 0, 3) for each in cut] == [1.5, 0.5, 1.5, 0.5]
    np.testing.assert_allclose(
        np.concatenate([wave(each) for each in cut]), samples[:, 0] / 2**15, atol=1e-6
    )


def test_a_loss_begins_a_new_sound(tmp_path: Path) -> None:
    """Three messages of a tenth of a second are missing, by the stamps."""
    messages = pieces(tone(2.0), late=5)
    first, second = read(tmp_path, INFO, *messages[:8], *messages[11:])
    assert (first.duration, second.duration) == pytest.approx((0.8, 0.9))
    assert second.at is not None
    assert second.at.microsecond == 100_000


def test_what_is_not_said_is_asked_and_the_remedy_works(tmp_path: Path) -> None:
    """A rate is never guessed; options say it, and go before the topic's."""
    messages = pieces(tone(1.0))
    path = write_bag(tmp_path, messages)
    with pytest.raises(UnitError, match='"rate": 16000'):
        list(sources.bag(path))
    [found] = sources.bag(path, topics={"/mic/audio": {"rate": RATE, "channels": 1}})
    assert found.duration == 1.0
    [stereo] = sources.bag(path, topics={"/mic/audio": {"rate": RATE, "channels": 2}})
    assert stereo.duration == 0.5
    wrong: list[dict[str, Any]] = [
        {"rate": "fast"},
        {"rate": RATE, "sample_format": "S24"},
        {"rate": RATE, "channels": 9},
        {"coding": "opus"},
    ]
    for options in wrong:
        with pytest.raises(UnitError, match="audio"):
            list(sources.bag(path, topics={"/mic/audio": options}))
    with pytest.raises(PerceptFormatError, match="audio_info='/up'"):
        list(sources.bag(path, topics={"/mic/audio": {"audio_info": "/up"}}))
    with pytest.raises(MediaDecodeError, match="a whole number of samples"):
        list(sources.bag(path, topics={"/mic/audio": {"rate": RATE, "channels": 3}}))


def test_mp3_is_told_by_its_first_bytes(tmp_path: Path) -> None:
    """The default of audio_capture, whose format no message has to say."""
    content = mp3(tone(2.0)[:, 0])
    cut = [content[start : start + 700] for start in range(0, len(content), 700)]
    messages = [
        Written("/audio", START + index * TENTH, sound(each)) for index, each in enumerate(cut)
    ]
    [found] = read(tmp_path, *messages)
    assert found.reading["sound"] == "mp3 (its first bytes)"
    heard = wave(found)
    assert len(heard) / found.rate == pytest.approx(2.0, abs=0.2)
    strength = np.abs(np.fft.rfft(heard))
    assert np.argmax(strength) * found.rate / len(heard) == pytest.approx(440, abs=2)


def mp3(samples: NDArray[np.int16]) -> bytes:
    """The same sound as an MP3."""
    import av

    content = io.BytesIO()
    with av.open(content, "w", "mp3") as container:
        stream = container.add_stream("mp3", rate=RATE)
        frame = av.AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
        frame.rate = RATE
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    return content.getvalue()


def test_float_samples_and_headers_of_files(tmp_path: Path) -> None:
    """Numbers of another type, and a RIFF header that a driver sends first."""
    values = (tone(0.5)[:, 0] / 2**15).astype("<f4")
    head = b"RIFF" + bytes(4) + b"WAVEfmt " + bytes(20) + b"data" + bytes(4)
    messages = [Written("/audio", START, sound(head + values.tobytes()))]
    [found] = read(tmp_path, *messages, topics={"/audio": {"rate": RATE, "sample_format": "F32LE"}})
    np.testing.assert_allclose(wave(found), values, atol=1e-6)


def test_a_moment_has_the_sound_around_it(tmp_path: Path) -> None:
    """Beside its picture."""
    picture = image(np.full((4, 4), 9, np.uint8), "mono8", stamp=START + SECOND)
    messages = [INFO, *pieces(tone(3.0)), Written("/camera", START + SECOND, picture)]
    path = write_bag(tmp_path, sorted(messages, key=lambda each: each.log_time))
    [found] = sources.moments(path, stretch=1.0)
    heard = found.percepts[1]
    assert isinstance(heard, Audio)
    assert heard.duration == pytest.approx(1.0, abs=0.21)
    assert found.reading["offsets"]["/mic/audio"] == pytest.approx(-0.5, abs=0.11)


def test_damaged_sound_is_one_failure(tmp_path: Path) -> None:
    """And our error."""
    messages = [Written("/audio", START, sound(b"\xff\xfb\x90\x00" + bytes(50)))]
    path = write_bag(tmp_path, messages)
    told: list[sources.MessageFailure] = []
    found = list(sources.bag(path, on_failure=told.append))
    assert len(found) + len(told) == 1
    for each in found:
        assert isinstance(each, Audio)
        with pytest.raises(PerceptError):
            wave(each)


def test_sound_that_says_itself_what_it_is(tmp_path: Path) -> None:
    """AudioStamped of ROS 2: numbers of a type, with their rate in each message."""
    store = get_typestore(Stores.ROS2_HUMBLE)
    layouts = {
        "AudioData": "float32[] float32_data\nint32[] int32_data\nint16[] int16_data\n"
        "int8[] int8_data\nuint8[] uint8_data",
        "AudioInfo": "int32 format\nint32 channels\nint32 rate\nint32 chunk",
        "Audio": "audio_common_msgs/AudioData audio_data\naudio_common_msgs/AudioInfo info",
        "AudioStamped": "std_msgs/Header header\naudio_common_msgs/Audio audio",
    }
    for name, text in layouts.items():
        store.register(get_types_from_msg(text, f"audio_common_msgs/msg/{name}"))
    made = {name: store.types[f"audio_common_msgs/msg/{name}"] for name in layouts}
    samples, kind = tone(0.4, channels=2), "audio_common_msgs/msg/AudioStamped"
    with Writer(tmp_path / "run", version=9, storage_plugin=StoragePlugin.MCAP) as bag:
        way = bag.add_connection("/audio", kind, typestore=store)
        for index in range(4):
            part = samples[index * RATE // 10 : (index + 1) * RATE // 10].ravel()
            none = {each: np.array([], each) for each in ("float32", "int32", "int8", "uint8")}
            data = made["AudioData"](
                none["float32"], none["int32"], part, none["int8"], none["uint8"]
            )
            time = START + index * TENTH
            audio = made["Audio"](data, made["AudioInfo"](8, 2, RATE, RATE // 10))
            message = made["AudioStamped"](header(time), audio)
            bag.write(way, time, store.serialize_cdr(message, kind))
    [found] = sources.bag(tmp_path / "run")
    assert isinstance(found, Audio)
    assert found.reading["sound"] == f"S16LE, {RATE} Hz, 2 channels (the message)"
    np.testing.assert_allclose(wave(found), (samples / 2**15).mean(axis=1), atol=1e-6)


def test_other_topics_are_passed_over_and_named(tmp_path: Path) -> None:
    """A recording may hold them; whoever asks for one is told what there is."""
    reach = HUMBLE.types["sensor_msgs/msg/Range"](header(START), 0, 0.1, 0.1, 4.0, 1.5)
    path = write_bag(tmp_path, [INFO, Written("/sonar", START, reach), *pieces(tone(0.2))])
    assert [each.reading["topic"] for each in sources.bag(path)] == ["/mic/audio"]
    with pytest.raises(PerceptFormatError, match=r"/sonar \(sensor_msgs/Range\) of .* which has"):
        list(sources.bag(path, topics=["/sonar"]))
