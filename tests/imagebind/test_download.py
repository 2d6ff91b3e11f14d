"""Downloads resume, never join two files, and appear only when they are whole."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from tests.support.golden_files import SMALLEST
from tests.support.web import Site, serving

from sensorium.errors import CheckpointFormatError, DiskSpaceError, DownloadError, WeightsExistError
from sensorium.imagebind.config import TOWERS
from sensorium.imagebind.download import _public, download, fetch_release
from sensorium.imagebind.model import random_weights
from sensorium.imagebind.releases import IMAGEBIND_HUGE, Release, find_release, release_directory

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

CONTENT = bytes(itertools.islice(itertools.cycle(range(251)), 1_000_000))


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("SENSORIUM_HOME", str(tmp_path))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    return tmp_path


@pytest.fixture
def site() -> Iterator[Site]:
    with serving(Site(CONTENT)) as running:
        yield running


def release_of(site: Site) -> Release:
    return replace(IMAGEBIND_HUGE, name="tiny", url=site.url, bytes=None, config=SMALLEST)


def get(site: Site, *, retries: int = 0) -> Path:
    return download(release_of(site), retry_waits=[0.0] * retries)


def break_off(site: Site, after: int) -> Path:
    """Leave the part file of a download that was cut off after so many bytes."""
    site.breaks = [after]
    with pytest.raises(DownloadError):
        get(site)
    (part,) = (path for path in downloads() if path.suffix == ".part")
    assert part.read_bytes() == CONTENT[:after]
    site.sent.clear()
    site.requests.clear()
    return part


def downloads() -> list[Path]:
    return sorted((release_directory("").parent / "downloads").iterdir())


def test_a_download_is_the_file_and_nothing_else(site: Site, home: Path) -> None:
    """The file arrives whole under Sensorium's home, with progress, and is not fetched again."""
    seen: list[tuple[str, int, int | None]] = []
    path = download(release_of(site), progress=lambda *report: seen.append(report))
    assert path == home / "downloads" / "file.pth"
    assert path.read_bytes() == CONTENT
    assert seen[-1] == ("download", len(CONTENT), len(CONTENT))
    assert get(site) == path
    assert (downloads(), len(site.requests)) == ([path], 1)


def test_a_second_run_transfers_only_the_rest(site: Site) -> None:
    """After a cut connection the error says how to resume, and resuming sends only the rest."""
    site.breaks = [300_000]
    with pytest.raises(OSError, match=r"300,000 bytes of 1,000,000 .*weights download tiny.*part"):
        get(site)
    site.sent.clear()
    assert get(site).read_bytes() == CONTENT
    assert site.sent == [700_000]
    assert [path.name for path in downloads()] == ["file.pth"]


def test_a_flaky_connection_is_retried(site: Site) -> None:
    """Cut connections and overloaded servers are tried again; waits begin anew after progress."""
    site.statuses = [503]
    site.breaks = [100_000] * 5
    assert get(site, retries=1).read_bytes() == CONTENT
    assert site.sent == [100_000] * 5 + [500_000]


def test_retries_end(site: Site) -> None:
    """A server that never answers properly ends in an error that holds the reason."""
    site.statuses = [503] * 9
    with pytest.raises(DownloadError, match="HTTP status 503"):
        get(site, retries=2)
    assert len(site.requests) == 3


@pytest.mark.parametrize("status", [403, 404])
def test_a_refusal_is_final(site: Site, status: int) -> None:
    """A request that the server refuses is not repeated."""
    site.statuses = [status] * 3
    with pytest.raises(DownloadError, match=f"HTTP status {status}"):
        get(site, retries=2)
    assert len(site.requests) == 1


