"""What judging costs: microseconds of CPU for each poll of a device of the simulated ring, by the shipped limits.

Run `python -m bench.limits`. Medians of nine rounds; differences under 1.5x are ties.
"""

import asyncio
import statistics
import time
from dataclasses import replace

from netmon.api import Reading
from netmon.app.packs import load_packs
from rules.limits.rule import Limits
from tests.support.demo_readings import Readings

START = 1_795_000_000.0


async def polls() -> list[Reading]:
    readings = Readings(START)
    return [await readings.read(name, START + 60) for name in readings.ring.layout.nodes]


def main() -> None:
    read = asyncio.run(polls())
    rounds = []
    for _ in range(9):
        judge = Limits(load_packs(None))
        began = time.process_time()
        for number in range(20):
            for poll in read:
                list(judge.observe(replace(poll, at=poll.at + 30 * number)))
        rounds.append((time.process_time() - began) / 20 / len(read))
    cells = sum(table.count()[0] for poll in read for part in poll.parts for table in part.tables)
    cost = statistics.median(rounds) * 1e6
    print(
        f"{cost:.0f} us a poll of {cells / len(read):.0f} values; 500 devices every 30 s: {cost * 500 / 30 / 1e4:.2f} %"
    )


if __name__ == "__main__":
    main()
