"""`sensorium doctor`: a healthy installation passes, and each problem is found, with a remedy."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.support.command_line import DOG, remembered, run, run_json
from tests.support.qdrant_stub import Stub, serving

from sensorium.cli.checks import EXTRAS
from sensorium.memory import Memory
from sensorium.qdrant.client import connection

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A place that does not exist yet."""
    for name in ("SENSORIUM_ENCODER", "QDRANT_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SENSORIUM_MEMORY", str(tmp_path / "home"))
    return tmp_path / "home"


def snapshot(home: Path) -> dict[str, bytes]:
    """All files at a place, with their content."""
    return {str(path): path.read_bytes() for path in [home, *home.rglob("*")] if path.is_file()}


def states(result: dict[str, Any]) -> dict[str, str]:
    return {check["name"]: check["state"] for check in result["checks"]}


@pytest.mark.slow
def test_the_doctor_finds_a_healthy_install_well(home: Path) -> None:
    """Every check passes, with a memory and without, and nothing is made or changed."""
    assert run_json("doctor")["well"]
    assert not home.exists()
    run("remember", "--text", "buy milk")
    (home / "lock.pid").unlink()
    before = snapshot(home)
    found = run_json("doctor")
    assert snapshot(home) == before
    assert set(states(found).values()) <= {"ok", "warn"}
    assert {
        "python",
        "onnxruntime",
        "qdrant-edge-py",
        "weights",
        "folder",
        "memory",
        "disk",
    } <= set(states(found))
    assert run("doctor").stdout.count("\n") == len(found["checks"])


def test_the_doctor_knows_every_extra() -> None:
    """Each extra that a user may want is looked for; the package's own description names them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert set(EXTRAS) == set(project["optional-dependencies"]) - {"all", "dev", "train"}


def test_the_doctor_says_who_has_the_folder(home: Path) -> None:
    """An open memory is a warning that names the process, not a failure."""
    with Memory.open(home, owner="me") as memory:
        memory.remember(text="buy milk")
        found = run_json("doctor")
    assert found["well"]
    assert states(found)["folder"] == "warn"
    [folder] = [check for check in found["checks"] if check["name"] == "folder"]
    assert "this process" in folder["found"]
    assert folder["remedy"]


@pytest.mark.slow
@pytest.mark.parametrize("trouble", ["damaged", "stranger", "file"])
def test_the_doctor_finds_a_broken_folder(trouble: str, home: Path) -> None:
    """A damaged description, a folder of something else, a file: exit code 1, with a remedy."""
    run("remember", "--text", "buy milk")
    if trouble == "damaged":
        (home / "sensorium.json").write_text("{")
    else:
        shutil.rmtree(home)
        home.mkdir() if trouble == "stranger" else home.write_text("")
        if trouble == "stranger":
            (home / "letters.doc").write_text("")
            (home / "lock").write_text("theirs")
    before = snapshot(home)
    found = run_json("doctor", code=1)
    assert snapshot(home) == before
    [bad] = [check for check in found["checks"] if check["state"] == "fail"]
    assert bad["name"] in ("memory", "folder")
    assert bad["remedy"]
    assert "fail" in run("doctor", code=1).stdout


def test_the_doctor_checks_the_encoder() -> None:
    """An encoder that cannot be opened fails, and the other checks go on."""
    found = states(run_json("doctor", "--encoder", "nonesuch", code=1))
    assert found["encoder nonesuch"] == "fail"
    assert found["weights"] == "ok"
    assert "disk" in found


def test_a_wrong_number_of_threads_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is one check that fails, by the name of the variable, and the others go on."""
    monkeypatch.setenv("SENSORIUM_THREADS", "many")
    found = run_json("doctor", code=1)
    [bad] = [check for check in found["checks"] if check["state"] == "fail"]
    assert (bad["name"], "SENSORIUM_THREADS" in bad["found"]) == ("device", True)
    assert "disk" in states(found)


def test_a_torch_that_does_not_load_is_no_obstacle(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Only imagebind needs it: a warning, and the built-in encoder is checked."""
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch" / "__init__.py").write_text("raise OSError('libcudart.so.13: not found')")
    monkeypatch.syspath_prepend(tmp_path)
    for name in [name for name in sys.modules if name.partition(".")[0] == "torch"]:
        monkeypatch.delitem(sys.modules, name)
    found = run_json("doctor")
    [device] = [check for check in found["checks"] if check["name"] == "device"]
    assert device["state"] == "warn"
    assert "libcudart.so.13" in device["found"]
    assert device["remedy"] == "pip install torch"


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_the_doctor_asks_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that does not answer fails, by its URL."""
    monkeypatch.setattr(connection, "FIRST_ANSWER", 0.0)
    found = run_json("doctor", "--memory", "http://127.0.0.1:9", code=1)
    [server] = [check for check in found["checks"] if check["name"] == "server"]
    assert server["state"] == "fail"
    assert "http://127.0.0.1:9" in server["found"]


@pytest.mark.allow_hosts(["127.0.0.1"])
@pytest.mark.parametrize(("version", "lacks"), [("1.18.3", True), ("1.20.0", False)])
def test_the_doctor_says_the_version_of_a_server(version: str, *, lacks: bool) -> None:
    """And what it lacks, which is no mistake."""
    with serving(Stub(version=version)) as stub:
        found = run_json("doctor", "--memory", stub.url)
    [server] = [check for check in found["checks"] if check["name"] == "server"]
    assert server["state"] == "ok"
    assert f"Qdrant {version[:4]}" in server["found"]
    assert ("keywords" in server["found"]) == lacks


@pytest.mark.slow
def test_the_doctor_reads_all_kept_media(home: Path) -> None:
    """Damage is a failure, listed by record, in text and as JSON."""
    record = remembered(DOG)
    assert "media" not in states(run_json("doctor"))
    assert states(run_json("doctor", "--verify"))["media"] == "ok"
    [file] = home.glob("media/*/*/*")
    file.write_bytes(b"0" * file.stat().st_size)
    [media] = [
        check
        for check in run_json("doctor", "--verify", code=1)["checks"]
        if check["name"] == "media"
    ]
    assert media["state"] == "fail"
    assert media["files"] == {"damaged": {record: [file.name]}, "lost": {}}
    assert "remember the same content again" in media["remedy"]
    file.unlink()
    assert f"{record}: {file.name} is lost" in run("doctor", "--verify", code=1).stdout
    remembered(DOG)
    assert states(run_json("doctor", "--verify"))["media"] == "ok"
    assert states(run_json("doctor", "--verify", "--owner", "max"))["media"] == "ok"


@pytest.mark.slow
def test_media_of_a_memory_in_use_are_verified(home: Path) -> None:
    """Another process that has the folder open is no obstacle, and is not disturbed."""
    record = remembered(DOG)
    with Memory.open(home, owner="me") as memory:
        assert states(run_json("doctor", "--verify"))["media"] == "ok"
        memory.update(record, tags=["pet"])


def test_the_doctor_opens_the_shard_elsewhere(home: Path) -> None:
    """A damaged shard is a failure with a remedy, not a panic of the doctor."""
    remembered("--text", "buy milk")
    for status in home.glob("shard/segments/*/payload_index/*/*/status.dat"):
        status.write_bytes(b"")
    found = run_json("doctor", code=1)
    [memory] = [check for check in found["checks"] if check["name"] == "memory"]
    assert memory["state"] == "fail"
    assert "cannot be opened" in memory["found"]
    assert "restore the folder" in memory["remedy"]
