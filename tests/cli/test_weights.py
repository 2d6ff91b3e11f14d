"""`sensorium weights`, and how every command prints, asks and ends."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.support.golden_files import SMALLEST
from tests.support.web import Site, serving
from typer.testing import CliRunner, Result

from sensorium.cli import app
from sensorium.imagebind import releases
from sensorium.imagebind.config import TOWERS
from sensorium.imagebind.model import random_weights
from sensorium.imagebind.releases import IMAGEBIND_HUGE

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-c", "from sensorium.cli import app; app()"]


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty home of Sensorium, and a release called `tiny`."""
    monkeypatch.setenv("SENSORIUM_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    tiny = replace(IMAGEBIND_HUGE, name="tiny", config=SMALLEST)
    monkeypatch.setitem(releases.RELEASES, "tiny", tiny)
    return tmp_path / "home"


@pytest.fixture(scope="module")
def pth(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("original") / "tiny.pth"
    torch.save(random_weights(SMALLEST, TOWERS, seed=0), path)
    return path


@pytest.fixture
def sizes(tmp_path: Path) -> Path:
    path = tmp_path / "sizes.json"
    path.write_text(json.dumps(SMALLEST.to_dict()))
    return path


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def run_json(*arguments: str | Path, code: int = 0) -> dict[str, Any]:
    result = run(*arguments, "--json")
    assert result.exit_code == code, result.output
    record: dict[str, Any] = json.loads(result.stdout)
    return record


def install(pth: Path) -> dict[str, Any]:
    return run_json("weights", "download", "tiny", "--from", pth, "--accept-licence")


def test_convert_says_what_it_wrote(pth: Path, sizes: Path, tmp_path: Path) -> None:
    """Text names towers, dtype and digest; JSON holds the same in full."""
    result = run("weights", "convert", pth, tmp_path / "out", "--config", sizes)
    assert result.exit_code == 0, result.output
    record = run_json(
        "weights", "convert", tmp_path / "out", tmp_path / "half", "--dtype", "bfloat16"
    )
    assert record["digest"][:12] in result.stdout
    assert all(tower in result.stdout for tower in TOWERS)
    assert result.stderr == ""
    assert record["dtype"] == "bfloat16"
    assert record["towers"].keys() == set(TOWERS)


def test_an_error_is_one_line_and_exit_code_1(pth: Path, sizes: Path, tmp_path: Path) -> None:
    """Errors go to stderr as type, came, needed and remedy, without a traceback."""
    run("weights", "convert", pth, tmp_path / "out", "--config", sizes)
    result = run("weights", "convert", pth, tmp_path / "out", "--config", sizes)
    assert (result.exit_code, result.stdout) == (1, "")
    [line] = result.stderr.splitlines()
    assert line.startswith("WeightsExistError: ")
    assert "; needed: " in line
    assert "overwrite" in line.rpartition("; ")[2]
    again = run("weights", "convert", pth, tmp_path / "out", "--config", sizes, "--overwrite")
    assert again.exit_code == 0


def test_an_error_in_json_is_one_object(tmp_path: Path) -> None:
    """With --json the error is on stdout, in the same four fields."""
    error = run_json("weights", "convert", tmp_path / "none.pth", tmp_path / "out", code=1)["error"]
    assert error["type"] == "CheckpointNotFoundError"
    assert error.keys() == {"type", "came", "needed", "remedy"}
    assert "none.pth" in error["came"]


def test_errors_of_the_system_are_messages_too(pth: Path, sizes: Path, tmp_path: Path) -> None:
    """A path that cannot be written is reported as an error, not as a traceback."""
    (tmp_path / "file").write_text("")
    record = run_json(
        "weights", "convert", pth, tmp_path / "file" / "out", "--config", sizes, code=1
    )
    assert record["error"]["type"] in ("NotADirectoryError", "FileExistsError")


def test_download_installs_from_a_file(pth: Path, home: Path) -> None:
    """--from converts a file that is already here, with the release's licence, and keeps it."""
    record = install(pth)
    assert record["path"] == str(home / "models" / "tiny")
    assert record["licence"] == IMAGEBIND_HUGE.licence
    assert record["source"] == "tiny.pth"
    assert pth.exists()


def test_download_needs_consent(pth: Path, home: Path) -> None:
    """Where nobody can answer, the licence is shown and nothing is installed."""
    result = run("weights", "download", "tiny", "--from", pth)
    assert result.exit_code == 1
    assert "CC BY-NC-SA 4.0" in result.stderr
    assert "CC-BY-NC" in result.stderr
    assert "https://github.com/facebookresearch/ImageBind" in result.stderr
    assert "LicenceNotAcceptedError" in result.stderr
    assert "--accept-licence" in result.stderr
    assert not home.exists()
    error = run_json("weights", "download", "tiny", "--from", pth, code=1)["error"]
    assert error["type"] == "LicenceNotAcceptedError"


def test_download_knows_its_releases() -> None:
    """An unknown name lists the known ones; --from and --url exclude each other."""
    error = run_json("weights", "download", "x", "--accept-licence", code=1)["error"]
    assert "imagebind-huge" in error["needed"]
    assert run("weights", "download", "tiny", "--from", "a", "--url", "http://b").exit_code == 2


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_download_from_a_mirror(pth: Path, home: Path) -> None:
    """--url takes the file from elsewhere and says so in the description."""
    with serving(Site(pth.read_bytes())) as site:
        record = run_json("weights", "download", "tiny", "--url", site.url, "--accept-licence")
    assert record["source"] == site.url
    assert list((home / "downloads").iterdir()) == []


def test_list_shows_what_is_installed(pth: Path, home: Path) -> None:
    """Every installed model is listed, absent towers and broken directories included."""
    assert run_json("weights", "list")["weights"] == []
    assert "weights download" in run("weights", "list").stdout
    digest = install(pth)["digest"]
    (home / "models" / "tiny" / "vision.safetensors").unlink()
    broken = home / "models" / "broken"
    broken.mkdir()
    (broken / "imagebind.json").write_text("{")
    first, second = run_json("weights", "list")["weights"]
    assert first["error"]["type"] == "CheckpointFormatError"
    assert second["digest"] == digest
    assert [t for t in TOWERS if not second["towers"][t]["present"]] == ["vision"]
    text = run("weights", "list").stdout
    assert "CheckpointFormatError" in text
    assert "missing" in text
    assert IMAGEBIND_HUGE.licence in text


def test_verify_takes_a_name_or_a_directory(pth: Path, home: Path) -> None:
    """Intact weights pass by name and by path; a damaged file is named."""
    place = Path(install(pth)["path"])
    assert run_json("weights", "verify", "tiny")["verified"] == sorted(TOWERS)
    assert "match their checksums" in run("weights", "verify", place).stdout
    damaged = place / "imu.safetensors"
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"\x7f")
    error = run_json("weights", "verify", "tiny", code=1)["error"]
    assert "imu.safetensors" in error["came"]
    error = run_json("weights", "verify", "nothing", code=1)["error"]
    assert error["type"] == "CheckpointNotFoundError"


def test_the_version_is_one_line() -> None:
    """`--version` names the program."""
    result = run("--version")
    assert (result.exit_code, result.stdout.split()[0]) == (0, "sensorium")


def test_help_is_quick() -> None:
    """`--help` loads no array or model library."""
    code = f"{COMMAND[2].replace('app()', '')}\ntry: app(['weights', '--help'])\nfinally: {PRINT}"
    output = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment()
    ).stdout
    assert "download" in output
    loaded = output.splitlines()[-1].split()
    assert {"torch", "numpy", "safetensors"} & set(loaded) == set()


