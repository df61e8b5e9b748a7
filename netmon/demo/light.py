"""The light in the ring's fibers: what a laser sends, less what kilometres, joints and connectors take, less ageing."""

from dataclasses import dataclass
from typing import Final

from netmon.demo.chance import between
from netmon.demo.climate import drift, room_celsius, wander
from netmon.demo.layout import Layout, Node, Port, Wire

DB_PER_KM: Final = 0.35  # ITU-T G.652.D at 1310 nm, laid
JOINT_DB: Final = (0.04, 0.18)  # a fusion splice, from good to hasty
CONNECTOR_DB: Final = (0.30, 0.60)  # a patch panel's; one at each end
AGEING_DB: Final = 0.4  # a wet closure, slow bends: comes and goes over a year
PROVIDER_DB: Final = 4.0  # to the internet provider, whose end we do not see
TX_DBM: Final = (-3.2, -2.4)  # 10GBASE-LR sends -8.2 to +0.5


@dataclass(frozen=True, slots=True)
class Optic:
    """What a transceiver reports (SFF-8472)."""

    rx_dbm: float
    tx_dbm: float
    bias_ma: float
    celsius: float
    volts: float


def loss_db(seed: int, wire: Wire, at: float) -> float:
    """Return what a fiber takes, end to end, at Unix time `at`."""
    joints = sum(between(*JOINT_DB, seed, wire.name, "joint", n) for n in range(wire.joints))
    connectors = sum(between(*CONNECTOR_DB, seed, wire.name, end) for end in (wire.a, wire.b))
    ageing = AGEING_DB * drift(seed, wire.name, at, days=380) + 0.02 * wander(seed, wire.name, at)
    return wire.km * DB_PER_KM + joints + connectors + ageing


def tx_dbm(seed: int, device: str, port: int, at: float) -> float:
    """Return what the laser of a port sends."""
    return between(*TX_DBM, seed, device, port, "tx") + 0.03 * wander(seed, f"{device} {port} tx", at)


def optic(seed: int, layout: Layout, node: Node, port: Port, at: float) -> Optic:
    """Return the readings of a port's transceiver at Unix time `at`."""
    wire = layout.wires.get((node.name, port.index))
    if wire is None:
        rx = between(*TX_DBM, seed, node.name, port.index, "provider") - PROVIDER_DB
        rx += 0.05 * wander(seed, f"{node.name} {port.index} provider", at)
    else:
        rx = tx_dbm(seed, *wire.far(node.name), at) - loss_db(seed, wire, at)
    key = f"{node.name} {port.index}"
    celsius = room_celsius(seed, node.site, at) + between(9, 13, seed, key, "optic") + 0.3 * wander(seed, key, at)
    bias = between(28, 36, seed, key, "bias") + 0.12 * (celsius - 35)  # a warm laser needs more
    return Optic(rx, tx_dbm(seed, node.name, port.index, at), bias, celsius, 3.3 + 0.01 * wander(seed, f"{key} V", at))
