"""Thousands of switches from one process, for benchmarks: rows that were encoded beforehand, an address for each.

Every agent shares one view, so that what is measured is the poller, not the polled. Addresses are 127.64.0.1 and up.
"""

import resource
from collections.abc import Iterator

from netmon.demo.agent import Address, Agent, Manners, Responder
from netmon.demo.mib import Entry, MibView
from netmon.demo.mibs.interfaces import IF_ENTRY, IF_X_ENTRY
from netmon.demo.mibs.objects import Objects, Value, counter32, counter64, gauge, identifier, octets, text, ticks, whole

SPARE_FILES = 256  # descriptors that a process needs besides its agents' sockets


def address_of(number: int, port: int) -> Address:
    """Return the address of agent `number`, counted from 0: 127.64.0.1, then 127.64.0.2 and on."""
    host = number + 1
    return f"127.{64 + (host >> 16)}.{host >> 8 & 0xFF}.{host & 0xFF}", port


def switch_view(ports: int = 48) -> MibView:
    """Return a switch with the system group, ifTable and ifXTable: 40 columns for each port."""
    return MibView(_entries(ports))


def serve_fleet(responder: Responder, agents: int, port: int, *, view: MibView, manners: Manners) -> list[Address]:
    """Serve agents that all answer from one view to the community `public`; return their addresses.

    CannotServeError where an address is taken, OSError where the limit of open files is too low.
    """
    allow_files(agents + SPARE_FILES)
    return [responder.serve(Agent(view, manners=manners), address_of(number, port)) for number in range(agents)]


def allow_files(count: int) -> None:
    """Raise this process's limit of open files where it is lower; OSError says so when the system's is too low."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft >= count:
        return
    if hard != resource.RLIM_INFINITY and hard < count:
        raise OSError(f"{count} open files are needed and {hard} allowed; raise the limit with ulimit -Hn")
    resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))


def _entries(ports: int) -> Iterator[Entry]:
    objects = Objects()
    objects.scalars(
        "1.3.6.1.2.1.1",
        {
            1: text("A switch of the benchmark's fleet"),
            2: identifier("1.3.6.1.4.1.8072.9999.9999.77.9"),
            3: ticks(lambda now: now % 4_000_000),
            4: text(""),
            5: text("fleet"),
            6: text(""),
            7: whole(2),
        },
    )
    objects.scalars("1.3.6.1.2.1.2", {1: whole(ports)})
    for index in range(1, ports + 1):
        objects.row(IF_ENTRY, index, _if_row(index))
        objects.row(IF_X_ENTRY, index, _if_x_row(index))
    yield from objects.entries


def _if_row(index: int) -> dict[int, Value]:
    counts = {column: counter32(index * 70_001 * column) for column in range(10, 21)}
    row = {1: whole(index), 2: text(f"GigabitEthernet1/0/{index}"), 3: whole(6), 4: whole(1_500), 5: gauge(10**9)}
    state = {6: octets(bytes((2, 0, 0, 0, 0, index & 0xFF))), 7: whole(1), 8: whole(1), 9: ticks(0.0)}
    return {**row, **state, **counts, 21: gauge(0)}


def _if_x_row(index: int) -> dict[int, Value]:
    narrow = {column: counter32(index * 30_011 * column) for column in (2, 3, 4, 5)}
    wide = {column: counter64(index * 7_000_000_019 * column) for column in range(6, 14)}
    state = {14: whole(1), 15: gauge(1_000), 16: whole(2), 17: whole(1), 18: text(""), 19: ticks(0.0)}
    return {1: text(f"Gi1/0/{index}"), **narrow, **wide, **state}
