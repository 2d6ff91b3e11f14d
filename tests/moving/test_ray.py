"""Ray Data on this machine: killed and run again, odd rows, the records of a plain loop."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pyarrow.parquet
import pytest

from sensorium import sources
from sensorium.memory import Memory
from sensorium.samples import FOLDER

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("ray") is None, reason="needs Ray, as make ray installs it"),
]
ROOT = Path(__file__).parents[2]
PATIENCE = 240  # seconds for a run: Ray alone takes 20 to begin
COPIES = 4  # of each sample, each with a mark behind its end, so that its content is another
ODD_ROWS = """
import json, os, sys
import ray
from pathlib import Path
from sensorium.moving import encode_dataset
from sensorium.percepts import Text

folder, out = map(Path, sys.argv[1:])
ray.init(num_cpus=2, include_dashboard=False, object_store_memory=2**28, log_to_driver=False,
         _node_ip_address="127.0.0.1")
ray.data.DataContext.get_current().enable_progress_bars = False
words = [{"words": f"words {number}"} for number in range(12)]

def moments(row):
    if row["words"] == "words 5":
        raise ValueError("five")
    if row["words"] == "words 7":
        os._exit(1)  # as a decoder that crashes
    return Text(row["words"])

odd = encode_dataset(ray.data.from_items(words), out / "odd", owner="me", moments=moments, batch=4)
files = ray.data.read_binary_files(str(folder), include_paths=True)
read = encode_dataset(files, out / "read", owner="me", batch=8)
(out / "told.json").write_text(json.dumps({
    "odd": odd.records, "failures": sorted(each.error for each in odd.failures),
    "read": read.records, "failed": [each.row for each in read.failures],
}))
"""


@pytest.fixture
def quiet_ray() -> Iterator[dict[str, str]]:
    """The environment of a Ray that reports to nobody, in a folder of its own: paths are short."""
    with tempfile.TemporaryDirectory(prefix="r", ignore_cleanup_errors=True) as folder:
        yield {
            **os.environ,
            "RAY_USAGE_STATS_ENABLED": "0",
            "RAY_TMPDIR": folder,
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        }


@pytest.fixture
def media(tmp_path: Path) -> Path:
    """Sounds, one of them twice, and two files that cannot be read."""
    folder = tmp_path / "media"
    folder.mkdir()
    sounds = sorted(FOLDER.glob("sound_*.ogg"))
    for number in range(COPIES):
        for path in sounds:
            content = path.read_bytes() + bytes(number)
            (folder / f"{path.stem}_{number}.ogg").write_bytes(content)
    shutil.copy(sounds[0], folder / "the_same_again.ogg")
    (folder / "cut.jpg").write_bytes(b"\xff\xd8\xff")
    (folder / "empty.png").touch()
    return folder


def records_in(shards: Path) -> list[str]:
    """The ids of the records in all shards that are there."""
    tables = [
        pyarrow.parquet.read_table(path, columns=["id", "part_of"])
        for path in sorted(shards.glob("records-*.parquet"))
    ]
    rows = [row for table in tables for row in table.to_pylist()]
    return [row["id"] for row in rows if row["part_of"] is None]


def plain_loop(folder: Path) -> set[str]:
    """The ids that one process would give the files of a folder."""
    with Memory.open(":memory:", owner="me", keep_media=False) as memory:
        report = memory.remember_many(sources.walk(folder, on_failure=lambda *_: None))
    return {each.id for each in report.remembered}


def test_a_run_that_was_killed_goes_on(
    media: Path, tmp_path: Path, quiet_ray: dict[str, str]
) -> None:
    """Shards are whole or not there, none is made again, nothing is twice and nothing is lost."""
    shards, memory = tmp_path / "shards", tmp_path / "memory"
    command = [
        *(sys.executable, str(ROOT / "examples" / "ray_ingest.py"), str(media)),
        *("--memory", str(memory), "--shards", str(shards), "--batch", "4", "--actors", "2"),
    ]
    with subprocess.Popen(
        command, env=quiet_ray, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if " of " in line and int(line.split()[0]) >= 12:
                break
        os.killpg(process.pid, signal.SIGKILL)
    assert not (shards / "manifest.json").exists()
    written = {path: path.stat().st_mtime_ns for path in shards.glob("records-*.parquet")}
    begun = records_in(shards)  # reads each of them
    expected = plain_loop(media)
    assert 0 < len(begun) < len(expected)

    again = subprocess.run(
        command, env=quiet_ray, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert again.returncode == 1, again.stderr  # two files cannot be read
    failed = [line for line in again.stderr.splitlines() if line.startswith("failed: ")]
    assert len(failed) == 2
    assert all("cut.jpg" in line or "empty.png" in line for line in failed)
    assert "39 of 39 files" in again.stdout
    known = int(again.stdout.split(" files known before")[0].split()[-1])
    assert known >= len(begun)
    left = {path: path.stat().st_mtime_ns for path in written}
    assert sum(left[path] != written[path] for path in written) <= 1  # with the repeated sound
    found = records_in(shards)
    assert len(found) == len(set(found))
    assert set(found) == expected
    with Memory.open(memory, owner="me") as opened:
        assert {record.id for record in opened.timeline(limit=1000)} == expected
        opened.import_(shards)
        assert opened.count() == len(expected)


def test_odd_rows_are_reported_and_bytes_are_files(
    media: Path, tmp_path: Path, quiet_ray: dict[str, str]
) -> None:
    """A row that raises and one that ends its process are left out; Ray may read the files."""
    command = [sys.executable, "-c", ODD_ROWS, str(media), str(tmp_path)]
    ran = subprocess.run(
        command, env=quiet_ray, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert ran.returncode == 0, ran.stderr
    told = json.loads((tmp_path / "told.json").read_text())
    assert told["odd"] == 10
    assert told["failures"] == ["EncodingError", "ValueError"]
    assert sorted(Path(name).name for name in told["failed"]) == ["cut.jpg", "empty.png"]
    assert set(records_in(tmp_path / "read")) == plain_loop(media)
