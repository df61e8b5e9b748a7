"""What each detector sees of each attack, how soon, and what is found in ordinary traffic: the table of docs/detection.md.

Run `python -m bench.detection.run [--quick] [--only WORD]`. Models are replayed among the first minutes of the ordinary hour.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np

from bench.detection import floods
from bench.detection.case import Case, Outcome, measure
from bench.detection.ordinary import hour
from bench.detection.packets import PACKET, Packets, joined
from bench.detection.place import START

BACKGROUND_S = 200
MODELS: tuple[Case, ...] = (*floods.CASES,)


def background(seed: int = 1) -> Packets:
    """Return the first minutes of an ordinary hour, without what was planned for its transfers' later part."""
    parts = []
    for part in hour(seed):
        parts.append(part)
        if len(part) and int(part["at_ns"][-1]) > (START + BACKGROUND_S) * 10**9:
            break
    rows = joined(parts)
    return rows[: int(np.searchsorted(rows["at_ns"], (START + BACKGROUND_S) * 10**9))]


def line(outcome: Outcome) -> str:
    """Return a row of the table."""
    named = outcome.named_after_s
    when = "not named" if named is None else f"{named:.1f}"
    count = sum(one.rule in outcome.expected for one in outcome.said)
    rules = ", ".join(sorted({one.rule for one in outcome.said if one.rule in outcome.expected})) or " or ".join(outcome.expected)
    others = ", ".join(f"{one.rule} ({one.after_s:.0f} s)" for one in outcome.said if one.rule not in outcome.expected)
    return f"| {outcome.name} | {outcome.tool} | `{rules}` | {when} | {count} | {others or '–'} |"


def main() -> None:
    """Print the table."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--quick", action="store_true", help="without ordinary traffic around")
    asked.add_argument("--only", default="")
    asked.add_argument("--say", action="store_true", help="print what was said, too")
    given = asked.parse_args()
    around = np.zeros(0, PACKET) if given.quick else background()
    print("| attack | by | finding | seconds | findings | others |\n|---|---|---|---|---|---|")
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        for case in MODELS:
            if given.only in case.name:
                outcome = measure(case, around, Path(folder))
                wrong += not outcome.right
                print(line(outcome), flush=True)
                for one in outcome.said if given.say else ():
                    print(f"    {one.after_s:.1f} s {one.severity} {one.rule}: {one.summary[:240]}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
