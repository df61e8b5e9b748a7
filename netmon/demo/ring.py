"""The simulated ring: everything that can be asked about it, as a pure function of a seed and the time.

Devices answer with what is here, and tests compare with it what came out at the other end. A story stands between this
class and what it asks: other routes and losses at a time.
"""

from dataclasses import replace
from functools import lru_cache
from typing import Final

from netmon.app.settings.inventory import Inventory
from netmon.demo import light
from netmon.demo.chance import between
from netmon.demo.curves import DAY_S
from netmon.demo.detours import Detours
from netmon.demo.habits import streams
from netmon.demo.layout import Kind, Layout, Node, Port, Socket, Wire, layout
from netmon.demo.light import Optic
from netmon.demo.story import Story
from netmon.demo.traffic import Load, Traffic
from netmon.demo.wear import LASER_MA_PER_DB, Wear

SEED: Final = 77
RESTART_DAYS: Final = 200  # planned restarts; below the 497 days after which sysUpTime wraps
DARK_DBM: Final = -40.0  # what a receiver reports without light (SFF-8472: 0.1 µW)
MEAN_FRAME_OCTETS: Final = 740  # over a mix of downloads, pages and acknowledgements


class Ring:
    """The world that an inventory describes. Times are Unix seconds, ports ifIndex or ifName."""

    def __init__(self, inventory: Inventory, seed: int = SEED, story: Story | None = None) -> None:
        """Lay it out. NotSimulatedError where the inventory asks for more than is simulated."""
        self.seed = seed
        self.layout: Layout = layout(inventory)
        self.wear: Wear | None = None
        self._streams = tuple(streams(self.layout, seed))
        self.traffic = Traffic(self.layout, self._streams)
        self._watcher = _watcher(inventory, self.layout)
        self._reached = lru_cache(maxsize=256)(self._route_exists)
        self.story = story or Story()

    @property
    def story(self) -> Story:
        """Return what goes wrong. Set it before anything is asked: counters remember."""
        return self._story

    @story.setter
    def story(self, story: Story) -> None:
        self._story = story
        self._detours = Detours(self.traffic, lambda cut: Traffic(self.layout, self._streams, cut), story)
        self._at_boot = lru_cache(maxsize=4_096)(self._detours.octets)  # one for each port

    def node(self, device: str) -> Node:
        """Return a device by name."""
        return self.layout.nodes[device]

    def socket(self, device: str, port: int | str) -> Socket:
        """Return a port by its device's name and its ifIndex or ifName."""
        return device, port if isinstance(port, int) else self.node(device).port(port).index

    def load(self, device: str, port: int | str, at: float) -> Load:
        """Return the bits a second that pass a port."""
        return self._detours.load(self.socket(device, port), at)

    def octets(self, device: str, port: int | str, at: float) -> tuple[int, int]:
        """Return the octets (in, out) that passed a port since its device started."""
        socket = self.socket(device, port)
        now, then = self._detours.octets(socket, at), self._at_boot(socket, self.boot(device, at))
        return now[0] - then[0], now[1] - then[1]

    def mean_load(self, device: str, port: int | str, at: float, seconds: float) -> Load:
        """Return the mean over the seconds before `at`, from the counters: what a poller sees, and what heats."""
        socket = self.socket(device, port)
        now, then = self._detours.octets(socket, at), self._detours.octets(socket, at - seconds)
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

    def dark(self, wire: Wire, at: float) -> bool:
        """Say whether a wire is cut."""
        return wire.name in self.story.cut(at)

    def linked(self, socket: Socket, at: float) -> bool:
        """Say whether a port has link: where something is plugged in, and the wire is whole."""
        wire = self.layout.wires.get(socket)
        return self.traffic.carries(socket) and not self.story.dead(socket, at) and not (wire and self.dark(wire, at))

    def reachable(self, device: str, at: float) -> bool:
        """Say whether a device has a way to where netmon stands."""
        return self._reached(device, self.story.cut(at))

    def _route_exists(self, device: str, cut: frozenset[str]) -> bool:
        node = self.node(device)
        switch = self.layout.switch_of(device)[0] if node.kind in {Kind.SERVER, Kind.UPS} else device
        return self.layout.route(self._watcher, switch, cut) is not None

    def light(self, device: str, port: int | str, at: float) -> Optic:
        """Return what the transceiver of an optical port reports."""
        node = self.node(device)
        socket = self._port(node, port)
        wire = self.layout.wires.get((device, socket.index))
        optic = light.optic(self.seed, self.layout, node, socket, at)
        worn_db = self._worn_db((device, socket.index), at)
        if worn_db:
            bias_ma = optic.bias_ma + LASER_MA_PER_DB * worn_db
            optic = replace(optic, tx_dbm=optic.tx_dbm - worn_db, bias_ma=bias_ma)
        if wire is None:
            return optic
        if self.dark(wire, at):
            return replace(optic, rx_dbm=DARK_DBM)
        lost_db = self.story.loss_db(wire, at) + self._worn_db(wire.far(device), at)
        return replace(optic, rx_dbm=optic.rx_dbm - lost_db)

    def _worn_db(self, socket: Socket, at: float) -> float:
        return self.wear.laser_db(socket, at) if self.wear else 0.0

    def _port(self, node: Node, port: int | str) -> Port:
        return next(p for p in node.ports if port in (p.index, p.name))


def _watcher(inventory: Inventory, found: Layout) -> str:
    """Return the switch that netmon itself hangs on: that of the machine which is real, else the first core."""
    here = [server.uplinks[0].device for server in inventory.servers if server.collector == "host" and server.uplinks]
    return next((device for device in here if device in found.nodes), found.of(Kind.CORE)[0].name)
