"""What a model may say: the arguments of the tools, typed and described for it.

A text has "" for what was not given: of any other type than `str` alone, the framework would read
text that happens to be JSON as what it describes.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StrictBool

from sensorium.mcp.times import Age, Bound, Time, age_schema, bound_schema, refusal
from sensorium.percepts import Percept

MOST_HITS = 50
MOST_RECORDS = 200  # of a page of the timeline


UNSAID = BeforeValidator(lambda given: "" if given is None else given)  # as some models say it


def _said(description: str) -> Any:
    return Field(description=description)


def _known(senses: list[str]) -> list[str]:
    if set(senses) <= Percept.modalities.keys():
        return senses
    raise refusal(
        f"some of {', '.join(sorted(Percept.modalities))}",
        "write image for pictures and photos, audio for sounds, imu for motions",
    )


def _comparable(where: dict[str, Any]) -> dict[str, Any]:
    values = [
        one for each in where.values() for one in (each if isinstance(each, list) else [each])
    ]
    if all(isinstance(value, (str, int, float)) for value in values):
        return where
    raise refusal(
        "text, numbers, true or false that metadata is equal to, or lists of which it is one",
        'write it like {"room": "kitchen", "floor": [1, 2]}',
    )


# What is looked for
Query = Annotated[str, UNSAID, _said("What is looked for, in words.")]
Like = Annotated[str, UNSAID, _said("Instead of query and media: the id of a memory to resemble.")]
Keywords = Annotated[
    str, UNSAID, _said("Words to look for literally: alone, or to raise what has them.")
]
Hits = Annotated[int, Field(ge=1, le=MOST_HITS, description="Memories at most.")]
Certainty = Annotated[
    float, Field(ge=0, le=1, description="Leave out what may be coincidence; 0.5 is usual.")
]
Senses = Annotated[
    list[str],
    AfterValidator(_known),
    _said("Of text, image, video, audio, depth, thermal, imu; all by default."),
]
Previews = Annotated[
    bool,
    _said(
        "Show the pictures and play the sounds that matched, but those of hits that are probably "
        "unrelated; without, the memories come as data."
    ),
]

# Which memories may answer
Tags = Annotated[list[str], _said("Only memories with all of these tags.")]
Since = Annotated[
    Bound,
    bound_schema(
        "Only what goes on at this time or later: ISO 8601 with its zone, or how long ago: 30d."
    ),
]
Until = Annotated[
    Bound,
    bound_schema("Only what began before this time: ISO 8601 with its zone, or how long ago: 30d."),
]
Source = Annotated[str, UNSAID, _said("Only from exactly this source.")]
Where = Annotated[
    dict[str, Any],
    AfterValidator(_comparable),
    _said(
        "Only with metadata equal to these values, or to one of a list: "
        '{"room": "kitchen", "floor": [1, 2]}.'
    ),
]

# Lists
Page = Annotated[int, Field(ge=1, le=MOST_RECORDS, description="Memories of a page.")]
NewestFirst = Annotated[bool, _said("Or oldest first.")]
Cursor = Annotated[str, UNSAID, _said("Of the page before, for the next one.")]
By = Annotated[
    Literal["tags", "source", "modalities"], _said("Also how many have each tag, source or sense.")
]

# What is remembered
Words = Annotated[str, UNSAID, _said("Words to remember, or that belong to the media.")]
Together = Annotated[
    bool, _said("All media are one memory, of one moment; or each is one of its own.")
]
At = Annotated[Time, _said("When it was, ISO 8601 with its zone; now by default.")]
NewTags = Annotated[list[str], _said("Short names to find it by.")]
Origin = Annotated[str, UNSAID, _said("Where it came from: a sensor, a conversation.")]
Facts = Annotated[dict[str, Any], _said("Facts to filter by: names and JSON values.")]
Ttl = Annotated[Age, age_schema("Forget it after this time from now, such as 30d or 12h.")]

# What is changed
Id = Annotated[str, _said("Of the memory, as recall or timeline gave it.")]
OtherWords = Annotated[str, UNSAID, _said("Take the place of its words.")]
OtherTags = Annotated[list[str], _said("Take the place of its tags; an empty list removes them.")]
OtherFacts = Annotated[dict[str, Any], _said("Take the place of its metadata.")]

# What is forgotten
Ids = Annotated[list[str], _said("Of memories.")]
OlderThan = Annotated[Age, age_schema("Only what is older, such as 365d.")]
MediaOnly = Annotated[
    StrictBool, _said("Remove pictures and sounds only; the memory is still found and read.")
]
Everything = Annotated[
    StrictBool, _said("Must be true to forget all there is; then without any condition.")
]