@pytest.mark.parametrize("case", ["no ranges", "changed", "no validator", "weak validator"])
def test_what_cannot_be_resumed_starts_over(site: Site, case: str) -> None:
    """If the server ignores Range, or the content may have changed, all of it is sent again."""
    if case == "no validator":
        site.etag = None
    if case == "weak validator":
        site.etag = 'W/"one"'
    break_off(site, 400_000)
    if case == "no ranges":
        site.ranges = False
    if case == "changed":
        site.content, site.etag = CONTENT[::-1], '"two"'
    assert get(site).read_bytes() == site.content
    assert site.sent == [1_000_000]


@pytest.mark.parametrize("size", [900_000, 1_100_000, 300_000])
def test_another_total_starts_over(site: Site, size: int) -> None:
    """A server that ignores If-Range gives itself away by the total, and nothing is joined."""
    break_off(site, 400_000)
    site.heeds_if_range = False
    site.content, site.etag = bytes(size), '"two"'
    assert get(site, retries=1).read_bytes() == bytes(size)


def test_a_part_that_is_already_whole_is_kept(site: Site) -> None:
    """Killed between the last byte and the renaming, nothing is transferred again."""
    part = break_off(site, 999_999)
    part.write_bytes(CONTENT)
    assert get(site).read_bytes() == CONTENT
    assert site.sent == []


def test_a_part_that_is_too_long_starts_over(site: Site) -> None:
    """More bytes than the server has cannot be the beginning of its file."""
    part = break_off(site, 999_999)
    part.write_bytes(CONTENT + b"more")
    assert get(site, retries=1).read_bytes() == CONTENT


@pytest.mark.parametrize("notes", ["", "{", "[]", '{"validator": 1}', None])
def test_unreadable_notes_start_over(site: Site, notes: str | None) -> None:
    """A part file without a readable description is not trusted."""
    part = break_off(site, 400_000)
    described = part.with_name("file.pth.part.json")
    described.unlink() if notes is None else described.write_text(notes)
    part.write_bytes(b"x" * 400_000)
    assert get(site).read_bytes() == CONTENT


def test_a_length_that_is_too_long_is_an_error(site: Site) -> None:
    """A file shorter than the server said never becomes the file."""
    site.claims = "1000001"
    with pytest.raises(DownloadError, match=r"1,000,000 bytes of 1,000,001 .*closed early"):
        get(site)
    assert [path.suffix for path in downloads()] == [".part", ".json"]


def test_an_unknown_length_ends_with_the_connection(site: Site) -> None:
    """Without Content-Length the end of the connection is the end of the file."""
    site.claims = ""
    assert get(site).read_bytes() == CONTENT


def test_room_is_checked_before_a_byte_is_written(site: Site) -> None:
    """A file that does not fit is refused by the length the server states."""
    site.claims = str(2**62)
    with pytest.raises(DiskSpaceError, match="free bytes"):
        get(site)
    assert [path.stat().st_size for path in downloads()] == [0]


def test_a_release_of_known_size_takes_no_other(site: Site) -> None:
    """Where a release states its size, a file of another size is refused at once."""
    wrong = replace(release_of(site), bytes=5)
    with pytest.raises(DownloadError, match=r"a file of 1,000,000 bytes.*needed the release's 5;"):
        download(wrong)
    assert site.sent in ([], [1_000_000])  # the server may have pushed it; none was kept
    assert [path.stat().st_size for path in downloads()] == [0]


@pytest.mark.parametrize(
    "url",
    [
        "ftp://127.0.0.1/a.pth",
        "file:///etc/passwd",
        "a.pth",
        "",
        "http://",
        "http://[::1/",
        "http://h:x/",
    ],
)
def test_only_web_addresses_are_opened(url: str) -> None:
    """Schemes other than http and https, and malformed URLs, are refused."""
    release = replace(IMAGEBIND_HUGE, url=url)
    with pytest.raises(DownloadError, match="needed an http or https URL"):
        download(release)


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/x"])
def test_redirects_stay_on_the_web(site: Site, target: str) -> None:
    """A server cannot redirect to the local disk or to another protocol."""
    site.redirect = target
    with pytest.raises(DownloadError, match=r"0 bytes from .*(not allowed|unknown url type)"):
        get(site)


