"""What the planner costs in a flood: `bench/notices.py [--incidents N] [--people N] [--record]`.

Opens N incidents at once for all people, lets every message arrive, resolves them, and prints the time of each part and
what each person got. `--record` counts the encoding of every change for the ledger too.
"""

import argparse
import resource
import time

from netmon.api import Severity
from netmon.core.ledger.record import encode
from netmon.core.notices.changes import NoticeChange, to_entry
from tests.support.notices import Scene, incident, settings


def ledger_bytes(changes: list[NoticeChange]) -> int:
    return sum(len(encode(to_entry(change, 0.0, "bench"), 0, 0.0)) for change in changes)


def timed(label: str, begin: float, count: int) -> None:
    spent = time.perf_counter() - begin
    print(f"{label:34} {spent * 1e3:9.1f} ms  {spent / max(count, 1) * 1e6:8.2f} µs each of {count}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--incidents", type=int, default=3_000)
    parser.add_argument("--people", type=int, default=10)
    parser.add_argument("--record", action="store_true")
    given = parser.parse_args()
    names = [f"p{number}" for number in range(given.people)]
    steps = [{"notify": [f"person:{name}" for name in names]}, {"after_s": 900, "notify": "person:p0"}]
    it = Scene(settings([{"steps": steps}], names))
    flood = [incident(number, list(Severity)[number % 4]) for number in range(given.incidents)]
    begin = time.perf_counter()
    it.say(*flood)
    timed("observe: incidents open", begin, len(flood))
    it.now += 10
    begin = time.perf_counter()
    made = it.planner.tick(it.now, it.board)
    timed("tick: routes, limits, messages", begin, len(flood) * len(names))
    it.made += made
    begin, due = time.perf_counter(), it.planner.due(it.now)
    for notice in due:
        it.attempt(notice)
    timed("write and deliver messages", begin, len(due))
    begin = time.perf_counter()
    for _ in range(100):
        it.now += 1
        it.planner.tick(it.now, it.board)
    timed("tick: nothing due", begin, 100)
    begin = time.perf_counter()
    kept = it.planner.snapshot()
    timed("snapshot", begin, len(kept["cases"]))
    for one in flood:
        it.resolve(one.id)
    it.pass_time(1_200, 5)
    if given.record:
        begin = time.perf_counter()
        size = ledger_bytes(it.made)
        timed("encode every change", begin, len(it.made))
        print(f"{'ledger':34} {size / 1e6:9.1f} MB  {size / len(flood):8.0f} bytes an incident, opening to end")
    most = max(sum(one.person == name for one in it.told) for name in names)
    told = {(one.person, number) for one in it.told for number in one.incidents}
    print(f"messages: {len(it.told)}, at most {most} to one person in 20 minutes")
    print(f"pairs of person and incident told: {len(told)} of {len(names) * len(flood)}")
    print(f"cases left: {len(it.planner.tables.cases)}")
    print(f"peak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
