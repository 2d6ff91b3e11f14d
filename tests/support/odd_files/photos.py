"""Pictures as phones, cameras, scanners, messengers and photo libraries leave them."""

from __future__ import annotations

import io
import json
import struct
import zlib
from typing import Any

import numpy as np
import PIL.Image
from PIL.ExifTags import IFD, Base

from sensorium.samples import FOLDER
from tests.support.captures import SYDNEY, exif_of, xmp
from tests.support.odd_files.films import film
from tests.support.odd_files.odd import (
    LOCAL,
    Odd,
    beside,
    copy_of,
    failed,
    local,
    read,
    skipped,
    utc,
)

SUBJECTS = sorted(FOLDER.glob("photo_*.jpg"))
SIDE = 200  # pixels of the pictures
THERE = (-33.8568, 151.2153)  # of SYDNEY
TAKEN = "2019:07:14 10:00:00"
AT = utc(2019, 7, 14, 8)  # with the offset +02:00
BY_CAMERA: dict[str, Any] = {"at": AT, "by": "EXIF"}
APPLE_NOTES = b"Apple iOS\0\0\x01MM"
PHOTOS = "pillow_heif"


def scene(number: int, mode: str = "RGB") -> PIL.Image.Image:
    """A part of one of the samples; every number has another one."""
    with PIL.Image.open(SUBJECTS[number % len(SUBJECTS)]) as whole:
        side = min(whole.size) - number // len(SUBJECTS)
        part = whole.convert("RGB").crop((0, 0, side, side)).resize((SIDE, SIDE))
    return part.convert(mode)


def dated(offset: str | None = "+02:00", taken: str = TAKEN, **other: Any) -> PIL.Image.Exif:
    tags = {Base.DateTimeOriginal: taken, Base.OffsetTimeOriginal: offset}
    return exif_of({tag: text for tag, text in tags.items() if text}, **other)


def saved(picture: PIL.Image.Image, kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    if "exif" in options:  # some formats lose the tags of an object
        options["exif"] = options["exif"].tobytes()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def jpeg(number: int, **options: Any) -> bytes:
    return saved(scene(number), "JPEG", **options)


def turned(number: int, orientation: int) -> bytes:
    return jpeg(number, exif=exif_of(main={Base.Orientation: orientation}))


def heif(number: int, kind: str, **options: Any) -> bytes:
    if kind == "AVIF":
        return saved(scene(number), kind, **options)
    from pillow_heif import from_pillow

    stream = io.BytesIO()
    from_pillow(scene(number)).save(stream, exif=options.get("exif", dated()).tobytes())
    return stream.getvalue()


def png(values: np.ndarray) -> bytes:
    """A PNG of 16 bits, grey `(H, W)` or in colour `(H, W, 3)`."""
    colour = 2 if values.ndim == 3 else 0
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    header = struct.pack(">IIBBBBB", values.shape[1], values.shape[0], 16, colour, 0, 0, 0)
    parts = (b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content))
        + name
        + content
        + struct.pack(">I", zlib.crc32(name + content))
        for name, content in parts
    )


def wide(number: int) -> bytes:
    return png(np.asarray(scene(number)).astype(np.uint16) * 257)


def animation(kind: str, first: int, frames: int = 4) -> bytes:
    """Frames of different pictures, or the same one again and again."""
    numbers = [first + index for index in range(frames)]
    pictures = [scene(number) for number in numbers]
    return saved(pictures[0], kind, save_all=True, append_images=pictures[1:], duration=250)


def raw(number: int) -> bytes:
    """A file like those of cameras: a TIFF with a large JPEG, before its samples."""
    small = saved(
        PIL.Image.new("L", (16, 12)), "TIFF", tiffinfo={Base.Make: "A camera's maker", 254: 1}
    )
    preview = saved(scene(number).resize((600, 600)), "JPEG")
    samples = np.random.default_rng(0).integers(0, 2**14, 40_000, "<u2")
    return small + preview + samples.tobytes()


