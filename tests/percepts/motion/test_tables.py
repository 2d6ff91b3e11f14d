"""Tables of motion as phones, wearables and robots write them, each with one planted motion."""

from __future__ import annotations

import gzip
import io
import math
import zipfile
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.support.motions import UNITS, planted

from sensorium import errors
from sensorium.percepts import percept_from_dict
from sensorium.percepts.imu import IMU

G, DEG = 9.80665, math.pi / 180
EPOCH = 1_698_501_144.0  # seconds since 1970
MOMENT = datetime.fromtimestamp(EPOCH, timezone.utc)
MOTION = planted(300)  # (300, 6), m/s^2 and rad/s, at 100 Hz
SECONDS = np.arange(300) / 100
IN_G, IN_DEG = MOTION[:, :3] / G, MOTION[:, 3:] / DEG


def table(header: str, *columns: NDArray[Any], sep: str = ",", before: str = "") -> str:
    """Write columns below a header; a row of words is a column of words."""
    flat = [part for column in columns for part in np.atleast_2d(column.T)]
    cells = [[each if isinstance(each, str) else f"{each:.9g}" for each in part] for part in flat]
    rows = [sep.join(row) for row in zip(*cells, strict=True)]
    return "\n".join([*([before] if before else []), *([header] if header else []), *rows]) + "\n"


def whole(numbers: NDArray[np.float64]) -> NDArray[Any]:
    shown: NDArray[Any] = np.vectorize(lambda each: str(round(each)), otypes=[object])(numbers)
    return shown


