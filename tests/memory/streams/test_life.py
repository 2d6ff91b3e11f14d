"""The life of a stream: its queue, its worker, its errors, its statistics, its end."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.golden_files import ROOT
from tests.support.streaming import RATE, START, Kept, cut, motion, wrist

from sensorium.errors import (
    EmptyPerceptError,
    PerceptShapeError,
    PerceptValueError,
    RecordError,
    SourceTypeError,
    StoreFormatError,
    StoreFullError,
    StreamError,
    TimeError,
    UnitError,
    UnsupportedModalityError,
)
from sensorium.memory import Memory, Moment
from sensorium.memory.streams import open_stream
from sensorium.samples import FOLDER


class Gate(Kept):
    """A sink that waits until it is let through."""

    def __init__(self) -> None:
        super().__init__()
        self.entered, self.open = threading.Event(), threading.Event()

    def __call__(self, moments: Sequence[Moment]) -> None:
        self.entered.set()
        assert self.open.wait(timeout=10)
        super().__call__(moments)


class Failing(Kept):
    """A sink whose calls fail, from the first on, as often as it is told."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times

    def __call__(self, moments: Sequence[Moment]) -> None:
        if self.times:
            self.times -= 1
            raise StoreFullError("a full disk", "room", "make room")
        super().__call__(moments)


def test_drop_oldest_drops_the_oldest_and_counts() -> None:
    """A full queue gives up its oldest windows; the newest and the one being written stay."""
    gate = Gate()
    stream = wrist(gate, lateness=0, queue=3, policy="drop-oldest")
    samples = motion(250)
    stream.push(samples[:25], at=START)
    assert gate.entered.wait(timeout=10)
    stream.push(samples[25:])
    assert (stream.report.waiting, stream.report.dropped, stream.report.lost) == (4, 6, 150)
    gate.open.set()
    stream.close()
    assert gate.starts == pytest.approx([0, 3.5, 4.0, 4.5])
    report = stream.report
    assert report.windows == report.remembered + report.dropped == 10


def test_a_full_queue_blocks_and_loses_nothing() -> None:
    """With "block", a push waits until the sink has taken a batch."""
    gate, samples = Gate(), motion(500)
    stream = wrist(gate, lateness=0, queue=2)
    pushing = threading.Thread(target=stream.push, args=(samples,))
    pushing.start()
    assert gate.entered.wait(timeout=10)
    pushing.join(timeout=0.1)
    assert pushing.is_alive()
    assert stream.report.waiting > 2  # which can be asked meanwhile
    gate.open.set()
    pushing.join(timeout=10)
    stream.close()
    assert np.array_equal(np.concatenate(gate.windows), samples)


def test_errors_of_the_sink_reach_the_caller() -> None:
    """A batch that fails is counted and raised once, from its own error; then it goes on."""
    failing, samples = Failing(times=1), motion(100)
    with wrist(failing, lateness=0) as stream:
        stream.push(samples[:50], at=START)
        with pytest.raises(StreamError, match="a full disk") as caught:
            stream.flush()
        assert isinstance(caught.value.__cause__, StoreFullError)
        failed = stream.report.failed
        assert failed >= 1
        assert stream.report.lost == 25 * failed
        stream.push(samples[50:])
        stream.flush()
    assert stream.report.remembered == len(failing) == 4 - failed


def test_a_push_that_raises_an_earlier_error_takes_nothing() -> None:
    """The next push says what failed before it; pushed again, it is taken."""
    failing, samples = Failing(times=1), motion(50)
    with wrist(failing, lateness=0) as stream:
        stream.push(samples[:25], at=START)
        while stream.report.waiting:
            time.sleep(0.001)
        with pytest.raises(StreamError, match="a full disk"):
            stream.push(samples[25:])
        assert stream.report.pushed == 25
        stream.push(samples[25:])
    assert np.array_equal(np.concatenate(failing.windows), samples[25:])


def test_an_error_at_the_end_is_raised_by_close() -> None:
    """Closing says what was lost, and closes."""
    stream = wrist(Failing(times=9))
    stream.push(motion(30))
    with pytest.raises(StreamError, match="a full disk"):
        stream.close()
    assert stream.closed
    stream.close()
    for use in (stream.flush, lambda: stream.push(motion(5))):
        with pytest.raises(StreamError, match="closed"):
            use()