def live_exif(identifier: str) -> PIL.Image.Exif:
    """EXIF with Apple's note of what film belongs to a picture."""
    text = identifier.encode() + b"\0"
    tag = struct.pack(">HHHII", 1, 0x11, 2, len(text), len(APPLE_NOTES) + 2 + 12 + 4)
    exif = dated()
    exif.get_ifd(IFD.Exif)[Base.MakerNote] = APPLE_NOTES + tag + bytes(4) + text
    return exif


def takeout(taken: int, **fields: Any) -> bytes:
    place = {"latitude": THERE[0], "longitude": THERE[1], "altitude": 0.0}
    times = {
        "photoTakenTime": {"timestamp": str(taken)},
        "creationTime": {"timestamp": "1700000000"},
    }
    return json.dumps({"title": "x.jpg", **times, "geoData": place, **fields}).encode()


def with_icc(number: int) -> bytes:
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return jpeg(number, icc_profile=profile)


GREY = np.asarray(scene(7, "L")).astype(np.uint16) * 200


def camera() -> list[Odd]:
    return [
        read(
            "DCIM/IMG_0001.JPG", jpeg(0, exif=dated(gps=SYDNEY)), "image", **BY_CAMERA, place=THERE
        ),
        *(
            read(f"DCIM/turned {each}.jpg", turned(each, each), "image")
            for each in (2, 3, 4, 5, 6, 7, 8)
        ),
        read(
            "DCIM/local.jpg",
            jpeg(10, exif=dated(None)),
            "image",
            at=local(2019, 7, 14, 10),
            by="EXIF" + LOCAL,
        ),
        read(
            "DCIM/IMG_0002.HEIC",
            lambda path: path.write_bytes(heif(11, "HEIF")),
            "image",
            **BY_CAMERA,
            needs=PHOTOS,
        ),
        read(
            "DCIM/burst.heif",
            lambda path: path.write_bytes(heif(12, "HEIF")),
            "image",
            **BY_CAMERA,
            needs=PHOTOS,
        ),
        read("DCIM/web.avif", heif(13, "AVIF", exif=dated()), "image", **BY_CAMERA),
        read("DCIM/DSC_0003.NEF", raw(14), "image", says="the camera's own preview"),
        read(
            "DCIM/PXL_20230405_101112345.jpg",
            jpeg(15),
            "image",
            at=utc(2023, 4, 5, 10, 11, 12).replace(microsecond=345_000),
            by="file name",
        ),
        read(
            "DCIM/IMG_20230405_101112.jpg",
            jpeg(16),
            "image",
            at=local(2023, 4, 5, 10, 11, 12),
            by="file name" + LOCAL,
        ),
        read(
            "DCIM/Screenshot_20230406-101112.png",
            saved(scene(17), "PNG"),
            "image",
            at=local(2023, 4, 6, 10, 11, 12),
            by="file name" + LOCAL,
        ),
        read("DCIM/1970.jpg", jpeg(18, exif=dated(taken="1970:01:01 00:00:00")), "image"),
        read("DCIM/2107.jpg", jpeg(19, exif=dated(taken="2107:12:31 23:59:58")), "image"),
        read("DCIM/zeros.jpg", jpeg(20, exif=dated(taken="0000:00:00 00:00:00")), "image"),
        read("DCIM/clock never set.jpg", jpeg(21), "image", at=None, by="now", modified=0),
        read(
            "DCIM/from the future.jpg",
            jpeg(22),
            "image",
            at=None,
            by="now",
            modified=utc(2107, 12, 31).timestamp(),
        ),
        read(
            "DCIM/MVIMG_20200102_030405.jpg",
            lambda path: path.write_bytes(jpeg(23) + film("mp4", number=23)),
            *("image", "video"),
            at=local(2020, 1, 2, 3, 4, 5),
            by="file name" + LOCAL,
        ),
        read("DCIM/IMG_0100.JPG", jpeg(24, exif=live_exif("A-1")), "image", "video", **BY_CAMERA),
        beside(
            "DCIM/IMG_0100.MOV",
            lambda path: path.write_bytes(film("mov", number=24, identifier="A-1")),
            "IMG_0100.JPG",
        ),
        read(
            "DCIM/IMG_0101.HEIC",
            lambda path: path.write_bytes(heif(25, "HEIF", exif=live_exif("B-2"))),
            *("image", "video"),
            **BY_CAMERA,
            needs=PHOTOS,
        ),
        beside(
            "DCIM/IMG_0101.MOV",
            lambda path: path.write_bytes(film("mov", number=25, identifier="B-2")),
            "IMG_0101.HEIC",
            needs=PHOTOS,
        ),
    ]


