"""What goes on inside a machine: processor, memory and disks follow its traffic and fill slowly."""

from dataclasses import dataclass
from typing import Final

from netmon.demo.chance import between, unit
from netmon.demo.climate import ramp, wander
from netmon.demo.curves import local_day
from netmon.demo.layout import Kind, Node
from netmon.demo.ring import Ring

IDLE_SHARE: Final = 0.06  # of the processor is busy without any traffic
GAIN: Final = {Kind.SERVER: 0.55, Kind.CORE: 0.25, Kind.ACCESS: 0.20}  # busy besides at the most traffic there is
_GIB: Final = 1 << 30


@dataclass(frozen=True, slots=True)
class Disk:
    """A file system: sizes in bytes. It fills from `low` to `high` in so many days, then is cleaned."""

    path: str
    device: str
    size: int
    low: float
    high: float
    days: float


class Machine:
    """One machine's state at any Unix time."""

    def __init__(self, ring: Ring, node: Node) -> None:
        """Draw its size from the ring's seed."""
        self._ring, self._node = ring, node
        chance = unit(ring.seed, node.name, "size")
        server = node.kind is Kind.SERVER
        self.cpus = (8, 16, 32)[int(chance * 3)] if server else 4
        self.memory = self.cpus * (4 if server else 1) * _GIB
        self.swap = 4 * _GIB if server else 0
        self.disks = self._disks() if server else ()
        self._busy: dict[float, tuple[float, float]] = {}  # window → (time, answer) of the last question
        self._ports = [p.index for p in node.ports if ring.traffic.carries((node.name, p.index))]
        self._peak = sum(ring.traffic.peak((node.name, index)) for index in self._ports) or 1.0

    def busy_s(self, now: float) -> float:
        """Return the processor seconds, of one processor, that were spent since the start."""
        started = self._ring.boot(self._node.name, now)
        bits = 8 * sum(sum(self._ring.octets(self._node.name, index, now)) for index in self._ports)
        return IDLE_SHARE * (now - started) + GAIN[self._node.kind] * bits / self._peak

    def busy(self, now: float, seconds: float) -> float:
        """Return the busy share of the processors, 0 to 1, over the seconds before `now`."""
        known = self._busy.get(seconds)
        if known is not None and known[0] == now:
            return known[1]
        loads = [self._ring.mean_load(self._node.name, index, now, seconds) for index in self._ports]
        bps = sum(load.in_bps + load.out_bps for load in loads)
        busy = IDLE_SHARE + GAIN[self._node.kind] * bps / self._peak
        self._busy[seconds] = (now, busy)
        return busy

    def cpu_busy(self, cpu: int, now: float, seconds: float) -> float:
        """Return the busy share of one processor: no two have quite the same to do."""
        return self.busy(now, seconds) * (1 + 0.2 * wander(self._ring.seed, f"{self._node.name} cpu {cpu}", now))

    def memory_used(self, now: float) -> int:
        """Return the bytes that programs hold: they follow the load of the last half hour."""
        share = 0.32 + 0.35 * self.busy(now, 1_800) + 0.01 * wander(self._ring.seed, f"{self._node.name} memory", now)
        return int(self.memory * share)

    def memory_cached(self, now: float) -> int:
        """Return the bytes of files that are kept in memory."""
        return int((self.memory - self.memory_used(now)) * 0.72)

    def memory_buffers(self) -> int:
        """Return the bytes of the kernel's buffers."""
        return self.memory // 64

    def swap_used(self, now: float) -> int:
        """Return the bytes that were written out of memory."""
        return int(self.swap * 0.03 * ramp(self._ring.seed, f"{self._node.name} swap", now, 45))

    def disk_used(self, disk: Disk, now: float) -> int:
        """Return the bytes used: a slow climb, and the day's logs, which are packed at midnight."""
        climb = ramp(self._ring.seed, f"{self._node.name} {disk.path}", now, disk.days)
        share = disk.low + (disk.high - disk.low) * climb
        if self._ring.wear is not None:
            share = self._ring.wear.disk_share(self._node.name, disk.path, now, share)
        share = self._ring.story.filled(self._node.name, disk.path, now, share + 0.008 * local_day(now))
        return int(disk.size * share)

    def disk_octets(self, disk: Disk, now: float) -> tuple[int, int]:
        """Return the octets (read, written) since the start: what comes in is written, what goes out was read."""
        came, went = (sum(self._ring.octets(self._node.name, i, now)[way] for i in self._ports) for way in (0, 1))
        share = disk.size / sum(other.size for other in self.disks)
        return int(went * share * 0.3), int(came * share * 0.5)

    def processes(self, now: float) -> int:
        """Return how many processes there are."""
        return 140 + int(60 * self.busy(now, 300)) + int(6 * wander(self._ring.seed, f"{self._node.name} tasks", now))

    def _disks(self) -> tuple[Disk, ...]:
        seed, name = self._ring.seed, self._node.name
        data = int(between(200, 4_000, seed, name, "data")) * _GIB
        days = between(60, 150, seed, name, "days")
        return (
            Disk("/", "/dev/sda2", 40 * _GIB, 0.38, 0.46, days * 2),
            Disk("/var", "/dev/sda3", 80 * _GIB, 0.30, 0.74, days),
            Disk("/srv", "/dev/sdb1", data, 0.45, 0.82, days * 1.5),
        )
