"""Encoding what is too much for one process: shards of an export, which a memory imports."""

from sensorium.moving.joining import ShardsSummary, join_shards
from sensorium.moving.ray_data import encode_dataset
from sensorium.moving.rows import list_files
from sensorium.moving.shard_writer import RowFailure, ShardReport, ShardWriter

__all__ = [
    "RowFailure",
    "ShardReport",
    "ShardWriter",
    "ShardsSummary",
    "encode_dataset",
    "join_shards",
    "list_files",
]
