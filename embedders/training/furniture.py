"""Render a furniture catalogue as depth maps: `python -m training.furniture --models DIR ...`.

DIR holds the `.sh3f` catalogues of the Debian package `sweethome3d-furniture`, with CC0 and CC BY
models that the training pack does not contain. The script writes a directory in the layout of the
pack, for `training.maps --more`, and the attribution that the licences ask for. It needs `trimesh`
and `embreex`, and takes about 3 minutes on two cores.
"""

from __future__ import annotations

import argparse
import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing import Pool
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import numpy.typing as npt
import PIL.Image
import trimesh
from trimesh.ray.ray_pyembree import RayMeshIntersector

from sensorium.mini.manifest import DIRECTORY
from training.pack import CACHE

SOURCE = "sweethome3d-furniture"
LICENCES = {
    "BlendSwap-CC-0": "CC0-1.0",
    "BlendSwap-CC-BY": "CC-BY-3.0",
    "KatorLegaz": "CC-BY-3.0-US",
    "Reallusion": "CC-BY-3.0-US",
    "Scopia": "CC-BY-3.0",
}
LABELS = Path(__file__).with_name("furniture.tsv")  # name or path in a catalogue, and its label
ATTRIBUTION = DIRECTORY / "ATTRIBUTION-furniture.md"
COLUMNS = ("file", "modality", "label", "caption", "split", "source", "licence", "attribution")
VARIANTS = re.compile(  # words that only tell variants of a thing apart
    r"\b(black|white|clear|beige|plastic|oak|wood|wooden|teak|teck|alder|glass(?= door| table)|iron"
    r"|rattan|concrete|painted|burlap|concept|apple|little|small|large|big|high|double|triple"
    r"|quadruple|single|rectangle|round|square|oval|modern|classic|technical|decorative|osaka"
    r"|winchester|ryokan|contemporary|old|opened|screen|panes?|with|seats?|sport)\b|[\d:%°]+\S*"
)
CREDIT = f"""# Models of the Debian package `{SOURCE}`

Rendered as depth maps, rescaled, to teach the depth tower. The catalogues are by Emmanuel Puybaret
/ eTeks, their models by Scopia Visual Interfaces Systems, s.l. (www.scopia.es), Andrew Kator &
Jennifer Legaz, Reallusion (www.reallusion.com) and contributors of Blend Swap (www.blendswap.com).
CC0-1.0: creativecommons.org/publicdomain/zero/1.0/
CC-BY-3.0: creativecommons.org/licenses/by/3.0/
CC-BY-3.0-US: creativecommons.org/licenses/by/3.0/us/

"""
FLATTEST = 0.012  # thickness over length; a flatter thing does not show in a depth map
FACES = 300_000  # of a model at most; more would take too long
SIDE = 192  # pixels
CLIP = 65.0  # metres, about the largest distance that 16 bits of millimetres hold
VIEW_ANGLE = (40, 55)  # degrees
TURN, RISE = (-180, 180), (5, 55)  # degrees between camera and object's front, and floor
THIN = 0.35  # thickness over smaller side; thinner things are seen from their broad side
TURN_THIN, RISE_LYING = (-75, 75), (25, 75)
RADIUS = (0.2, 0.9)  # metres, size of the rendered object
DISTANCE, CLOSE = (2.2, 3.2), (1.6, 2.2)  # radii between camera and object
CLOSE_SHARE = 0.15  # share of the views that are close
WALL, NOTHING = (1.2, 3.5), 6.0  # radii from the object to the wall, or to empty background
FURNISHED = 0.7  # share of the views that have a floor and a wall

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Model:
    """One entry of a catalogue.

    Attributes:
        catalogue: The `.sh3f` file.
        entry: Properties of the entry: `name`, `model`, `creator`, `width` and so on.
        label: Plain words for the thing it shows.
    """

    catalogue: Path
    entry: dict[str, str]
    label: str

    @property
    def licence(self) -> str:
        """SPDX name of the licence."""
        return LICENCES[self.catalogue.stem]

    @property
    def name(self) -> str:
        """Name of the model's folder, unique in its catalogue."""
        return Path(self.entry["model"]).parent.name

    def mesh(self) -> trimesh.Trimesh | None:
        """Read the shape, Y up, centred, within a radius of 1; `None` if it is flat or huge."""
        with ZipFile(self.catalogue) as file:
            content = file.read(self.entry["model"].lstrip("/"))
        read = trimesh.load_mesh(
            io.BytesIO(content), file_type="obj", process=False, skip_materials=True
        )
        if not 0 < len(read.faces) <= FACES:
            return None
        turn = [float(value) for value in self.entry.get("modelRotation", "").split()]
        corners = read.triangles.reshape(-1, 3) @ np.reshape(turn or np.eye(3), (3, 3)).T
        size = np.array([float(self.entry[key]) for key in ("width", "height", "depth")])
        extent = np.ptp(corners, axis=0)
        if extent.min() <= 0 or size.min() / size.max() < FLATTEST:
            return None
        corners = (corners - corners.min(0)) * size / extent - size / 2
        corners /= np.linalg.norm(corners, axis=1).max()
        return trimesh.Trimesh(corners, np.arange(len(corners)).reshape(-1, 3), process=False)


