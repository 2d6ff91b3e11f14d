"""`/v1/media`, `/v1/previews`, `/v1/signals`: kept signals as files, pictures and numbers."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import PIL.Image
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient
from tests.support.films import FilmEncoder, boat
from tests.support.serving import client, tokens

from sensorium.memory import Memory, Record
from sensorium.percepts import IMU, Audio, Depth, Image, Percept, Thermal, Video
from sensorium.samples import FOLDER, sample
from sensorium.server import build_app

BARK = FOLDER / "sound_dog_bark.ogg"


def digest_of(web: TestClient, name: str) -> str:
    found: str = web.get(f"/v1/memories/{name}").json()["media"][0]["digest"]
    return found


@pytest.fixture(scope="module")
def bark(app: FastAPI) -> str:
    return digest_of(client(app, "ana"), "sound_dog_bark")


def kept(app: FastAPI, percept: Percept) -> tuple[TestClient, str]:
    """Remember a percept as Ana, and return its digest."""
    with app.state.access.memories.using("ana") as memory:
        record: Record = memory.get(memory.remember(percept).id)
    return client(app, "ana"), record.media[0].digest


def test_a_file_comes_as_it_was_kept(ana: TestClient, bark: str) -> None:
    """Byte for byte, with its type and tag, never to be run, and only for who asked."""
    answer = ana.get(f"/v1/media/{bark}")
    assert (answer.status_code, answer.content) == (200, BARK.read_bytes())
    assert answer.headers["content-type"] == "audio/ogg"
    assert answer.headers["etag"] == f'"{bark}"'
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"].startswith("private")
    assert "content-disposition" not in answer.headers
    known = ana.get(f"/v1/media/{bark}", headers={"If-None-Match": f'W/"x", "{bark}"'})
    assert (known.status_code, known.content) == (304, b"")


SIZE = BARK.stat().st_size


@pytest.mark.parametrize(
    ("range_", "first", "last"),
    [
        ("bytes=0-9", 0, 9),
        ("bytes=10-", 10, SIZE - 1),
        ("bytes=-7", SIZE - 7, SIZE - 1),
        (f"bytes=5-{SIZE * 9}", 5, SIZE - 1),
        (f"bytes=-{SIZE * 9}", 0, SIZE - 1),
    ],
)
def test_a_part_of_a_file(ana: TestClient, bark: str, range_: str, first: int, last: int) -> None:
    """The bytes that were asked for, and where they stand."""
    answer = ana.get(f"/v1/media/{bark}", headers={"Range": range_})
    assert answer.status_code == 206
    assert answer.content == BARK.read_bytes()[first : last + 1]
    assert answer.headers["content-range"] == f"bytes {first}-{last}/{SIZE}"
    assert answer.headers["content-length"] == str(last + 1 - first)


def test_ranges_that_cannot_be_or_are_none(ana: TestClient, bark: str) -> None:
    """416 beyond the end; what is no range, several of them, or of an old file is all of it."""
    for beyond in (f"bytes={SIZE}-", "bytes=-0"):
        answer = ana.get(f"/v1/media/{bark}", headers={"Range": beyond})
        assert answer.status_code == 416
        assert answer.headers["content-range"] == f"bytes */{SIZE}"
    for none in ("bytes=9-1", "bytes=-", "lines=1-2", "bytes=0-1,4-5", "bytes=" + "9" * 99 + "-"):
        assert ana.get(f"/v1/media/{bark}", headers={"Range": none}).status_code == 200
    part = {"Range": "bytes=0-9"}
    assert ana.get(f"/v1/media/{bark}", headers={**part, "If-Range": '"old"'}).status_code == 200
    same = ana.get(f"/v1/media/{bark}", headers={**part, "If-Range": f'"{bark}"'})
    assert same.status_code == 206


def test_head_tells_the_size_alone(ana: TestClient, bark: str) -> None:
    """And the ranges that may be asked for."""
    answer = ana.head(f"/v1/media/{bark}")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == str(SIZE)
    assert answer.headers["accept-ranges"] == "bytes"


def test_what_a_browser_may_not_show_is_saved(ana: TestClient) -> None:
    """A table is a file to save, of no type that runs."""
    answer = ana.get(f"/v1/media/{digest_of(ana, 'imu_walking')}")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment")


@pytest.mark.parametrize("route", ["media", "previews", "signals"])
def test_only_ones_own(ana: TestClient, ben: TestClient, bark: str, route: str) -> None:
    """Another's digest is not there, even if it was just shown; nor is what is no digest."""
    assert ana.get(f"/v1/{route}/{bark}").status_code == 200
    for digest in (bark, "0" * 64, "x", "..%2f..%2fetc%2fpasswd"):
        answer = ben.get(f"/v1/{route}/{digest}")
        assert answer.status_code in {404, 422}, answer.text
        assert bark not in answer.headers.get("etag", "")