def formats() -> list[Odd]:
    return [
        read("scans/print.jpg", saved(scene(30, "CMYK"), "JPEG"), "image"),
        read("scans/print.tif", saved(scene(31, "CMYK"), "TIFF"), "image"),
        read("scans/negative.png", wide(32), "image"),
        failed("scans/microscope.png", png(GREY), "UnitError"),
        read("scans/fax.tiff", saved(scene(33, "1"), "TIFF", compression="group4"), "image"),
        read(
            "scans/two pages.tif",
            saved(scene(34), "TIFF", save_all=True, append_images=[scene(35)]),
            "image",
            says="the first of 2 pages",
        ),
        read("pictures/palette.png", saved(scene(36).quantize(16), "PNG", transparency=3), "image"),
        read("pictures/shade.png", saved(scene(37, "LA"), "PNG"), "image"),
        read("pictures/sticker.webp", saved(scene(38, "RGBA"), "WEBP"), "image"),
        read("pictures/moving.gif", animation("GIF", 40), "video"),
        read("pictures/moving.webp", animation("WEBP", 41), "video"),
        read("pictures/moving.png", animation("PNG", 42), "video"),
        read("pictures/still.gif", saved(scene(43), "GIF"), "image"),
        read("pictures/map.jp2", saved(scene(44), "JPEG2000"), "image"),
        read("pictures/chrome.jfif", jpeg(45), "image"),
        read("pictures/old.bmp", saved(scene(46), "BMP"), "image"),
        read("pictures/texture.tga", saved(scene(47), "TGA"), "image"),
        read("pictures/favicon.ico", saved(scene(48), "ICO"), "image"),
        read("pictures/plain.ppm", saved(scene(49), "PPM"), "image"),
        read(
            "pictures/both eyes.mpo",
            saved(scene(50), "MPO", save_all=True, append_images=[scene(51)]),
            "image",
        ),
        read("pictures/progressive.jpg", jpeg(52, progressive=True), "image"),
        read("pictures/grey.jpg", saved(scene(53, "L"), "JPEG"), "image"),
        read("pictures/profile.jpg", with_icc(54), "image"),
        read("pictures/panorama.jpg", saved(scene(55).resize((3000, 150)), "JPEG"), "image"),
        read("pictures/dot.png", saved(PIL.Image.new("RGB", (1, 1), "red"), "PNG"), "image"),
        read("pictures/really a png.jpg", saved(scene(56), "PNG"), "image"),
        read("pictures/really a webp.png", saved(scene(57), "WEBP"), "image"),
        read("pictures/without suffix", jpeg(58), "image"),
        read(
            "pictures/xmp.jpg",
            jpeg(59, xmp=xmp(exif__DateTimeOriginal="2018-05-06T07:08:09+00:00")),
            "image",
            at=utc(2018, 5, 6, 7, 8, 9),
            by="XMP",
        ),
        read("pictures/dated.png", saved(scene(60), "PNG", exif=dated()), "image", **BY_CAMERA),
        read("pictures/once.jpg", jpeg(61), "image", of="once more.jpg"),
        read("pictures/once more.jpg", copy_of("once.jpg"), "image"),
        skipped("pictures/logo.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "unknown kind"),
        skipped("pictures/layers.xcf", b"gimp xcf v011\0" + bytes(90), "unknown kind"),
        failed("pictures/new.jxl", b"\xff\x0a" + bytes(90), "a JPEG XL picture"),
        failed("pictures/half.jpg", jpeg(62)[:2500], "MediaDecodeError"),
        failed("pictures/half.png", saved(scene(63), "PNG")[:2500], "MediaDecodeError"),
        failed("pictures/empty.jpg", b"", "EmptyPerceptError"),
        failed("pictures/not found.jpg", b"<!DOCTYPE html><html><body>404</body></html>", "HTML"),
    ]


def libraries() -> list[Odd]:
    return [
        read(
            "Takeout/Photos from 2016/IMG_7.jpg",
            jpeg(70),
            "image",
            "text",
            words="The pier at low tide",
            at=utc(2016, 7, 1, 14),
            by="Google Takeout",
            place=THERE,
        ),
        beside(
            "Takeout/Photos from 2016/IMG_7.jpg.json",
            takeout(1467381600, description="The pier at low tide"),
            "IMG_7.jpg",
        ),
        read(
            "Takeout/Photos from 2016/IMG_7-edited.jpg",
            jpeg(71),
            "image",
            "text",
            words="The pier at low tide",
            at=utc(2016, 7, 1, 14),
            by="Google Takeout",
            place=THERE,
        ),
        read(
            "Takeout/Photos from 2016/IMG_8(1).jpg",
            jpeg(72),
            "image",
            at=utc(2016, 7, 1, 15),
            by="Google Takeout",
            place=THERE,
        ),
        beside("Takeout/Photos from 2016/IMG_8.jpg(1).json", takeout(1467385200), "IMG_8(1).jpg"),
        read(
            f"Takeout/Photos from 2016/{'a long name ' * 5}.jpg",
            jpeg(73),
            "image",
            at=utc(2016, 7, 1, 16),
            by="Google Takeout",
            place=THERE,
        ),
        beside(
            f"Takeout/Photos from 2016/{('a long name ' * 5)[:46]}.json",
            takeout(1467388800),
            f"{'a long name ' * 5}.jpg",
        ),
        read(
            "Takeout/Photos from 2016/IMG_9.jpg",
            jpeg(74),
            "image",
            at=utc(2016, 7, 1, 17),
            by="Google Takeout",
            place=THERE,
        ),
        beside(
            "Takeout/Photos from 2016/IMG_9.jpg.supplemental-metadata.json",
            takeout(1467392400),
            "IMG_9.jpg",
        ),
        read("Takeout/Photos from 2016/IMG_10.jpg", jpeg(75), "image"),
        skipped(
            "Takeout/Photos from 2016/IMG_10.jpg.json", b'{"title": "IMG_10.j', "cannot be read"
        ),
        skipped("Takeout/Photos from 2016/metadata.json", b'{"title": "Photos from 2016"}', ""),
        read(
            "Apple/IMG_11.JPG", jpeg(76), "image", at=utc(2015, 3, 4, 5, 6, 7), by="XMP side file"
        ),
        beside(
            "Apple/IMG_11.xmp",
            xmp(exif__DateTimeOriginal="2015-03-04T05:06:07+00:00"),
            "IMG_11.JPG",
        ),
        skipped("Apple/lonely.xmp", xmp(exif__DateTimeOriginal="2015-03-04T05:06:07+00:00"), ""),
    ]


def messengers() -> list[Odd]:
    return [
        read(
            "WhatsApp/IMG-20230407-WA0001.jpg",
            jpeg(80),
            "image",
            at=local(2023, 4, 7),
            by="date in the file name",
        ),
        read(
            "WhatsApp/FB_IMG_1467381600123.jpg",
            jpeg(81),
            "image",
            at=utc(2016, 7, 1, 14).replace(microsecond=123_000),
            by="file name",
        ),
        read("WhatsApp/0123456789abcdef0123456789abcdef.jpg", jpeg(82), "image"),
    ]


def files() -> list[Odd]:
    return [*camera(), *formats(), *libraries(), *messengers()]