def read_catalogue(path: Path, labels: dict[str, str]) -> Iterator[Model]:
    """List the models that have a label."""
    with ZipFile(path) as file:
        text = file.read("PluginFurnitureCatalog.properties").decode("latin-1")
    entries: dict[int, dict[str, str]] = defaultdict(dict)
    for key, number, value in re.findall(r"(?m)^(\w+)#(\d+)=(.*?)\s*$", text):
        entries[int(number)][key] = value
    for entry in entries.values():
        own = labels.get(entry["model"])  # where the name does not say what it is
        label = labelled(entry["name"], labels) if own is None else own
        if label:
            yield Model(path, entry, label)


def labelled(name: str, labels: dict[str, str]) -> str:
    """Turn a name of a catalogue into words that a person would type; empty to leave it out."""
    lower = name.lower().strip()
    if lower in labels:
        return labels[lower]
    plain = " ".join(VARIANTS.sub(" ", lower).split())
    return labels.get(plain, plain)


def rays(rng: np.random.Generator, extents: Array) -> tuple[Array, Array, Array]:
    """Draw a camera that looks at an object at the origin.

    Args:
        rng: Source of random numbers.
        extents: Width, height and depth of the object.
    Returns:
        Position of the camera, `(3,)`, in radii of the object; direction of each pixel,
        `(SIDE * SIDE, 3)`, with a depth of 1; and direction of view along the floor, `(3,)`.
    """
    width, height, depth = extents
    turn = np.deg2rad(rng.uniform(*(TURN_THIN if depth < THIN * min(width, height) else TURN)))
    rise = np.deg2rad(rng.uniform(*(RISE_LYING if height < THIN * min(width, depth) else RISE)))
    distance = rng.uniform(*(CLOSE if rng.random() < CLOSE_SHARE else DISTANCE))
    heading = -np.array([np.sin(turn), 0, np.cos(turn)])
    forward = heading * np.cos(rise) - np.array([0, np.sin(rise), 0])
    right = np.cross(heading, [0, 1, 0])
    up = np.cross(right, forward)
    edge = np.tan(np.deg2rad(rng.uniform(*VIEW_ANGLE)) / 2)
    steps = edge * ((np.arange(SIDE) + 0.5) * 2 / SIDE - 1)
    x, y = np.meshgrid(steps, -steps)
    pixels = forward + x[..., None] * right + y[..., None] * up
    return -distance * forward, pixels.reshape(-1, 3), heading


def meet(camera: Array, pixels: Array, point: Array, normal: Array) -> Array:
    """Return the depth at which each pixel meets a plane; infinity where it does not."""
    with np.errstate(divide="ignore", invalid="ignore"):
        depth: Array = ((point - camera) * normal).sum(-1) / (pixels * normal).sum(-1)
    return np.where(depth > 0, depth, np.inf)