PRINT = "import sys; print(*sys.modules)"


def environment() -> dict[str, str]:
    wings = os.pathsep.join(str(ROOT / wing) for wing in ("embedders", "integrations"))
    return os.environ | {"PYTHONPATH": wings}


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A terminal as stdin; yields the end at which somebody types."""
    typist, slave = pty.openpty()
    with os.fdopen(slave, encoding="utf-8") as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        yield typist
    os.close(typist)


@pytest.mark.parametrize("reply", [b"y\n", b"Yes\n", b"n\n", b"\n", b"yellow\n", b"\x04"])
def test_only_yes_is_consent(
    terminal: int, capsys: pytest.CaptureFixture[str], pth: Path, home: Path, reply: bytes
) -> None:
    """Asked in a terminal, no, nothing and the end of input each install nothing."""
    os.write(terminal, reply)
    with pytest.raises(SystemExit) as ended:
        app(["weights", "download", "tiny", "--from", str(pth), "--json"])
    printed = capsys.readouterr()
    assert printed.err.index("CC BY-NC-SA 4.0") < printed.err.index("accept it? [y/N]")
    record = json.loads(printed.out)
    agreed = reply.lower() in (b"y\n", b"yes\n")
    assert (home.exists(), ended.value.code) == ((True, 0) if agreed else (False, 1))
    assert agreed or record["error"]["type"] == "LicenceNotAcceptedError"


@pytest.fixture
def stalled() -> Iterator[Site]:
    site = Site(bytes(500_000), breaks=[200_000])
    site.stalled.set()
    with serving(site):
        yield site


@pytest.mark.slow
@pytest.mark.allow_hosts(["127.0.0.1"])
def test_ctrl_c_ends_quietly_and_keeps_what_came(stalled: Site, home: Path) -> None:
    """Interrupted in the middle of a download: exit code 130, no traceback, a part to resume."""
    arguments = ["weights", "download", "imagebind-huge", "--url", stalled.url, "--accept-licence"]
    # A parent that ignores the signal (nohup, a background job) would pass that on.
    listening = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    command = [*COMMAND[:2], listening + COMMAND[2]]
    process = subprocess.Popen(
        [*command, *arguments], stderr=subprocess.PIPE, text=True, env=environment()
    )
    part = home / "downloads" / "file.pth.part"
    while process.poll() is None and not (part.exists() and stalled.sent):
        select.select([], [], [], 0.05)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in said
    assert part.exists()
