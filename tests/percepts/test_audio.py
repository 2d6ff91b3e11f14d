"""Sound from arrays and files."""

from __future__ import annotations

import base64
import io
import json
import tracemalloc
import wave
from contextlib import nullcontext, suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import torch
from torchaudio.functional import resample

from sensorium import errors
from sensorium.percepts.audio import CHUNK, Audio
from sensorium.percepts.codecs import ffmpeg
from sensorium.percepts.codecs.lengths import check_length
from sensorium.percepts.limits import Limits
from sensorium.percepts.percept import percept_from_dict
from sensorium.percepts.source import Encoded, take

RATE = 16_000  # Hz
FORMATS = {  # container: coding and the rate it is made for
    "flac": ("flac", RATE),
    "ogg": ("libopus", 48_000),
    "mp3": ("libmp3lame", RATE),
    "ipod": ("aac", RATE),
    "matroska": ("flac", RATE),
    "webm": ("libopus", 48_000),
}


def noise(count: int, channels: int = 1, seed: int = 0) -> Any:
    return np.random.default_rng(seed).uniform(-1, 1, (channels, count)).astype(np.float32)


def tone(seconds: float, rate: int, frequency: float = 440.0) -> Any:
    return np.sin(2 * np.pi * frequency * np.arange(round(seconds * rate)) / rate)


def wav(samples: Any, rate: int = RATE) -> bytes:
    """Write `(C, T)` 16-bit samples with the standard library."""
    stream = io.BytesIO()
    with wave.open(stream, "wb") as file:
        file.setnchannels(len(samples))
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.T.astype("<i2").tobytes())
    return stream.getvalue()


def encoded(
    container: str, codec: str, rate: int, samples: Any, *, pixel_format: str = "s16"
) -> bytes:
    """Write mono samples at 16-bit scale with FFmpeg."""
    stream = io.BytesIO()
    with av.open(stream, "w", format=container) as output:
        track: Any = output.add_stream(codec, rate=rate, layout="mono")
        values = samples[None].astype({"s16": np.int16, "u8": np.uint8}.get(pixel_format, "f4"))
        frame: Any = av.AudioFrame.from_ndarray(values, format=pixel_format, layout="mono")
        frame.sample_rate, frame.pts = rate, 0
        output.mux(track.encode(frame))
        output.mux(track.encode(None))
    return stream.getvalue()


def test_wav_samples_are_exact() -> None:
    """A 16-bit sample k is exactly k / 32768, as the standard library reads it."""
    k = np.random.default_rng(0).integers(-32768, 32768, (1, 5000))
    sound = Audio(wav(k))
    assert (sound.rate, sound.channels, sound.duration) == (RATE, 1, 5000 / RATE)
    np.testing.assert_array_equal(sound.mono(RATE), (k[0] / 32768).astype(np.float32))


@pytest.mark.parametrize(
    ("dtype", "zero", "scale"),
    [(np.uint8, 128, 128), (np.int16, 0, 32768), (np.int32, 0, 2**31), (">i2", 0, 32768)],
)
def test_integers_are_scaled_exactly(dtype: Any, zero: int, scale: float) -> None:
    """The lowest integer is -1, the middle one 0, and nothing is lost in between."""
    info = np.iinfo(dtype)
    k = np.linspace(info.min, info.max, 4001).astype(dtype)
    k[0], k[1], k[2] = info.min, zero, zero + 1
    read = Audio(k, rate=RATE).mono(RATE)
    np.testing.assert_array_equal(read, ((k.astype(np.float64) - zero) / scale).astype(np.float32))
    assert (read[0], read[1], read[2]) == (-1.0, 0.0, 1 / scale)


@pytest.mark.parametrize("given", [np.float64, np.float16, ">f4", "tensor", "bfloat16", "list"])
def test_floats_are_kept(given: Any) -> None:
    """Any float type, a tensor or a list; the digest is that of the float32 samples."""
    samples = np.round(noise(300)[0] * 64) / 64  # exact in every one of these types
    if given in ("tensor", "bfloat16"):
        source = torch.from_numpy(samples).to(torch.bfloat16 if given == "bfloat16" else None)
    else:
        source = samples.tolist() if given == "list" else samples.astype(given)
    sound = Audio(source, rate=RATE)
    np.testing.assert_array_equal(sound.mono(RATE), samples)
    assert sound.digest == Audio(samples[None], rate=RATE).digest