def test_what_was_forgotten_is_shown_no_more(fresh: FastAPI) -> None:
    """Not from a cache either."""
    web, digest = kept(fresh, Image(np.zeros((8, 8, 3), np.uint8), uri="planted:dog"))
    assert web.get(f"/v1/previews/{digest}").status_code == 200
    web.post("/v1/forget", json={"everything": True, "media_only": True})
    for route in ("media", "previews", "signals"):
        assert web.get(f"/v1/{route}/{digest}").status_code == 404
    web.post("/v1/forget", json={"everything": True})
    assert web.get(f"/v1/previews/{digest}").status_code == 404


def test_a_preview_is_small(ana: TestClient) -> None:
    """A picture of at most the side that was asked for, with a tag of its own."""
    digest = digest_of(ana, "photo_dog")
    answer = ana.get(f"/v1/previews/{digest}", params={"size": 64})
    with PIL.Image.open(io.BytesIO(answer.content)) as picture:
        assert max(picture.size) == 64
    assert answer.headers["content-type"].startswith("image/")
    tag = {"If-None-Match": answer.headers["etag"]}
    assert ana.get(f"/v1/previews/{digest}?size=64", headers=tag).status_code == 304
    assert ana.get(f"/v1/previews/{digest}?size=65", headers=tag).status_code == 200
    for bad in ({"size": 1}, {"size": 10**9}, {"start": "nan"}, {"start": -1}):
        assert ana.get(f"/v1/previews/{digest}", params=bad).status_code == 422


def test_a_stretch_of_a_sound(fresh: FastAPI) -> None:
    """From a moment on, or between two: silence, then a tone."""
    tone = np.concatenate([np.zeros(16_000), 0.5 * np.ones(16_000)]).astype(np.float32)
    web, digest = kept(fresh, Audio(tone, rate=16_000, uri="planted:dog"))
    first = _samples(web.get(f"/v1/previews/{digest}", params={"start": 0, "end": 0.5}).content)
    second = _samples(web.get(f"/v1/previews/{digest}", params={"start": 1.0}).content)
    assert (len(first), len(second)) == (8_000, 16_000)
    assert np.abs(first).max() < 0.01
    assert np.allclose(second[100:-100], 0.5, atol=0.01)
    assert web.get(f"/v1/previews/{digest}", params={"start": 9}).status_code == 404


def _samples(wav: bytes) -> np.ndarray[Any, Any]:
    return Audio(wav).mono(16_000)


