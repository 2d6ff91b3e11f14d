"""Memory of a server while two files of a gigabyte are uploaded at once.

    python benchmarks/server_uploads.py [MEGABYTES]

It starts a server in a process of its own, sends it two WAV files at the same time, and prints how
much memory the server took above what it takes at rest.
"""

from __future__ import annotations

import http.client
import json
import multiprocessing
import socket
import sys
import tempfile
import threading
import time
import wave
from pathlib import Path

import numpy as np

RATE, CHANNELS = 96_000, 8
BOUNDARY = "sensorium-benchmark"
BLOCK = 2**20  # bytes sent at a time
TOKEN = "sns_benchmark_0123456789abcdefghijklmnopqrstuvwxyz"


def write_sound(path: Path, size: int, seed: int) -> None:
    """Write noise of about `size` bytes, a block at a time."""
    random = np.random.default_rng(seed)
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(CHANNELS)
        sound.setsampwidth(2)
        sound.setframerate(RATE)
        for _ in range(size // BLOCK):
            sound.writeframes(random.integers(-3000, 3000, BLOCK // 2, np.int16).tobytes())


def serve(folder: str, port: int) -> None:
    """Run the server."""
    import uvicorn

    from sensorium.agents.grants import Grant, Grants, digest_of
    from sensorium.memory import Memory
    from sensorium.server import build_app

    grants = Grants([Grant(digest_of(TOKEN), "ana", frozenset({"read", "write", "forget"}))])
    with Memory.open(folder, owner="ana") as memory:
        uvicorn.run(build_app(memory, tokens=grants), port=port, log_level="warning")


def ask(port: int, method: str, path: str, body: object = None) -> int:
    """Ask the server something small, and return the status."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    connection.request(method, path, json.dumps(body) if body else None, headers)
    answer = connection.getresponse()
    answer.read()
    return answer.status


def upload(port: int, file: Path, answers: list[str]) -> None:
    """Send a file as a part of a form."""
    head = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="media"; filename="{file.name}"\r\n'
        "Content-Type: audio/wav\r\n\r\n"
    ).encode()
    tail = f"\r\n--{BOUNDARY}--\r\n".encode()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=3600)
    connection.putrequest("POST", "/v1/memories")
    connection.putheader("Authorization", f"Bearer {TOKEN}")
    connection.putheader("Content-Type", f"multipart/form-data; boundary={BOUNDARY}")
    connection.putheader("Content-Length", str(len(head) + file.stat().st_size + len(tail)))
    connection.endheaders()
    connection.send(head)
    with file.open("rb") as stream:
        while block := stream.read(BLOCK):
            connection.send(block)
    connection.send(tail)
    answer = connection.getresponse()
    answers.append(f"{answer.status} {answer.read()[:120].decode()}")


def resident(pid: int) -> int:
    """Return the memory of a process in MiB: what is its own, without pages of files."""
    fields = dict(
        line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines()
    )
    return (int(fields["RssAnon"].split()[0]) + int(fields["RssShmem"].split()[0])) // 1024


def main(megabytes: int) -> None:
    """Measure, and print."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / f"{seed}.wav" for seed in range(2)]
        for seed, file in enumerate(files):
            write_sound(file, megabytes * 2**20, seed)
        server = multiprocessing.get_context("spawn").Process(
            target=serve, args=(str(Path(folder) / "memory"), port), daemon=True
        )
        server.start()
        while True:
            try:
                ask(port, "GET", "/health")
                break
            except OSError:
                time.sleep(0.5)
        short = Path(folder) / "short.wav"
        write_sound(short, 4 * 2**20, 9)
        answers: list[str] = []
        upload(port, short, answers)  # loads the encoder
        assert server.pid is not None
        rest = most = resident(server.pid)
        begun = time.monotonic()
        senders = [threading.Thread(target=upload, args=(port, f, answers)) for f in files]
        for sender in senders:
            sender.start()
        while any(sender.is_alive() for sender in senders):
            most = max(most, resident(server.pid))
            time.sleep(0.05)
        seconds = time.monotonic() - begun
        print(
            f"two files of {megabytes} MiB in {seconds:.0f} s; at rest {rest} MiB, at most {most}"
        )
        print(f"above rest: {most - rest} MiB", *answers, sep="\n")
        server.terminate()
        server.join()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1024)
