"""Errors of the operating system that have a meaning for a memory, as errors of Sensorium."""

from __future__ import annotations

import errno
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

from sensorium.errors import SensoriumError

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})  # a full disk, a quota, ulimit -f
NOT_WRITABLE = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


@contextmanager
def translating(
    numbers: Collection[int], meaning: Callable[[OSError], SensoriumError]
) -> Iterator[None]:
    """Raise an error of Sensorium for some errors of the operating system.

    Args:
        numbers: Their error numbers, of the module `errno`. All other errors stay as they are.
        meaning: Returns what is raised in the place of one.
    """
    try:
        yield
    except OSError as error:
        # Some errors of Sensorium are also an OSError, with the number of their cause
        if isinstance(error, SensoriumError) or error.errno not in numbers:
            raise
        raise meaning(error) from error
