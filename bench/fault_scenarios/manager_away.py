"""Alertmanager is away for a while: afterwards it has what fires, and its receiver heard of each change once."""

import time
from pathlib import Path

from bench.fault_scenarios.books import check_proof
from bench.fault_scenarios.house import CORE, house, wait
from bench.fault_scenarios.report import Outcome
from bench.fault_scenarios.ways_out import Teller, WaysOut, ways_out
from netmon.api import Finding, Severity

COUNT = 100  # alerts in each of the groups below


def manager_away(folder: Path, away_s: float) -> Outcome:
    """Kill Alertmanager, change alerts, start it again after `away_s` seconds."""
    outcome = Outcome("Alertmanager away")
    with (
        ways_out(folder) as ways,
        house(folder, ways.settings(), devices=0) as here,
        Teller(here.state / "link.sock", folder / "teller") as teller,
    ):
        here.start(CORE)
        wait(here.core_answers)
        teller.say([_wrong(kind, n) for kind in ("stays", "ends") for n in range(COUNT)])
        wait(lambda: len(ways.counts("firing")) == 2 * COUNT, 60)
        time.sleep(3)  # until Alertmanager has written down whom it told, which it does five times a second here
        ways.manager.end()
        teller.say([_wrong("ends", n, cleared=True) for n in range(COUNT)])
        teller.say([_wrong(kind, n) for kind in ("begins", "comes and goes") for n in range(COUNT)])
        time.sleep(away_s / 2)
        teller.say([_wrong("comes and goes", n, cleared=True) for n in range(COUNT)])
        time.sleep(away_s / 2)
        outcome.figure("s away", away_s)
        outcome.figure("alerts waiting for it", here.total(CORE, "netmon_alertmanager_queue_alerts"))
        before = time.monotonic()
        ways.start()
        right = {f"{kind}/sw-{n}" for kind in ("stays", "begins") for n in range(COUNT)}
        wait(lambda: ways.firing() == right, 60)
        outcome.figure("s from its start until it is in step", time.monotonic() - before)
        wait(lambda: sum(ways.counts("resolved").values()) >= COUNT, 60)
        time.sleep(10)  # two rounds of saying again, in which nothing may be told twice
        _check_told(outcome, ways)
        here.check_alerts(outcome)
        wait(here.keep_checkpoint)
        here.stop(CORE)
        check_proof(outcome, here.ledger, here.outside)
    return outcome


def _check_told(outcome: Outcome, ways: WaysOut) -> None:
    firing, resolved = ways.counts("firing"), ways.counts("resolved")
    expected = {("stays", 1, 0), ("ends", 1, 1), ("begins", 1, 0)}
    twice = {name: n for name, n in (firing + resolved).items() if firing[name] > 1 or resolved[name] > 1}
    print(f"  told twice: {dict(sorted(twice.items())[:5])}" if twice else "  nothing was told twice")
    for kind, fires, ends in sorted(expected):
        begun = [firing[f"{kind}/sw-{n}"] for n in range(COUNT)]
        over = [resolved[f"{kind}/sw-{n}"] for n in range(COUNT)]
        lost = begun.count(0) * (fires > 0) + over.count(0) * (ends > 0)
        doubled = sum(max(0, n - fires) for n in begun) + sum(max(0, n - ends) for n in over)
        outcome.figure(f"{kind}: lost, doubled at the receiver", f"{lost}, {doubled}")
        outcome.expect(lost == 0 and doubled == 0, f"{kind}: {lost} lost, {doubled} doubled")
    gone = sum(firing[f"comes and goes/sw-{n}"] for n in range(COUNT))
    outcome.figure("came and went meanwhile: told", gone)
    outcome.expect(gone == 0, f"{gone} messages that something fires which was over")


def _wrong(kind: str, number: int, *, cleared: bool = False) -> Finding:
    target = f"sw-{number}"
    return Finding(
        kind, target, time.time(), Severity.ERROR, f"{kind} on {target}", f"{kind}/{target}",
        cleared=cleared, expires_s=86_400,
    )  # fmt: skip
