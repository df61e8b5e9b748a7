"""What turning answers into tables costs: CPU per cell in steady state and for a new layout, and memory per device.

A switch of 48 ports x 40 columns of ifTable and ifXTable, as the client hands it over: indexes shared between columns
and polls, numbers new at each poll: `python -m bench.tables`.
"""

import gc
import time
import tracemalloc
from argparse import ArgumentParser
from collections.abc import Callable
from random import Random
from statistics import median

from collectors.snmp import oid
from collectors.snmp.answers import Answers, Cell
from collectors.snmp.counters import Counts
from collectors.snmp.plan import TablePlan, plan_table
from collectors.snmp.tables import Moment, TableState, read_table
from tests.support.profiles import profile

PORTS, COLUMNS, POLLS, DEVICES = 48, 40, 60, 500

INDEXES = [oid.encode_suffix((10_100 + port,)) for port in range(PORTS)]
TEXTS: dict[str, Callable[[int], bytes]] = {
    "ifDescr": lambda port: f"GigabitEthernet1/0/{port}".encode(),
    "ifName": lambda port: f"Gi1/0/{port}".encode(),
    "ifAlias": lambda port: f"to host {port}".encode(),
    "ifPhysAddress": lambda port: bytes((0, 26, 43, 60, 77, port)),
}


def answers(plan: TablePlan, random: Random, poll: int) -> Answers:
    """Return one poll of a switch whose counters grow by less than a wrap."""
    cells: dict[bytes, dict[bytes, Cell]] = {}
    for name, column in list(plan.oids.items())[:COLUMNS]:
        text, syntax = TEXTS.get(name), plan.table.objects[name].syntax.value
        if text is not None:
            cells[column] = {index: text(port) for port, index in enumerate(INDEXES)}
        elif syntax == "counter64":
            cells[column] = {index: (poll << 40) + random.randrange(1 << 30) for index in INDEXES}
        elif syntax == "counter32":
            cells[column] = {index: (poll << 24) + random.randrange(1 << 20) for index in INDEXES}
        else:
            cells[column] = dict.fromkeys(INDEXES, 1)
    return Answers(cells)


def steady(plan: TablePlan) -> float:
    """Return µs per cell while no label changes."""
    random, state, counts = Random(7), TableState(), Counts()
    costs = []
    for poll in range(POLLS):
        came = answers(plan, random, poll)
        began = time.process_time()
        read_table(plan, came, state, Moment(float(poll), 0, counts))
        costs.append((time.process_time() - began) * 1e6 / (PORTS * COLUMNS))
    return median(costs[1:])


def fresh(plan: TablePlan) -> float:
    """Return µs per cell when rows and labels are found anew."""
    random = Random(7)
    costs = []
    for poll in range(POLLS):
        came = answers(plan, random, poll)
        began = time.process_time()
        read_table(plan, came, TableState(), Moment(0.0, 0, Counts()))
        costs.append((time.process_time() - began) * 1e6 / (PORTS * COLUMNS))
    return median(costs)


def memory(plan: TablePlan) -> float:
    """Return KiB held for each device: layout, labels, and the last poll's tables."""
    random, held = Random(7), []
    gc.collect()
    tracemalloc.start()
    for _ in range(DEVICES):
        state = TableState()
        came = answers(plan, random, 1)
        held.append((state, read_table(plan, came, state, Moment(0.0, 0, Counts()))))
    del came
    gc.collect()
    total, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return total / 1024 / len(held)


def main() -> None:
    ArgumentParser(description=__doc__).parse_args()
    plan = plan_table(profile("if_mib"), "interfaces")
    print(f"{PORTS} ports x {COLUMNS} columns = {PORTS * COLUMNS} cells, CPU time, median of {POLLS}")
    print(f"steady state     {steady(plan):6.3f} µs per cell")
    print(f"new layout       {fresh(plan):6.3f} µs per cell")
    print(f"memory           {memory(plan):6.0f} KiB per device, {DEVICES} devices held")


if __name__ == "__main__":
    main()
