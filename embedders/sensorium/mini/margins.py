"""How far a match must be beyond unrelated percepts, for each pair of modalities."""

from __future__ import annotations

from itertools import product

# Typical spreads of unrelated scores beyond the best unrelated one, at which a match is as likely
# right as wrong. Rows: asked; columns: found. From `benchmarks/confidence.py`, which fits them to
# one half of its recordings and questions, and judges them by the other.
ROWS = ("text", "image", "audio", "thermal", "depth", "imu")
MARGINS = (
    (2.50, 3.49, 2.70, 2.46, 3.24, 2.93),
    (2.89, 2.96, 4.40, 3.24, 3.30, 3.62),
    (2.38, 3.98, 4.33, 2.94, 4.64, 4.16),
    (1.04, 3.05, 0.97, -0.85, 2.29, 2.34),
    (2.64, 3.70, 3.24, 2.31, 4.48, 3.81),
    (1.84, 3.69, 3.78, 3.14, 4.36, 3.26),
)
TWINS = {"video": "image"}  # modalities that share a tower


def read_margins() -> dict[tuple[str, str], float]:
    """Return the margin of each pair of modalities (asked, stored), for `Background.margins`."""
    names = {name: ROWS.index(TWINS.get(name, name)) for name in (*ROWS, *TWINS)}
    return {
        (asked, stored): MARGINS[names[asked]][names[stored]]
        for asked, stored in product(names, repeat=2)
    }
