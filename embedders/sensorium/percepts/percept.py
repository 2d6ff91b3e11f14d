"""The base of every percept: its source, units, time and origin, and what its class declares."""

from __future__ import annotations

import copy
import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar, NoReturn

from typing_extensions import Self

from sensorium.errors import (
    PerceptFormatError,
    SensoriumError,
    SourceTypeError,
    TimeError,
    show,
)
from sensorium.percepts.capture.capture import NOTHING, Capture
from sensorium.percepts.capture.file_names import name_capture, name_in
from sensorium.percepts.forms import PerceptFile, Preview, PreviewLimits, no_file
from sensorium.percepts.limits import Limits
from sensorium.percepts.locations import directories
from sensorium.percepts.place import Place
from sensorium.percepts.source import Array, Encoded, Samples, Source, source_from_dict
from sensorium.percepts.unit import Unit

DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, order=True)
class Span:
    """A stretch of a percept, in seconds from its start; in characters, for text."""

    start: float
    end: float


class Percept(ABC):
    """One observation in one modality. Immutable; equal to another with the same content and units.

    A subclass that names its `modality` is a sense, known from then on to whatever stores, shows
    or reads percepts: see docs/new_sense.md, which adds two.

    Attributes:
        modality: Name of the sense: `"text"`, `"image"`, ... A plain word.
        modalities: The class of every modality, those of other packages included.
        still: Whether a percept has one window and thus one vector, as a picture has. Others have
            one a window, each with its span.
        needs: Units that an encoded file does not state, by the keyword that takes them.
        suffixes: How the names of its files end, in small letters: `(".csv", ".npz")`.
        doubted_suffixes: How the names of its files may end, too, where other files end so: they
            are looked for where somebody says the modality, and taken if `may_be` holds.
        guessable: Whether a file that ends like this is of this modality if nobody says otherwise.
        mime_family: First part of the mime types of its files: `"image"`, `"audio"`, `"video"`.
        has_file: Whether a percept can be kept as a media file. A text is kept with its record.
        source: The encoded file or the samples.
        at: When it was observed (aware), or `None`.
        uri: Where it came from, kept as given, never fetched.
        limits: Largest sizes that are accepted.
        reading: What was taken from where, in which unit, by whoever read the file; empty if there
            was nothing to understand. A sound and a video add what they find while they are
            decoded, such as damage. It is neither content nor kept: equality, digest and
            dictionary leave it out.
    """

    modality: ClassVar[str]
    modalities: ClassVar[dict[str, type[Percept]]] = {}
    still: ClassVar[bool] = False
    needs: ClassVar[Mapping[str, Unit]] = {}
    suffixes: ClassVar[tuple[str, ...]] = ()
    doubted_suffixes: ClassVar[tuple[str, ...]] = ()
    guessable: ClassVar[bool] = True
    mime_family: ClassVar[str] = ""
    has_file: ClassVar[bool] = True

    source: Source
    at: datetime | None
    uri: str | None
    limits: Limits
    reading: Mapping[str, Any] = MappingProxyType({})
    _digest: str | None
    _capture: Capture | None = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "modality" not in cls.__dict__:
            return
        known = Percept.modalities.get(cls.modality)
        if known is not None and known.__qualname__ != cls.__qualname__:
            raise PerceptFormatError(
                f"a class {cls.__qualname__} for the modality {cls.modality!r}",
                f"a modality that is not taken ({known.__qualname__} has it)",
                "choose another name for the sense",
            )
        Percept.modalities[cls.modality] = cls

    def _set(self, **values: Any) -> None:
        """Set attributes while constructing; afterwards they are read-only."""
        self.__dict__.update(values)

    def _describe(
        self, source: Source, *, at: datetime | None, uri: str | None, limits: Limits
    ) -> None:
        """Set what every percept has; constructors call this.

        Raises:
            TimeError: `at` is not an aware datetime.
            SourceTypeError: `uri` is not a `str`.
        """
        if at is not None and not isinstance(at, datetime):
            raise TimeError(
                f"at={show(at)}, a {type(at).__name__}",
                "a datetime with its zone",
                "parse it: datetime.fromisoformat(...)",
            )
        if at is not None and at.utcoffset() is None:
            raise TimeError(
                f"the naive datetime {at.isoformat()}",
                "a time with its zone",
                "write at=datetime(..., tzinfo=timezone.utc) or at.astimezone()",
            )
        if uri is not None and not isinstance(uri, str):
            raise SourceTypeError(f"uri={show(uri)}", "a str", "write uri=str(...)")
        self._set(source=source, at=at, uri=uri, limits=limits, _digest=None, _capture=None)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"a percept is immutable: {name!r} cannot be set; make a new one")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"a percept is immutable: {name!r} cannot be deleted")

    def with_reading(self, reading: Mapping[str, Any]) -> Self:
        """Return the same percept with another `reading`; readers of files call this."""
        same = object.__new__(type(self))
        same.__dict__.update(self.__dict__, reading=dict(reading))  # faster than copy.copy
        return same

    def with_capture(self, capture: Capture) -> Self:
        """Return the same percept, of which something else than its file says when it was taken.

        Args:
            capture: What `captured`, `captured_by`, `place`, `description` and `keywords` are from
                now on. Content alone decides over `digest` and equality, as before.
        """
        same = copy.copy(self)
        same._set(_capture=capture)
        return same

    def with_source(self, source: Source, *, at: datetime | None, uri: str | None) -> Self:
        """Return a percept of the same units with other content of the same form.

        It is for readers of many messages that are alike: what the constructor checked of the first
        one, its shape and type among it, is not checked again.

        Raises:
            TimeError: `at` is not an aware datetime.
            SourceTypeError: `uri` is not a `str`.
        """
        same = object.__new__(type(self))
        same.__dict__.update(self.__dict__)
        same._describe(source, at=at, uri=uri, limits=self.limits)
        return same

    def with_origin(self, *, at: datetime | None = None, uri: str | None = None) -> Self:
        """Return the same percept with another time or origin, where they are given.

        Raises:
            TimeError: `at` is not an aware datetime.
            SourceTypeError: `uri` is not a `str`.
        """
        same = copy.copy(self)
        at, uri = at or self.at, self.uri if uri is None else uri
        same._describe(self.source, at=at, uri=uri, limits=self.limits)
        return same

    def _note(self, **found: Any) -> None:
        """Add to `reading` what was found while the content was decoded.

        Whoever has asked for it before, such as a report that is written at the end, sees it, too.
        """
        if isinstance(self.reading, dict):
            self.reading.update(found)
        else:
            self._set(reading=found)

    @classmethod
    def missing_units(cls, given: Mapping[str, Any]) -> list[str]:
        """Return the names of the required units that are not among those given, or are `None`."""
        return [name for name, unit in cls.needs.items() if unit.is_missing(name, given)]

    @classmethod
    def told_units(cls, source: Any, limits: Limits = DEFAULT_LIMITS) -> Mapping[str, Any]:
        """Return the units that a file says itself, without reading it whole: none, as here.

        Args:
            source: What the class takes as its first argument.
            limits: Largest sizes that are accepted.
        Raises:
            PerceptError: The source is refused.
        """
        return {}

    @classmethod
    def may_be(cls, source: Any, limits: Limits = DEFAULT_LIMITS) -> bool:
        """Return whether a file with one of `doubted_suffixes` may be of the modality, by its head.

        Args:
            source: What the class takes as its first argument.
            limits: Largest sizes that are accepted.
        Raises:
            PerceptError: The source is refused.
        """
        return True

    @property
    @abstractmethod
    def units(self) -> Mapping[str, Any]:
        """The keyword arguments that give the content its meaning, JSON-ready, canonical."""

    @property
    def duration(self) -> float | None:
        """Length in seconds; `None` for a text or a picture, and for a file that does not say."""
        return None

    @property
    def captured(self) -> datetime | None:
        """When it was taken, aware, as the metadata or the name of its file says.

        `None` for samples, where nothing says it, and for what no clock that was set can have
        shown: zeros, the first day of a clock, the future. A time without a zone is taken for the
        local time of this machine, and `captured_by` says so. Content alone decides over `digest`
        and equality, so this does not count there.

        Raises:
            SourceChangedError: The file changed after the percept was made.
            PerceptError: The file cannot be opened.
        """
        return self.capture.at

    @property
    def captured_by(self) -> str | None:
        """What says `captured`: `"EXIF"`, `"creation_time"`, `"file name"`; `None` if nothing does.

        Raises what `captured` raises.
        """
        return self.capture.by

    @property
    def place(self) -> Place | None:
        """Where it was taken, as the metadata of its file says; `None` if it does not.

        Raises what `captured` raises.
        """
        return self.capture.place

    @property
    def description(self) -> str:
        """The caption that people gave it, as the metadata of its file says; empty without one.

        Raises what `captured` raises.
        """
        return self.capture.description

    @property
    def keywords(self) -> tuple[str, ...]:
        """The keywords that people gave it, as the metadata of its file says.

        Raises what `captured` raises.
        """
        return self.capture.keywords

    @property
    def capture(self) -> Capture:
        """All that its file says of when and where it was taken, and of what it shows.

        Raises what `captured` raises.
        """
        if self._capture is None:
            self._set(_capture=self.read_capture().or_else(self.named_capture()))
        assert self._capture is not None
        return self._capture

    def named_capture(self) -> Capture:
        """Return what the name of its file says: the name at its origin, if that is known."""
        path = self.source.path if isinstance(self.source, Encoded) else None
        name = (name_in(self.uri) if self.uri else "") or (path.name if path else "")
        return name_capture(name) if name else NOTHING

    def read_capture(self) -> Capture:
        """Return when and where it was taken by the metadata of its file: nothing, as here.

        A class overrides this where its files say it; the file's name is asked afterwards.
        """
        return NOTHING

    @property
    def digest(self) -> str:
        """SHA-256 (64 hex digits) of modality, units and canonical content.

        The content of an encoded file is its bytes, that of samples their values in canonical
        units. `at` and `uri` do not count: the same content seen twice has one digest.

        Raises:
            SourceChangedError: The file changed after the percept was made.
        """
        if self._digest is None:
            units = self.units
            meaning = _meaning(self.modality, dict(units)) if units else _unitless(self.modality)
            content = self.source.content_digest()
            self._set(_digest=hashlib.sha256(meaning + b"\0" + content).hexdigest())
        assert self._digest is not None
        return self._digest

    def make_file(self) -> PerceptFile | None:
        """Return samples as an ordinary file, which the class opens again with the file's units.

        A class overrides this where other programs have such files. `None`, as here, keeps the
        samples as a `.npy` file.
        """
        return None

    def to_array(self) -> Array:
        """Return samples as the one array that a `.npy` file keeps.

        A class whose source is not `Samples` overrides this, and `source_from_array`.

        Raises:
            RecordError: The source is not `Samples`.
        """
        if not isinstance(self.source, Samples):
            raise no_file(f"a {self.modality} of {self.source.name}")
        return self.source.array

    @classmethod
    def source_from_array(cls, array: Array) -> Source:
        """Return the source whose `to_array` was kept in a `.npy` file."""
        return Samples(array)

    def file_format(self, kind: str) -> tuple[str, str] | None:
        """Return extension and mime type of the encoded file that the percept was made of.

        A class overrides this if it takes files of its own kind. `None`, as here, leaves it to the
        file's name.

        Args:
            kind: Kind of file by its first bytes: `"text"`, `"no known kind of file"`, ...
                Pictures, sounds and videos are recognised without asking the class.
        """
        return None

    def make_preview(self, span: Span | None, limits: PreviewLimits) -> Preview | None:
        """Return a picture or a sound that shows the percept to a model; `None`, as here, if none.

        A class overrides this with the help of `sensorium.percepts.previews`, whose `preview` calls
        it.

        Args:
            span: The stretch to show, in seconds; `None` shows the percept from its start on.
            limits: How large the preview may be.
        """
        return None

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready dictionary; `percept_from_dict` makes an equal percept of it.

        A path stays a path (the file is not copied); bytes and samples are written as base64.
        """
        return {
            "modality": self.modality,
            "source": self.source.to_dict(),
            "units": dict(self.units),
            "at": self.at.isoformat() if self.at else None,
            "uri": self.uri,
        }

    @classmethod
    def _read_source(
        cls, fields: dict[str, Any], limits: Limits, roots: Sequence[Path] | None
    ) -> Source:
        return source_from_dict(fields, modality=cls.modality, limits=limits, roots=roots)

    @classmethod
    def from_dict(
        cls,
        fields: Mapping[str, Any],
        *,
        limits: Limits = DEFAULT_LIMITS,
        roots: Sequence[str | Path] | None = None,
    ) -> Self:
        """Make the percept that `to_dict` described; arguments as of `percept_from_dict`.

        Raises:
            PerceptFormatError: The dictionary is not a percept's, or of another modality.
            SourceRefusedError: A path outside `roots`.
            PerceptError: The percept's class refuses the content.
        """
        percept = percept_from_dict(fields, limits=limits, roots=roots)
        if not isinstance(percept, cls):
            raise PerceptFormatError(
                f"a dictionary of modality {percept.modality!r}",
                f"one of {cls.modality!r}",
                "use percept_from_dict, which takes every modality",
            )
        return percept

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Percept):
            return NotImplemented
        mine, theirs = (self.at, self.uri), (other.at, other.uri)
        return type(self) is type(other) and mine == theirs and self.digest == other.digest

    def __hash__(self) -> int:
        return hash((self.digest, self.at, self.uri))

    def __repr__(self) -> str:
        units = "".join(f", {key}={value!r}" for key, value in self.units.items())
        at = f", at={self.at.isoformat()}" if self.at else ""
        return f"{type(self).__name__}({self.source.name}{units}{at})"


def is_still(modality: str) -> bool:
    """Return whether percepts of a modality have one window; without a class, they have rows."""
    cls = Percept.modalities.get(modality)
    return cls is not None and cls.still


def modality_class(modality: str) -> type[Percept]:
    """Return the class of a modality.

    Raises:
        PerceptFormatError: There is none of this name.
    """
    found = Percept.modalities.get(modality)
    if found is None:
        raise PerceptFormatError(
            f"the modality {show(modality)}",
            f"one of {', '.join(sorted(Percept.modalities))}",
            "import the module that defines its class, or correct the name",
        )
    return found


def _meaning(modality: str, units: dict[str, Any]) -> bytes:
    return json.dumps([modality, units], sort_keys=True).encode()


@lru_cache  # most texts and files have no units, and there may be very many of them
def _unitless(modality: str) -> bytes:
    return _meaning(modality, {})


def percept_from_dict(
    fields: Mapping[str, Any],
    *,
    limits: Limits = DEFAULT_LIMITS,
    roots: Sequence[str | Path] | None = None,
) -> Percept:
    """Make a percept of any registered modality from its dictionary form.

    Args:
        fields: Result of `Percept.to_dict`, perhaps after a trip through JSON.
        limits: Largest sizes that are accepted.
        roots: Directories that paths must lie in. Give this whenever the dictionary comes from an
            agent or a network; `None` allows every path.
    Raises:
        PerceptFormatError: The dictionary is not a percept's.
        SourceRefusedError: A path outside `roots`.
        PerceptError: The percept's class refuses the content.
    """
    from sensorium.percepts.percept_fields import read_fields

    try:
        checked = read_fields(fields)
        allowed = None if roots is None else directories(roots)
        cls = Percept.modalities[checked.modality]
        source = cls._read_source(checked.source, limits, allowed)
        return make_percept(
            cls, source, checked.units, at=checked.at, uri=checked.uri, limits=limits
        )
    except SensoriumError as error:
        if not isinstance(error, PerceptFormatError):
            raise
        raise _not_a_percept(error.came) from error
    except (LookupError, TypeError, ValueError, RecursionError) as error:
        raise _not_a_percept(str(error)) from error


def _not_a_percept(reason: str) -> PerceptFormatError:
    return PerceptFormatError(
        f"a dictionary that is not a percept's ({reason})",
        f"what Percept.to_dict returns, of modality {', '.join(sorted(Percept.modalities))}",
        "write it with to_dict",
    )


def make_percept(
    modality: str | type[Percept],
    content: object,
    units: Mapping[str, Any],
    *,
    at: datetime | None = None,
    uri: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Percept:
    """Make a percept whose modality and units are only known when the program runs.

    Args:
        modality: Name of a registered modality, or its class.
        content: Whatever the class takes as its first argument.
        units: Keywords of the class.
        at: When it was observed (aware).
        uri: Where it came from.
        limits: Largest sizes that are accepted.
    Raises:
        PerceptFormatError: The modality is unknown, or the class does not take these units.
        PerceptError: The class refuses the content.
    """
    # The keywords differ from class to class, so no static type fits all constructors
    make: Any = modality if isinstance(modality, type) else modality_class(modality)
    try:
        percept: Percept = make(content, **units, at=at, uri=uri, limits=limits)
    except SensoriumError:
        raise
    except (TypeError, ValueError) as error:
        raise PerceptFormatError(
            f"{make.modality} with the units {show(dict(units))} ({error})",
            f"the keywords that {make.__name__} takes",
            f"give {', '.join(make.needs)}" if make.needs else "leave them out",
        ) from error
    return percept
