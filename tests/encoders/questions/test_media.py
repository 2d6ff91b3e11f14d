"""Which modalities the frame of a question names; words of the thing itself never count."""

from __future__ import annotations

import pytest

from sensorium.encoders.questions import named_modalities, strip_frame

SEEN, HEARD, FILMED = {"image", "video"}, {"audio", "video"}, {"video"}
THING = "zorbax"


@pytest.mark.parametrize(
    ("question", "named"),
    [
        ("show me pictures of {}", SEEN),
        ("which photo shows a {}?", SEEN),
        ("what does a {} look like?", SEEN),
        ("Do you have any selfies with a {}?", SEEN),
        ("what does a {} sound like?", HEARD),
        ("let me hear the {} again", HEARD),
        ("play me the recording of a {}", HEARD),
        ("do you have a voice memo about the {}?", {"audio"}),
        ("find the video of a {}", FILMED),
        ("show me thermal pictures of a {}", {"thermal"}),
        ("find my note about the {}", {"text"}),
        ("read me what I wrote down about a {}", {"text"}),
        ("Zeig mir bitte Fotos von einem {}", SEEN),
        ("Wie klingt ein {}?", HEARD),
        ("Muéstrame fotos de {}, por favor", SEEN),
        ("¿Cómo suena {}?", HEARD),
        ("Montre-moi des photos de {}", SEEN),
        ("Mostrami foto di {}", SEEN),
        ("给我看{}的照片", SEEN),
    ],
)
def test_a_frame_names_its_medium(question: str, named: set[str]) -> None:
    """A planted word in a planted frame: the modalities are those of the frame's own words."""
    whole = question.format(THING)
    asked = strip_frame(whole)
    assert asked != whole
    assert named_modalities(whole, asked) == named


@pytest.mark.parametrize(
    "question",
    [
        "did I ever show you a zorbax?",
        "when did we see the zorbax?",
        "have you heard about the zorbax?",
        "did I ever show you a photo album?",
        "where is my video recorder?",
        "where is the notebook?",
        "a photo album",
        "rain",
        "",
    ],
)
def test_other_questions_name_none(question: str) -> None:
    """Neither a frame without a medium, nor a thing that is called like one, nor bare words."""
    assert named_modalities(question, strip_frame(question)) == set()


def test_what_was_not_left_of_a_question_names_none() -> None:
    """Words that a caller took from elsewhere are no frame."""
    assert named_modalities("show me pictures of a heron", "a zorbax") == set()
