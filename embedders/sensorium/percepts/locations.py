"""Places named by text: paths, `file:` URIs, and the directories that paths may lead to."""

from __future__ import annotations

import errno
import ipaddress
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from sensorium.errors import SourceNotFoundError, SourceRefusedError

# Greedy, since the secret keys of S3 hold slashes
CREDENTIALS = re.compile(r"^((?:[\w+.-]+::)*[\w+.-]+://)?.*@", re.DOTALL)
SHORTEST_NAME = 4  # letters of a user's name that is hidden: shorter ones are parts of other words
HIDDEN = "***"
URL_SCHEME = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]+://")  # two letters at least: C:\ is a path


def without_credentials(url: str) -> str:
    """Return a URL as it may be shown: without user, password and query, which may be a signature.

    Args:
        url: A URL, also a chain of fsspec such as `simplecache::s3://key:secret@bucket`, or a host.
    """
    found = CREDENTIALS.match(url)
    scheme = (found and found[1]) or ""
    if found and "?" in found[0]:  # in a password, or the @ in a query: which, is not known
        return f"{scheme}{HIDDEN}"
    shown = url[found.end() :] if found else url
    return scheme + re.split("[?#]", shown, maxsplit=1)[0]


def redacted(text: str, url: str) -> str:
    """Return a text, such as the message of a foreign error, without the credentials of a URL."""
    text = text.replace(url, without_credentials(url)) if url else text
    query = url.replace("#", "?").partition("?")[2]
    secrets = {query, *(value for value in re.split("[&=?]", query) if len(value) >= SHORTEST_NAME)}
    if found := CREDENTIALS.match(url):
        user = found[0].removeprefix(found[1] or "").removesuffix("@").rpartition("://")[2]
        name, _, password = user.partition(":")
        secrets |= {user, password, name if len(name) >= SHORTEST_NAME else ""}
    for secret in sorted({*secrets, *map(unquote, secrets), *map(quote, secrets)}, key=len)[::-1]:
        text = text.replace(secret, HIDDEN) if secret else text
    return text


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine, so that nobody else can reach or overhear it.

    Args:
        host: A name or an address, without its port; brackets may be around one of IPv6.
    """
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def is_there(path: Path) -> bool:
    """Return whether a regular file is at a path that was made of the name of another file.

    What is longer than a name may be, for which `Path.is_file` raises, is not there.
    """
    try:
        return path.is_file()
    except OSError:
        return False


def exists(path: Path) -> bool:
    """Return whether anything is at a path that somebody gave.

    Words that are longer than a name may be, for which `Path.exists` raises, are the path of none.
    """
    try:
        return path.exists()
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            return False
        raise


def local_path(text: str | bytes) -> Path:
    """Return the file that a path or a `file:` URI names.

    Raises:
        SourceRefusedError: An http or other URL.
    """
    text = os.fsdecode(text)
    if text[:5].lower() == "file:":
        from urllib.request import url2pathname  # with all of HTTP, which nothing else here needs

        return Path(url2pathname(urlsplit(text).path))
    if URL_SCHEME.match(text):
        raise SourceRefusedError(
            f"the URL {without_credentials(text)!r}",
            "local content: Sensorium fetches nothing by itself",
            "download it and pass the path or the bytes (uri= keeps where it came from)",
        )
    return Path(text).expanduser().absolute()


@contextmanager
def looking_at(path: Path, needed: str) -> Iterator[None]:
    """Turn the errors of the system, while a path is looked at, into ours.

    Args:
        path: The path.
        needed: What has to be there, for the message.
    Raises:
        SourceRefusedError: It may not be read.
        SourceNotFoundError: Nothing is there.
    """
    try:
        yield
    except PermissionError as error:
        raise SourceRefusedError(
            f"the path {str(path)!r}, which may not be read",
            "permission",
            "change its permissions, or run this as a user who may read it",
        ) from error
    except (OSError, ValueError) as error:  # nothing there, a loop, too long, a zero byte
        raise SourceNotFoundError(
            f"the path {str(path)!r}, where nothing is", needed, "check the path"
        ) from error


def directories(roots: str | os.PathLike[str] | Iterable[str | os.PathLike[str]]) -> list[Path]:
    """Return the directories that paths may lie in; a single one may be given alone.

    The letters of a path given alone would be directories otherwise, "/" among them.
    """
    if isinstance(roots, (str, os.PathLike)):
        roots = [roots]
    return [Path(root).expanduser() for root in roots]


def allowed_path(given: str | os.PathLike[str], roots: Sequence[Path]) -> Path:
    """Return the file that a path leads to, all links followed, if it lies in one of `roots`.

    Raises:
        SourceRefusedError: It does not, or is a URL.
    """
    try:
        path = local_path(os.fspath(given)).resolve()
        inside = any(path.is_relative_to(root.resolve()) for root in roots)
    except (ValueError, RuntimeError):  # a zero byte, links in a circle
        inside = False
    if not inside:
        raise SourceRefusedError(
            f"the path {str(given)!r}",
            f"a path below {', '.join(str(root) for root in roots) or 'an allowed directory'}",
            "move the file there, or add its directory to roots",
        )
    return path
