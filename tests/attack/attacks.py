"""All attacks there are, and what share of the time each gets."""

from __future__ import annotations

from importlib import import_module

from tests.attack.task import Attack, Task


def _attack(name: str, place: str, *, share: float = 1.0, variant: str = "") -> Attack:
    """An attack whose module is imported when it runs: some need packages that others do not."""
    module, _, function = place.partition(":")

    def run(task: Task) -> None:
        getattr(import_module(f"tests.attack.{module}"), function)(task)

    return Attack(name, run, share, variant)


ATTACKS = (
    _attack("kills", "kills.rounds:beginning", variant="new", share=2),
    _attack("kills", "kills.rounds:mixed", variant="mixed", share=3),
    _attack("kills", "kills.rounds:updating", variant="update"),
    _attack("kills", "kills.rounds:promoting", variant="promote", share=2),
    _attack("kills", "kills.rounds:indexing", variant="compact"),
    _attack("kills", "kills.rounds:reembedding", variant="reembed"),
    _attack("kills", "kills.rounds:importing", variant="import"),
    _attack("kills", "kills.rounds:sweeping", variant="sweep"),
    _attack("kills", "kills.rounds:purging", variant="purge"),
    _attack("peers", "peers.rounds:attack", variant="kills", share=3),
    _attack("peers", "peers.histories:attack", variant="histories"),
    _attack("peers", "peers.hostile:attack", variant="hostile", share=2),
    _attack("hostile", "hostile.links:attack", variant="links"),
    _attack("hostile", "hostile.descriptions:describing", variant="descriptions"),
    _attack("hostile", "hostile.shards:attack", variant="shards", share=2),
    _attack("hostile", "hostile.descriptions:expiring", variant="expired"),
    _attack("hostile", "hostile.descriptions:removing", variant="removed"),
    _attack("fuzz", "fuzz.percepts:attacking", variant="percepts", share=2),
    _attack("fuzz", "fuzz.calls:attacking", variant="calls", share=2),
    _attack("fuzz", "fuzz.exports:attacking", variant="exports", share=2),
    _attack("fuzz", "fuzz.commands:attacking", variant="commands", share=2),
    _attack("servers", "servers.faults:at_random", variant="random", share=2),
    _attack("servers", "servers.faults:always", variant="always", share=2),
    _attack("owners", "owners.attack:attack", share=2),
    _attack("threads", "threads.threads:attack"),
    _attack("servers", "servers.cuts:attack", variant="cuts", share=2),
    _attack("disks", "disks.full:on_tmpfs", variant="tmpfs"),
    _attack("disks", "disks.full:on_ext4", variant="ext4"),
    _attack("disks", "disks.full:limiting", variant="limits", share=0.5),
    _attack("power", "disks.power:on_ext4", variant="ext4"),
    _attack("power", "disks.power:on_writeback", variant="writeback"),
    _attack("power", "disks.power:on_xfs", variant="xfs"),
)


def find_attacks(names: list[str], variant: str | None) -> list[Attack]:
    """Return the attacks of these names, or all, and of a variant where one is asked for.

    Raises:
        ValueError: There is none of that name or variant.
    """
    known = {attack.name for attack in ATTACKS}
    if unknown := sorted(set(names) - known):
        raise ValueError(
            f"no attack is called {unknown[0]!r}; there are {', '.join(sorted(known))}"
        )
    found = [attack for attack in ATTACKS if attack.name in (names or known)]
    chosen = [attack for attack in found if variant in (None, attack.variant)]
    if not chosen:
        variants = ", ".join(sorted(attack.variant for attack in found if attack.variant))
        raise ValueError(f"no variant is called {variant!r}; there are {variants}")
    return chosen