def view(shape: RayMeshIntersector, rng: np.random.Generator) -> npt.NDArray[np.uint16]:
    """Render a map `(SIDE, SIDE)` from a random camera, in millimetres along its axis."""
    camera, pixels, heading = rays(rng, shape.mesh.extents)
    hit = shape.intersects_first(np.broadcast_to(camera, pixels.shape), pixels)
    seen = hit >= 0
    corners, normals = shape.mesh.triangles[hit[seen]], shape.mesh.face_normals[hit[seen]]
    depth = np.full(len(pixels), np.linalg.norm(camera) + NOTHING)
    if rng.random() < FURNISHED:
        floor = meet(camera, pixels, shape.mesh.bounds[0], np.array([0.0, 1.0, 0.0]))
        wall = meet(camera, pixels, heading * rng.uniform(*WALL), heading)
        depth = np.minimum(depth, np.minimum(floor, wall))
    forward = -camera / np.linalg.norm(camera)
    reach = (
        corners - camera
    ) @ forward  # (hits, 3): a grazed plane may be met outside its triangle
    exact = meet(camera, pixels[seen], corners[:, 0], normals)
    depth[seen] = np.clip(exact, reach.min(1), reach.max(1))
    metres = (depth * rng.uniform(*RADIUS)).clip(0, CLIP).reshape(SIDE, SIDE)
    return (metres * 1000).round().astype(np.uint16)


def render(task: tuple[int, Model, int, Path]) -> list[dict[str, str]]:
    """Write the maps of one model; return their lines in the manifest."""
    index, model, count, out = task
    mesh = model.mesh()
    if mesh is None:
        return []
    rng, shape, lines = np.random.default_rng(index), RayMeshIntersector(mesh), []
    for number in range(count):
        file = f"depth/{SOURCE}/{index:03d}_{number}.png"
        PIL.Image.fromarray(view(shape, rng)).save(out / file, compress_level=9)
        who = f'3D model "{model.name}" by {model.entry["creator"]}, {model.catalogue.name}'
        known = (file, "depth", model.label, f"depth map of a {model.label}", "train", SOURCE)
        lines.append(dict(zip(COLUMNS, (*known, model.licence, who), strict=True)))
    return lines


def attribute(models: list[Model]) -> str:
    """List the creators of the models, on a line for each creator and licence."""
    made: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for model in models:
        made[model.licence, model.catalogue.stem, model.entry["creator"]].append(model.name)
    lines = [
        f"- {who} ({where}, {licence}): {', '.join(sorted(names))}"
        for (licence, where, who), names in sorted(made.items())
    ]
    return CREDIT + "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, required=True, help="the folder with *.sh3f")
    parser.add_argument("--out", type=Path, default=CACHE / "furniture")
    parser.add_argument("--views", type=int, default=8, help="maps of each model")
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    table = LABELS.read_text(encoding="utf-8").splitlines()
    labels = dict(line.split("\t") for line in table)
    found = [m for p in sorted(arguments.models.glob("*.sh3f")) for m in read_catalogue(p, labels)]
    (arguments.out / "depth" / SOURCE).mkdir(parents=True, exist_ok=True)
    tasks = [(i, model, arguments.views, arguments.out) for i, model in enumerate(found)]
    rendered: list[Model] = []
    with (
        Pool(arguments.workers) as pool,
        (arguments.out / "manifest.csv").open("w", encoding="utf-8", newline="") as file,
    ):
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        for model, lines in zip(found, pool.imap(render, tasks), strict=True):
            writer.writerows(lines)
            rendered += [model] if lines else []
    ATTRIBUTION.write_text(attribute(rendered), encoding="utf-8")
    names = {model.label for model in rendered}
    print(f"{len(rendered)} of {len(found)} models, {len(names)} labels")


if __name__ == "__main__":
    main()
