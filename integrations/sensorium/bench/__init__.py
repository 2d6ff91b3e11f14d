"""A benchmark of encoders for memories of several senses, with data that packages carry."""

from sensorium.bench.figures import Figure
from sensorium.bench.report import Report, Table
from sensorium.bench.running import TABLES, bench

__all__ = ["TABLES", "Figure", "Report", "Table", "bench"]
