"""UPS-MIB (RFC 1628): mains that wobble, a load that follows the racks, and a short battery test every Sunday night."""

from math import exp
from typing import Final

from netmon.demo.chance import between
from netmon.demo.climate import room_celsius, wander
from netmon.demo.curves import DAY_S, HOUR_S, ORIGIN
from netmon.demo.layout import Node
from netmon.demo.mibs.objects import Now, Objects, Value, counter32, gauge, identifier, text, whole
from netmon.demo.ring import Ring

UPS: Final = "1.3.6.1.2.1.33.1"
_RATED_VA: Final = 6_000
_RATED_W: Final = 5_400
_FULL_CHARGE_MINUTES: Final = 38  # at the usual load
_TEST_AT_S: Final = 6 * DAY_S + 2 * HOUR_S  # Sunday, 02:00
_TEST_S: Final = 240
_TEST_PERCENT: Final = 9.0  # of the charge
_RECHARGE_S: Final = 2_400  # until a third of it is missing still
_NORMAL, _ON_BATTERY = 3, 5  # upsOutputSource


class Battery:
    """One UPS's state at any Unix time."""

    def __init__(self, ring: Ring, node: Node) -> None:
        self._ring, self._node = ring, node
        self._share = between(0.32, 0.48, ring.seed, node.name, "load")

    def test_s(self, now: float) -> float:
        """Return how long ago this week's battery test began, in seconds; negative before it."""
        return (now - ORIGIN - _TEST_AT_S + 7 * DAY_S) % (7 * DAY_S)

    def seconds(self, now: float) -> float:
        """Return for how long the load has run on the battery; 0 while it does not."""
        test_s = self.test_s(now)
        return max(test_s if test_s < _TEST_S else 0.0, self._ring.story.battery_s(self._node.name, now))

    def on_battery(self, now: float) -> bool:
        """Say whether the load runs on the battery."""
        return self.seconds(now) > 0

    def charge(self, now: float) -> float:
        """Return the charge in percent."""
        drained = 100 * self._ring.story.battery_s(self._node.name, now) / (60 * _FULL_CHARGE_MINUTES)
        since = self.test_s(now)
        if since < _TEST_S:
            return 100 - _TEST_PERCENT * since / _TEST_S - drained
        return 100 - _TEST_PERCENT * exp(-(since - _TEST_S) / _RECHARGE_S) - drained

    def load(self, now: float) -> float:
        """Return the load as a share of what it can give."""
        return self._share + 0.02 * wander(self._ring.seed, f"{self._node.name} load", now)

    def volts(self, now: float) -> float:
        """Return the mains' voltage; the net sags a little in the evening."""
        return 221 + 4.5 * wander(self._ring.seed, f"{self._node.name} mains", now)

    def celsius(self, now: float) -> float:
        """Return the battery's temperature."""
        return room_celsius(self._ring.seed, self._node.site, now) + 2.5


def add_ups(objects: Objects, ring: Ring, node: Node) -> None:
    """Add what the network card of a UPS tells."""
    battery = Battery(ring, node)
    ident = {1: "Simulasi", 2: "UPS 6000 RT", 3: "2.10", 4: "3.4", 5: node.name, 6: "rack"}
    objects.scalars(f"{UPS}.1", {column: text(value) for column, value in ident.items()})
    _add_battery(objects, battery)
    _add_lines(objects, battery)
    objects.scalars(f"{UPS}.6", {1: gauge(0)})
    objects.scalars(f"{UPS}.7", {1: identifier(f"{UPS}.7.7.1"), 2: whole(0), 3: whole(6), 4: text("")})
    config = {1: 220, 2: 500, 3: 220, 4: 500, 5: _RATED_VA, 6: _RATED_W, 7: 5, 8: 2, 9: 184, 10: 264}
    objects.scalars(f"{UPS}.9", {column: whole(value) for column, value in config.items()})


def _add_battery(objects: Objects, battery: Battery) -> None:
    def minutes(now: float) -> int:
        return int(_FULL_CHARGE_MINUTES * battery.charge(now) / 100 * 0.4 / battery.load(now))

    def amperes(now: float) -> int:  # tenths
        return int(battery.load(now) * _RATED_W / 192 * 10) if battery.on_battery(now) else 0

    objects.scalars(
        f"{UPS}.2",
        {
            1: whole(2),
            2: whole(lambda now: int(battery.seconds(now))),
            3: whole(minutes),
            4: whole(lambda now: round(battery.charge(now))),
            5: whole(lambda now: round(10 * (218 - 0.25 * (100 - battery.charge(now)) - 12 * battery.on_battery(now)))),
            6: whole(amperes),
            7: whole(lambda now: round(battery.celsius(now))),
        },
    )


def _add_lines(objects: Objects, battery: Battery) -> None:
    """Add the one line in and the one line out: frequencies and currents in tenths."""

    def watts(now: float) -> int:
        return round(battery.load(now) * _RATED_W)

    def current(volts: float, share: float) -> Now[int]:
        return lambda now: round(10 * share * watts(now) / volts)

    hertz: Value = whole(lambda now: round(500 + 0.8 * (battery.volts(now) - 221) / 4.5))
    volts: Value = whole(lambda now: round(battery.volts(now)))
    objects.scalars(f"{UPS}.3", {1: counter32(0), 2: whole(1)})
    drawn = {4: whole(current(220, 1.06)), 5: whole(lambda now: round(1.06 * watts(now)))}
    objects.row(f"{UPS}.3.3.1", 1, {2: hertz, 3: volts, **drawn})
    source = whole(lambda now: _ON_BATTERY if battery.on_battery(now) else _NORMAL)
    objects.scalars(f"{UPS}.4", {1: source, 2: whole(500), 3: whole(1)})
    percent = whole(lambda now: round(100 * battery.load(now)))
    objects.row(f"{UPS}.4.4.1", 1, {2: whole(220), 3: whole(current(220, 1.0)), 4: whole(watts), 5: percent})
