"""A recording of a robot as a file: its topics, and its messages in the order they were written.

ROS 1 bags, and ROS 2 recordings in SQLite or MCAP, are read by `rosbags`, which needs no ROS.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from typing_extensions import Self

from sensorium.errors import MediaDecodeError, MissingExtraError, SourceNotFoundError
from sensorium.sources.bags import ros1_messages
from sensorium.sources.bags.cut_mcap import MAGIC as MCAP
from sensorium.sources.bags.cut_mcap import CutMcap, is_cut

if TYPE_CHECKING:
    from rosbags.highlevel import AnyReader
    from rosbags.interfaces import Connection
    from rosbags.rosbag1 import Reader as Bag

ROS1 = b"#ROSBAG V"
SQLITE = b"SQLite format 3\x00"
STORAGES = (".mcap", ".db3")  # suffixes of the files of a ROS 2 recording
LATEST = 2**63 - 1  # nanoseconds that the arrays of times have room for
METADATA = "metadata.yaml"
REPAIRS = {  # what the tools of each kind of recording do for a damaged one
    ".bag": "run: rosbag reindex {}",
    ".mcap": "run: mcap recover {} -o recovered.mcap",
    ".db3": 'run: sqlite3 {} ".recover" | sqlite3 recovered.db3',
}


class Message(NamedTuple):
    """A message as it was written."""

    topic: str
    log_time: int  # nanoseconds since 1970 at which it was written
    kind: str  # its type in the words of rosbags, such as "sensor_msgs/msg/Imu"
    content: bytes


def is_bag(path: Path, head: bytes) -> bool:
    """Return whether a file, by its first bytes, or a folder is a recording of a robot."""
    if path.is_dir():
        return (path / METADATA).is_file() or bool(_storages(path))
    return head.startswith((ROS1, MCAP)) or (head.startswith(SQLITE) and path.suffix == ".db3")


class BagFile:
    """An open recording; a context manager."""

    def __init__(self, path: Path) -> None:
        """Open a recording.

        Args:
            path: A `.bag`, `.mcap` or `.db3` file, or the folder of a ROS 2 recording.
        Raises:
            MissingExtraError: `rosbags` is not installed.
            SourceNotFoundError: Nothing is at the path.
            MediaDecodeError: It is not a recording, or its index is damaged.
        """
        check_installed()
        from rosbags.highlevel import AnyReader
        from rosbags.typesys import Stores, get_typestore

        self.path = path
        self._by_topic: dict[str, list[Connection]] = {}
        self._fields: dict[str, tuple[str, ...]] = {}
        try:
            # Recordings in SQLite before ROS 2 Iron do not say how their messages are laid out
            files, self._is_cut = _files(path)
            self._reader: AnyReader = AnyReader(
                files, default_typestore=get_typestore(Stores.ROS2_HUMBLE)
            )
            self._reader.open()
        except FileNotFoundError as error:
            raise SourceNotFoundError(
                f"the path {str(path)!r}, where nothing is", "a recording", "check the path"
            ) from error
        except Exception as error:  # whatever damaged bytes make of a parser
            raise self._damaged(error) from error
        for connection in self._reader.connections:
            self._by_topic.setdefault(connection.topic, []).append(connection)
        if self._is_cut and not self._by_topic:
            self._reader.close()
            raise self._cut_off()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._reader.close()

    @property
    def topics(self) -> dict[str, str]:
        """The type of each topic: `{"/imu/data": "sensor_msgs/Imu"}`."""
        return {
            topic: connections[0].msgtype.replace("/msg/", "/")
            for topic, connections in sorted(self._by_topic.items())
        }

    @property
    def is_ros2(self) -> bool:
        """Whether messages are in CDR, as ROS 2 writes them."""
        return self._reader.is2

    def fields(self, kind: str) -> tuple[str, ...]:
        """Return the names of the fields of a type, as this recording says them."""
        if kind not in self._fields:
            self._fields[kind] = tuple(n for n, _ in self._reader.typestore.fielddefs[kind][1])
        return self._fields[kind]

    def count(self, topics: Collection[str]) -> int:
        """Return how many messages some topics have."""
        return sum(c.msgcount for topic in topics for c in self._by_topic[topic])

    def messages(
        self, topics: Collection[str], since: int | None = None, until: int | None = None
    ) -> Iterator[Message]:
        """Yield the messages of some topics in the order of their log times.

        Args:
            topics: Names of topics of the recording.
            since: First log time, in nanoseconds.
            until: Log time that is too late, in nanoseconds.
        Raises:
            MediaDecodeError: The recording is damaged, or was cut off, from here on.
        """
        wanted = [connection for topic in topics for connection in self._by_topic[topic]]
        if not wanted:
            return
        bag = self._bag()
        written = (
            self._reader.messages(wanted, start=since, stop=until)
            if bag is None
            else ros1_messages.messages(bag, wanted, since, until)
        )
        while True:
            try:
                found = next(written, None)
            except Exception as error:  # whatever damaged bytes make of a parser
                raise self._damaged(error) from error
            if found is None and self._is_cut:
                raise self._cut_off()
            if found is None:
                return
            connection, log_time, content = found
            if log_time > LATEST:
                raise self._damaged(ValueError(f"a log time of {log_time} ns"))
            yield Message(connection.topic, log_time, connection.msgtype, content)

    def _bag(self) -> Bag | None:
        """Return the one ROS 1 bag that is read; `None` for another recording."""
        from rosbags.rosbag1 import Reader

        readers = self._reader.readers
        return readers[0] if len(readers) == 1 and isinstance(readers[0], Reader) else None

    def messages_of(self, topic: str) -> Iterator[Message]:
        """Yield all messages of one topic, no longer looking than for its last one.

        What is damaged ends it: whoever reads the recording itself is told.
        """
        found = self.messages([topic])
        with suppress(MediaDecodeError):
            for _ in range(self.count([topic])):
                message = next(found, None)
                if message is None:
                    return
                yield message

    def decode(self, message: Message) -> Any:
        """Return a message as an object with the fields of its type.

        Raises:
            MediaDecodeError: Its content is not of its type.
        """
        try:
            return self._reader.deserialize(message.content, message.kind)
        except Exception as error:  # whatever damaged bytes make of a parser
            raise MediaDecodeError(
                f"a message of {message.topic} that is not a {message.kind} ({_said(error)})",
                "a message of its type",
                "leave the topic out, or look at the recording with the tools of ROS",
            ) from error

    def _cut_off(self) -> MediaDecodeError:
        return self._damaged(EOFError("its end is missing"))

    def _damaged(self, error: Exception) -> MediaDecodeError:
        name = repr(str(self.path))
        repair = REPAIRS.get(self.path.suffix.lower(), "run: ros2 bag reindex {}").format(name)
        return MediaDecodeError(
            f"the recording {name} ({_said(error)})",
            "a whole ROS 1 bag, or a ROS 2 recording in SQLite or MCAP",
            f"if it was cut off, {repair}",
        )


def check_installed() -> None:
    """Check that `rosbags` is there.

    Raises:
        MissingExtraError: It is not; the message has the command.
    """
    try:
        import rosbags.highlevel  # noqa: F401  # only whether it is there
    except ImportError as error:
        raise MissingExtraError.for_package("rosbags", "bags") from error


def _files(path: Path) -> tuple[list[Any], bool]:
    """Return what `rosbags` opens together, and whether any of it was cut off.

    It is the path itself, or the files of a folder that has no metadata: a recorder writes them
    when it ends, and so does not where its power fails.
    """
    storages = _storages(path) if path.is_dir() else [path]
    cut = {file for file in storages if is_cut(file)}
    if path.is_dir() and (path / METADATA).is_file() and not cut:
        return [path], False
    return [CutMcap(file) if file in cut else file for file in storages], bool(cut)


def _storages(folder: Path) -> list[Path]:
    return sorted(file for file in folder.iterdir() if file.suffix in STORAGES)


def _said(error: Exception) -> str:
    """Return the message of a foreign error without its full stop, or its kind."""
    return str(error).rstrip(".") or type(error).__name__