ACCEL, GYRO = MOTION[:, :3], MOTION[:, 3:]
SAID: dict[str, Any] = {}
IN_G_AND_DEG = {"accel": "g", "gyro": "deg/s"}
LAYOUTS: dict[str, tuple[str, dict[str, Any]]] = {
    "g-force": (table("time,gFx,gFy,gFz,wx,wy,wz", SECONDS, IN_G, GYRO), {"gyro": "rad/s"}),
    "total beside linear and gravity": (
        table(
            "ACCELEROMETER X (m/s²);ACCELEROMETER Y (m/s²);ACCELEROMETER Z (m/s²);"
            "GRAVITY X (m/s²);GRAVITY Y (m/s²);GRAVITY Z (m/s²);"
            "LINEAR ACCELERATION X (m/s²);LINEAR ACCELERATION Y (m/s²);"
            "LINEAR ACCELERATION Z (m/s²);GYROSCOPE X (rad/s);GYROSCOPE Y (rad/s);"
            "GYROSCOPE Z (rad/s);MAGNETIC FIELD X (μT);Time since start in ms;"
            "YYYY-MO-DD HH-MI-SS_SSS",
            *(ACCEL, 0 * ACCEL, 0 * ACCEL, GYRO, SECONDS, whole(SECONDS * 1000)),
            np.array(["2023-10-28 13-52-24_401"] * 300, object),
            sep=";",
        ),
        SAID,
    ),
    "gravity apart": (
        table(
            "lin_acc_x,lin_acc_y,lin_acc_z,grav_x,grav_y,grav_z,gyr_x,gyr_y,gyr_z,time_us",
            *(ACCEL - [0, 0, G], 0 * ACCEL + [0, 0, G], GYRO, whole(SECONDS * 1e6)),
        ),
        UNITS,
    ),
    "printed by a robot": (
        table(
            "%time,field.header.seq,field.header.stamp,field.orientation.x,"
            "field.angular_velocity.x,field.angular_velocity.y,field.angular_velocity.z,"
            "field.angular_velocity_covariance0,field.linear_acceleration.x,"
            "field.linear_acceleration.y,field.linear_acceleration.z",
            *(whole((EPOCH + SECONDS) * 1e9), whole(SECONDS * 100)),
            *(whole((EPOCH + SECONDS) * 1e9), SECONDS, GYRO, SECONDS, ACCEL),
        ),
        UNITS,
    ),
    "a preamble, blanks, units in brackets": (
        table(
            "Time(s)  ax(g)  ay(g)  az(g)  wx(deg/s)  wy(deg/s)  wz(deg/s)  AngleX(deg)",
            *(SECONDS, IN_G, IN_DEG, SECONDS),
            sep="  ",
            before="Sensor: left wrist\nFirmware: 3.1",
        ),
        SAID,
    ),
    "units as suffixes": (
        table(
            "AccX_g\tAccY_g\tAccZ_g\tGyroX_dps\tGyroY_dps\tGyroZ_dps\telapsed_ms",
            *(IN_G, IN_DEG, SECONDS * 1000),
            sep="\t",
        ),
        SAID,
    ),
    "axes first, backwards, in milli-g": (
        table(
            "label,zAcc [mg],yAcc [mg],xAcc [mg],zGyro [mdps],yGyro [mdps],xGyro [mdps],t",
            np.array(["walk"] * 300, object),
            *(1000 * IN_G[:, ::-1], 1000 * IN_DEG[:, ::-1], SECONDS),
        ),
        SAID,
    ),
    "a row of units": (
        table(
            "Timestamp|Accel X|Accel Y|Accel Z|Gyro X|Gyro Y|Gyro Z",
            *(SECONDS * 1000, ACCEL, GYRO),
            sep="|",
            before="",
        ).replace("Gyro Z\n", "Gyro Z\nms|m/s^2|m/s^2|m/s^2|rad/s|rad/s|rad/s\n"),
        SAID,
    ),
    "comments": (
        table(
            "# t [s] ; a_x ; a_y ; a_z ; omega_x ; omega_y ; omega_z",
            *(SECONDS, ACCEL, GYRO),
            sep=";",
            before="# made by a logger\n# at 100 Hz",
        ),
        UNITS,
    ),
    "columns that end in a separator": (
        table("t,ax,ay,az,gx,gy,gz", SECONDS, ACCEL, GYRO).replace("\n", ",\n"),
        UNITS,
    ),
    "counts": (
        table("t,ax,ay,az,gx,gy,gz", SECONDS, IN_G * 16384, IN_DEG * 131),
        {"accel": "9.80665/16384", "gyro": DEG / 131},
    ),
    "quotes and a byte order mark": (
        "\ufeff"
        + table("ax,ay,az,gx,gy,gz,t", ACCEL, GYRO, SECONDS).replace("ax,", '"ax, left",', 1),
        UNITS,
    ),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts_are_read_by_their_words(layout: str) -> None:
    """Whatever the order, the spelling, the units and what stands beside them."""
    content, units = LAYOUTS[layout]
    imu = IMU(content.encode(), **units)
    np.testing.assert_allclose(imu.samples, MOTION, rtol=1e-4, atol=1e-3)
    assert imu.rate == pytest.approx(100, rel=1e-3)


@pytest.mark.parametrize(
    ("encode", "name"),
    [
        (lambda text: text.encode("utf-16"), "utf-16"),
        (lambda text: text.encode("utf-16-be"), "without a mark"),
        (lambda text: text.replace("ax", "ax (m/s²)").encode("latin-1"), "latin-1"),
        (lambda text: gzip.compress(text.encode()), "gzip"),
        (lambda text: text.replace("\n", "\r\n").encode(), "line ends"),
    ],
)
def test_letters_may_be_encoded_otherwise(encode: Any, name: str) -> None:
    """And the file may be packed."""
    text = table("t,ax,ay,az,gx,gy,gz", SECONDS, ACCEL, GYRO)
    np.testing.assert_allclose(IMU(encode(text), **UNITS).samples, MOTION, atol=1e-3)


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ("%Y-%m-%dT%H:%M:%S.%fZ", MOMENT),
        ("%Y-%m-%d %H:%M:%S.%f", MOMENT),
        ("%d/%m/%Y %H:%M:%S.%f", MOMENT),
        ("%Y-%m-%d %H:%M:%S:%f", MOMENT),
        ("%d.%m.%Y %H:%M:%S,%f", MOMENT),
        ("%m/%d/%Y %I:%M:%S.%f PM", MOMENT),
        ("%H:%M:%S.%f", None),
    ],
)
def test_times_in_words(form: str, told: datetime | None) -> None:
    """Dates and times of day, to the millisecond; a date says when it was."""
    moments = [MOMENT + timedelta(seconds=float(each)) for each in SECONDS]
    column = np.array(
        [
            f"{m.strftime(form.split('%f', maxsplit=1)[0])}{m.microsecond // 1000:03d}"
            + form.partition("%f")[2]
            for m in moments
        ],
        object,
    )
    imu = IMU(table("Datum;ax;ay;az;gx;gy;gz", column, ACCEL, GYRO, sep=";").encode(), **UNITS)
    np.testing.assert_allclose(imu.times, SECONDS, atol=1e-6)
    assert imu.at == told


