"""Ray Data: a dataset through a pool of actors, each with an encoder, into shards of an export."""

from __future__ import annotations

import os
import pickle
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sensorium.encoders import Encoder, check_cancelled
from sensorium.encoders.threads import VARIABLE
from sensorium.enrich import Enrichers
from sensorium.errors import (
    ArgumentTypeError,
    ExportFormatError,
    MissingExtraError,
    SensoriumError,
    StoreLockedError,
    show,
)
from sensorium.memory import Progress
from sensorium.memory.moving.shards import UNFINISHED, read_shards
from sensorium.moving.joining import ShardsSummary, join_as
from sensorium.moving.shard_writer import (
    FinishedRows,
    MomentsOfRow,
    RowFailure,
    ShardReport,
    ShardWriter,
)
from sensorium.qdrant.file_locks import FileLock

BATCH = 64  # rows of a shard: what a killed actor loses
SHARE = 0.5  # of a CPU that an actor reserves: the tasks that read the dataset need one, too
LOCK = ".lock"  # file in the directory that one run at a time has locked


def encode_dataset(
    dataset: Any,
    directory: str | Path,
    *,
    owner: str,
    encoder: str | Encoder = "sensorium-mini",
    moments: MomentsOfRow | None = None,
    keep_media: bool = True,
    enrich: Enrichers = False,
    sound: bool = True,
    actors: int | None = None,
    gpus: float = 0,
    batch: int = BATCH,
    progress: Progress | None = None,
) -> ShardsSummary:
    """Encode all rows of a Ray dataset into an export, which `Memory.import_` reads.

    A pool of actors holds the encoder; each writes shards to the directory, whole or not at all. A
    run that was killed is repeated with the same arguments: rows in finished shards are not
    computed again. A row that cannot be encoded is reported, and the run goes on; it is tried again
    when the run is repeated.

    Args:
        dataset: A `ray.data.Dataset` of any rows, on a laptop or a cluster.
        directory: A new directory, or that of an earlier run. All machines see it at this path.
        owner: Owner of the records. Whoever imports them may give them another one.
        encoder: An encoder, or the name of one; each actor opens it for itself.
        moments: Returns what to remember of a row; by default as `ShardWriter`.
        keep_media: Keep the signals themselves, in the folder `media` of the directory.
        enrich: Find the words in what is remembered; see `sensorium.enrich`.
        sound: Remember the sound of a video with it.
        actors: Number of actors; by default one for each CPU of the cluster, or for as many GPUs as
            `gpus` says. Each reserves half a CPU, so that there is room for reading.
        gpus: GPUs that each actor has, such as 1 or 0.25.
        batch: Rows of a shard.
        progress: Called after every shard with how many rows are done; the total is not known.
    Raises:
        ArgumentTypeError: An argument is not what it should be.
        OwnerError: `owner` is not a valid name.
        StoreLockedError: Another run writes to the directory.
        ExportFormatError: The directory has shards of other arguments, or of another machine's
            disk, or what is no shard.
        StoreFullError: The disk has no room.
        OperationCancelledError: The caller gave it up; finished shards stay.
        MissingExtraError: Ray, or a package that the encoder needs, is not installed.
    """
    ray = _ray()
    if not isinstance(dataset, ray.data.Dataset):
        raise ArgumentTypeError(
            f"{show(dataset)} as a dataset",
            "a ray.data.Dataset",
            "write ray.data.from_items(rows), or ray.data.read_binary_files(paths)",
        )
    _check_number("batch", batch)
    if actors is not None:
        _check_number("actors", actors)
    writer = ShardWriter(
        directory,
        owner=owner,
        encoder=encoder,
        moments=moments,
        keep_media=keep_media,
        enrich=enrich,
        sound=sound,
    )
    root = writer.directory
    root.mkdir(parents=True, exist_ok=True)
    lock = FileLock(root / LOCK)
    if not lock.acquire():
        raise StoreLockedError(
            f"the directory {str(root)!r}, which another run writes to",
            "one run at a time",
            "wait for it or end it, or write to another directory",
        )
    try:
        shutil.rmtree(root / UNFINISHED, ignore_errors=True)  # what a killed run left
        finished = writer.known_rows()
        run = _Run(root, progress)
        for report in _Pool(actors, gpus, batch).reports(ray, dataset, writer, finished):
            run.add(report)
        return run.joined(writer)
    finally:
        lock.release()