def test_flush_waits_and_leaves_the_open_window() -> None:
    """After `flush` every complete window is remembered; the rest comes with `close`."""
    kept, samples = Kept(), motion(90)
    with wrist(kept, lateness=0) as stream:
        stream.push(samples, at=START)
        stream.flush()
        assert (len(kept), stream.report.waiting) == (3, 0)
        stream.push(motion(15))
    assert kept.starts == pytest.approx([0, 0.5, 1.0, 1.5])


def test_several_threads_may_push() -> None:
    """Pushes of several threads, each dated, lose and double nothing."""
    samples = motion(1000)
    dates = np.datetime64("2026-07-01T12:00:00", "ms") + np.arange(1000) * 20
    kept = Kept()
    with wrist(kept, lateness=100, gap=1.0) as stream:
        parts = list(zip(cut(samples, [10]), cut(dates, [10]), strict=True))

        def push(own: Sequence[Any]) -> None:
            for part, times in own:
                stream.push(part, timestamps=times)

        threads = [threading.Thread(target=push, args=(parts[turn::4],)) for turn in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert stream.report.late == stream.report.gap_count == 0
    assert np.array_equal(np.concatenate(kept.windows), samples)


@settings(max_examples=20, deadline=None)
@given(sizes=st.lists(st.integers(1, 90), min_size=1, max_size=6), stop=st.integers(30, 270))
def test_statistics_are_those_of_everything(
    sizes: list[int], stop: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Mean and spread equal numpy's over all samples, also after the stream is opened again."""
    folder, samples = (
        tmp_path_factory.mktemp("streams"),
        motion(300) * np.float32(1.1) + np.float32(0.1),
    )
    for part in (samples[:stop], samples[stop:]):
        with wrist(Kept(), state_dir=folder, name="left") as stream:
            for piece in cut(part, sizes):
                stream.push(piece)
    found = stream.statistics
    assert found.count == 300
    assert found.mean == pytest.approx(samples.mean(0, dtype=np.float64))
    assert found.std == pytest.approx(samples.std(0, dtype=np.float64))
    scores = stream.normalised(samples)
    assert np.abs(scores.mean(0)).max() < 1e-4
    assert np.abs(scores.std(0) - 1).max() < 1e-4
    assert [file.name for file in folder.glob("*.json")] == ["left.json"]


def test_statistics_of_another_sensor_are_refused(tmp_path: Path) -> None:
    """A name belongs to one modality, and to one open stream; a damaged file says so."""
    with wrist(Kept(), state_dir=tmp_path, name="left") as stream:
        stream.push(motion(50))
        with pytest.raises(RecordError, match="second stream named 'left'"):
            wrist(Kept(), state_dir=tmp_path, name="left")
    with pytest.raises(RecordError, match="another name"):
        open_stream("audio", sink=Kept(), rate=8000, state_dir=tmp_path, name="left")
    (tmp_path / "left.json").write_text('{"version": 1, "mod', encoding="utf-8")
    with pytest.raises(StoreFormatError, match=r"left\.json"):
        wrist(Kept(), state_dir=tmp_path, name="left")


SECOND = """
import sys
sys.path[:] = {path!r}
from pathlib import Path
from sensorium.errors import RecordError
from tests.memory.streams.test_life import Kept, motion, wrist
try:
    with wrist(Kept(), state_dir=Path({place!r}), name="left") as stream:
        stream.push(motion(50))
except RecordError as error:
    print(error)
"""


@pytest.mark.slow
def test_one_stream_of_a_name_in_all_processes(tmp_path: Path) -> None:
    """Its statistics would be those of the last writer alone; what is over is continued."""
    code = SECOND.format(path=sys.path, place=str(tmp_path))

    def elsewhere() -> str:
        return subprocess.check_output([sys.executable, "-c", code], text=True)

    with wrist(Kept(), state_dir=tmp_path, name="left") as stream:
        stream.push(motion(50))
        assert f"a second stream named 'left', of which process {os.getpid()} has" in elsewhere()
        wrist(Kept(), state_dir=tmp_path, name="right").close()
    assert elsewhere() == ""
    with wrist(Kept(), state_dir=tmp_path, name="left") as stream:
        assert stream.statistics.count == 100


def test_moments_carry_the_labels() -> None:
    """Tags, source, words and metadata are of every moment; statistics are added if asked."""
    kept = Kept()
    labels: dict[str, Any] = {"tags": ["left"], "text": "at work", "metadata": {"who": "rex"}}
    with wrist(kept, name="watch", annotate=True, **labels) as stream:
        stream.push(motion(60), at=START)
    for moment in kept:
        assert (moment.tags, moment.source, moment.text) == (("left",), "watch", "at work")
        assert moment.metadata is not None
        assert moment.metadata["who"] == "rex"
        assert moment.metadata["statistics"]["count"] > 0
    assert [moment.at for moment in kept] == [percept.at for percept in kept.percepts]


LEFT_OPEN = """
import sys, time
import numpy as np
from sensorium.memory.streams import open_stream
hang = sys.argv[1] == "hang"
def sink(moments):
    time.sleep(3600 if hang else 0)
    print(len(moments), flush=True)
if hang:
    import sensorium.memory.streams.stream as module
    module.EXIT_PATIENCE = 0.2
stream = open_stream("imu", sink=sink, rate=50, accel="g", gyro="rad/s", queue=1)
stream.push(np.ones((128, 6)))
"""


@pytest.mark.slow
@pytest.mark.parametrize("sink", ["works", "hang"])
def test_a_stream_left_open_is_closed_at_exit(sink: str) -> None:
    """The interpreter ends: with the window remembered, or in bounded time, saying what is lost."""
    run = subprocess.run(
        [sys.executable, "-c", LEFT_OPEN, sink],
        capture_output=True,
        check=False,
        text=True,
        timeout=60,
    )
    if sink == "works":
        assert (run.stdout, run.stderr) == ("1\n", "")
    else:
        assert "StreamError" in run.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_fork_cannot_push() -> None:
    """A child process has no worker: it is told so, and its exit does not close our stream."""
    kept = Kept()
    with wrist(kept) as stream:
        child = os.fork()
        if child == 0:
            try:
                stream.push(motion(5))
            except StreamError:
                stream.close()
                os._exit(7)
            os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
        stream.push(motion(25))
    assert len(kept) == 1


def test_a_walk_pushed_live_is_recalled_by_its_words(tmp_path: Path) -> None:
    """Samples with jitter become records of an Edge memory, at the times they were taken."""
    with np.load(FOLDER / "imu_walking.npz") as recording:
        samples = recording["data"]
    jitter = np.random.default_rng(1).uniform(0, 0.3, len(samples))
    units: dict[str, Any] = {"rate": RATE, "accel": "m/s^2", "gyro": "rad/s"}
    with Memory.open(tmp_path, owner="rex") as memory:
        with memory.stream("imu", **units, name="left") as stream:
            for part in np.array_split(np.arange(len(samples)), 40):
                times = (part + jitter[part]) / RATE
                stream.push(samples[part], at=None if part[0] else START, timestamps=times)
        assert stream.report.remembered == memory.count() == 4
        [hit] = memory.recall("a person walking", limit=1)
        assert (hit.modality, hit.record.source) == ("imu", "left")
        assert START <= hit.record.at < hit.record.until <= START + timedelta(seconds=10.1)


@pytest.mark.slow
def test_the_example_finds_the_walk_and_the_run(capsys: pytest.CaptureFixture[str]) -> None:
    """Eight windows, one gap; each question is answered by its own half of the stream."""
    runpy.run_path(str(ROOT / "examples" / "sensor_stream.py"), run_name="__main__")
    printed = capsys.readouterr().out
    assert "1000 samples became 8 memories" in printed
    assert "no samples from 07:30:09 to 07:34:00" in printed
    _, walks, runs = printed.split("a person ")
    assert walks.count("07:30:") == runs.count("07:34:") == 3


NAIVE = datetime(2026, 7, 1)


@pytest.mark.parametrize(
    ("samples", "when", "error", "match"),
    [
        (motion(50).T, {}, PerceptShapeError, "transposed"),
        (motion(50)[:, :3], {}, PerceptShapeError, "gyroscope is missing"),
        (motion(50).astype(complex), {}, SourceTypeError, "imu"),
        ("walk.csv", {}, SourceTypeError, "live samples"),
        (b"1,2,3", {}, SourceTypeError, "live samples"),
        (motion(0), {}, EmptyPerceptError, "empty"),
        (motion(50) * 1000, {}, UnitError, "median"),
        (np.tile([0.0, 0, 1, 0, 0, 0], (50, 1)), {}, UnitError, 'like "g"'),
        (motion(50), {"at": NAIVE}, TimeError, "naive"),
        (motion(50), {"at": "now"}, TimeError, "a str"),
        (motion(50), {"at": [START] * 50}, TimeError, "several times"),
        (motion(50), {"at": datetime.max.replace(tzinfo=START.tzinfo)}, TimeError, "year"),
        (motion(50), {"timestamps": np.arange(49)}, PerceptShapeError, "49"),
        (motion(50), {"timestamps": np.full(50, np.nan)}, TimeError, "nan"),
        (motion(50), {"timestamps": np.arange(50) * 20.0}, UnitError, "milliseconds"),
        (motion(50), {"timestamps": ["soon"] * 50}, PerceptShapeError, "timestamps"),
        (motion(50), {"timestamps": np.full(50, "NaT", "M8[s]")}, TimeError, "NaT"),
        (motion(2), {"at": START, "timestamps": np.zeros(2, "M8[s]")}, TimeError, "one of them"),
    ],
)
def test_bad_pushes_are_refused_whole(
    samples: Any, when: dict[str, Any], error: type[Exception], match: str
) -> None:
    """What cannot be taken says why at once, and leaves the stream as it was."""
    kept = Kept()
    with wrist(kept) as stream:
        with pytest.raises(error, match=match):
            stream.push(samples, **when)
        assert stream.report.pushed == 0
        stream.push(motion(25), at=START)
    assert np.array_equal(np.concatenate(kept.windows), motion(25))


@pytest.mark.parametrize(
    ("modality", "options", "error", "match"),
    [
        ("smell", {}, UnsupportedModalityError, "smell"),
        ("imu", {"rate": 50, "gyro": "rad/s"}, UnitError, "accel"),
        ("imu", {"rate": 50, "accel": "m/s^2", "gyro": "furlong"}, UnitError, "furlong"),
        ("imu", {"rate": 0}, PerceptValueError, "rate=0"),
        ("imu", {"rate": float("nan")}, PerceptValueError, "nan"),
        ("imu", {"window": -1}, PerceptValueError, "window=-1"),
        ("imu", {"stride": 0}, PerceptValueError, "stride=0"),
        ("imu", {"lateness": -0.1}, PerceptValueError, "lateness"),
        ("imu", {"queue": 0}, PerceptValueError, "queue=0"),
        ("imu", {"queue": 1.5}, PerceptValueError, "queue=1.5"),
        ("imu", {"queue": True}, PerceptValueError, "queue=True"),
        ("imu", {"text": 5}, RecordError, "text=5"),
        ("imu", {"text": "\ud800"}, RecordError, "text="),
        ("imu", {"source": 5}, RecordError, "source=5"),
        ("imu", {"source": 0}, RecordError, "source=0"),
        ("imu", {"annotate": "no"}, RecordError, "annotate='no'"),
        ("imu", {"every": 1}, RecordError, "every=1"),
        ("imu", {"policy": "drop"}, RecordError, "policy"),
        ("imu", {"name": "../left"}, RecordError, "named"),
        ("imu", {"tags": "left"}, RecordError, "tags"),
        ("imu", {"metadata": {"at": START}}, RecordError, "metadata"),
        ("imu", {"colour": "red"}, RecordError, "colour"),
        ("audio", {}, UnitError, "without a rate"),
        ("audio", {"rate": 44_100.5}, PerceptValueError, "44100.5"),
        ("image", {"window": 1}, RecordError, "window=1"),
        ("image", {"min_change": 2}, PerceptValueError, "min_change"),
    ],
)
def test_bad_options_are_refused(
    modality: str, options: dict[str, Any], error: type[Exception], match: str
) -> None:
    """Opening says which option is wrong, and starts no thread."""
    units = {} if {"accel", "gyro"} & options.keys() else {"accel": "g", "gyro": "rad/s"}
    given = {"rate": RATE, **units, **options} if modality == "imu" else options
    before = threading.active_count()
    with pytest.raises(error, match=match):
        open_stream(modality, sink=Kept(), **given)
    assert threading.active_count() == before