@pytest.mark.parametrize(("unit", "scale"), [("s", 1.0), ("ms", 1e3), ("us", 1e6), ("ns", 1e9)])
@pytest.mark.parametrize("since", [0.0, 12_345.6, EPOCH])
def test_steps_say_the_unit_of_times(unit: str, scale: float, since: float) -> None:
    """Of any origin; seconds since 1970 say when it was."""
    ticks = np.array([f"{(since + each) * scale:.9f}" for each in SECONDS], object)
    imu = IMU(table("timestamp,ax,ay,az,gx,gy,gz", ticks, ACCEL, GYRO).encode(), **UNITS)
    np.testing.assert_allclose(imu.times, SECONDS, atol=1e-6)
    assert (imu.at is None) == (since < EPOCH)
    assert imu.at is None or abs(imu.at - MOMENT) < timedelta(milliseconds=1)
    assert IMU(table("t,ax,ay,az,gx,gy,gz", ticks, ACCEL, GYRO).encode(), at=MOMENT, **UNITS).at


def test_two_files_become_one(tmp_path: Path) -> None:
    """By the names of the files, interpolated onto the accelerometer's clock; gaps stay gaps."""
    fine = np.arange(740) / 250 + 0.02
    turning = np.stack([np.interp(fine, SECONDS, column) for column in GYRO.T], 1)
    kept = (fine < 1.0) | (fine > 1.5)
    (tmp_path / "Accelerometer.csv").write_text(table("seconds_elapsed,x,y,z", SECONDS, ACCEL))
    (tmp_path / "left_gyroscope.csv").write_text(
        table("seconds_elapsed,z,y,x", fine[kept], turning[kept][:, ::-1])
    )
    imu = IMU([tmp_path / "left_gyroscope.csv", tmp_path / "Accelerometer.csv"], **UNITS)
    assert len(imu.gaps) == 1
    assert imu.gaps[0].start == pytest.approx(1.0 - 0.02, abs=0.03)
    places = np.round((imu.times + 0.02) * 100).astype(int)
    np.testing.assert_allclose(imu.samples, MOTION[places], atol=0.02)
    assert percept_from_dict(imu.to_dict()) == imu


