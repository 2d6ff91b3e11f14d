"""The dictionary form of a percept, checked before any of it is used: it may come from anywhere.

It is apart, as pydantic takes as long to import as all percepts together, and few programs need it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from sensorium.errors import first_problem


class PerceptFields(BaseModel):
    """The fields of `Percept.to_dict`."""

    model_config = ConfigDict(extra="forbid", strict=True)

    modality: str
    source: dict[str, str | list[int]]
    units: dict[str, Any] = {}
    at: AwareDatetime | None = None
    uri: str | None = None


def read_fields(fields: Mapping[str, Any]) -> PerceptFields:
    """Check a dictionary.

    Raises:
        ValueError: It is not the form of a percept; the message says where.
        TypeError: It holds what JSON has no form for.
    """
    try:
        return PerceptFields.model_validate_json(json.dumps(dict(fields)))
    except ValidationError as error:
        raise ValueError(first_problem(error)) from error
