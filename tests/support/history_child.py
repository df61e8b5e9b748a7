"""A history in a process that a test can kill: `python -m tests.support.history_child FOLDER ACKNOWLEDGED`.

For each line of its input it forks a life, whose process id it prints: polls without end, time going 50 seconds a step
from where the last life came to. Each period that closed is noted in ACKNOWLEDGED once `tick` returned it.
"""

import os
import sys
import traceback
from pathlib import Path

from tests.support.history import MIDNIGHT, batch, history, shelf

SERIES = 40
STEP_S = 50
BEGIN = MIDNIGHT - 3_600  # so that a day ends soon


def life(folder: Path, acknowledged: Path) -> None:
    known = [float(line.split()[1]) for line in acknowledged.read_text().splitlines()]
    kept, _ = history(folder, shelf(SERIES))
    back_s = 600 if len(known) % 3 == 0 else 0  # a clock that is not always right
    at = max(known, default=BEGIN) - back_s
    with acknowledged.open("ab", buffering=0) as file:
        while True:
            kept.add(batch(at, [at % 86_400 + i for i in range(SERIES)]))
            for one in kept.tick(at) + kept.flush():
                file.write(b"%d %d %d\n" % (one.length_s, one.begins, len(one.slots)))
            at += STEP_S


def main() -> None:
    folder, acknowledged = map(Path, sys.argv[1:])
    for _ in sys.stdin:
        pid = os.fork()
        if pid == 0:
            try:
                life(folder, acknowledged)
            except BaseException:  # noqa: BLE001 - the test reads it
                traceback.print_exc()
            os._exit(1)
        print(pid, flush=True)  # noqa: T201 - the test waits for it
        _, status = os.waitpid(pid, 0)
        print(status, flush=True)  # noqa: T201 - the same


if __name__ == "__main__":
    main()
