"""sensorium-mini: the encoder inside the package. Six senses, 45 MB, no download, Apache-2.0."""

from sensorium.mini.encoder import MiniEncoder, open_mini

__all__ = ["MiniEncoder", "open_mini"]
