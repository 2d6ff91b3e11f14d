"""The filters of a request: which memories are meant."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Query
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from sensorium.agents.arguments import (
    Modalities,
    Near,
    Origins,
    Since,
    Source,
    Tags,
    Until,
    Where,
    filters,
)
from sensorium.memory import Filters

WHERE: TypeAdapter[Any] = TypeAdapter(Where)
LONGEST_WHERE = 20_000  # characters


Owners = Annotated[
    list[str] | None, Field(description="Of any of these owners, of those who share too.")
]
Having = Annotated[Modalities, Field(description="Has any of these modalities.")]
Containing = Annotated[str, Field(description="Its text has all of these words.")]


class FilterFields(BaseModel):
    """Which memories are meant: all conditions hold."""

    model_config = ConfigDict(extra="forbid")

    tags: Tags = None
    source: Source = ""
    since: Since = None
    until: Until = None
    where: Where = None
    with_modalities: Having = None
    text_contains: Containing = ""
    near: Near = ""
    origins: Origins = None
    owners: Owners = None

    def filters(self) -> Filters:
        """Return them as `Memory` takes them."""
        return filters(**{name: getattr(self, name) for name in FilterFields.model_fields})


def read_filters(
    *,
    modality: Annotated[Modalities, Query(description="Any of these; repeat it.")] = None,
    tag: Annotated[Tags, Query(description="All of these; repeat it.")] = None,
    source: Annotated[Source, Query()] = "",
    since: Annotated[Since, Query()] = None,
    until: Annotated[Until, Query()] = None,
    text_contains: Annotated[Containing, Query()] = "",
    near: Annotated[Near, Query()] = "",
    origin: Annotated[Origins, Query(description="Any of these; repeat it.")] = None,
    owner: Annotated[
        Owners, Query(description="Any of these, of those who share too; repeat it.")
    ] = None,
    where: Annotated[
        str,
        Query(
            max_length=LONGEST_WHERE,
            description='Metadata as JSON: {"room": "kitchen", "floor": [1, 2]}.',
        ),
    ] = "",
) -> Filters:
    """Read the filters of a query."""
    return filters(
        with_modalities=modality,
        tags=tag,
        source=source,
        since=since,
        until=until,
        text_contains=text_contains,
        where=_where(where),
        near=near,
        origins=origin,
        owners=owner,
    )


Filtered = Annotated[Filters, Depends(read_filters)]


def _where(text: str) -> dict[str, Any] | None:
    if not text:
        return None
    try:
        read: dict[str, Any] | None = WHERE.validate_json(text)
    except ValidationError as error:
        raise invalid(error, "query", "where") from error
    return read


def invalid(error: ValidationError, *place: str) -> RequestValidationError:
    """Return the refusal of something that was validated here, as the framework raises it.

    Args:
        error: What was wrong.
        place: Where it stood: `"query"` and the parameter, `"body"`.
    """
    found = error.errors(include_url=False)
    return RequestValidationError([{**each, "loc": (*place, *each["loc"])} for each in found])