def test_the_caller_s_array_stays_as_it_was() -> None:
    """Read-only and strided arrays are taken; later writes do not reach the percept."""
    samples = np.repeat(noise(400, 2), 2, axis=1)[:, ::2]
    before = samples.copy()
    sound = Audio(samples, rate=RATE)
    np.testing.assert_array_equal(samples, before)
    samples[:] = 0
    np.testing.assert_array_equal(sound.mono(RATE), before.mean(axis=0))
    before.flags.writeable = False
    assert Audio(before, rate=RATE) == sound


def test_mono_is_the_mean_of_the_channels() -> None:
    """For arrays and files alike."""
    k = np.random.default_rng(0).integers(-32768, 32768, (2, 3000))
    wanted = (k / 32768).astype(np.float32).mean(axis=0)
    np.testing.assert_array_equal(Audio(wav(k)).mono(RATE), wanted)
    np.testing.assert_array_equal(Audio(k.astype(np.int16), rate=RATE).mono(RATE), wanted)


@pytest.mark.parametrize("seconds", [0.37, 60.0])
@pytest.mark.parametrize("rate", [44_100, 22_050, 48_000, 8_000, 11_025, 16_000])
def test_blocks_equal_the_whole_resampled_at_once(rate: int, seconds: float) -> None:
    """Where the sound is cut cannot be heard: torchaudio over the whole gives the same."""
    samples = noise(CHUNK + CHUNK // 3 + 13)
    whole = resample(torch.from_numpy(samples[0]), rate, RATE).numpy()
    blocks = list(Audio(samples, rate=rate).blocks(RATE, seconds=seconds))
    assert {len(block) for block in blocks[:-1]} <= {round(seconds * RATE)}
    np.testing.assert_allclose(np.concatenate(blocks), whole, atol=1e-6, rtol=0)
    np.testing.assert_array_equal(Audio(samples, rate=rate).mono(RATE), np.concatenate(blocks))


@pytest.mark.parametrize("count", [1, 2, 400, 441, 442])
def test_the_shortest_sounds_are_resampled_too(count: int) -> None:
    """Shorter than the filter is no special case."""
    samples = noise(count)
    whole = resample(torch.from_numpy(samples[0]), 44_100, RATE).numpy()
    np.testing.assert_allclose(Audio(samples, rate=44_100).mono(RATE), whole, atol=1e-6)


def test_rates_without_a_common_divisor_need_no_giant_kernel() -> None:
    """47 999 Hz to 16 kHz keeps amplitude, pitch and length, the latter two to 25 in a million."""
    read = Audio(tone(2, 47_999), rate=47_999).mono(RATE)
    assert len(read) == pytest.approx(2 * RATE, abs=2)
    assert np.sqrt(2) * read.std() == pytest.approx(1, abs=0.005)
    moments = np.arange(2 * RATE) / RATE
    wanted = np.sin(2 * np.pi * 440 * moments)
    drift = 25e-6 * moments * 2 * np.pi * 440  # radians
    middle = slice(200, -200)
    assert (np.abs(read[: 2 * RATE] - wanted) <= drift + 0.01)[middle].all()


@pytest.mark.parametrize("container", FORMATS)
def test_files_of_every_kind_keep_scale_rate_and_length(container: str, tmp_path: Path) -> None:
    """A half-scale tone comes back at half scale, from a path as from bytes."""
    codec, rate = FORMATS[container]
    path = tmp_path / "tone.bin"
    path.write_bytes(encoded(container, codec, rate, 16384 * tone(2, rate)))
    sound = Audio(path)
    read = sound.mono(RATE)
    assert sound.rate == rate
    stated = container not in ("mp3", "ogg")
    assert sound.duration == (pytest.approx(2, abs=0.1) if stated else None)
    assert len(read) == pytest.approx(2 * RATE, abs=1200)
    assert np.sqrt(2) * read[4000:28_000].std() == pytest.approx(0.5, abs=0.03)
    spectrum = np.abs(np.fft.rfft(read[:RATE]))
    assert spectrum.argmax() == 440
    assert sound.digest == Audio(path.read_bytes()).digest


@pytest.mark.parametrize(
    ("codec", "kind", "zero", "scale"),
    [("pcm_u8", "u8", 128, 128), ("pcm_s16le", "s16", 0, 32768), ("pcm_f32le", "flt", 0, 1)],
)
def test_sample_formats_of_files(codec: str, kind: str, zero: int, scale: float) -> None:
    """8-bit, 16-bit and float files come out at the same scale."""
    k = np.linspace(0, 255, 999).round() if kind == "u8" else noise(999)[0] * scale
    k = k.astype({"u8": np.uint8, "s16": np.int16, "flt": np.float32}[kind])
    read = Audio(encoded("wav", codec, RATE, k, pixel_format=kind)).mono(RATE)
    np.testing.assert_array_equal(read, ((k.astype(np.float64) - zero) / scale).astype(np.float32))


def test_the_dictionary_makes_an_equal_percept(tmp_path: Path) -> None:
    """Samples keep their rate; a path, bytes and data: URI are the same sound."""
    array = Audio(noise(100, 2), rate=44_100)
    path = tmp_path / "a.wav"
    path.write_bytes(wav(noise(100) * 30_000))
    uri = "data:audio/wav;base64," + base64.b64encode(path.read_bytes()).decode()
    for sound in (array, Audio(path), Audio(path.read_bytes(), uri="here")):
        again = percept_from_dict(json.loads(json.dumps(sound.to_dict())))
        assert again == sound
        assert dict(again.units) == dict(sound.units)
    assert Audio(uri) == Audio(path) == Audio(io.BytesIO(path.read_bytes()))
    assert Audio(noise(100, 2), rate=44_100) != Audio(noise(100, 2), rate=48_000)


@pytest.mark.parametrize(
    ("error", "message", "source", "rate"),
    [
        (errors.UnitError, "without a rate", noise(9), None),
        (errors.UnitError, "the file carries its own", wav(noise(9)), RATE),
        (errors.PerceptValueError, "a rate of 0", noise(9), 0),
        (errors.PerceptValueError, "a rate of 1.5", noise(9), 1.5),
        (errors.PerceptValueError, "a rate of True", noise(9), True),
        (errors.PerceptValueError, "a rate of '16000'", noise(9), "16000"),
        (errors.PerceptValueError, "a rate of 99; .* from 100 to 1_000_000", noise(9), 99),
        (errors.PerceptValueError, "a rate of 10000000", noise(9), 10**15),
        (errors.PerceptValueError, "a rate of nan", noise(9), float("nan")),
        (errors.MediaDecodeError, "header says 1 Hz", wav(noise(9), 1), None),
        (errors.MediaDecodeError, "header says 2000000 Hz", wav(noise(9), 2_000_000), None),
        (errors.PerceptShapeError, r"samples\.T", noise(900, 2).T, RATE),
        (errors.PerceptShapeError, "12 channels", noise(900, 12), RATE),
        (errors.PerceptShapeError, r"\(1, 1, 9\)", noise(9)[None], RATE),
        (errors.PerceptShapeError, "int64", np.arange(9), RATE),
        (errors.PerceptShapeError, "bool", noise(9) > 0, RATE),
        (errors.PerceptValueError, "integer scale", noise(9) * 32768, RATE),
        (errors.NonFiniteError, "nan at sample 3 of channel 1", [[0] * 4, [0, 0, 0, np.nan]], RATE),
        (errors.NonFiniteError, "inf at sample 0", np.array([1e300, 0]), RATE),
        (errors.EmptyPerceptError, "empty audio", np.zeros((2, 0)), RATE),
        (errors.EmptyPerceptError, "length 0", b"", None),
        (errors.MediaDecodeError, "unreadable as audio", b"not a sound" * 99, None),
        (errors.MediaDecodeError, "unreadable as audio", b"#EXTM3U\n#EXTINF:1,\n/a.ogg\n", None),
        (errors.SourceNotFoundError, "nothing is", "/nowhere/a.wav", None),
        (errors.SourceNotFoundError, "not a file", Path(__file__).parent, None),
        (errors.SourceTypeError, "dict", {}, None),
    ],
)  # fmt: skip
def test_what_is_refused(error: type[Exception], message: str, source: Any, rate: int) -> None:
    """A mistake is named before anything is decoded."""
    with pytest.raises(error, match=message):
        Audio(source, rate=rate)


def test_floats_may_be_eight_times_full_scale() -> None:
    """A recording that clips is taken; beyond that floats are integers that were never scaled."""
    loud = np.ones(100, np.float32)
    assert Audio(loud * 7.9, rate=RATE).rate == RATE
    with pytest.raises(errors.PerceptValueError, match=r"up to 8\.1, which look like integer"):
        Audio(loud * 8.1, rate=RATE)


def test_blocks_and_mono_check_their_rate() -> None:
    """At once, not when iterated."""
    sound = Audio(noise(9), rate=RATE)
    with pytest.raises(errors.PerceptValueError, match="a rate of -1"):
        sound.blocks(-1)
    with pytest.raises(errors.PerceptValueError, match="raise seconds"):
        sound.blocks(RATE, seconds=0)
    wrong: list[Any] = [0.5, 99, 1_000_001, "16000"]
    for rate in wrong:
        with pytest.raises(errors.PerceptValueError, match=f"a rate of {rate!r}"):
            sound.mono(rate)


@pytest.mark.parametrize(("rate", "wanted"), [(100, 1_000_000), (999_983, 16_000), (101, 999_983)])
def test_extreme_rates_are_resampled_in_bounded_memory(rate: int, wanted: int) -> None:
    """From the lowest to the highest, and where the two share no divisor."""
    sound = Audio(np.full(4 * CHUNK, 0.5, np.float32), rate=rate)
    block = next(sound.blocks(wanted, seconds=0.1))
    assert block.size == wanted // 10
    assert block[-1] == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("container", ["wav", *FORMATS])
def test_truncated_files_raise_our_errors_or_give_most_of_the_sound(container: str) -> None:
    """Cut anywhere, a file is refused, or is one that holds no length and ends early."""
    codec, rate = FORMATS.get(container, ("pcm_s16le", RATE))
    whole = encoded(container, codec, rate, 16384 * tone(2, rate))
    total = len(Audio(whole).mono(RATE))
    unaware = container in ("ogg", "mp3")  # a cut Ogg or MP3 is a shorter one
    for share in (0.001, 0.02, 0.1, 0.3, 0.5, 0.7):
        cut = whole[: max(1, int(share * len(whole)))]
        try:
            read = Audio(cut).mono(RATE)
        except (errors.MediaDecodeError, errors.EmptyPerceptError):
            continue
        assert unaware, f"{container} cut to {share} went unnoticed"
        assert len(read) < total


def test_a_truncated_file_says_how_much_is_there() -> None:
    """In bytes where the container says its size, in seconds where it says its length."""
    whole = wav(noise(2 * RATE) * 9000)
    with pytest.raises(errors.MediaDecodeError, match=r"truncated: 30000 of 64044 bytes"):
        Audio(whole[:30_000])
    whole = encoded("matroska", "libmp3lame", RATE, 16384 * tone(5, RATE))
    with pytest.raises(errors.MediaDecodeError, match=r"truncated: \d\.\d of 5\.\d s"):
        Audio(whole[: len(whole) // 2]).mono(RATE)


@pytest.mark.parametrize(
    ("stated", "missing", "cut"),
    [(4, 0.4, False), (4, 0.6, True), (100, 4, False), (100, 6, True), (None, 9, False)],
)
def test_how_much_may_be_missing(stated: float | None, missing: float, cut: bool) -> None:
    """Half a second or a twentieth, whichever is more; without a length, anything."""
    source = take(b"any", modality="audio", limits=Limits())
    assert isinstance(source, Encoded)
    with pytest.raises(errors.MediaDecodeError, match="truncated") if cut else nullcontext():
        check_length(stated, (stated or 10) - missing, source)


def recorded(*parts: tuple[float, float], container: str = "matroska") -> bytes:
    """Write a hum at `RATE` that is on in the spans `parts`, in seconds, only."""
    stream = io.BytesIO()
    with av.open(stream, "w", format=container) as output:
        track: Any = output.add_stream("pcm_s16le", rate=RATE, layout="mono")
        for start, end in parts:
            for at in range(round(start * RATE), round(end * RATE), 320):
                hum = np.full((1, 320), 8192, np.int16)
                frame: Any = av.AudioFrame.from_ndarray(hum, format="s16", layout="mono")
                frame.sample_rate, frame.pts, frame.time_base = RATE, at, Fraction(1, RATE)
                output.mux(track.encode(frame))
    return stream.getvalue()


def test_a_pause_in_the_recording_is_silence() -> None:
    """Recorders leave it out and let the times jump; 3 s are 3 s, not a truncation."""
    read = Audio(recorded((0, 1), (4, 5))).mono(RATE)
    assert len(read) == 5 * RATE
    assert (read[:RATE] == 0.25).all()
    assert (read[RATE : 4 * RATE] == 0).all()
    assert (read[4 * RATE :] == 0.25).all()


def test_uneven_times_are_no_pause() -> None:
    """40 ms late is within what networks do."""
    assert len(Audio(recorded((0, 1), (1.04, 2.04))).mono(RATE)) == 2 * RATE


def test_a_sound_alone_begins_with_its_first_sample() -> None:
    """Whatever time the recorder's clock showed."""
    read = Audio(recorded((3, 5))).mono(RATE)
    assert len(read) == 2 * RATE
    assert read[0] == 0.25


def test_a_pause_beyond_measure_is_refused() -> None:
    """A clock that jumps by an hour is broken."""
    sound = Audio(recorded((0, 1), (3601, 3602)))
    with pytest.raises(errors.MediaDecodeError, match=r"without sound for 3600\.0 s from 1\.0 s"):
        sound.mono(RATE)


def titled(title: bytes, container: str) -> bytes:
    """Write half a second of silence whose file and track bear a title of four bytes."""
    stream = io.BytesIO()
    with av.open(stream, "w", format=container) as output:
        track: Any = output.add_stream("pcm_s16le", rate=RATE, layout="mono")
        output.metadata["title"] = track.metadata["title"] = "Cafe"
        silence = np.zeros((1, RATE // 2), np.int16)
        frame: Any = av.AudioFrame.from_ndarray(silence, format="s16", layout="mono")
        frame.sample_rate, frame.pts = RATE, 0
        output.mux(track.encode(frame))
    return stream.getvalue().replace(b"Cafe", title)


@pytest.mark.parametrize("container", ["wav", "matroska"])
@pytest.mark.parametrize("title", ["Café".encode("latin-1"), b"\xff\xfe\xfa\xfb"])
def test_a_title_of_any_encoding_opens(title: bytes, container: str) -> None:
    """Old recorders and songs write the encoding of their country, not UTF-8."""
    sound = titled(title, container)
    assert title in sound
    assert Audio(sound).duration == 0.5
    assert len(Audio(sound).mono(RATE)) == RATE // 2


def adts(rate: int, channels: int = 1) -> bytes:
    """Write a second of AAC frames, which can be joined."""
    stream = io.BytesIO()
    layout = "mono" if channels == 1 else "stereo"
    with av.open(stream, "w", format="adts") as output:
        track: Any = output.add_stream("aac", rate=rate, layout=layout)
        silence = np.zeros((1, rate * channels), np.int16)
        frame: Any = av.AudioFrame.from_ndarray(silence, format="s16", layout=layout)
        frame.sample_rate, frame.pts = rate, 0
        output.mux(track.encode(frame))
        output.mux(track.encode(None))
    return stream.getvalue()


def test_lengths_that_are_guesses_are_not_told() -> None:
    """FFmpeg estimates AAC frames by their first seconds' bit rate."""
    assert Audio(adts(RATE)).duration is None


@pytest.mark.parametrize(
    ("second", "message"),
    [(adts(44_100), "1 channels at 16000 Hz to 1 at 44100 Hz"), (adts(RATE, 2), "to 2 at 16000")],
)
def test_a_sound_that_changes_on_the_way_is_refused(second: bytes, message: str) -> None:
    """In rate or in channels."""
    with pytest.raises(errors.MediaDecodeError, match=message):
        Audio(adts(RATE) + second).mono(RATE)


@pytest.mark.parametrize("allowed", [ffmpeg.CONTAINERS, f"{ffmpeg.CONTAINERS},concat"])
def test_scripts_that_name_other_files_are_not_followed(
    allowed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even one beside it that exists, and were the format let through by mistake."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(ffmpeg, "CONTAINERS", allowed)
    Path("seg.aac").write_bytes(adts(RATE))
    assert len(Audio("seg.aac").mono(RATE)) > 0
    script = Path("list.txt")
    script.write_bytes(b"ffconcat version 1.0\nfile seg.aac\n")
    for source in (script, script.read_bytes()):
        with pytest.raises(errors.MediaDecodeError, match="unreadable as audio"):
            Audio(source)


def test_formats_off_the_list_are_refused() -> None:
    """However harmless and well-formed."""
    with pytest.raises(errors.MediaDecodeError, match="unreadable as audio"):
        Audio(recorded((0, 1), container="nut"))


def test_a_header_that_could_not_be_filled_in_is_forgiven() -> None:
    """Recorders that write to a pipe state a size of 0 or 0xFFFFFFFF."""
    for stated in (b"\xff" * 4, b"\0" * 4):
        whole = bytearray(wav(noise(RATE) * 9000))
        whole[4:8] = whole[40:44] = stated
        assert len(Audio(bytes(whole)).mono(RATE)) == RATE


def test_flipped_bits_raise_our_errors_only() -> None:
    """Damage never surfaces as an error of FFmpeg."""
    rng = np.random.default_rng(0)
    for container, (codec, rate) in FORMATS.items():
        whole = encoded(container, codec, rate, 16384 * tone(0.3, rate))
        for _ in range(25):
            damaged = bytearray(whole)
            for index in rng.integers(len(whole), size=8):
                damaged[index] ^= 1 << rng.integers(8)
            with suppress(errors.PerceptError):
                Audio(bytes(damaged)).mono(RATE)


def test_a_file_without_samples_is_empty() -> None:
    """A header alone is no sound."""
    with pytest.raises(errors.EmptyPerceptError, match="empty"):
        Audio(wav(np.zeros((1, 0)))).mono(RATE)


def test_non_finite_samples_in_a_file_are_found() -> None:
    """While decoding, with their place."""
    samples = noise(500)[0]
    samples[321] = np.nan
    sound = Audio(encoded("wav", "pcm_f32le", RATE, samples, pixel_format="flt"))
    with pytest.raises(errors.NonFiniteError, match="nan at sample"):
        sound.mono(RATE)


@pytest.mark.slow
def test_long_recordings_are_read_in_bounded_memory() -> None:
    """A third of ten minutes is more than is ever held."""
    sound = Audio(encoded("flac", "flac", 8_000, np.zeros(600 * 8_000)))
    tracemalloc.start()
    total = sum(len(block) for block in sound.blocks(RATE, seconds=10))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert total == 600 * RATE
    assert peak < 4 * total / 3  # bytes


def test_16_bit_samples_in_32_bits_are_refused() -> None:
    """They would be heard at a 65,536th of their loudness."""
    wave = (np.sin(np.arange(1000)) * 30_000).astype(np.int32)
    with pytest.raises(errors.PerceptValueError, match="int16"):
        Audio(wave, rate=16_000)
    assert Audio(wave << 16, rate=16_000).channels == 1
