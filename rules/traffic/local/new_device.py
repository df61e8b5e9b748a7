"""New devices on a protected VLAN: a MAC address that was never seen there before."""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from netmon.api import Finding, Severity, Value
from netmon.api.networks import Networks
from netmon.api.traffic import Second, address_text, mac_text
from rules.traffic.episode import Closing, Episodes, Seen
from rules.traffic.local.settings import NewDeviceSettings
from rules.traffic.local.telling import is_virtual

_Evidence: TypeAlias = Mapping[str, str | Value]
_KNOWN_MAX: Final = 65_536  # devices remembered: a protected VLAN holds hundreds; 8 MB. The longest unseen goes first
_MEMORY: Final = np.dtype([("vlan", "u2"), ("mac", "u8"), ("last_s", "f8")])
_LOCAL: Final = 1 << 41  # locally administered: of a virtual machine, or random for privacy


class NewDevice(Closing):
    """T1200: hardware added. It is known from then on, so that it is told once."""

    name = "new_device"

    def __init__(self, settings: NewDeviceSettings, networks: Networks) -> None:
        self._settings = settings
        self._networks = networks
        self._known: OrderedDict[tuple[int, int], float] = OrderedDict()
        self._began: dict[int, float] = {}
        self._episodes = Episodes(self.name, "T1200", quiet_s=settings.quiet_s)

    def observe(self, second: Second) -> Iterator[Finding]:
        """Judge who sent frames in one window."""
        new: dict[int, list[tuple[int, tuple[int, int]]]] = {}
        rows = second.macs
        for vlan, number, hi, lo in zip(*(rows[name].tolist() for name in ("vlan", "mac", "hi", "lo")), strict=True):
            if vlan not in self._settings.protected_vlans or is_virtual(number):
                continue
            began = self._began.setdefault(vlan, second.start)
            if (vlan, number) not in self._known and second.end - began > self._settings.learning_s:
                new.setdefault(vlan, []).append((number, (hi, lo)))
            self._known[vlan, number] = second.end
            self._known.move_to_end((vlan, number))
        while len(self._known) > _KNOWN_MAX:
            self._known.popitem(last=False)
        for vlan, devices in new.items():
            if len(devices) > self._settings.many_per_window:
                yield from self._episodes.see(self._seen(vlan, devices, "many"), second.end)
                continue
            for number, address in devices:
                yield from self._episodes.see(self._seen(vlan, [(number, address)], mac_text(number)), second.end)
        yield from self._episodes.tick(second.end)

    def save(self) -> Mapping[str, NDArray[np.generic]]:
        """Return the devices known, and since when each VLAN is watched (rows without a MAC address)."""
        rows = [(vlan, 0, began) for vlan, began in self._began.items()]
        rows += [(vlan, number, last) for (vlan, number), last in self._known.items()]
        return {"devices": np.array(rows, _MEMORY)} if rows else {}

    def restore(self, arrays: Mapping[str, NDArray[np.generic]]) -> None:
        """Go on with what `save` gave."""
        rows = arrays.get("devices")
        if rows is None:
            return
        if rows.dtype != _MEMORY:
            raise ValueError(f"devices of another layout: {rows.dtype}")
        for vlan, number, last in rows.tolist():
            if number:
                self._known[vlan, number] = last
            else:
                self._began[vlan] = last

    def _seen(self, vlan: int, devices: list[tuple[int, tuple[int, int]]], key: str) -> Seen:
        number, address = devices[0]
        many = key == "many"
        known = any(address) and not many
        return Seen(
            key=f"{vlan}/{key}",
            target=self._networks.name_of(*address) if known else f"VLAN {vlan}",
            severity=Severity.ERROR if many else Severity.WARNING,
            source=f"{len(devices):,} MAC addresses" if many else mac_text(number),
            victim=f"VLAN {vlan}",
            text=_TEXT,
            counts={"devices": len(devices)},
            evidence={
                "device_mac": mac_text(number),
                "address": address_text(*address) if known else "",
                "random_mac": bool(number & _LOCAL),
                "many": many,
                "vlan": vlan,
            },
            labels={"vlan": str(vlan)},
        )


def _english(evidence: _Evidence) -> str:
    if evidence["many"]:
        return f"{evidence['total_devices']:,} new MAC addresses on the protected VLAN {evidence['vlan']}"
    address = f" ({evidence['address']})" if evidence["address"] else ""
    return f"New device {evidence['device_mac']}{address} on the protected VLAN {evidence['vlan']}"


def _indonesian(evidence: _Evidence) -> str:
    if evidence["many"]:
        count = f"{evidence['total_devices']:,}".replace(",", ".")
        return f"{count} alamat MAC baru di VLAN terlindungi {evidence['vlan']}"
    address = f" ({evidence['address']})" if evidence["address"] else ""
    return f"Perangkat baru {evidence['device_mac']}{address} di VLAN terlindungi {evidence['vlan']}"


_TEXT: Final[Mapping[str, Callable[[_Evidence], str]]] = {"en": _english, "id": _indonesian}
