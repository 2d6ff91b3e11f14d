"""A memory on a Sensorium server: `Memory.open("sensorium+https://host", token=...)`."""

from sensorium.remote.memory import RemoteMemory, open_remote

__all__ = ["RemoteMemory", "open_remote"]