def test_an_unreachable_server_is_told() -> None:
    """A refused connection is retried, then named."""
    with serving(Site(b"")) as gone:
        pass
    with pytest.raises(DownloadError, match=r"(?i)refused"):
        get(gone, retries=1)


def test_an_interrupted_download_is_resumed(site: Site) -> None:
    """Ctrl-C keeps the bytes that arrived."""

    def stop(step: str, done: int, total: int | None) -> None:
        if done >= 500_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download(release_of(site), progress=stop)
    kept = downloads()[0].stat().st_size
    assert kept >= 500_000
    assert get(site).read_bytes() == CONTENT
    assert site.requests[-1] == f"bytes={kept}-"


def test_two_downloads_do_not_write_into_one_file(site: Site) -> None:
    """While a process downloads, another gets an error that says so."""
    errors: list[DownloadError] = []

    def again(step: str, done: int, total: int | None) -> None:
        if not errors:
            with pytest.raises(DownloadError, match="another process") as caught:
                get(site)
            errors.append(caught.value)

    path = download(release_of(site), progress=again)
    assert (path.read_bytes(), len(errors)) == (CONTENT, 1)


@pytest.fixture
def weights_site() -> Iterator[Site]:
    stream = io.BytesIO()
    torch.save(random_weights(SMALLEST, TOWERS, seed=0), stream)
    with serving(Site(stream.getvalue())) as running:
        yield running


@pytest.mark.parametrize("keep", [False, True])
def test_a_fetched_release_is_installed(weights_site: Site, keep: bool) -> None:
    """Fetching leaves the converted towers with their provenance, and the .pth only if asked."""
    directory = fetch_release(release_of(weights_site), dtype="bfloat16", keep_original=keep)
    assert directory.path == release_directory("tiny")
    assert directory.source == weights_site.url
    assert directory.licence == IMAGEBIND_HUGE.licence
    assert directory.dtype == "bfloat16"
    assert [path.name for path in downloads()] == ["file.pth"] * keep
    directory.verify()
    with pytest.raises(WeightsExistError, match="--overwrite"):
        fetch_release(release_of(weights_site))
    assert len(weights_site.requests) == 1


def test_a_signature_in_the_url_is_not_kept(weights_site: Site) -> None:
    """A mirror's query may hold a secret; the description names the address without it."""
    signed = f"{weights_site.url}?signature=secret"
    directory = fetch_release(release_of(weights_site), url=signed)
    assert "secret" not in (directory.path / "imagebind.json").read_text(encoding="utf-8")


def test_a_file_that_is_not_the_release_is_not_kept(site: Site) -> None:
    """An error page sent as the file is set aside: the next try does not find it."""
    with pytest.raises(CheckpointFormatError, match="cannot be read"):
        fetch_release(release_of(site))
    assert [path.name for path in downloads()] == ["file.pth.rejected"]
    assert not release_directory("tiny").exists()


def test_an_interrupted_conversion_keeps_the_download(weights_site: Site) -> None:
    """Stopped while converting, the next try needs no network."""

    def stop(step: str, done: int, total: int | None) -> None:
        if step == "convert":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch_release(release_of(weights_site), progress=stop)
    assert not release_directory("tiny").exists()
    fetch_release(release_of(weights_site)).verify()
    assert len(weights_site.requests) == 1


def test_releases_are_found_by_name() -> None:
    """The released model has its provenance; an unknown name lists the known ones."""
    assert find_release("imagebind-huge").url.startswith("https://")
    with pytest.raises(FileNotFoundError, match="one of imagebind-huge"):
        find_release("imagebind-tiny")


def test_a_mirrors_secrets_are_not_written_down(site: Site) -> None:
    """User, password and signed query of a URL do not reach the description."""
    secret = site.url.replace("://", "://me:password@") + "?signature=x"
    assert _public(secret) == site.url
