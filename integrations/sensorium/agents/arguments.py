"""The arguments of the tools `remember`, `recall` and their like, described for a model.

Adapters share these types, so that a model that knows the tools of one framework knows them all.
A text has "" for what was not given: of any other type than `str` alone, some frameworks would read
text that happens to be JSON as what it describes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    WithJsonSchema,
    model_validator,
)
from typing_extensions import Self

from sensorium.agents.limits import HITS, MOST_HITS, MOST_MEDIA, MOST_RECORDS
from sensorium.agents.time_arguments import Age, Bound, Time, age_schema, bound_schema
from sensorium.agents.wording import refusal
from sensorium.errors import SensoriumError, ToolArgumentError
from sensorium.memory import Filters
from sensorium.memory.places.words import EXAMPLES, read_near
from sensorium.memory.records import Origin
from sensorium.percepts import Percept

AXES = 6  # numbers of a sample of motion

# Models whose schemas are strict send null for a text that they leave out.
NULL_IS_BLANK = BeforeValidator(lambda value: "" if value is None else value)


def _described(description: str) -> Any:
    return Field(description=description)


def _check_modalities(modalities: list[str] | None) -> list[str] | None:
    if set(modalities or ()) <= Percept.modalities.keys():
        return modalities
    raise refusal(
        f"some of {', '.join(sorted(Percept.modalities))}",
        "write image for pictures and photos, audio for sounds, imu for motions",
    )


def _name_modalities(schema: dict[str, Any]) -> None:
    """Let a schema list the modalities."""
    for branch in schema.get("anyOf", [schema]):
        if "items" in branch:
            branch["items"] = {"type": "string", "enum": sorted(Percept.modalities)}


def _check_where(where: dict[str, Any] | None) -> dict[str, Any] | None:
    values = [
        value
        for wanted in (where or {}).values()
        for value in (wanted if isinstance(wanted, list) else [wanted])
    ]
    if all(isinstance(value, (str, int, float)) for value in values):
        return where
    raise refusal(
        "text, numbers, true or false that metadata is equal to, or lists of such values",
        'write it like {"room": "kitchen", "floor": [1, 2]}',
    )


def _check_near(near: str) -> str:
    try:
        if near.strip():
            read_near(near)
    except SensoriumError as error:
        raise refusal(error.needed, f"write {EXAMPLES}") from error
    return near


def _unit_schemas() -> dict[str, Any]:
    """Describe the units of every modality as the properties of a JSON schema."""
    properties: dict[str, Any] = {}
    for modality, sense in sorted(Percept.modalities.items()):
        for name, unit in sense.needs.items():
            schema = properties.setdefault(name, {"type": ["number", "string"], "description": ""})
            if isinstance(unit.example, bool):
                schema["type"] = "boolean"
            elif isinstance(unit.example, (list, tuple)):
                schema |= {"type": "array", "items": {"type": "number"}}
            schema["description"] += f"For {modality}: {unit.meaning}. "
    for schema in properties.values():
        schema["description"] = schema["description"].strip()
    return properties


def _read_units(written: str) -> object:
    """Read units that came as JSON in a text; what is no JSON is refused as the text it is."""
    try:
        return json.loads(written) if written.strip() else None
    except ValueError:
        return written


Units = Annotated[
    dict[str, Any],
    WithJsonSchema(
        {
            "type": "object",
            "properties": _unit_schemas(),
            "description": 'What the numbers mean. Depth: {"unit": "mm", "fx": 525}; thermal: '
            '{"unit": "celsius"}; imu: {"accel": "m/s^2", "gyro": "rad/s", "rate": 50}.',
        }
    ),
]
Sample = Annotated[list[float], Field(min_length=AXES, max_length=AXES)]


class Signal(BaseModel):
    """A picture, sound, video, depth map, thermal picture or motion: a file, or samples."""

    model_config = ConfigDict(extra="forbid")

    data: str | None = Field(default=None, description="The file as base64, or a data: URI.")
    mime_type: str | None = Field(default=None, description="Type of data: image/jpeg.")
    path: str | None = Field(
        default=None, description="Instead of data: a file that may be read here."
    )
    samples: list[Sample] | None = Field(
        default=None,
        description="Instead of data, for motion: rows of six numbers, acceleration and rotation "
        "rate x y z.",
    )
    times: list[float] | None = Field(
        default=None,
        description="Seconds of the samples, increasing, one for each; or give units.rate.",
    )
    modality: str | None = Field(
        default=None,
        description="Needed for depth, thermal and imu, with their units; others are recognised.",
    )
    units: Units | None = None
    at: Time | None = Field(default=None, description="When it was taken, ISO 8601 with its zone.")
    uri: str | None = Field(default=None, description="Where it came from; never fetched.")

    @model_validator(mode="before")
    @classmethod
    def _check_names(cls, value: Any) -> Any:
        if isinstance(value, str):
            raise refusal(
                "an object",
                'write {"path": "photo.jpg"}, or {"data": "..."} with the file as base64',
            )
        if isinstance(value, dict) and isinstance(value.get("units"), str):
            value = {**value, "units": _read_units(value["units"])}
        unknown = sorted(value.keys() - cls.model_fields.keys()) if isinstance(value, dict) else []
        if unknown:
            raise refusal(
                f"only the names {', '.join(cls.model_fields)}",
                f"leave {', '.join(unknown)} out; base64 belongs in data",
            )
        return value

    @model_validator(mode="after")
    def _check_content(self) -> Self:
        contents = [self.data, self.path, self.samples]
        if sum(content is not None for content in contents) != 1:
            raise refusal(
                "exactly one of data, path and samples", "give the file in one way, and only one"
            )
        if self.times is not None and len(self.times) != len(self.samples or ()):
            raise refusal(
                "one time for each sample, and none for a file", "correct them, or leave them out"
            )
        return self


Media = Annotated[
    list[Signal] | None,
    Field(max_length=MOST_MEDIA, description="Files or samples."),
]

# What is looked for
Query = Annotated[str, NULL_IS_BLANK, _described("What is looked for, in words.")]
Like = Annotated[
    str, NULL_IS_BLANK, _described("Instead of query and media: id of a memory to resemble.")
]
Keywords = Annotated[
    str,
    NULL_IS_BLANK,
    _described("Words to find literally: alone, or to rank higher what has them."),
]
Limit = Annotated[int, Field(ge=1, le=MOST_HITS, description="Largest number of memories.")]
MinConfidence = Annotated[
    float | None,
    Field(ge=0, le=1, description="Leave out what may be coincidence; 0.5 is a good value."),
]
Modalities = Annotated[
    list[str] | None,
    AfterValidator(_check_modalities),
    Field(
        description="Modalities to look in; all by default.",
        json_schema_extra=_name_modalities,
    ),
]
Group = Annotated[Literal["episode"] | None, _described("Only the best of each episode.")]
Previews = Annotated[
    bool | None,
    _described(
        "By default pictures and sounds of sure matches are shown; if true, of uncertain ones, "
        "too; if false, none: the memories come as data."
    ),
]

# Which memories may answer
Tags = Annotated[list[str] | None, _described("Only with all of these tags.")]
Since = Annotated[
    Bound | None,
    bound_schema("Ends at or after this: ISO 8601 with zone, or age: 30d."),
]
Until = Annotated[
    Bound | None,
    bound_schema("Starts before this, likewise."),
]
Source = Annotated[str, NULL_IS_BLANK, _described("Only from exactly this source.")]
Where = Annotated[
    dict[str, Any] | None,
    AfterValidator(_check_where),
    _described('Metadata to have, of a list any: {"room": ["den", "hall"]}.'),
]

Near = Annotated[
    str,
    NULL_IS_BLANK,
    AfterValidator(_check_near),
    _described('"home within 1 km", "48.86,2.29 within 1 km" or "1,2 in map within 3 m".'),
]
Origins = Annotated[list[Origin] | None, _described("Only what these say; person: own words.")]

# Lists
PageSize = Annotated[int, Field(ge=1, le=MOST_RECORDS, description="Memories of a page.")]
NewestFirst = Annotated[bool, _described("Newest first; if false, oldest first.")]
Cursor = Annotated[str, NULL_IS_BLANK, _described("Cursor with which the page before ended.")]
By = Annotated[
    Literal["tags", "source", "modalities"] | None,
    _described("Also count the memories of each tag, source or modality."),
]

# What is remembered
NewText = Annotated[
    str, NULL_IS_BLANK, _described("Text to remember, or that belongs to the media.")
]
Together = Annotated[
    bool,
    _described("All media are one memory; if false, each is a memory of its own."),
]
At = Annotated[
    Time | None,
    _described(
        "When it was, ISO 8601 with zone; by default when its file says it was taken, else now."
    ),
]
NewTags = Annotated[list[str] | None, _described("Short names to find it by.")]
SourceName = Annotated[
    str, NULL_IS_BLANK, _described("Where it came from: a sensor, a conversation.")
]
Facts = Annotated[
    dict[str, Any] | None, _described('Facts to filter by, such as {"room": "kitchen"}.')
]
Supersedes = Annotated[
    list[str] | None,
    _described("Ids of memories that hold no more because of it."),
]
Ttl = Annotated[Age | None, age_schema("Forget it after this time from now, such as 30d or 12h.")]

# What is changed
Id = Annotated[str, _described("Id of the memory, as recall or timeline gave it.")]
OtherText = Annotated[str, NULL_IS_BLANK, _described("Text that replaces the memory's text.")]
OtherTags = Annotated[
    list[str] | None, _described("Tags that replace the memory's tags; an empty list removes them.")
]
OtherFacts = Annotated[
    dict[str, Any] | None, _described("Metadata that replaces the memory's metadata.")
]

# What is forgotten
Ids = Annotated[list[str] | None, _described("Ids of the memories.")]
OlderThan = Annotated[Age | None, age_schema("Only memories older than this, such as 365d.")]
MediaOnly = Annotated[
    StrictBool,
    _described("Remove pictures and sounds only; the memory can still be found and read."),
]
Everything = Annotated[
    StrictBool,
    _described("Must be true to forget every memory; give no other condition then."),
]


class Remember(BaseModel):
    """What to remember."""

    model_config = ConfigDict(extra="forbid")

    text: NewText = ""
    media: Media = None
    at: At = None
    tags: NewTags = None
    source: SourceName = ""
    metadata: Facts = None
    ttl: Ttl = None
    supersedes: Supersedes = None


class Recall(BaseModel):
    """What to look for."""

    model_config = ConfigDict(extra="forbid")

    query: Query = ""
    media: Media = None
    like: Like = ""
    keywords: Keywords = ""
    limit: Limit = HITS
    modalities: Modalities = None
    min_confidence: MinConfidence = None
    group: Group = None
    tags: Tags = None
    since: Since = None
    until: Until = None
    source: Source = ""
    where: Where = None
    near: Near = ""
    origins: Origins = None


class Update(BaseModel):
    """What to change of a memory."""

    model_config = ConfigDict(extra="forbid")

    id: Id
    text: OtherText = ""
    media: Media = None
    tags: OtherTags = None
    source: SourceName = ""
    metadata: OtherFacts = None
    ttl: Ttl = None


class Forget(BaseModel):
    """What to forget."""

    model_config = ConfigDict(extra="forbid")

    ids: Ids = None
    tags: Tags = None
    source: Source = ""
    where: Where = None
    since: Since = None
    until: Until = None
    older_than: OlderThan = None
    media_only: MediaOnly = False
    everything: Everything = False


def filters(**conditions: Any) -> Filters:
    """Gather the conditions of a call; an empty one was not given."""
    if near := str(conditions.pop("near", None) or "").strip():
        conditions["near"] = read_near(near)
    given: Filters = {}
    given.update({name: value for name, value in conditions.items() if value})  # type: ignore[typeddict-item]  # names of its keys
    return given


def check_question(parts: Sequence[object], *, like: str, keywords: str) -> None:
    """Check that a recall asks something, in one way.

    Args:
        parts: Words and signals that are asked with.
        like: Id of a memory to resemble, or "".
        keywords: Words to look for literally, or "".
    Raises:
        ToolArgumentError: Nothing is asked, or `like` stands beside parts.
    """
    if not (parts or like or keywords):
        raise ToolArgumentError(
            "a recall without a question",
            "query, media, like or keywords",
            "give one; to list memories by time, use timeline",
        )
    if parts and like:
        raise ToolArgumentError(
            "both like and a query or media", "one of them", "leave the other out"
        )


def check_content(text: str, media: Sequence[object]) -> None:
    """Check that there is something to remember.

    Raises:
        ToolArgumentError: Neither text nor media.
    """
    if not media and not text.strip():
        raise ToolArgumentError("nothing to remember", "text or media", "give one of them")


def check_changes(media: Sequence[object], *, more: Sequence[str] = (), **changes: Any) -> None:
    """Check that an update changes something.

    Args:
        media: Signals that join the memory.
        more: Names of arguments that the caller has beside those of the tools.
        changes: Other arguments of the update; `None` was not given.
    Raises:
        ToolArgumentError: Nothing is given.
    """
    if not media and all(value is None for value in changes.values()):
        raise ToolArgumentError(
            "an update without a change",
            f"{', '.join(('text, media, tags, source, metadata', *more))} or ttl",
            "give what is to change",
        )
