"""What each detector sees of each attack, and how soon: the table of docs/detection.md.

Run `python -m bench.detection.run [--quick] [--only WORD] [--say]`. Models are replayed among the first minute and a
half of the ordinary hour; `python -m bench.detection.ordinary SEED | netmon replay -` is what is found without attack.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import numpy as np

from bench.detection import amplifiers, floods, guessing, hidden, names, scans, tools, webserver
from bench.detection.case import Case, Outcome, measure
from bench.detection.ordinary import hour
from bench.detection.packets import PACKET, Packets, joined
from bench.detection.place import START

BACKGROUND_S = 90
MODELS: dict[str, tuple[Case, ...]] = {
    "floods": floods.CASES,
    "amplifiers": amplifiers.CASES,
    "webserver": webserver.CASES,
    "scans": scans.CASES,
    "guessing": guessing.CASES,
    "hidden": hidden.CASES,
    "names": names.CASES,
}


def background(seed: int = 1) -> Packets:
    """Return the first minute and a half of an ordinary hour."""
    rows = joined(list(hour(seed, BACKGROUND_S)))
    return rows[: int(np.searchsorted(rows["at_ns"], (START + BACKGROUND_S) * 10**9))]


def line(outcome: Outcome) -> str:
    """Return a row of the table."""
    named = outcome.named_after_s
    when = "not named" if named is None else f"{named:.1f}"
    count = sum(one.rule in outcome.expected for one in outcome.said)
    rules = ", ".join(sorted({one.rule for one in outcome.said if one.rule in outcome.expected})) or " or ".join(
        outcome.expected
    )
    others = ", ".join(f"{one.rule} ({one.after_s:.0f} s)" for one in outcome.said if one.rule not in outcome.expected)
    return f"| {outcome.name} | {outcome.tool} | `{rules}` | {when} | {count} | {others or 'none'} |"


def main() -> None:
    """Print the table."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--quick", action="store_true", help="without ordinary traffic around")
    asked.add_argument("--only", default="", help="cases whose name or expected finding has this in it")
    asked.add_argument("--say", action="store_true", help="print what was said, too")
    asked.add_argument("--which", choices=["tools", *MODELS])
    given = asked.parse_args()
    print("| attack | by | finding | seconds | findings | others |\n|---|---|---|---|---|---|")
    wrong = 0
    for outcome in _outcomes(given):
        wrong += not outcome.right
        print(line(outcome), flush=True)
        for one in outcome.said if given.say else ():
            print(f"    {one.after_s:.1f} s {one.severity} to {one.worst} {one.rule}: {one.summary[:240]}")
    sys.exit(1 if wrong else 0)


def _outcomes(given: argparse.Namespace) -> Iterator[Outcome]:
    if given.which in (None, "tools"):
        yield from tools.outcomes(given.only)
    if given.which == "tools":
        return
    around = np.zeros(0, PACKET) if given.quick else background()
    with tempfile.TemporaryDirectory() as folder:
        for case in chain.from_iterable(MODELS[kind] for kind in MODELS if given.which in (None, kind)):
            if given.only in " ".join((case.name, *case.expected)):
                yield measure(case, around, Path(folder))


if __name__ == "__main__":
    main()
