"""How a server of a memory answers."""

from __future__ import annotations

from dataclasses import dataclass, field

from sensorium.agents.limits import ServerLimits


@dataclass(frozen=True)
class ServerOptions:
    """How a server of a memory answers.

    Attributes:
        read_only: Whether nothing may be changed, whatever the rights of a token.
        limits: Sizes of what the server takes in and gives out.
    """

    read_only: bool = False
    limits: ServerLimits = field(default_factory=ServerLimits)
