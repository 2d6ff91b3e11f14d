"""Downloading a release, whose file appears only once it is whole, and installing it."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from sensorium.errors import (
    CheckpointFormatError,
    CheckpointKeyError,
    CheckpointShapeError,
    DownloadError,
)
from sensorium.imagebind.checkpoint import TowerDirectory
from sensorium.imagebind.convert import check_dtype, check_vacant, convert
from sensorium.imagebind.releases import (
    Progress,
    Release,
    home,
    release_directory,
    sync_directory,
)
from sensorium.imagebind.transfer import Transfer

RETRY_WAITS = (1.0, 2.0, 4.0, 8.0)  # seconds before each new try


def fetch_release(
    release: Release,
    *,
    url: str | None = None,
    dtype: str = "float32",
    keep_original: bool = False,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> TowerDirectory:
    """Download a release, and convert it into its directory under Sensorium's home.

    The caller makes sure that the licence was accepted.

    Args:
        release: The release.
        url: URL of a mirror; by default the release's own.
        dtype: Precision to store the weights in, as `convert` takes it.
        keep_original: Keep the downloaded file after it was converted.
        overwrite: Replace installed weights of that release.
        progress: Called with the steps "download" and "convert".
    Returns:
        The installed directory.
    Raises:
        WeightsError: `download` or `convert` failed. A file that cannot be converted is renamed
            to `<name>.rejected`.
        EncodingError: An unknown dtype.
    """
    out = release_directory(release.name)
    check_vacant(out, overwrite=overwrite)
    check_dtype(dtype)
    path = download(release, url=url, progress=progress)
    try:
        directory = convert(
            path,
            out,
            config=release.config,
            dtype=dtype,
            source_note=_public(url or release.url),
            licence=release.licence,
            overwrite=overwrite,
            progress=progress,
        )
    except (CheckpointFormatError, CheckpointKeyError, CheckpointShapeError) as error:
        rejected = path.with_name(f"{path.name}.rejected")
        path.replace(rejected)  # the next try would otherwise find it and fail again
        error.remedy += f" (the download is kept as {str(rejected)!r})"
        raise
    if not keep_original:
        path.unlink()
    return directory


def download(
    release: Release,
    *,
    url: str | None = None,
    progress: Progress | None = None,
    retry_waits: Sequence[float] = RETRY_WAITS,
) -> Path:
    """Download a release's file to `downloads` in Sensorium's home, resuming an earlier try.

    Args:
        release: The release.
        url: URL of a mirror, http or https; by default the release's own.
        progress: Called after each block, with the step "download".
        retry_waits: Seconds before each new try; they begin anew whenever bytes have arrived.
    Returns:
        Path of the whole file. A file that was finished earlier is returned as it is.
    Raises:
        DownloadError: The URL is not http or https, the server refused, the file has another size
            than the release, another process is downloading it, or the connection broke too often.
            The bytes that arrived are kept.
        DiskSpaceError: The disk has no room.
    """
    source = url or release.url
    target = home() / "downloads" / _file_name(_split(source), release)
    # Only a whole file gets this name, by the renaming below.
    if target.exists():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    again = f"sensorium weights download {release.name}" + (
        f" --url {shlex.quote(url)}" if url else ""
    )
    with _lock(target.with_name(f"{target.name}.part")) as part:
        if target.exists():  # another process finished it meanwhile
            part.unlink()
            return target
        transfer = Transfer(source, part, release.bytes, progress)
        transfer.run(retry_waits, again)
        part.rename(target)
        transfer.notes.unlink(missing_ok=True)
    sync_directory(target.parent)
    return target


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # malformed brackets or port
        usable = False
    if not usable:
        raise DownloadError(f"the URL {url!r}", "an http or https URL", "correct the URL")
    return parts


def _public(url: str) -> str:
    """Return a URL without its parts that may be secret: user, password and query."""
    parts = _split(url)
    host = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=host, query="", fragment="").geturl()


def _file_name(url: SplitResult, release: Release) -> str:
    name = re.sub(r"[^\w.-]", "_", url.path.rpartition("/")[2]).lstrip(".")
    return name or f"{release.name}.pth"


@contextmanager
def _lock(part: Path) -> Iterator[Path]:
    """Create the part file and lock it, so that two processes never write into it."""
    if sys.platform == "win32":  # without a lock: an open file cannot be renamed there
        part.touch()
        yield part
        return
    import fcntl

    with part.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DownloadError(
                f"{str(part)!r}, which another process is downloading",
                "one download at a time",
                "wait until it has ended",
            ) from error
        yield part
