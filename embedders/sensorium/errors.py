"""The errors of Sensorium. Each says what came, what was needed and what to do.

SensoriumError
├── PerceptError                                     one observation cannot be taken or read
│   ├── SourceTypeError          (TypeError)         not a path, bytes, array or picture
│   ├── SourceNotFoundError      (FileNotFoundError) no file at that path
│   ├── SourceRefusedError       (PermissionError)   a URL, or a path outside the allowed roots
│   ├── SourceTooLargeError      (ValueError)        more bytes than the limit
│   ├── SourceChangedError       (RuntimeError)      the file changed after the percept was made
│   ├── MediaDecodeError         (ValueError)        unreadable or truncated media
│   ├── TooManyPixelsError       (ValueError)        a picture beyond the pixel limit
│   ├── PerceptShapeError        (ValueError)        wrong rank, channel count or dtype
│   ├── PerceptValueError        (ValueError)        a number outside its range
│   │   └── NonFiniteError                           NaN or infinity among the samples
│   ├── EmptyPerceptError        (ValueError)        zero length
│   ├── PerceptTooShortError     (ValueError)        shorter than the encoder's shortest window
│   ├── UnitError                (ValueError)        a unit missing, unknown or contradicted
│   │   ├── DepthEncodingError                       8-bit or coloured "depth"
│   │   └── PaletteError                             a coloured thermal picture without its palette
│   ├── TimeError                (ValueError)        naive datetimes, timestamps that run backwards
│   └── PerceptFormatError       (ValueError)        a dictionary that is not a percept's
├── EncodingError                                    percepts cannot become vectors
│   ├── UnsupportedModalityError (ValueError)        the encoder has no tower for it
│   ├── BatchError               (ValueError)        some failed; the others' encodings are kept
│   ├── UnknownEncoderError      (LookupError)       no encoder of that name
│   ├── TensorShapeError         (ValueError)        a tensor the towers cannot take
│   └── VectorError              (ValueError)        vectors that cannot be combined
├── WeightsError                                     a checkpoint cannot be used
│   ├── CheckpointNotFoundError  (FileNotFoundError) nothing at that path
│   ├── CheckpointFormatError    (ValueError)        damaged, or not a checkpoint
│   ├── CheckpointKeyError       (KeyError)          missing or extra keys, each named
│   ├── CheckpointShapeError     (ValueError)        a tensor of the wrong shape, named
│   ├── WeightsExistError        (FileExistsError)   something is where the weights would go
│   ├── DiskSpaceError           (OSError)           the disk has no room for them
│   ├── DownloadError            (OSError)           the transfer failed, and can be resumed
│   └── LicenceNotAcceptedError  (PermissionError)   the weights' licence was not accepted
├── StoreError                                       the vector store cannot do what was asked
│   ├── SpaceMismatchError       (ValueError)        a collection of another embedding space
│   ├── SchemaVersionError       (ValueError)        a collection of an older or newer layout
│   ├── StoreFormatError         (ValueError)        not a memory, or a damaged one
│   ├── StoreLockedError         (BlockingIOError)   another process owns the folder
│   ├── StoreClosedError         (RuntimeError)      used after close()
│   ├── ReadOnlyError            (PermissionError)   only to be read, by choice or by its disk
│   ├── StoreFullError           (OSError)           the disk has no room
│   ├── StoreUnavailableError    (ConnectionError)   the server cannot be reached, or refused
│   ├── PointError               (ValueError)        vectors or payload that cannot be stored
│   └── FilterError              (ValueError)        a condition the store cannot answer
├── MemoryAccessError                                a memory cannot do what was asked
│   ├── OwnerError               (ValueError)        no owner, or not a name
│   ├── RecordError              (ValueError)        a record that cannot be remembered
│   ├── RecordNotFoundError      (LookupError)       the owner has no record of that id
│   ├── QueryError               (ValueError)        a question that cannot be answered
│   ├── MediaNotFoundError       (FileNotFoundError) the record's media is not kept
│   ├── MediaQuotaError          (OSError)           the media store may not grow further
│   ├── ExportFormatError        (ValueError)        a directory that is not an export
│   ├── ArgumentTypeError        (TypeError)         an argument of another type altogether
│   └── StreamError              (RuntimeError)      a stream that is closed, or whose worker failed
├── RequestError                                     a request over HTTP cannot be answered
│   ├── UnauthorizedError        (PermissionError)   without a token, or with an unknown one
│   ├── ForbiddenError           (PermissionError)   the token lacks a right
│   ├── WrongHostError           (ValueError)        it was meant for another host
│   ├── BodyTypeError            (TypeError)         a body that is neither JSON nor a form
│   ├── ConflictError            (ValueError)        it contradicts an earlier request
│   └── TooManyRequestsError     (BlockingIOError)   too many, or too many wrong tokens
├── OperationCancelledError      (RuntimeError)      the caller gave up long work
├── ToolArgumentError            (ValueError)        a call of a tool that a model got wrong
└── MissingExtraError            (ImportError)       an optional package is not installed

QuestionWarning (UserWarning) is of questions that are answered, by answers that may mean nothing.
"""