class _Run:
    """What became of the rows of one run so far."""

    def __init__(self, root: Path, progress: Progress | None) -> None:
        self._root = root
        self._progress = progress
        self._done = self._known = 0
        self._failures: list[RowFailure] = []
        self._shards: set[str] = set()

    def add(self, report: ShardReport) -> None:
        self._done += report.rows
        self._known += report.known
        self._failures += [each for each in report.failures if not each.partial]
        if report.shard is not None:
            self._shards.add(report.shard)
        check_cancelled(self._done)
        if self._progress is not None:
            self._progress(self._done, None)

    def joined(self, writer: ShardWriter) -> ShardsSummary:
        """Make the export.

        Raises:
            ExportFormatError: The shards of some actors are not here.
        """
        shards = list(read_shards(self._root))
        missing = self._shards - {path.name for path, _ in shards}
        if missing:
            raise ExportFormatError(
                f"{len(missing)} shards that were written on other machines, and are not in "
                f"{str(self._root)!r} here",
                "a directory that all machines of the cluster see at this path",
                "name one on a shared file system, and encode again",
            )
        notes = shards[0][1] if shards else writer.notes()
        summary = join_as(self._root, notes, shards)
        failures = [*summary.failures, *self._failures]
        return replace(summary, known=self._known, failures=failures)


class _Actor:
    """One member of the pool: encodes batches of rows."""

    def __init__(self, writer: ShardWriter, threads: int) -> None:
        # Before an encoder is opened, as Ray says one thread to whoever reserves less than a CPU
        os.environ.setdefault(VARIABLE, str(threads))
        os.environ["OMP_NUM_THREADS"] = os.environ[VARIABLE]
        self._writer = writer

    def __call__(self, table: Any) -> dict[str, list[bytes]]:
        """Return the report of a batch, or the error that the run ends with, pickled."""
        outcome: ShardReport | SensoriumError
        try:
            outcome = self._writer.write(table.to_pylist())
        except SensoriumError as error:  # Ray would hand on the text of it alone
            outcome = error
        return {"outcome": [pickle.dumps(outcome)]}


@dataclass(frozen=True)
class _Pool:
    """How a dataset is shared out."""

    actors: int | None
    gpus: float
    batch: int

    def reports(
        self, ray: Any, dataset: Any, writer: ShardWriter, finished: FinishedRows
    ) -> Iterator[ShardReport]:
        """Yield the reports of all batches, as they are done.

        Raises:
            SensoriumError: An actor cannot go on.
        """
        there = ray.cluster_resources()
        cpus = int(there.get("CPU", 1))
        wanted = int(there.get("GPU", 0) / self.gpus) if self.gpus else cpus
        count = self.actors or max(1, wanted)
        mapped = dataset.map_batches(
            _Actor,
            fn_constructor_kwargs={
                "writer": writer.knowing(finished),
                "threads": max(1, cpus // count),
            },
            batch_size=self.batch,
            batch_format="pyarrow",
            compute=ray.data.ActorPoolStrategy(size=count),
            num_cpus=_share(cpus, count),
            num_gpus=self.gpus or None,
        )
        for row in mapped.iter_rows():
            outcome = pickle.loads(row["outcome"])
            if isinstance(outcome, SensoriumError):
                raise outcome
            yield outcome


def _share(cpus: int, actors: int) -> float:
    """Return the share of a CPU that each actor reserves: one CPU is left in any case."""
    return round(max(0.0, min(SHARE, (cpus - 1) / actors)), 2)


def _check_number(name: str, value: object) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ArgumentTypeError(
            f"{name}={show(value)}", "a whole number from 1", f"leave {name}= out"
        )


def _ray() -> Any:
    try:
        import ray.data
    except ImportError as error:
        raise MissingExtraError.for_package("ray", "ray") from error
    return ray
