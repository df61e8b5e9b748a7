"""A past for a world that has just begun: eight weeks of light and disks, laid into Prometheus before it starts.

Values are those that the simulated devices would have answered, an hour apart, under the names of netmon's own page.
When a state directory began is kept in it, so that the world goes on ageing from run to run.
"""

import asyncio
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from netmon.demo.curves import DAY_S
from netmon.demo.layout import Kind, Node
from netmon.demo.machine import Disk, Machine
from netmon.demo.ring import Ring
from netmon.demo.wear import PAST_DAYS

STEP_S: Final = 3_600
FILE: Final = "world.json"
TIMEOUT_S: Final = 120.0
_LIGHT: Final = "netmon_optical_rx_power_dbm"
_DISK: Final = "netmon_storage_used_bytes"
_BLOCK: Final = 4_096  # bytes in which a server counts its storage

Labels = dict[str, str]
Value = Callable[[float], float]


class Past:
    """When the world of a state directory began (`anchor`, Unix seconds), and whether its past is in Prometheus."""

    def __init__(self, state: Path, now: float) -> None:
        """Read it; a directory without one begins now."""
        self._path = state / FILE
        self.anchor, self.told = now, False
        try:
            kept = json.loads(self._path.read_bytes())
            self.anchor, self.told = float(kept["anchor"]), bool(kept["told"])
        except (OSError, ValueError, TypeError, KeyError):
            self._keep()

    async def tell(self, ring: Ring, data: Path) -> bool:
        """Lay the past into a Prometheus that is not running, once; return whether it is there.

        `data` is where it keeps its blocks. Some seconds of one core.
        """
        if self.told:
            return True
        program = shutil.which("promtool")
        if program is None:
            return False
        with tempfile.TemporaryDirectory() as name:
            file = Path(name) / "past.txt"
            await asyncio.to_thread(data.mkdir, mode=0o700, parents=True, exist_ok=True)
            await asyncio.to_thread(write, ring, self.anchor, file)
            self.told = await _import(program, file, data)
        self._keep()
        return self.told

    def _keep(self) -> None:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path.write_text(json.dumps({"anchor": self.anchor, "told": self.told}), encoding="utf-8")


async def _import(program: str, file: Path, data: Path) -> bool:
    """Make blocks of a file; those of a day and more, or there would be hundreds."""
    words = ("tsdb", "create-blocks-from", "--max-block-duration=648h", "openmetrics", str(file), str(data))
    silent = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(program, *words, stdin=silent, stdout=silent, stderr=silent)
    try:
        return await asyncio.wait_for(process.wait(), TIMEOUT_S) == 0
    except TimeoutError:
        process.kill()
        await process.wait()
        return False


def write(ring: Ring, end: float, file: Path) -> None:
    """Write what there was until `end` as OpenMetrics text."""
    times = [end - STEP_S * back for back in range(PAST_DAYS * DAY_S // STEP_S, 0, -1)]
    with file.open("w", encoding="utf-8") as out:
        for metric, series in ((_LIGHT, _light(ring)), (_DISK, _disks(ring))):
            out.write(f"# TYPE {metric} gauge\n")
            for labels, value in series:
                head = metric + "{" + ",".join(f'{name}="{text}"' for name, text in labels.items()) + "}"
                out.writelines(f"{head} {value(at):.10g} {at:.3f}\n" for at in times)
        out.write("# EOF\n")


def _light(ring: Ring) -> Iterator[tuple[Labels, Value]]:
    for node in ring.layout.nodes.values():
        for port in node.ports if node.kind in {Kind.CORE, Kind.ACCESS} else ():
            if port.optic:
                sensor = f"{port.descr} Receive Power Sensor"
                more = {"ifIndex": str(port.index), "ifName": port.name, "mib": "ENTITY-SENSOR-MIB"}
                yield {**_of(node), "sensor": sensor, **more}, _rx_dbm(ring, node.name, port.index)


def _rx_dbm(ring: Ring, device: str, port: int) -> Value:
    return lambda at: round(ring.light(device, port, at).rx_dbm, 2)


def _disks(ring: Ring) -> Iterator[tuple[Labels, Value]]:
    for node in ring.layout.of(Kind.SERVER):
        machine = Machine(ring, node)
        for disk in machine.disks:
            labels = {**_of(node), "storage": disk.path, "mountpoint": disk.path, "mib": "HOST-RESOURCES-MIB"}
            yield labels, _used(machine, disk)


def _used(machine: Machine, disk: Disk) -> Value:
    return lambda at: machine.disk_used(disk, at) // _BLOCK * _BLOCK


def _of(node: Node) -> Labels:
    return {"instance": node.name, "job": "snmp", "site": node.site}
