"""What a question leaves out: "a fruit, but not a banana" wants a fruit, and no banana.

A vector says what is named, not that it is missing: the words as they are find bananas first.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from sensorium.encoders.questions.frame_words import frame_words

BE = r"(?:is|are|was|were|do|does|did|has|have)"
BUT = re.compile(
    r"[\s,]+(?:but|though|and|yet)?\s*(?:"
    rf"(?:that|which|who)\s+{BE}(?:\s+not|n.?t)(?:\s+(?:have|show|contain|include))?(?:\s+any)?"
    r"|(?:but|and)\s+(?:not|no|never|without)|without(?:\s+any)?|with\s+no|except(?:\s+for)?|excluding"
    r"|other\s+than|apart\s+from|aside\s+from|instead\s+of|rather\s+than|,?\s*not|,\s*no"
    r")(?:\s+(?:of|with))?\s+",
    re.IGNORECASE,
)
UNFINISHED = re.compile(  # "whether or not", "the car would not start"
    r"\b(?:or|and|whether|why|be|been|i|you|we|they|he|she|it|must|should|shall|will|would|can|could"
    rf"|may|might|had|{BE[3:-1]})$",
    re.IGNORECASE,
)
JOINED = re.compile(r"\b(?:and|but|nor|or|than|because|so|if|when)\b", re.IGNORECASE)
MOST_WORDS = 6  # of what is left out; more is a clause, and says more than a thing


class Exclusion(NamedTuple):
    """What is wanted, and what is not."""

    wanted: str
    unwanted: str


def read_exclusion(asked: str) -> Exclusion | None:
    """Read what a question in English leaves out; `None` if nothing is, or it is not certain.

    Args:
        asked: What is asked for, without its frame.
    """
    marks = list(BUT.finditer(asked))
    if len(marks) != 1:
        return None
    [mark], english = marks, frame_words("en")
    wanted, unwanted = asked[: mark.start()].strip(" ,"), asked[mark.end() :].strip(" ,?.!")
    certain = (
        english.names(wanted)
        and english.names(unwanted)
        and not UNFINISHED.search(wanted)
        and not JOINED.search(unwanted)
        and len(unwanted.split()) <= MOST_WORDS
        # "Doctors Without Borders" is a name
        and not re.search(r"[A-Z][a-z]", mark[0])
    )
    return Exclusion(wanted, unwanted) if certain else None