def signal(web: TestClient, digest: str, **query: Any) -> dict[str, Any]:
    answer = web.get(f"/v1/signals/{digest}", params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def values_of(grid: dict[str, Any]) -> np.ndarray[Any, Any]:
    found = np.frombuffer(base64.b64decode(grid["data"]), "<f4")
    return found.reshape(grid["height"], grid["width"])


def test_depth_is_in_metres(fresh: FastAPI) -> None:
    """1 m but 2.5 m at one pixel, and a hole that is no number."""
    stored = np.full((8, 10), 1000, np.uint16)
    stored[3, 5], stored[0, 0] = 2500, 0
    web, digest = kept(fresh, Depth(stored, unit="mm", fx=525, uri="planted:mug"))
    grid = signal(web, digest)
    values = values_of(grid)
    assert (grid["kind"], grid["unit"], grid["low"], grid["high"]) == ("grid", "m", 1.0, 2.5)
    assert values.shape == (8, 10)
    assert (values[3, 5], values[7, 9]) == (2.5, 1.0)
    assert np.isnan(values[0, 0])


def test_a_large_map_is_thinned_to_its_own_values(fresh: FastAPI) -> None:
    """At most 320 by 240, none of them a mixture; the range is that of all of it."""
    stored = np.where(np.arange(2000) % 2, 1.0, 3.0)[None].repeat(900, axis=0).astype(np.float32)
    stored[0, 0] = 7.0
    web, digest = kept(fresh, Depth(stored, unit="m", fx=1000, uri="planted:wall"))
    grid = signal(web, digest)
    assert (grid["width"], grid["height"], grid["of"]) == (320, 144, [2000, 900])
    assert set(np.unique(values_of(grid))) <= {1.0, 3.0, 7.0}
    assert (grid["low"], grid["high"]) == (1.0, 7.0)


def test_heat_is_in_degrees(fresh: FastAPI) -> None:
    """Kelvin becomes Celsius; a hot pixel is not clipped; pictures for display have no degrees."""
    stored = np.full((6, 6), 293.15, np.float32)
    stored[2, 4] = 393.15
    web, digest = kept(fresh, Thermal(stored, unit="kelvin", uri="planted:stove"))
    grid = signal(web, digest)
    assert grid["unit"] == "degC"
    assert values_of(grid)[2, 4] == pytest.approx(120, abs=0.01)
    assert grid["low"] == pytest.approx(20, abs=0.01)
    web, digest = kept(fresh, Thermal(np.eye(6, dtype=np.float32), unit="white-hot"))
    assert signal(web, digest)["unit"] == "share"


def test_motion_is_six_curves(fresh: FastAPI) -> None:
    """With their units; a shock stays when the rest is thinned; without a gyroscope three."""
    samples = np.random.default_rng(0).normal(0, 1, (5000, 6)).astype(np.float32)
    samples[:, 2] += 9.8
    samples[3210, 0] = 55.0
    web, digest = kept(fresh, IMU(samples, rate=100, accel="m/s^2", gyro="rad/s", uri="planted:a"))
    curves = signal(web, digest, points=200)
    assert curves["names"] == ["ax", "ay", "az", "gx", "gy", "gz"]
    assert curves["units"] == ["m/s^2"] * 3 + ["rad/s"] * 3
    assert len(curves["t"]) == len(curves["values"][0]) <= 200
    assert max(curves["values"][0]) == 55.0
    peak = curves["t"][curves["values"][0].index(55.0)]
    assert peak == pytest.approx(32.1, abs=0.5)
    assert curves["duration"] == pytest.approx(50)
    still = IMU(samples[:100], rate=100, accel="m/s^2", gyro="rad/s", uri="planted:b")
    web, digest = kept(fresh, still)
    assert signal(web, digest)["values"][0] == pytest.approx(samples[:100, 0].tolist(), rel=1e-4)


def test_a_sound_is_its_outline(fresh: FastAPI) -> None:
    """A click stays where it is, however long the sound."""
    wave = np.zeros(100_000, np.float32)
    wave[75_000], wave[25_000] = 0.9, -0.7
    web, digest = kept(fresh, Audio(wave, rate=10_000, uri="planted:click"))
    outline = signal(web, digest, points=100)
    assert outline["duration"] == 10
    count = len(outline["low"])
    assert 40 <= count <= 100
    assert (min(outline["low"]), max(outline["high"])) == pytest.approx((-0.7, 0.9))
    assert outline["high"].index(max(outline["high"])) / count == pytest.approx(0.75, abs=0.03)


@pytest.fixture
def cinema() -> Iterator[FastAPI]:
    """A server whose encoder knows films."""
    with Memory.open(":memory:", owner="ana", encoder=FilmEncoder()) as memory:
        made = build_app(memory, tokens=tokens())
        with client(made):
            yield made


def test_a_film_is_its_moments(cinema: FastAPI) -> None:
    """The frame on show at a moment: red for two seconds, then blue."""
    frames = np.zeros((8, 32, 48, 3), np.uint8)
    frames[:4, ..., 0], frames[4:, ..., 2] = 250, 250
    web, digest = kept(cinema, Video(frames, fps=2, uri="planted:boat+sea"))
    moments = signal(web, digest)
    assert (moments["kind"], moments["duration"], moments["size"]) == ("frames", 4.0, [48, 32])
    assert moments["times"][0] < 2 < moments["times"][-1] < 4
    for start, channel in ((0.5, 0), (1.9, 0), (2.1, 2), (3.9, 2)):
        shown = web.get(f"/v1/previews/{digest}", params={"start": start, "size": 32})
        with PIL.Image.open(io.BytesIO(shown.content)) as picture:
            pixel = picture.convert("RGB").getpixel((16, 10))
        assert isinstance(pixel, tuple)
        assert pixel.index(max(pixel)) == channel, start


def test_the_sound_of_a_film_has_its_own_outline(cinema: FastAPI) -> None:
    """It lies in the file of the film, and is found by a digest of its own."""
    web, digest = kept(cinema, boat())
    [record] = web.get("/v1/memories").json()["records"]
    [sound] = [medium for medium in record["media"] if medium["of"] == digest]
    outline = signal(web, sound["digest"])
    assert (outline["kind"], outline["rate"]) == ("waveform", 16_000)
    assert max(outline["high"]) > 0.1


def test_samples_are_drawn(ana: TestClient) -> None:
    """Each sample of the demonstration, whatever its modality."""
    kinds = {
        name: signal(ana, digest_of(ana, name))["kind"]
        for name in ("photo_dog", "sound_dog_bark", "depth_mug", "imu_walking", "thermal_person")
    }
    assert list(kinds.values()) == ["frames", "waveform", "grid", "curves", "grid"]
    depth = sample("depth_mug")
    assert isinstance(depth, Depth)
    grid = signal(ana, digest_of(ana, "depth_mug"))
    assert grid["high"] == pytest.approx(float(np.nanmax(depth.metres())))
