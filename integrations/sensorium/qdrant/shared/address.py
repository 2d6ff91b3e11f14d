"""Where the process that holds a folder answers: a Unix socket beside it, or a port on loopback."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import select
import socket
import stat
import struct
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from sensorium.errors import StoreFormatError, StoreLockedError
from sensorium.qdrant.durability import UNFINISHED, write_whole
from sensorium.qdrant.edge.folder import PORT, SOCKET, identity_of
from sensorium.qdrant.regular_files import open_regular_file

LONGEST = 100  # bytes of a socket's path: 104 on macOS, 108 on Linux, both with a zero at the end
QUEUE = 128  # processes that may wait to be let in
LOOPBACK = "127.0.0.1"
UNIX = hasattr(socket, "AF_UNIX")
PEER = struct.Struct("3i")  # pid, user and group of the other side, as Linux tells them


class Address:
    """The place beside a folder where its holder listens and others connect.

    Attributes:
        folder: Folder of the memory.
    """

    def __init__(self, folder: Path, *, unix: bool = UNIX) -> None:
        """Find the place.

        Args:
            folder: Folder of the memory.
            unix: Whether to use a Unix socket; without one, a port that a secret guards, which
                only this user can read.
        """
        self.folder = folder
        self._unix = unix
        self._own: tuple[int, int] | None = None  # the socket's file that this process made

    def identity(self) -> list[int] | None:
        """Return what tells the folder from every other, as it is sent; `None` without one."""
        with suppress(OSError):
            return list(identity_of(self.folder) or ()) or None
        return None

    def listen(self) -> tuple[socket.socket, str]:
        """Listen for other processes of this user.

        Returns:
            The socket, and the secret that they must say; empty where the system guards it.
        Raises:
            OSError: The system does not let us.
        """
        if not self._unix:
            return self._listen_on_port()
        path = socket_path(self.folder)
        new = path.with_name(f".{SOCKET[:1]}.{secrets.token_hex(8)}{UNFINISHED}")
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            listener.bind(str(new))
            new.chmod(0o600)
            listener.listen(QUEUE)
            new.replace(path)  # also in place of what a killed holder, or anybody else, left there
        except BaseException:
            listener.close()
            new.unlink(missing_ok=True)
            raise
        made = path.lstat()
        self._own = made.st_dev, made.st_ino
        return listener, ""

    def _listen_on_port(self) -> tuple[socket.socket, str]:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            listener.bind((LOOPBACK, 0))
            listener.listen(QUEUE)
            secret = secrets.token_hex(32)
            said = {"port": listener.getsockname()[1], "secret": secret}
            write_whole(self.folder / PORT, json.dumps(said).encode(), private=True)
        except BaseException:
            listener.close()
            raise
        return listener, secret

    def connect(self, patience: float) -> tuple[socket.socket, str]:
        """Connect to the holder.

        Args:
            patience: Seconds to wait for it.
        Returns:
            The connection, and the secret to say.
        Raises:
            ConnectionError: Nobody listens.
            StoreLockedError: The holder belongs to another user.
        """
        if not self._unix:
            return self._connect_to_port(patience)
        path = socket_path(self.folder)
        try:
            named = path.lstat()
        except (FileNotFoundError, NotADirectoryError) as error:
            raise ConnectionRefusedError(str(error)) from error
        if not stat.S_ISSOCK(named.st_mode):  # a link or a file: its holder would have replaced it
            raise ConnectionRefusedError(f"{path} is not a socket")
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(patience)
        try:
            connection.connect(str(path))
            check_user(connection, self.folder)
        except PermissionError as error:
            connection.close()
            raise _another_user(self.folder) from error
        except FileNotFoundError as error:
            connection.close()
            raise ConnectionRefusedError(str(error)) from error
        except BaseException:
            connection.close()
            raise
        return connection, ""

    def _connect_to_port(self, patience: float) -> tuple[socket.socket, str]:
        try:
            with open_regular_file(self.folder / PORT) as stream:
                said = json.loads(stream.read(1000))
            port, secret = int(said["port"]), str(said["secret"])
        except FileNotFoundError as error:
            raise ConnectionRefusedError(str(error)) from error
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise ConnectionRefusedError(f"{PORT} cannot be read: {error}") from error
        return socket.create_connection((LOOPBACK, port), patience), secret

    def withdraw(self) -> None:
        """Remove the file by which others find this holder, unless another made one since."""
        with suppress(OSError):
            if not self._unix:
                (self.folder / PORT).unlink()
            elif self._own is not None:
                path = socket_path(self.folder)
                there = path.lstat()
                if (there.st_dev, there.st_ino) == self._own:
                    path.unlink()


def socket_path(folder: Path) -> Path:
    """Return the path of a folder's socket; where that is too long, one in the runtime directory.

    Raises:
        StoreFormatError: The runtime directory belongs to somebody else.
    """
    path = folder / SOCKET
    if len(os.fsencode(path)) <= LONGEST - len(UNFINISHED) - 18:
        return path
    digest = hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:32]
    return _runtime_directory() / f"{digest}.s"


def _runtime_directory() -> Path:
    """Return a directory for sockets that only this user can use."""
    user = os.getuid() if hasattr(os, "getuid") else 0
    given = os.environ.get("XDG_RUNTIME_DIR")
    if given and len(given) < 40 and _is_private(Path(given), user):
        return Path(given)
    place = Path(tempfile.gettempdir() if len(tempfile.gettempdir()) < 30 else "/tmp")
    directory = place / f"sensorium-{user}"
    with suppress(FileExistsError):
        directory.mkdir(mode=0o700)
    if not _is_private(directory, user):
        raise StoreFormatError(
            f"the directory {str(directory)!r}, which others may write to",
            "a directory of this user alone (mode 0700) for the sockets of memories",
            "remove it, or set XDG_RUNTIME_DIR",
        )
    return directory


def _is_private(directory: Path, user: int) -> bool:
    try:
        status = directory.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(status.st_mode) and status.st_uid == user and not status.st_mode & 0o077


def check_user(connection: socket.socket, folder: Path) -> None:
    """Check that the other side of a Unix socket belongs to this user, where the system tells.

    Raises:
        StoreLockedError: It belongs to another.
    """
    if sys.platform != "linux" or connection.family != socket.AF_UNIX:
        return  # the socket's own mode lets nobody else in
    told = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, PEER.size)
    if PEER.unpack(told)[1] != os.getuid():
        raise _another_user(folder)


def most_files() -> int:
    """Return how many files, connections among them, this process may have open."""
    if sys.platform == "win32":
        return sys.maxsize
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return sys.maxsize if soft == resource.RLIM_INFINITY else soft


def has_hung_up(connection: socket.socket) -> bool:
    """Return whether the other side has closed a connection, also if something is unread.

    It is not noticed where the system has no `poll`.
    """
    if not hasattr(select, "poll"):
        return False
    poll = select.poll()
    try:
        poll.register(connection, 0)  # a hang-up is told in any case
        return bool(poll.poll(0))
    except (OSError, ValueError):  # closed on this side, too
        return False


def takes_more(connection: socket.socket) -> bool:
    """Return whether a short message can be sent now, without waiting for the other side to read.

    Where the system has no `poll`, it is taken for granted.
    """
    if not hasattr(select, "poll"):
        return True
    poll = select.poll()
    poll.register(connection, select.POLLOUT)
    return bool(poll.poll(0))


def _another_user(folder: Path) -> StoreLockedError:
    return StoreLockedError(
        f"the memory {str(folder)!r}, which a process of another user has open",
        "a folder that processes of one user share",
        "close it there, use a folder of your own, or share one server: docs/deploy.md",
    )