def test_an_archive_of_tables_is_one_recording() -> None:
    """What describes the device, and other sensors, are passed over."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("meta/device.csv", "property,value\nname,phone\nversion,1.2\n")
        archive.writestr("Magnetometer.csv", table("t,X (µT),Y (µT),Z (µT)", SECONDS, ACCEL))
        archive.writestr(
            "Gyroscope.csv", table("Time (s),X (rad/s),Y (rad/s),Z (rad/s)", SECONDS, GYRO)
        )
        archive.writestr(
            "Accelerometer.csv", table("Time (s),X (m/s^2),Y (m/s^2),Z (m/s^2)", SECONDS, ACCEL)
        )
    imu = IMU(stream.getvalue())
    np.testing.assert_allclose(imu.samples, MOTION, atol=1e-3)
    assert imu.reading["gyro unit"] == "rad/s"
    assert percept_from_dict(imu.to_dict()) == imu


PLAIN = table("t,ax,ay,az,gx,gy,gz", SECONDS, MOTION)
LINES = PLAIN.splitlines()


@pytest.mark.parametrize(
    "text",
    [
        PLAIN + "\nEnd of file, all written\n",
        PLAIN + "3.0,1.1,2.2",  # cut off while it was written
        "\n".join([*LINES[:150], LINES[0], *LINES[150:]]),
        "\n".join('"' + line.replace(",", '","').replace(".", ",") + '"' for line in LINES),
    ],
    ids=["words below", "cut off", "put together", "decimal commas in quotes"],
)
def test_what_programs_leave_in_tables_is_passed_over(text: str) -> None:
    """Words below, a torn last row, a second header and quotes do not change what is read."""
    read = IMU(text.encode(), **UNITS)
    np.testing.assert_allclose(read.samples, MOTION, atol=1e-4)
    np.testing.assert_allclose(read.times, SECONDS, atol=1e-6)


def test_lines_about_a_watch_are_no_names() -> None:
    """Columns are counted where the lines above the rows are of another width."""
    text = table("", SECONDS, MOTION, before="Device,GENEActiv\nUnits,g")
    read = IMU(text.encode(), columns={"time": 0, "accel": [1, 2, 3], "gyro": [4, 5, 6]}, **UNITS)
    np.testing.assert_allclose(read.samples, MOTION, atol=1e-4)


def test_columns_that_are_named_keep_the_times_of_the_file() -> None:
    """Who names the columns of sensors leaves the times to the file."""
    columns = {"accel": ["ax", "ay", "az"], "gyro": ["gx", "gy", "gz"]}
    np.testing.assert_allclose(IMU(PLAIN.encode(), columns=columns, **UNITS).times, SECONDS)


@pytest.mark.parametrize(
    "header",
    ["millis,xacc,yacc,zacc,xgyro,ygyro,zgyro", "t,imu_ax,imu_ay,imu_az,imu_gx,imu_gy,imu_gz"],
)
def test_words_may_stand_the_other_way_round(header: str) -> None:
    """`acc_x` and `x_acc` are one name."""
    scale = 1000 if header.startswith("millis") else 1
    read = IMU(table(header, SECONDS * scale, MOTION).encode(), **UNITS)
    np.testing.assert_allclose(read.samples, MOTION, atol=1e-4)
    np.testing.assert_allclose(read.times, SECONDS, atol=1e-6)


@pytest.mark.parametrize("total", [True, False])
@pytest.mark.parametrize("named", ["Accelerometer", "LinearAcceleration"])
def test_gravity_in_a_file_of_its_own_is_added_once(named: str, total: bool) -> None:
    """Phones write the acceleration whole and in parts, and sensors without calibration as well."""
    gravity = np.tile([0.0, 0.0, G], (300, 1))
    kept = {named: MOTION[:, :3] - gravity, "Gravity": gravity, "Gyroscope": MOTION[:, 3:]}
    if total:
        kept |= {"TotalAcceleration": MOTION[:, :3], "GyroscopeUncalibrated": MOTION[:, 3:] + 1}
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        for name, samples in kept.items():
            file.writestr(f"{name}.csv", table("seconds_elapsed,x,y,z", SECONDS, samples))
    walk = IMU(archive.getvalue(), **UNITS)
    np.testing.assert_allclose(walk.samples, MOTION, atol=1e-4)


def test_gravity_beside_an_acceleration_that_holds_it_is_not_added() -> None:
    """Gravity is added to linear acceleration alone."""
    gravity = np.tile([0.0, 0.0, G], (300, 1))
    header = "t,ax,ay,az,gravity_x,gravity_y,gravity_z,wx,wy,wz"
    walk = IMU(table(header, SECONDS, MOTION[:, :3], gravity, MOTION[:, 3:]).encode(), **UNITS)
    np.testing.assert_allclose(walk.samples, MOTION, atol=1e-4)


@pytest.mark.parametrize("none", ["none", None])
def test_an_accelerometer_alone_is_said_to_be_alone(none: Any, tmp_path: Path) -> None:
    """From arrays and files; without saying so it is refused, and with a gyroscope, too."""
    path = tmp_path / "watch.csv"
    path.write_text(table("t,ax,ay,az", SECONDS, ACCEL))
    for imu in (
        IMU(path, accel="m/s^2", gyro=none),
        IMU(ACCEL, rate=100, accel="m/s^2", gyro=none),
    ):
        assert not imu.has_gyro
        assert not imu.samples[:, 3:].any()
        again = percept_from_dict(imu.to_dict())
        assert isinstance(again, IMU)
        assert (again, again.has_gyro) == (imu, False)
    with pytest.raises(errors.PerceptShapeError, match='gyro="none"'):
        IMU(path, accel="m/s^2", gyro="rad/s")
    with pytest.raises(errors.UnitError, match="with a gyroscope"):
        IMU(MOTION, rate=100, accel="m/s^2", gyro=none)
    assert IMU(MOTION, rate=100, **UNITS).has_gyro


def test_a_watch_that_says_its_start_and_rate_first(tmp_path: Path) -> None:
    """Three columns without names, by the name of their file."""
    path = tmp_path / "ACC.csv"
    first = f"{EPOCH}, {EPOCH}, {EPOCH}\n32.0, 32.0, 32.0\n"
    path.write_text(first + table("", whole(IN_G * 64)))
    imu = IMU(path, accel=G / 64, gyro="none")
    assert (imu.rate, imu.at, len(imu.samples)) == (32.0, MOMENT, 300)
    np.testing.assert_allclose(imu.samples[:, :3], ACCEL, atol=G / 64)


def test_columns_may_be_named_or_counted() -> None:
    """By their names or places; what is said is kept, and goes before what the names say."""
    content = table("left,a,b,c,d,e,f", SECONDS * 50, ACCEL, GYRO).encode()
    said = {"accel": ["a", "b", "c"], "gyro": [4, 5, 6], "time": "left"}
    imu = IMU(content, columns=said, **UNITS, rate=100, clock="rate")
    np.testing.assert_allclose(imu.samples, MOTION, atol=1e-3)
    assert percept_from_dict(imu.to_dict()) == imu
    for wrong, message in (
        ({**said, "time": "right"}, "'right'"),
        ({**said, "gyro": [4, 5, 7]}, "from 0 to 6"),
        ({**said, "smell": [1]}, "smell"),
    ):
        with pytest.raises((errors.PerceptShapeError, errors.PerceptValueError), match=message):
            IMU(content, columns=wrong, **UNITS)
    bare = table("", SECONDS, ACCEL, GYRO).encode()
    with pytest.raises(errors.PerceptShapeError, match="columns="):
        IMU(bare, **UNITS)
    counted = IMU(bare, columns={"time": 0, "accel": [1, 2, 3], "gyro": [4, 5, 6]}, **UNITS)
    np.testing.assert_allclose(counted.samples, MOTION, atol=1e-3)


def test_a_rate_evens_out_times_that_agree_with_it() -> None:
    """Packets of equal stamps are spread; another rate is refused unless insisted on."""
    packets = np.floor(np.arange(300) / 3) * 0.03
    content = table("t,ax,ay,az,gx,gy,gz", packets, ACCEL, GYRO).encode()
    imu = IMU(content, rate=100, **UNITS)
    np.testing.assert_allclose(imu.times, SECONDS, atol=1e-9)
    with pytest.raises(errors.UnitError, match='clock="rate"'):
        IMU(content, rate=50, **UNITS)
    assert IMU(content, rate=50, clock="rate", **UNITS).rate == 50
    with pytest.raises(errors.PerceptValueError, match="without a rate"):
        IMU(content, clock="rate", **UNITS)


def test_rows_without_a_reading_are_left_out() -> None:
    """Empty cells and NaN; the times of the others stay, and the reading says how many."""
    rows = table("t,ax,ay,az,gx,gy,gz", SECONDS, ACCEL, GYRO).splitlines()
    rows[1] = "0,,,,,,"
    rows[151:181] = [f"{each.split(',')[0]},nan,NA,,1,2,3" for each in rows[151:181]]
    imu = IMU("\n".join(rows).encode(), **UNITS)
    assert (len(imu.samples), len(imu.gaps)) == (269, 1)
    assert imu.reading["rows without a reading"] == 31
    assert imu.gaps[0].end - imu.gaps[0].start == pytest.approx(0.31)
    without_times = "\n".join(row.partition(",")[2] for row in rows)
    assert len(IMU(without_times.encode(), rate=100, **UNITS).gaps) == 1


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("t,ax (g),ay (m/s²),az,gx,gy,gz", "one unit"),
        ("t,ax (g),ay (g),az (g),gx,gy,gz", '"g", as the column says; or if it is wrong'),
        ("t,ax,ay,az,gx (°/s),gy (°/s),gz (°/s)", '"deg/s", as the column says'),
        ("t,ax,ay,az,rx,ry,rz,gx,gy,gz", "rx ry rz"),
    ],
)
def test_units_and_names_that_do_not_fit_are_refused(header: str, message: str) -> None:
    """A unit that is not known is never passed over."""
    columns = [SECONDS, ACCEL, GYRO, *([GYRO] if "rx" in header else [])]
    with pytest.raises((errors.UnitError, errors.PerceptShapeError), match=message):
        IMU(table(header, *columns).encode(), **UNITS)


def test_the_reading_says_what_was_taken() -> None:
    """The columns, their units, and the clock."""
    content = table(
        "Time (ms),Acc_X (g),Acc_Y (g),Acc_Z (g),w_x,w_y,w_z", SECONDS * 1e3, IN_G, GYRO
    )
    assert IMU(content.encode(), gyro="rad/s").reading == {
        "accel": ["Acc_X (g)", "Acc_Y (g)", "Acc_Z (g)"],
        "gyro": ["w_x", "w_y", "w_z"],
        "accel unit": "g",
        "time": "Time (ms) [ms]",
    }


@pytest.mark.parametrize("header", ["one,two,three,four\n", "one,two,three,four", "a;b;c;d\n\n"])
def test_a_header_of_other_words_without_rows_is_refused(header: str) -> None:
    with pytest.raises(errors.SensoriumError):
        IMU(header.encode(), accel="m/s^2", gyro="rad/s", rate=50)


@pytest.mark.parametrize(
    ("accel", "of_accel", "gyro", "of_gyro"),
    [
        ("ug", 1e6 / G, "deg/h", 3600 / DEG),
        ("milli-g", 1e3 / G, "degrees per second", 1 / DEG),
        ("gₙ", 1 / G, "deg/min", 60 / DEG),
    ],
)
def test_units_of_navigation_and_in_words(
    accel: str, of_accel: float, gyro: str, of_gyro: float
) -> None:
    header = ",".join(
        ["t (s)", *(f"a{x} ({accel})" for x in "xyz"), *(f"g{x} ({gyro})" for x in "xyz")]
    )
    content = table(header, SECONDS, MOTION[:, :3] * of_accel, MOTION[:, 3:] * of_gyro)
    np.testing.assert_allclose(IMU(content.encode()).samples, MOTION, atol=1e-4)


def test_a_gyroscope_of_empty_cells_is_refused_with_what_reads_the_rest() -> None:
    empty = np.full((300, 3), "", object)
    content = table("t,ax,ay,az,gx,gy,gz", SECONDS, MOTION[:, :3], empty).encode()
    with pytest.raises(errors.PerceptValueError, match="none at all for gx gy gz") as refused:
        IMU(content, accel="m/s^2", gyro="rad/s")
    [way] = refused.value.ways
    read = IMU(content, **{"accel": "m/s^2", **way})
    np.testing.assert_allclose(read.samples[:, :3], MOTION[:, :3], atol=1e-4)
    lacking = table("t,ax,ay,az,gx,gy,gz", SECONDS, MOTION[:, :2], empty[:, :1], MOTION[:, 3:])
    with pytest.raises(errors.PerceptValueError, match="none at all for az"):
        IMU(lacking.encode(), **UNITS)


def test_columns_that_are_named_keep_the_units_of_their_brackets() -> None:
    """In a language of its own, too: the unit need not be said again, and another is refused."""
    accel = [f"Beschleunigung {x} (m/s²)" for x in "xyz"]
    gyro = [f"Drehrate {x} (°/s)" for x in "xyz"]
    header = ";".join(["Zeit (s)", *accel, *gyro])
    content = table(header, SECONDS, MOTION[:, :3], IN_DEG, sep=";").encode()
    columns = {"accel": accel, "gyro": gyro}
    np.testing.assert_allclose(IMU(content, columns=columns).samples, MOTION, atol=1e-4)
    with pytest.raises(errors.UnitError, match="whose column says deg/s"):
        IMU(content, columns=columns, gyro="rad/s")