from __future__ import annotations

import json
import re
import reprlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import ValidationError


LONGEST_CAME = 300  # characters kept of `came`
LONGEST = 600  # characters kept of `needed` and of `remedy`
DEEPEST = 20  # levels of nesting that are shown of a value
MOST_PARTS = 1000  # values within it that are shown of a value
LONGEST_INTEGER = 4096  # bits
MOST_ITEMS = 100  # items that are shown of a list, a dictionary, ...
PLACE = re.compile(r"\{(\d)\}")  # of arguments in the words of a `Phrase`


class QuestionWarning(UserWarning):
    """A question is answered, but in a language that may not be understood."""


class Phrase(str):
    """Words of an error that name arguments, which each door writes as its callers give them.

    It is a text in which they are keywords of Python. The command line writes them as options, a
    tool for agents as fields, by the same data.

    Attributes:
        words: The text with `{0}`, `{1}`, ... in place of the arguments.
        ways: What stands there, each a mapping of names to values; in a remedy, what to add to the
            call. `None` is an argument to leave out.
    """

    __slots__ = ("ways", "words")
    words: str
    ways: tuple[Mapping[str, Any], ...]

    def __new__(cls, words: str, *ways: Mapping[str, Any]) -> Phrase:
        """Fill the places of `words` with `ways`; a place without one stays as it is."""
        self = super().__new__(cls, _filled(words, ways, _as_keywords))
        self.words, self.ways = words, ways
        return self

    def __reduce__(self) -> tuple[type[Phrase], tuple[Any, ...]]:
        """Survive pickling with its parts."""
        return Phrase, (self.words, *self.ways)

    def written(self, write: Callable[[Mapping[str, Any]], str]) -> str:
        """Return the text in the words of a door.

        Args:
            write: Writes arguments as the callers of the door give them.
        """
        return _filled(self.words, self.ways, write)


class Doors(str):
    """Words of an error that are said otherwise where it is not met in Python: another call.

    It is the text for Python.

    Attributes:
        command: The same for who types a command.
        rest: The same for who sends a request over HTTP.
    """

    __slots__ = ("command", "rest")
    command: str
    rest: str

    def __new__(cls, python: str, *, command: str, rest: str) -> Doors:
        """Keep the words of all doors."""
        self = super().__new__(cls, python)
        self.command, self.rest = command, rest
        return self

    def __reduce__(self) -> tuple[Callable[..., Doors], tuple[str, str, str]]:
        """Survive pickling with its parts."""
        return _doors, (str(self), self.command, self.rest)


def _doors(python: str, command: str, rest: str) -> Doors:
    return Doors(python, command=command, rest=rest)


