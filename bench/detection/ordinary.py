"""An hour of ordinary traffic of a regency's office as a capture file on standard output.

Run `python -m bench.detection.ordinary SEED | netmon replay - --json`. Each seed is another hour of the same office.
Nothing in it is an attack, so everything that is found is false.
"""

import sys
from collections.abc import Iterator

import numpy as np

from bench.detection.ipv6 import IPV6
from bench.detection.machines import MACHINES
from bench.detection.packets import Packets, file_of
from bench.detection.people import PEOPLE
from bench.detection.place import HOUR_S, Plan
from bench.detection.servers import SERVERS
from bench.detection.upkeep import UPKEEP


def hour(seed: int, until_s: float = HOUR_S) -> Iterator[Packets]:
    """Yield the packets of an hour, or of its first part, in order."""
    plan = Plan(np.random.default_rng(seed), until_s)
    for each in (*PEOPLE, *MACHINES, *SERVERS, *UPKEEP, *IPV6):
        each(plan)
    return plan.stream()


def main() -> None:
    """Write the capture."""
    try:
        for octets in file_of(hour(int(sys.argv[1]) if len(sys.argv) > 1 else 1)):
            sys.stdout.buffer.write(octets)
    except BrokenPipeError:
        sys.stderr.close()


if __name__ == "__main__":
    main()
