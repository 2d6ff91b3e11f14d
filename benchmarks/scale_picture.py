"""Draw what grows with what, from scale.json, and compute the plan for more than one machine holds.

python benchmarks/scale_picture.py       # docs/pictures/scale.svg, and the table in docs/scale.md
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from scale import FIGURES, Growth
from tables import markdown

DOCS = Path(__file__).parent.parent / "docs"
PICTURE, PAGE = DOCS / "pictures" / "scale.svg", DOCS / "scale.md"
BEGIN, END = "<!-- plan: begin -->", "<!-- plan: end -->"
WIDTH, HEIGHT, MARGIN, GAP = 250, 190, 84, 40  # pixels of a panel, left of it, above and below
BLUE, ORANGE = "#2563a8", "#c2571a"
DECADES = (4, 6)  # of the records: 10^4 to 10^6
MILLION, GB = 1_000_000, 1e9

Value = Callable[[Growth], float]


@dataclass(frozen=True)
class Panel:
    """One diagram: a title and its lines, each with a name, a colour and a value of a size."""

    title: str
    lines: tuple[tuple[str, str, Value], ...]


PANELS = (
    Panel("bytes a memory, on disk", (("compacted", BLUE, lambda g: g.disk / g.records),)),
    Panel(
        "CPU seconds a million",
        (
            ("to write", ORANGE, lambda g: MILLION / g.written_cpu),
            ("to compact", BLUE, lambda g: g.cpu * MILLION / g.records),
        ),
    ),
    Panel(
        "CPU milliseconds a recall",
        (
            ("as written", ORANGE, lambda g: g.before_cpu),
            ("compacted", BLUE, lambda g: g.after_cpu),
        ),
    ),
)


def read() -> list[Growth]:
    """Return the figures of one modality, smallest first."""
    sizes = json.loads(FIGURES.read_text("utf-8"))["sizes"]
    growths = [Growth(**fields) for fields in sizes]
    return [growth for growth in growths if growth.modalities == 1 and growth.compacted]


def draw(growths: Sequence[Growth]) -> str:
    """Return the panels beside each other, both axes logarithmic, as SVG."""
    width, height = len(PANELS) * (WIDTH + MARGIN) + GAP, HEIGHT + 2 * GAP
    parts = [
        f'<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg" '
        'font-family="sans-serif" font-size="12" fill="#1a1a1a">',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
    ]
    for number, panel in enumerate(PANELS):
        parts += _panel(panel, growths, number * (WIDTH + MARGIN) + MARGIN)
    return "\n".join([*parts, "</svg>", ""])


def _panel(panel: Panel, growths: Sequence[Growth], left: float) -> list[str]:
    values = [value(growth) for *_, value in panel.lines for growth in growths]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    high = max(high, low + 1)

    def at(records: float, value: float) -> tuple[float, float]:
        across = (math.log10(records) - DECADES[0]) / (DECADES[1] - DECADES[0])
        up = (math.log10(value) - low) / (high - low)
        return left + WIDTH * across, GAP + HEIGHT * (1 - up)

    parts = [_text((left + WIDTH / 2, GAP - 16), panel.title, "middle", font_weight="bold")]
    for power in range(low, high + 1):
        x, y = at(10.0 ** DECADES[0], 10.0**power)
        parts += [_line((x, y), (x + WIDTH, y)), _text((x - 6, y + 4), _number(power), "end")]
    for power in range(DECADES[0], DECADES[1] + 1):
        x, y = at(10.0**power, 10.0**low)
        parts += [_line((x, y), (x, GAP)), _text((x, y + 18), f"{10**power:,}", "middle")]
    for name, colour, value in panel.lines:
        points = [at(growth.records, value(growth)) for growth in growths]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>' for x, y in points]
        x, y = points[-1]
        parts.append(_text((min(x, left + WIDTH - 30), y - 10), name, "middle", fill=colour))
    return parts


def _line(one: tuple[float, float], other: tuple[float, float]) -> str:
    (x, y), (to_x, to_y) = one, other
    return f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{to_x:.1f}" y2="{to_y:.1f}" stroke="#e0e0e0"/>'


def _text(at: tuple[float, float], text: str, anchor: str, **more: str) -> str:
    style = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in more.items())
    return (
        f'<text x="{at[0]:.1f}" y="{at[1]:.1f}" text-anchor="{anchor}"{style}>{escape(text)}</text>'
    )


def _number(power: int) -> str:
    return f"{10**power:,}" if power >= 0 else f"{10.0**power:g}"


@dataclass(frozen=True)
class Cluster:
    """What a plan assumes of a cluster and its machines.

    Attributes:
        records: Memories to hold, one vector each.
        replicas: Copies of each shard, so that a machine may fail.
        memory: Bytes of a machine's memory.
        used: Share of them for what recalls read all the time; the rest is for indexing.
        cores: Cores of a machine.
        links: Bytes of a vector's links in its graph: 32 of 4 bytes in the lowest layer.
        ids: Bytes of its id, and of its places in the indexes of the payload.
        shard: Memories of a shard, at most.
    """

    records: int = 10**8
    replicas: int = 2
    memory: float = 64 * GB
    used: float = 0.5
    cores: int = 16
    links: int = 32 * 4
    ids: int = 100
    shard: int = 10**7


def plan(growth: Growth, cluster: Cluster) -> list[tuple[str, str, str]]:
    """Compute what a cluster needs, from the figures of the largest size that was measured."""
    hot = growth.dimension + cluster.links + cluster.ids  # one byte a number: the copies
    in_memory = hot * cluster.records * cluster.replicas
    machines = math.ceil(in_memory / (cluster.memory * cluster.used))
    machines = max(machines, cluster.replicas + 1)
    shards = math.ceil(cluster.records / cluster.shard)
    disk = growth.disk / growth.records * cluster.records * cluster.replicas
    cores = machines * cluster.cores
    index = growth.cpu / growth.records * cluster.records * cluster.replicas / cores
    work = shards * growth.after_cpu / 1e3  # core seconds of a recall that asks every shard
    return [
        ("shards", f"{shards}", f"{cluster.shard:,} memories each"),
        (
            "memory, all machines",
            f"{in_memory / GB:,.0f} GB",
            f"{hot} bytes a memory ({growth.dimension} of the copy, {cluster.links} of links, "
            f"{cluster.ids} of ids), {cluster.replicas} replicas",
        ),
        (
            "machines",
            f"{machines}",
            f"{cluster.memory / GB:.0f} GB each, {cluster.used:.0%} of it for this",
        ),
        (
            "disk, all machines",
            f"{disk / GB:,.0f} GB",
            f"{growth.disk / growth.records:,.0f} bytes a memory, measured with {growth.records:,}",
        ),
        (
            "indexing everything once",
            f"{index / 60:,.0f} min",
            f"{growth.cpu * MILLION / growth.records:,.0f} CPU s a million, {cores} cores",
        ),
        (
            "recalls a second, every shard asked",
            f"{cores / work:,.0f}",
            f"{growth.after_cpu:.1f} CPU ms a shard, measured with {growth.records:,}; no network",
        ),
        (
            "recalls a second, sharded by owner",
            f"{cores * 1e3 / growth.after_cpu:,.0f}",
            "one shard asked",
        ),
    ]


def fill(page: str, growths: Sequence[Growth]) -> str:
    """Return the page with its tables written anew."""
    sizes = [
        (
            f"{growth.records:,}",
            f"{growth.disk / growth.records:,.0f}",
            f"{MILLION / growth.written_cpu:,.0f}",
            f"{growth.cpu * MILLION / growth.records:,.0f}",
            f"{growth.before_cpu:.1f}",
            f"{growth.after_cpu:.1f}",
            f"{growth.overlap:.3f}",
        )
        for growth in growths
    ]
    cluster = Cluster()
    tables = [
        BEGIN,
        markdown(SIZES, sizes),
        "",
        f"## The plan for {cluster.records:,} memories",
        "",
        f"Computed from the row of {growths[-1].records:,}, for machines of "
        f"{cluster.memory / GB:.0f} GB and {cluster.cores} cores:",
        "",
        markdown(("", "needed", "computed from"), plan(growths[-1], cluster)),
        END,
    ]
    head, _, rest = page.partition(BEGIN)
    return head + "\n".join(tables) + rest.partition(END)[2]


SIZES = (
    "memories",
    "bytes each, on disk",
    "CPU s to write a million",
    "CPU s to compact a million",
    "CPU ms a recall, as written",
    "CPU ms, compacted",
    "overlap@10",
)


def main() -> None:
    growths = read()
    PICTURE.write_text(draw(growths), encoding="utf-8")
    PAGE.write_text(fill(PAGE.read_text("utf-8"), growths), encoding="utf-8")
    print(f"{PICTURE.name} and {PAGE.name}: {len(growths)} sizes")


if __name__ == "__main__":
    main()
