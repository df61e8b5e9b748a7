"""The simulated ring: everything that can be asked about it, as a pure function of a seed and the time.

Devices answer with what is here, and tests compare with it what came out at the other end. A story (a cut, falling
light, a filling disk) belongs between this class and what it asks: other routes, losses and ramps at a time.
"""

from dataclasses import replace
from functools import lru_cache
from typing import Final

from netmon.app.settings.inventory import Inventory
from netmon.demo import light
from netmon.demo.chance import between
from netmon.demo.curves import DAY_S
from netmon.demo.habits import streams
from netmon.demo.layout import Layout, Node, Port, Socket, layout
from netmon.demo.light import Optic
from netmon.demo.story import Story
from netmon.demo.traffic import Load, Traffic

SEED: Final = 77
RESTART_DAYS: Final = 200  # planned restarts; below the 497 days after which sysUpTime wraps
MEAN_FRAME_OCTETS: Final = 740  # over a mix of downloads, pages and acknowledgements


class Ring:
    """The world that an inventory describes. Times are Unix seconds, ports ifIndex or ifName."""

    def __init__(self, inventory: Inventory, seed: int = SEED, story: Story | None = None) -> None:
        """Lay it out. NotSimulatedError where the inventory asks for more than is simulated."""
        self.seed = seed
        self.story = story or Story()
        self.layout: Layout = layout(inventory)
        self.traffic = Traffic(self.layout, streams(self.layout, seed))
        self._at_boot = lru_cache(maxsize=4_096)(self.traffic.octets)  # one for each port

    def node(self, device: str) -> Node:
        """Return a device by name."""
        return self.layout.nodes[device]

    def socket(self, device: str, port: int | str) -> Socket:
        """Return a port by its device's name and its ifIndex or ifName."""
        return device, port if isinstance(port, int) else self.node(device).port(port).index

    def load(self, device: str, port: int | str, at: float) -> Load:
        """Return the bits a second that pass a port."""
        return self.traffic.load(self.socket(device, port), at)

    def octets(self, device: str, port: int | str, at: float) -> tuple[int, int]:
        """Return the octets (in, out) that passed a port since its device started."""
        socket = self.socket(device, port)
        now, then = self.traffic.octets(socket, at), self._at_boot(socket, self.boot(device, at))
        return now[0] - then[0], now[1] - then[1]

    def mean_load(self, device: str, port: int | str, at: float, seconds: float) -> Load:
        """Return the mean over the seconds before `at`, from the counters: what a poller sees, and what heats."""
        socket = self.socket(device, port)
        now, then = self.traffic.octets(socket, at), self.traffic.octets(socket, at - seconds)
        return Load((now[0] - then[0]) * 8 / seconds, (now[1] - then[1]) * 8 / seconds)

    def boot(self, device: str, at: float) -> float:
        """Return when the device had last started: every one restarts now and then, each on its own day."""
        period = RESTART_DAYS * DAY_S
        phase = between(0, period, self.seed, device, "boot")
        return at - (at - phase) % period

    def boots(self, device: str, at: float) -> int:
        """Return how often it has started (snmpEngineBoots)."""
        phase = between(0, RESTART_DAYS * DAY_S, self.seed, device, "boot")
        return max(1, int((at - phase) // (RESTART_DAYS * DAY_S)) % 1000)

    def light(self, device: str, port: int | str, at: float) -> Optic:
        """Return what the transceiver of an optical port reports."""
        node = self.node(device)
        socket = self._port(node, port)
        wire = self.layout.wires.get((device, socket.index))
        optic = light.optic(self.seed, self.layout, node, socket, at)
        lost_db = self.story.loss_db(wire, at) if wire else 0.0
        return replace(optic, rx_dbm=optic.rx_dbm - lost_db)

    def _port(self, node: Node, port: int | str) -> Port:
        return next(p for p in node.ports if port in (p.index, p.name))
