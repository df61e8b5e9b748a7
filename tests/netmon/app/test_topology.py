"""The graph from an inventory: what joins what, and where netmon stands where the inventory does not say it."""

from netmon.app.settings.inventory import Application, Device, Inventory, Joint, Link, Port, Role, Server, Site
from netmon.app.topology import Chosen, Standpoint, standpoint, topology_of
from tests.support.ring import demo

CORE = Device(name="core-b", address="192.0.2.1", site="hub", role=Role.CORE)
BUSY = Device(name="acc-1", address="192.0.2.3", site="hub")
LINKS = (
    Link(name="l1", a=Port(device="core-a", port="1"), b=Port(device="acc-1", port="2"), length_km=3),
    Link(name="l2", a=Port(device="core-b", port="1"), b=Port(device="acc-1", port="3"), length_km=2),
    Link(name="l3", a=Port(device="core-b", port="2"), b=Port(device="acc-1", port="4"), length_km=2),
)
PLAIN = Inventory(
    sites=(Site(name="hub"), Site(name="far")),
    devices=(
        Device(name="core-a", address="192.0.2.2", site="far", role=Role.CORE),
        CORE,
        BUSY,
        Device(
            name="ups",
            address="192.0.2.4",
            site="hub",
            role=Role.UPS,
            uplinks=(Port(device="acc-1", port="9"), Port(device="core-b", port="9")),
        ),
    ),
    servers=(Server(name="db", address="192.0.2.9", site="hub", uplinks=(Port(device="core-b", port="5"),)),),
    applications=(Application(name="tax", servers=("db",)),),
    links=LINKS,
)


def with_host(site: str = "hub", *uplinks: Port) -> Inventory:
    host = Server(name="noc", site=site, collector="host", uplinks=uplinks)
    return PLAIN.model_copy(update={"servers": (*PLAIN.servers, host)})


def test_the_host_of_netmon_says_where_it_stands() -> None:
    inventory = with_host("hub", Port(device="acc-1", port="7"))
    assert standpoint(inventory) == Standpoint("noc", Chosen.HOST)
    graph = topology_of(inventory)
    assert graph is not None
    edge = graph.edge_at("acc-1", "7")
    assert edge is not None
    assert (graph.monitor, edge.far("acc-1"), edge.fiber) == ("noc", "noc", False)


def test_a_host_without_uplinks_hangs_on_the_best_connected_core_device_of_its_site() -> None:
    assert standpoint(with_host("hub")) == Standpoint("noc", Chosen.SITE, "core-b")
    graph = topology_of(with_host("hub"))
    assert graph is not None
    assert graph.hops[graph.number["core-b"]] == 1
    assert standpoint(with_host("far")) == Standpoint("noc", Chosen.SITE, "core-a")
    assert standpoint(with_host("elsewhere")) == Standpoint("noc", Chosen.SITE, "core-b")  # of all


def test_without_a_host_netmon_stands_at_the_best_connected_core_device() -> None:
    assert standpoint(PLAIN) == Standpoint("core-b", Chosen.DEVICE, "core-b")
    plain = [device.model_copy(update={"role": Role.ACCESS}) for device in PLAIN.devices]
    assert standpoint(PLAIN.model_copy(update={"devices": tuple(plain)})) == Standpoint("acc-1", Chosen.DEVICE, "acc-1")


def test_an_inventory_without_devices_and_host_has_no_graph() -> None:
    assert topology_of(Inventory()) is None
    assert topology_of(Inventory(servers=(Server(name="db", site="hub"),))) is None


def test_a_host_alone_is_a_graph_of_one() -> None:
    graph = topology_of(Inventory(servers=(Server(name="noc", site="hub", collector="host"),)))
    assert graph is not None
    assert (graph.monitor, graph.edges) == ("noc", ())


def test_links_are_fibers_with_their_kilometres_and_uplinks_are_not() -> None:
    joint = Joint(name="manhole 3", km=1.2)
    links = (LINKS[0].model_copy(update={"joints": (joint,), "title": "Hub to far"}), *LINKS[1:])
    graph = topology_of(PLAIN.model_copy(update={"links": links}))
    assert graph is not None
    fiber = graph.edge("l1")
    assert fiber is not None
    assert (fiber.length_km, fiber.joints, fiber.title, fiber.fiber) == (3, (("manhole 3", 1.2),), "Hub to far", True)
    made = sorted(edge.name for edge in graph.edges if not edge.fiber)
    assert made == ["db/core-b/5", "ups/acc-1/9", "ups/core-b/9"]
    assert graph.depends == {"tax": ("db",)}


def test_an_uplink_beside_a_link_to_the_same_device_adds_nothing() -> None:
    again = BUSY.model_copy(update={"uplinks": (Port(device="core-b", port="1"), Port(device="core-a"))})
    devices = tuple(again if device is BUSY else device for device in PLAIN.devices)
    graph = topology_of(PLAIN.model_copy(update={"devices": devices}))
    assert graph is not None
    assert not any(edge.name.startswith("acc-1/") for edge in graph.edges)


def test_what_forwards_is_known_by_its_role() -> None:
    ends = {Role.UPS, Role.PDU, Role.SENSOR}
    devices = [
        Device(name=role.value, address="192.0.2.1", site="hub", role=role, uplinks=(Port(device="core"),))
        for role in Role
        if role is not Role.CORE
    ]
    devices.append(Device(name="core", address="192.0.2.1", site="hub", role=Role.CORE))
    graph = topology_of(PLAIN.model_copy(update={"devices": tuple(devices), "links": ()}))
    assert graph is not None
    still = {node.name for node in graph.nodes if not node.forwards}
    assert still == {*(role.value for role in ends), "db", "tax"}


def test_what_something_is_reached_through_forwards_whatever_its_role() -> None:
    probe = Device(name="probe", address="192.0.2.5", site="hub", role=Role.SENSOR, uplinks=(Port(device="ups"),))
    graph = topology_of(PLAIN.model_copy(update={"devices": (*PLAIN.devices, probe)}))
    assert graph is not None
    assert [node.forwards for node in graph.nodes if node.name in ("ups", "probe")] == [True, False]


def test_every_target_of_the_demonstration_can_be_reached() -> None:
    graph = topology_of(demo())
    assert graph is not None
    lost = {node.name for node, hops in zip(graph.nodes, graph.hops, strict=True) if hops < 0}
    assert lost == {application.name for application in demo().applications}
    assert standpoint(demo()) == Standpoint("netmon-host", Chosen.HOST)
