"""What the collector reads of the simulated ring at any time, without a network: for tests of what judges readings."""

from collections.abc import Sequence

from collectors.snmp import oid
from collectors.snmp.answers import Answers, Cell
from collectors.snmp.ber import Tag, header
from collectors.snmp.client import Agent
from netmon.api import PeerTimeout, Reading, Target
from netmon.demo.devices import view_of
from netmon.demo.layout import Node
from netmon.demo.ring import Ring
from netmon.demo.world import World
from tests.support import demo
from tests.support.coverage import collector_for
from tests.support.snmprec import Memory, Recording

_TEXTS = (Tag.OCTET_STRING, Tag.OBJECT_IDENTIFIER, Tag.OPAQUE, Tag.IP_ADDRESS)


class Readings:
    """The ring with its troubles from `start` (Unix seconds) on, read device by device."""

    def __init__(self, start: float) -> None:
        world = World(demo.settings())
        world.begin_story(start)
        self.ring: Ring = world.ring
        self._memory = _Silent()
        self._collector = collector_for(self._memory)
        self._at = start
        self._collector._clock = lambda: self._at

    async def read(self, name: str, at: float) -> Reading:
        """Read every part of a device at this time."""
        self._at = at
        node = self.ring.node(name)
        self._memory.silent = not self.ring.reachable(name, at)
        self._memory.devices = {name: _recording(self.ring, node, at)}
        target = Target(name, "127.0.0.1", node.site, "device")
        return await self._collector.read(target, list(self._collector._plans), 10)


class _Silent(Memory):
    """Answers from memory, or not at all."""

    silent = False

    async def fetch(
        self, agent: Agent, scalars: Sequence[bytes], columns: Sequence[Sequence[bytes]], deadline: float
    ) -> Answers:
        if self.silent:
            raise PeerTimeout("no answer")
        return await super().fetch(agent, scalars, columns, deadline)


def _recording(ring: Ring, node: Node, at: float) -> Recording:
    view = view_of(ring, node)
    values = (_cell(view.value(position, at)) for position in range(len(view)))
    return Recording([(oid.decode(name), value) for name, value in zip(view.names, values, strict=True)])


def _cell(tlv: bytes) -> Cell:
    tag, start, stop = header(tlv, 0, len(tlv))
    if tag in _TEXTS:
        return tlv[start:stop]
    return int.from_bytes(tlv[start:stop], "big", signed=tag == Tag.INTEGER)
