"""Encoders: what they promise, finding one by name, and simple things to do with their vectors."""

from sensorium.encoders.arithmetic import combine, normalise
from sensorium.encoders.background import Background, Pair
from sensorium.encoders.carried import CarriedEncoder
from sensorium.encoders.encoder import Encoder, EncoderBase, Encoding
from sensorium.encoders.few_shot import FewShotProbe
from sensorium.encoders.functions import FunctionEncoder
from sensorium.encoders.privacy import keep_private
from sensorium.encoders.registry import encoder_names, load_encoder, register_encoder
from sensorium.encoders.space import EmbeddingSpace
from sensorium.encoders.supervision import check_cancelled, report_windows, supervised
from sensorium.encoders.zero_shot import Prediction, ZeroShotClassifier

keep_private()  # before any library is loaded that would report

__all__ = [
    "Background",
    "CarriedEncoder",
    "EmbeddingSpace",
    "Encoder",
    "EncoderBase",
    "Encoding",
    "FewShotProbe",
    "FunctionEncoder",
    "Pair",
    "Prediction",
    "ZeroShotClassifier",
    "check_cancelled",
    "combine",
    "encoder_names",
    "load_encoder",
    "normalise",
    "register_encoder",
    "report_windows",
    "supervised",
]
