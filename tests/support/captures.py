"""Files that say when and where they were taken, made by Pillow, PyAV and by hand."""

from __future__ import annotations

import io
import struct
import wave
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import av
import numpy as np
import PIL.Image
from PIL.ExifTags import GPS, IFD, Base
from PIL.TiffImagePlugin import IFDRational

EASTERN = "EST5EDT,M3.2.0,M11.1.0"  # a zone of this machine: 4 hours behind UTC in summer
SYDNEY: dict[int, Any] = {
    GPS.GPSLatitudeRef: "S",
    GPS.GPSLatitude: (33.0, 51.0, 24.48),
    GPS.GPSLongitudeRef: "E",
    GPS.GPSLongitude: (151.0, 12.0, 55.08),
}  # -33.8568, 151.2153


def exif_of(
    tags: Mapping[int, Any] | None = None,
    gps: Mapping[int, Any] | None = None,
    main: Mapping[int, Any] | None = None,
) -> PIL.Image.Exif:
    """EXIF with these tags: of the picture, of GPS, of the first directory."""
    exif = PIL.Image.Exif()
    exif.update(dict(main or {}))
    exif.get_ifd(IFD.Exif).update(dict(tags or {}))
    if gps:
        exif.get_ifd(IFD.GPSInfo).update(dict(gps))
    return exif


def photo(
    *,
    taken: str | None = None,
    offset: str | None = None,
    gps: Mapping[int, Any] | None = None,
    kind: str = "JPEG",
    colour: str = "teal",
    tags: Mapping[int, Any] | None = None,
    main: Mapping[int, Any] | None = None,
    **save: Any,
) -> bytes:
    """A picture with DateTimeOriginal, its offset, and whatever other tags."""
    said = {Base.DateTimeOriginal: taken, Base.OffsetTimeOriginal: offset, **(tags or {})}
    exif = exif_of({name: value for name, value in said.items() if value is not None}, gps, main)
    content = io.BytesIO()
    if exif or any(map(exif.get_ifd, (IFD.Exif, IFD.GPSInfo))):
        save["exif"] = exif.tobytes()
    PIL.Image.new("RGB", (8, 6), colour).save(content, kind, **save)
    return content.getvalue()


def nothing_below() -> IFDRational:
    """A fraction with a zero below, which damaged files have."""
    return IFDRational(0, 0)


def film(path: Path, **tags: str) -> Path:
    """A film of two frames, with tags of its container; dots are written as `__`."""
    with av.open(str(path), "w", options={"movflags": "use_metadata_tags"}) as container:
        for name, value in tags.items():
            container.metadata[name.replace("__", ".")] = value
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 32, 16, "yuv420p"
        for shade in (0, 255):
            frame = av.VideoFrame.from_ndarray(np.full((16, 32, 3), shade, np.uint8), "rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def flac(**comments: str) -> bytes:
    """A second of silence with comments."""
    content = io.BytesIO()
    with av.open(content, "w", format="flac") as container:
        for name, value in comments.items():
            container.metadata[name] = value
        stream = container.add_stream("flac", rate=8000)
        samples = np.zeros((1, 8000), np.int16)
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return content.getvalue()


def broadcast_wave(date: str, time: str) -> bytes:
    """A second of silence as a WAV with the chunk `bext` of EBU Tech 3285."""
    plain = io.BytesIO()
    with wave.open(plain, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(16000))
    names = (b"a yard", 256), (b"recorder", 32), (b"0001", 32)
    chunk = b"".join(text.ljust(size, b"\0") for text, size in names)
    chunk += date.encode() + time.encode() + struct.pack("<IIH", 0, 0, 1) + bytes(254)
    body = b"WAVEbext" + struct.pack("<I", len(chunk)) + chunk + plain.getvalue()[12:]
    return b"RIFF" + struct.pack("<I", len(body)) + body


def xmp(**properties: str) -> bytes:
    """A packet of XMP; names are written `exif__GPSLatitude`."""
    said = " ".join(f'{name.replace("__", ":")}="{text}"' for name, text in properties.items())
    return f"""<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="" xmlns:exif="http://ns.adobe.com/exif/1.0/"
    xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"
    xmlns:xmp="http://ns.adobe.com/xap/1.0/" {said}/>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>""".encode()
