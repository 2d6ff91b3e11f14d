"""What a request says of a file beside its bytes: modality, time, origin, and units or options."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from sensorium.agents.time_arguments import Time
from sensorium.agents.wording import refusal
from sensorium.errors import PerceptFormatError
from sensorium.percepts import Percept
from sensorium.percepts.limits import Limits
from sensorium.percepts.readers import Reader, known_options


class FileFields(BaseModel):
    """What is known of a file; beside the named fields, units of its modality."""

    model_config = ConfigDict(extra="allow")

    modality: str | None = None
    at: Time | None = Field(default=None, description="When it was taken.")
    uri: str | None = Field(default=None, description="Where it came from; never fetched.")

    @field_validator("modality")
    @classmethod
    def _check_modality(cls, value: str | None) -> str | None:
        if value is None or value in Percept.modalities:
            return value
        raise refusal(f"one of {', '.join(sorted(Percept.modalities))}", "correct it")

    @property
    def units(self) -> dict[str, Any]:
        """The other fields."""
        return dict(self.model_extra or {})


class DocumentOptions(BaseModel):
    """What may be said of a document or a recording: the options of its reader that are data."""

    model_config = ConfigDict(extra="forbid")

    encoding: str | None = None
    pages: str | None = None
    date_order: str | None = None
    topics: list[str] | dict[str, dict[str, float | str | bool | list[float]]] | None = None
    pose: str | None = None


def options_of_document(
    reader: Reader, path: Path, fields: FileFields, limits: Limits
) -> Mapping[str, Any]:
    """Return the options with which a reader is to read a file that was sent.

    Args:
        reader: The reader.
        path: Where the file lies.
        fields: What was said of it.
        limits: Largest sizes that are taken.
    Raises:
        PerceptFormatError: Something was said that the reader does not know.
        ValidationError: It is of another type.
    """
    known = known_options(reader, path)
    units = fields.units
    offered = sorted(DocumentOptions.model_fields.keys() & known)
    unknown = sorted(units.keys() - set(offered))
    if fields.at is not None and "at" not in known:
        unknown.append("at")  # such as of a recording, which has times of its own
    if unknown:
        raise PerceptFormatError(
            f"{', '.join(unknown)} for a file that is read as several parts",
            f"of modality, uri, {', '.join([*(['at'] if 'at' in known else []), *offered])} any",
            "leave the others out",
        )
    given = DocumentOptions.model_validate(units).model_dump(exclude_none=True)
    told = {"modality": fields.modality, "at": fields.at}
    given |= {name: value for name, value in told.items() if value is not None}
    return {**given, **({"limits": limits} if "limits" in known else {})}
