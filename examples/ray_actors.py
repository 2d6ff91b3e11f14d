"""Ray actors that share one memory: each is handed it, and opens it where it runs.

Needs Ray, and runs on one machine: pip install ray "sensorium". Several machines share a memory on
a Qdrant server, which is handed to actors in the same way.
"""

import os
import tempfile

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # or Ray reports to its makers

import ray

from sensorium.memory import Memory
from sensorium.samples import sample, sample_names


@ray.remote
class Listener:
    """Remembers what it hears."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory

    def remember(self, name: str) -> str:
        self.memory.remember(sample(name), source=name)
        return name

    def recall(self, words: str) -> str:
        [hit] = self.memory.recall(words, limit=1)
        return str(hit.record.source)


if __name__ == "__main__":
    ray.init(num_cpus=2, include_dashboard=False)
    with tempfile.TemporaryDirectory() as folder, Memory.open(folder, owner="me") as memory:
        listeners = [Listener.remote(memory) for _ in range(2)]
        sounds = [name for name in sample_names() if name.startswith("sound_")]
        ray.get([listeners[i % 2].remember.remote(name) for i, name in enumerate(sounds)])
        print(f"the actors remembered {memory.count()} of {len(sounds)} sounds")
        for words in ("rain falling", "a rooster crowing"):
            here = memory.recall(words, limit=1)[0].record.source
            there = ray.get([listener.recall.remote(words) for listener in listeners])
            print(f"{words}: {here} here, {' and '.join(there)} there")
        ray.shutdown()  # before the folder is removed
