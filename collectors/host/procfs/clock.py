"""The clock: what it shows, what drives it, and how well it is kept (adjtimex(2))."""

from collectors.host.procfs.shape import (
    COUNTER,
    GAUGE,
    Files,
    Malformed,
    folders,
    lines,
    parsing,
    scalars,
    table,
    text_of,
)
from netmon.api import Family, Missing, Table, Value

_CLOCKSOURCE = "sys/devices/system/clocksource/"
_NOW = (Family("node_time_seconds", GAUGE, "The system's clock, in Unix seconds.", "clock_gettime"),)
_ZONE = (Family("node_time_zone_offset_seconds", GAUGE, "Seconds that local time is ahead of UTC.", "localtime"),)
_AVAILABLE = (
    Family("node_time_clocksource_available_info", GAUGE, "A clock source it could use; always 1.", f"/{_CLOCKSOURCE}"),
)
_CURRENT = (
    Family("node_time_clocksource_current_info", GAUGE, "The clock source in use; always 1.", f"/{_CLOCKSOURCE}"),
)


def parse_time(files: Files, at: float) -> tuple[Table, ...]:
    """Parse the clock (fact `@time`: Unix seconds, name of the time zone, offset in seconds) and its sources."""
    with parsing("@time"):
        now, zone, offset = files["@time"].split()
        tables = [
            scalars(at, _NOW, [float(now)]),
            table(at, _ZONE, ("time_zone",), [(zone.decode("utf-8", "replace"),)], [[int(offset)]]),
        ]
    devices = folders(files, _CLOCKSOURCE)
    for families, file in ((_AVAILABLE, "available_clocksource"), (_CURRENT, "current_clocksource")):
        rows = [
            (device.removeprefix("clocksource"), source)
            for device in devices
            for source in text_of(files, f"{_CLOCKSOURCE}{device}/{file}").split()
        ]
        if rows:
            tables.append(table(at, families, ("device", "clocksource"), rows, [[1] * len(rows)]))
    return tuple(tables)


def _timex(name: str, text: str) -> Family:
    return Family(f"node_timex_{name}", COUNTER if name.endswith("_total") else GAUGE, text, "adjtimex")


_TIMEX = (
    _timex("offset_seconds", "Time between the local clock and its reference."),
    _timex("frequency_adjustment_ratio", "Frequency of the local clock against its nominal one."),
    _timex("maxerror_seconds", "Largest error of the clock."),
    _timex("estimated_error_seconds", "Estimated error of the clock."),
    _timex("status", "STA_ bits of adjtimex(2)."),
    _timex("loop_time_constant", "Time constant of the phase-locked loop."),
    _timex("tick_seconds", "Time between clock ticks."),
    _timex("pps_frequency_hertz", "Frequency of the pulse-per-second signal."),
    _timex("pps_jitter_seconds", "Jitter of the pulse-per-second signal."),
    _timex("pps_shift_seconds", "Length of the calibration interval."),
    _timex("pps_stability_hertz", "Stability of the pulse-per-second signal: average of its changes."),
    _timex("pps_jitter_total", "Pulses that came outside the jitter limit."),
    _timex("pps_calibration_total", "Calibration intervals."),
    _timex("pps_error_total", "Calibration errors."),
    _timex("pps_stability_exceeded_total", "Times the stability limit was exceeded."),
    _timex("tai_offset_seconds", "Seconds that TAI is ahead of UTC."),
    _timex("sync_status", "1 while the clock is synchronised."),
)
_TIME_ERROR = 5  # adjtimex(2): the clock is not synchronised
_STA_NANO = 0x2000  # adjtimex(2): offset and jitter are in nanoseconds, not microseconds
_PPM_SCALE = 65_536 * 1e6  # adjtimex(2): frequencies are in millionths with a 16-bit fraction


def parse_timex(files: Files, at: float) -> tuple[Table, ...]:
    """Parse the fact `@timex`: what adjtimex(2) returned, then struct timex as `name number` lines."""
    path = "@timex"
    with parsing(path):
        said = {name: int(number) for name, number in (line.split() for line in lines(files, path))}
    try:
        return (scalars(at, _TIMEX, _timex_values(said)),)
    except KeyError as error:
        raise Malformed(path, f"lacks {error}") from error


def _timex_values(said: dict[bytes, int]) -> list[Value | Missing]:
    fine = 1e9 if said[b"status"] & _STA_NANO else 1e6
    return [
        said[b"offset"] / fine,
        1 + said[b"freq"] / _PPM_SCALE,
        said[b"maxerror"] / 1e6,
        said[b"esterror"] / 1e6,
        said[b"status"],
        said[b"constant"],
        said[b"tick"] / 1e6,
        said[b"ppsfreq"] / _PPM_SCALE,
        said[b"jitter"] / fine,
        said[b"shift"],
        said[b"stabil"] / _PPM_SCALE,
        said[b"jitcnt"],
        said[b"calcnt"],
        said[b"errcnt"],
        said[b"stbcnt"],
        said[b"tai"],
        int(said[b"state"] != _TIME_ERROR),
    ]