@dataclass(eq=False)
class SensoriumError(Exception):
    """Base of every error Sensorium raises on purpose.

    Code that raises an error may quote a value of any length: the error keeps the beginning and
    the end of a long text.

    Attributes:
        came: Description of the value that was passed.
        needed: Description of a value that would be accepted.
        remedy: Instruction that corrects the mistake, in the imperative.
    """

    came: str
    needed: str
    remedy: str

    @property
    def ways(self) -> tuple[Mapping[str, Any], ...]:
        """Arguments to add to the call, one mapping a way out; empty where none is known."""
        return self.remedy.ways if isinstance(self.remedy, Phrase) else ()

    def __post_init__(self) -> None:
        self.came = _shorten(self.came, LONGEST_CAME)
        self.needed = _shorten(self.needed, LONGEST)
        self.remedy = _shorten(self.remedy, LONGEST)

    def __str__(self) -> str:
        return f"{self.came}; needed {self.needed}; {self.remedy}"

    def __reduce__(self) -> tuple[Any, ...]:
        """Survive pickling (worker processes) with every field, whichever way it was passed."""
        return type(self), tuple(getattr(self, field.name) for field in fields(self))


class PerceptError(SensoriumError):
    """One observation cannot be taken or read."""


class SourceTypeError(PerceptError, TypeError):
    """The source is not a path, bytes, file object, array or picture."""


class SourceNotFoundError(PerceptError, FileNotFoundError):
    """There is no file at the path."""


class SourceRefusedError(PerceptError, PermissionError):
    """The source is a URL, or a path outside the allowed roots."""


class SourceTooLargeError(PerceptError, ValueError):
    """The source holds more bytes than the limit."""


class SourceChangedError(PerceptError, RuntimeError):
    """The file changed between making the percept and reading it."""


class MediaDecodeError(PerceptError, ValueError):
    """The media is unreadable or truncated."""


class TooManyPixelsError(PerceptError, ValueError):
    """The picture is beyond the pixel limit: a bomb, or a scan that needs a limit of its own."""


class PerceptShapeError(PerceptError, ValueError):
    """An array has the wrong rank, channel count or dtype."""


class PerceptValueError(PerceptError, ValueError):
    """A number is outside its range."""


class NonFiniteError(PerceptValueError):
    """There is NaN or infinity among the samples."""


class EmptyPerceptError(PerceptError, ValueError):
    """The percept is empty: it has no samples, pixels or frames."""


class PerceptTooShortError(PerceptError, ValueError):
    """The percept is shorter than the shortest window of the encoder."""


class UnitError(PerceptError, ValueError):
    """A unit is missing, unknown, or contradicts the data."""


class DepthEncodingError(UnitError):
    """An 8-bit or coloured "depth" picture, whose polarity and scale cannot be known."""


class PaletteError(UnitError):
    """A coloured thermal picture whose palette is not named, or is not the one named."""


class TimeError(PerceptError, ValueError):
    """A naive datetime, or timestamps that do not increase."""


class PerceptFormatError(PerceptError, ValueError):
    """A dictionary that does not describe a percept."""


class EncodingError(SensoriumError):
    """Percepts cannot become vectors."""


class UnsupportedModalityError(EncodingError, ValueError):
    """The encoder has no tower for this modality."""


@dataclass(eq=False)
class BatchError(EncodingError, ValueError):
    """Some percepts of a batch failed; the encodings of the others are kept in `results`.

    Attributes:
        failures: Errors of the percepts that failed, by their index in the batch.
        results: One entry per percept, in order: its encoding, or `None` if it failed.
    """

    failures: Mapping[int, SensoriumError]
    results: Sequence[Any]


class UnknownEncoderError(EncodingError, LookupError):
    """No encoder is registered under that name."""


class TensorShapeError(EncodingError, ValueError):
    """A tensor has a shape or dtype that the towers do not take."""


