"""Taking a memory elsewhere: backup, export, import, copy, another encoder."""

from sensorium.memory.moving.backing_up import restore

__all__ = ["restore"]
