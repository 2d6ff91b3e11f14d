"""sensorium-mini: the encoder inside the package. Seven modalities, 42 MB, no download."""

from sensorium.mini.encoder import MiniEncoder, open_mini

__all__ = ["MiniEncoder", "open_mini"]