class VectorError(EncodingError, ValueError):
    """Vectors cannot be combined or compared."""


class WeightsError(SensoriumError):
    """A checkpoint cannot be used."""


class CheckpointNotFoundError(WeightsError, FileNotFoundError):
    """There is no checkpoint at that path."""


class CheckpointFormatError(WeightsError, ValueError):
    """A file is not a checkpoint, is truncated, or has another digest than its description."""


@dataclass(eq=False)
class CheckpointKeyError(WeightsError, KeyError):
    """Keys are missing from the checkpoint or unknown to the model.

    Attributes:
        missing: Names the model needs and the checkpoint lacks, sorted.
        extra: Names the checkpoint holds and the model has no place for, sorted.
    """

    missing: Sequence[str]
    extra: Sequence[str]


class CheckpointShapeError(WeightsError, ValueError):
    """A tensor has another shape than the configuration gives it."""


class WeightsExistError(WeightsError, FileExistsError):
    """A file or folder exists where the weights would be written."""


class DiskSpaceError(WeightsError, OSError):
    """The disk has no room for the weights."""


class DownloadError(WeightsError, OSError):
    """The transfer failed; what has arrived is kept, so that the next try resumes."""


class LicenceNotAcceptedError(WeightsError, PermissionError):
    """The licence of the weights was not accepted."""


class StoreError(SensoriumError):
    """The vector store cannot do what was asked."""


class SpaceMismatchError(StoreError, ValueError):
    """A collection holds vectors of another embedding space than the encoder's."""


class SchemaVersionError(StoreError, ValueError):
    """A collection has the layout of an older or newer version."""


class StoreFormatError(StoreError, ValueError):
    """A folder or collection is not a memory, or is damaged."""


class StoreLockedError(StoreError, BlockingIOError):
    """Another process, or another object of this one, owns the folder."""


class StoreClosedError(StoreError, RuntimeError):
    """The store was used after it was closed."""


class ReadOnlyError(StoreError, PermissionError):
    """The store was opened to be read only, or its folder cannot be written."""


class StoreFullError(StoreError, OSError):
    """The disk is full; what was acknowledged before is safe."""


class StoreUnavailableError(StoreError, ConnectionError):
    """The server cannot be reached, or refused the request."""


class PointError(StoreError, ValueError):
    """Vectors or a payload cannot be stored."""


class FilterError(StoreError, ValueError):
    """The store cannot evaluate a condition."""


class MemoryAccessError(SensoriumError):
    """A memory cannot do what was asked."""


class OwnerError(MemoryAccessError, ValueError):
    """The owner is missing, or is not a name."""


class RecordError(MemoryAccessError, ValueError):
    """A record cannot be remembered or changed like this."""


class RecordNotFoundError(MemoryAccessError, LookupError):
    """The owner has no record of that id."""


class QueryError(MemoryAccessError, ValueError):
    """A question asks for nothing, or combines what cannot be combined."""


class MediaNotFoundError(MemoryAccessError, FileNotFoundError):
    """The media of a record was never kept, or has been removed."""


class MediaQuotaError(MemoryAccessError, OSError):
    """The media store may not grow beyond its quota."""


class ExportFormatError(MemoryAccessError, ValueError):
    """A directory is not an export of a memory, or is damaged."""


class ArgumentTypeError(MemoryAccessError, TypeError):
    """An argument is of another type altogether than what a method takes."""


class StreamError(MemoryAccessError, RuntimeError):
    """A stream is closed, or its worker failed."""


class RequestError(SensoriumError):
    """A request over HTTP is none that the server answers."""


class UnauthorizedError(RequestError, PermissionError):
    """The request does not say who asks, or not in a way that is believed."""


class ForbiddenError(RequestError, PermissionError):
    """The token of the request lacks a right."""


class WrongHostError(RequestError, ValueError):
    """The request names a host that is not this server."""


