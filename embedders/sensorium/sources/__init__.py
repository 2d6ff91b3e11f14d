"""Files and recordings as people have them, opened as percepts with their times."""

from sensorium.sources.bags.bag import bag
from sensorium.sources.drafts import MessageFailure
from sensorium.sources.reader import Reader, check_options
from sensorium.sources.registry import (
    open,  # noqa: A004  # used as `sources.open`
    register_reader,
)

__all__ = ["MessageFailure", "Reader", "bag", "check_options", "open", "register_reader"]
