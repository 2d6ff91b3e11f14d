"""What a client sends: percepts as files with their units, questions in parts, filters."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

import numpy as np

from sensorium.errors import ArgumentTypeError, QueryError, RecordError, show
from sensorium.memory import Query
from sensorium.memory.filters import Filters, conditions
from sensorium.memory.places.near import check_near
from sensorium.memory.places.words import near_text
from sensorium.percepts import Percept, Text
from sensorium.percepts.files import NPY, file_from_percept
from sensorium.remote.answers import written_time

Upload = tuple[str, tuple[str, BinaryIO, str]]  # field of a form; name, content and type of a file


class Form:
    """A form that is sent: one JSON text, and files which are read while they are sent."""

    def __init__(self, name: str) -> None:
        """Begin a form whose JSON is in the field `name`."""
        self._name = name
        self._files: list[Upload] = []
        self._opened = ExitStack()

    @property
    def count(self) -> int:
        """How many files there are."""
        return len(self._files)

    def add(self, percept: Percept) -> dict[str, Any]:
        """Add the file of a percept, and return what the JSON says of it.

        Raises:
            RecordError: The percept has no file.
        """
        file = file_from_percept(percept)
        if file.extension == NPY.extension:
            raise RecordError(
                f"a {percept.modality} of samples that no usual file holds, for a server",
                "a file",
                "write it as one first, such as an MP4 of a video, and open that",
            )
        content = self._opened.enter_context(file.source.open())
        name = f"{percept.modality}.{file.extension}"
        self._files.append(("media", (name, content, file.mime)))
        said = {"at": written_time(percept.at), "uri": _origin(percept), **file.units}
        known = {key: _plain(value) for key, value in said.items() if value is not None}
        return {"modality": percept.modality, **known}

    def request(self, said: Mapping[str, Any], *, null: Collection[str] = ()) -> dict[str, Any]:
        """Return the arguments of the request; JSON alone where there are no files.

        Args:
            said: The fields of the JSON, of which `None` is left out.
            null: Names of those that are sent as null.
        """
        given = {name: value for name, value in said.items() if value is not None or name in null}
        if not self._files:
            return {"json": given}
        return {"data": {self._name: json.dumps(given)}, "files": self._files}

    def __enter__(self) -> Form:
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()


def _origin(percept: Percept) -> str | None:
    """Return where a percept came from: its file is named without its folder, which stays here."""
    path = getattr(percept.source, "path", None)
    return percept.uri or (quote(path.name) if isinstance(path, Path) else None)


def split_text(percepts: Sequence[object], text: str | None) -> tuple[list[Percept], str | None]:
    """Return the percepts with a file, and the words of a moment.

    Raises:
        ArgumentTypeError: Something is no percept.
        RecordError: Several texts.
    """
    for percept in percepts:
        if not isinstance(percept, Percept):
            raise ArgumentTypeError(
                show(percept), "a percept", 'write Image("photo.jpg"), or text="words"'
            )
    words = [percept.text for percept in percepts if isinstance(percept, Text)]
    words += [text] if text is not None else []
    if len(words) > 1:
        raise RecordError(
            f"{len(words)} texts for one memory on a server", "one", "remember each by itself"
        )
    return [one for one in percepts if isinstance(one, Percept) and not isinstance(one, Text)], (
        words[0] if words else None
    )


def question_parts(
    form: Form, query: Query | None, like: str | None, weights: Sequence[float] | None
) -> list[dict[str, Any]]:
    """Return the parts of a question, as a server takes them.

    Raises:
        QueryError: Both kinds of question, a vector, or weights that do not fit.
    """
    if query is not None and like is not None:
        raise QueryError(
            "both a question and like=", "one of them", 'ask recall("the sea"), or recall(like=id)'
        )
    if query is None and like is None:  # the server asks for keywords then
        return []
    several = isinstance(query, Sequence) and not isinstance(query, str)
    parts: Sequence[object] = query if several else [query]  # type: ignore[assignment]
    said = [{"id": like}] if like else [_part(form, part) for part in parts]
    if weights is None:
        return said
    if len(weights) != len(said):
        raise QueryError(
            f"{len(weights)} weights for {len(said)} parts", "one for each", "pass as many"
        )
    return [{**part, "weight": float(weight)} for part, weight in zip(said, weights, strict=True)]


def _part(form: Form, part: object) -> dict[str, Any]:
    if isinstance(part, str):
        return {"words": part}
    if isinstance(part, Text):
        return {"words": part.text}
    if isinstance(part, Percept):
        number = form.count
        return {"file": number, "units": form.add(part)}
    kind = "a vector" if isinstance(part, (np.ndarray, float, int)) else show(part)
    raise QueryError(
        f"{kind} as a question for a server", "words, percepts or the id of a record", "pass these"
    )


def filters_of(call: str, filters: Filters) -> dict[str, Any]:
    """Return filters as a server takes them.

    Raises:
        FilterError: As of `conditions`, which checks them here.
        QueryError: `where` is a condition and not a dictionary.
    """
    near = filters.get("near")
    given_near = None if near is None else near_text(check_near(near))
    rest = filters.copy()
    rest.pop("near", None)
    conditions(call, rest)
    where = filters.get("where")
    if where is not None and not isinstance(where, Mapping):
        raise QueryError(
            "a condition in where= for a server", "a dictionary of metadata", "write it as one"
        )
    given = {
        "since": written_time(filters.get("since")),
        "until": written_time(filters.get("until")),
        "tags": _listed(filters.get("tags")),
        "source": filters.get("source"),
        "where": where,
        "with_modalities": _listed(filters.get("with_modalities")),
        "text_contains": filters.get("text_contains"),
        "near": given_near,
        "origins": _listed(filters.get("origins")),
        "owners": _listed(filters.get("owners")),
    }
    return {name: value for name, value in given.items() if value is not None}


def _listed(names: Any) -> list[str] | None:
    return None if names is None else list(names)


def _plain(value: object) -> object:
    """Return a unit as JSON writes it."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    return value.item() if isinstance(value, np.generic) else value