class BodyTypeError(RequestError, TypeError):
    """The body of the request is neither JSON nor a form with files."""


class ConflictError(RequestError, ValueError):
    """The request contradicts an earlier one."""


@dataclass(eq=False)
class TooManyRequestsError(RequestError, BlockingIOError):
    """The client asks too often, or with too many wrong tokens.

    Attributes:
        seconds: How long to wait before the next request.
    """

    seconds: float = 60.0


@dataclass(eq=False)
class OperationCancelledError(SensoriumError, RuntimeError):
    """The caller gave up long work; what was in progress is not kept.

    Attributes:
        done: How many moments, records or points were done before, and are kept.
    """

    done: int = 0


class ToolArgumentError(SensoriumError, ValueError):
    """A model called a tool with arguments that cannot be used; the message is for the model."""


class MissingExtraError(SensoriumError, ImportError):
    """An optional package is not installed."""

    @classmethod
    def for_package(cls, package: str, extra: str) -> MissingExtraError:
        """Build the error for `package`, which the extra `sensorium[extra]` would install."""
        return cls(
            f"the package {package!r} is not installed",
            "it for this feature",
            f'run: pip install "sensorium[{extra}]"',
        )


class _Shower(reprlib.Repr):
    """Writes values as `repr` does, but for the depths and the middle of large ones."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel = DEEPEST
        self.maxstring = self.maxother = self.maxlong = LONGEST_CAME
        self.maxtuple = self.maxlist = self.maxdict = self.maxset = self.maxfrozenset = MOST_ITEMS
        self._left = MOST_PARTS

    def repr1(self, x: Any, level: int) -> str:
        self._left -= 1
        return super().repr1(x, level) if self._left >= 0 else "..."

    def repr_int(self, x: int, level: int) -> str:
        if x.bit_length() > LONGEST_INTEGER:  # which Python refuses to write
            return f"an integer of {x.bit_length():,} bits"
        return super().repr_int(x, level)


def show(value: object) -> str:
    """Return the `repr` of any value for a message, in bounded time and memory.

    A value that is nested too deeply, is very large, or cannot be written is shown in part.
    """
    return _Shower().repr(value)


def listed(ways: Sequence[Mapping[str, Any]], start: int = 0) -> str:
    """Return places for some ways of a `Phrase`: "{0} or {1} or {2}"."""
    return " or ".join(f"{{{start + index}}}" for index in range(len(ways)))


def _filled(
    words: str, ways: Sequence[Mapping[str, Any]], write: Callable[[Mapping[str, Any]], str]
) -> str:
    """Put what `write` makes of each way into its place among the words."""

    def put(place: re.Match[str]) -> str:
        index = int(place[1])
        return write(ways[index]) if index < len(ways) else place[0]

    return PLACE.sub(put, words)


def _as_keywords(way: Mapping[str, Any]) -> str:
    """Write arguments as in a call of Python: `unit="mm", fx=525`."""
    return ", ".join(f"{name}={literal(value)}" for name, value in way.items())


def literal(value: object) -> str:
    """Write a value of an argument as Python reads it, texts in double quotes."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{literal(k)}: {literal(v)}" for k, v in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        inner = ", ".join(map(literal, value))
        return f"({inner})" if isinstance(value, tuple) and len(value) > 1 else f"[{inner}]"
    return repr(value)


def _shorten(text: str, longest: int) -> str:
    """Return a text of at most `longest` characters; a longer text loses its middle."""
    if len(text) <= longest:
        return text
    end = longest // 3
    begin = longest - end - len(" ... ")
    return f"{text[:begin]} ... {text[-end:]}"


def first_line(error: BaseException) -> str:
    """Return what a library says of its failure, in one line: at least which kind it was."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def first_problem(error: ValidationError) -> str:
    """Describe the first problem of an invalid dictionary in one line: its place and its kind."""
    first = error.errors()[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
