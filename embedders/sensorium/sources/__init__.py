"""Files and recordings as people have them, opened as percepts with their times."""

from sensorium.percepts.readers import Reader, register_reader
from sensorium.sources.account import Account
from sensorium.sources.bags.bag import bag
from sensorium.sources.bags.moments import Snapshot, moments
from sensorium.sources.drafts import MessageFailure
from sensorium.sources.reader import check_options
from sensorium.sources.reasons import Reason
from sensorium.sources.registry import open  # noqa: A004  # used as `sources.open`
from sensorium.sources.walking import walk

__all__ = [
    "Account",
    "MessageFailure",
    "Reader",
    "Reason",
    "Snapshot",
    "bag",
    "check_options",
    "moments",
    "open",
    "register_reader",
    "walk",
]
