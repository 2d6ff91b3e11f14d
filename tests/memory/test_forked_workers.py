"""Programs that fork their workers after a memory was opened: loaders, web servers, queues."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
import torch
from tests.support.forking import PATIENCE
from tests.support.golden_files import ROOT
from torch.utils.data import DataLoader, Dataset

from sensorium.encoders import load_encoder
from sensorium.memory import Memory, Moment
from sensorium.percepts import Text

T = TypeVar("T")
WORDS = ["a dog barks", "waves at the sea", "rain on a roof", "a train leaves", "an owl at night"]
NOTES = 60  # for each client of a web server
CLIENTS = 2
KILLED_AFTER = 25  # notes


class Recalled(Dataset[tuple[torch.Tensor, str]]):
    """Vectors of questions, and what a memory answers to them."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory

    def __len__(self) -> int:
        return len(WORDS)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, str]:
        vector = self.memory.encoder.embed([Text(WORDS[index])])[0]
        return torch.from_numpy(vector), self.memory.recall(WORDS[index], limit=1)[0].record.id


@pytest.mark.slow
@pytest.mark.parametrize("place", ["folder", ":memory:"])
def test_workers_of_a_data_loader_encode_and_recall(tmp_path: Path, place: str) -> None:
    """A dataset has the memory and the encoder of its parent, in every worker."""
    encoder = load_encoder()
    folder = tmp_path / "memory" if place == "folder" else place
    with Memory.open(folder, owner="rex", encoder=encoder) as memory:
        memory.remember_many(Moment(text=text, id=text) for text in WORDS)
        loader: Any = DataLoader(
            Recalled(memory), batch_size=1, num_workers=2, multiprocessing_context="fork"
        )
        for _ in range(2):
            rows = list(loader)
            vectors = torch.cat([vector for vector, _ in rows]).numpy()
            expected = encoder.embed([Text(text) for text in WORDS])
            np.testing.assert_allclose(vectors, expected, atol=1e-5)
            assert [name for _, (name,) in rows] == WORDS
        assert memory.remember(text="afterwards").new


@contextmanager
def running(*command: str, log: Path, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """A program on the examples, which is ended afterwards as its supervisor would."""
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=ROOT / "examples",
            stdout=stream,
            stderr=subprocess.STDOUT,
            env={**os.environ, **environment},
            start_new_session=True,
        )
        try:
            yield process
            process.terminate()
            process.wait(PATIENCE)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def awaited(find: Callable[[], T | None], log: Path) -> T:
    given_up = time.monotonic() + PATIENCE
    while (found := find()) is None:
        assert time.monotonic() < given_up, log.read_text()
        time.sleep(0.05)
    return found


def posted(address: str, text: str) -> str | None:
    """The id under which a web server remembered a text; `None` if it did not answer."""
    connection = HTTPConnection(address, timeout=PATIENCE)
    try:
        connection.request("POST", "/", text.encode())
        answer = connection.getresponse()
        said = answer.read().decode()
        assert answer.status == 200, said
        (found,) = re.findall(r'"remembered": "(.+)"', said)
        return str(found)
    except (OSError, HTTPException):  # its worker was killed
        return None
    finally:
        connection.close()


@pytest.mark.slow
@pytest.mark.allow_hosts(["127.0.0.1"])
@pytest.mark.parametrize("threads", [1, 2])
def test_workers_of_a_web_server_share_a_memory(tmp_path: Path, threads: int) -> None:
    """All that was acknowledged is there, also if a worker is killed in the middle."""
    pytest.importorskip("gunicorn")
    log, place = tmp_path / "log", tmp_path / "memory"
    server = ["gunicorn", "--preload", "--workers", "2", "--threads", str(threads)]
    options = ["--bind", "127.0.0.1:0", "web_app:application"]
    acknowledged: dict[str, str] = {}

    def started() -> str | None:
        said = log.read_text()
        address = re.search(r"Listening at: http://(\S+)", said)
        return address[1] if address and said.count("Booting worker") >= 2 else None

    def write(client: int) -> None:
        for number in range(NOTES):
            text = f"{client} {number}"
            if record := posted(address, text):
                acknowledged[text] = record

    with running(*server, *options, log=log, SENSORIUM_MEMORY=str(place), HOME=str(tmp_path)):
        address = awaited(started, log)
        clients = [threading.Thread(target=write, args=(client,)) for client in range(CLIENTS)]
        for client in clients:
            client.start()
        awaited(lambda: True if len(acknowledged) >= KILLED_AFTER else None, log)
        worker = int(re.findall(r"Booting worker with pid: (\d+)", log.read_text())[0])
        os.kill(worker, signal.SIGKILL)
        for client in clients:
            client.join()
        with Memory.open(place, owner="web") as beside:  # as the command line would
            assert len(beside.get_many(acknowledged.values())) == len(acknowledged)
    with Memory.open(place, owner="web") as again:
        kept = {record.text: record.id for record in again.get_many(acknowledged.values())}
    assert kept == acknowledged
    assert len(acknowledged) > CLIENTS * NOTES - 10
    assert log.read_text().count("Booting worker") == 3
    assert "Traceback" not in log.read_text()
    assert "SIGSEGV" not in log.read_text()


@pytest.mark.slow
def test_workers_of_a_queue_share_a_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client's process, too, which sees what its tasks remembered."""
    pytest.importorskip("celery")
    log = tmp_path / "log"
    places = {"SENSORIUM_MEMORY": str(tmp_path / "m"), "SENSORIUM_QUEUE": str(tmp_path / "queue")}
    queue = ["celery", "--app", "task_queue", "worker", "--concurrency", "2"]
    client = f"""
from task_queue import memory, recall, remember
ids = [done.get(timeout={PATIENCE}) for done in map(remember.delay, {WORDS!r} * 2)]
assert len(set(ids)) == len({WORDS!r}), ids
assert recall.delay("a dog barks", 1).get(timeout={PATIENCE}) == ["a dog barks"]
assert memory.count() == len({WORDS!r})
"""
    with running(*queue, log=log, **places):
        done = subprocess.run(
            [sys.executable, "-c", client],
            cwd=ROOT / "examples",
            env={**os.environ, **places},
            stderr=subprocess.PIPE,
            text=True,
            timeout=2 * PATIENCE,
            check=False,
        )
    assert done.returncode == 0, done.stderr + log.read_text()
    with Memory.open(places["SENSORIUM_MEMORY"], owner="queue") as again:
        assert again.count() == len(WORDS)
