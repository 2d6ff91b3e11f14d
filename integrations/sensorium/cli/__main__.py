"""`python -m sensorium.cli` runs the `sensorium` command."""

from sensorium.cli import app

app(prog_name="sensorium")
