"""Other people's encoders, from folders and the model hub, as sentence-transformers opens them."""

from importlib.util import find_spec

from sensorium.errors import MissingExtraError

if find_spec("sentence_transformers") is None:
    raise MissingExtraError.for_package("sentence-transformers", "sentence-transformers")

from sensorium.encoders.hub.encoder import HubEncoder

__all__ = ["HubEncoder"]
