"""`python -m sensorium.cli` is `sensorium`."""

from sensorium.cli import app

app(prog_name="sensorium")
