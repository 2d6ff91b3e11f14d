"""The command line: `sensorium`."""

from sensorium.cli.main import app

__all__ = ["app"]
