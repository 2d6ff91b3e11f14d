"""How questions are put: frames such as "show me pictures of", and what they leave out."""

from sensorium.encoders.questions.frames import strip_frame
from sensorium.encoders.questions.media import named_modalities
from sensorium.encoders.questions.negation import Exclusion, read_exclusion

__all__ = ["Exclusion", "named_modalities", "read_exclusion", "strip_frame"]
