"""How far a match must be beyond unrelated percepts, for each pair of modalities."""

from __future__ import annotations

from itertools import product

# Typical spreads of unrelated scores beyond the best unrelated one, at which a match is as likely
# right as wrong. Rows: asked; columns: found. From `benchmarks/confidence.py`, which fits them to
# one half of its recordings and questions, and judges them by the other.
ROWS = ("text", "image", "audio", "thermal", "depth", "imu")
MARGINS = (
    (2.8, 2.8, 2.8, 2.8, 2.8, 2.8),
    (2.8, 2.8, 2.8, 2.8, 2.8, 2.8),
    (2.8, 2.8, 2.8, 2.8, 2.8, 2.8),
    (2.8, 2.8, 2.8, 2.8, 2.8, 2.8),
    (2.8, 2.8, 2.8, 2.8, 2.8, 2.8),
    (2.8, 2.8, 2.8, 2.8, 2.8, 2.8),
)
TWINS = {"video": "image"}  # modalities that share a tower


def read_margins() -> dict[tuple[str, str], float]:
    """Return the margin of each pair of modalities (asked, stored), for `Background.margins`."""
    names = {name: ROWS.index(TWINS.get(name, name)) for name in (*ROWS, *TWINS)}
    return {
        (asked, stored): MARGINS[names[asked]][names[stored]]
        for asked, stored in product(names, repeat=2)
    }
