"""What the life of alerts costs: findings that come at once, repeats, ticks, actions, views, snapshots, memory.

`python -m bench.alerts [--alerts 10000 100000]`. Times are CPU of one thread; the ledger is not in them.
"""

import gc
import json
import time
import tracemalloc
from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from functools import partial
from statistics import median
from typing import TypeVar

import msgspec

from netmon.api import Finding, Matcher, NewSilence, Severity
from netmon.core.alerts.changes import Change, to_entry
from netmon.core.alerts.engine import Alerts
from netmon.core.alerts.settings import AlertSettings
from netmon.core.alerts.site import BySite

START = 1_760_000_000.0
TARGETS, SITES = 1_000, 50

T = TypeVar("T")


def finding(number: int, severity: Severity) -> Finding:
    """Return one of many: a port of one of 1,000 switches at 50 sites."""
    target = f"sw-{number % TARGETS:04d}"
    return Finding(
        rule="interface_down",
        target=target,
        at=START,
        severity=severity,
        summary=f"Gi1/0/{number // TARGETS} of {target} is down",
        key=f"interface_down/{target}/Gi1/0/{number // TARGETS}",
        evidence={"ifOperStatus": 2, "ifAdminStatus": 1, "since_s": 61.0},
        labels={"ifName": f"Gi1/0/{number // TARGETS}"},
        summaries={"id": f"Gi1/0/{number // TARGETS} di {target} mati"},
        runbook="https://wiki.example.net/interface-down",
    )


def engine(count: int, *, one_site: bool = False) -> Alerts:
    """Return an engine with room for that many."""
    settings = AlertSettings(max_alerts=max(10, 2 * count))
    return Alerts(
        settings,
        BySite(settings),
        lambda target: "kota" if one_site else f"site-{int(target[3:]) % SITES:02d}",
        lambda _scope: (),
    )


def longest_slice(alerts: Alerts, now: float) -> float:
    """Tick until nothing is left, as the core does; return what the longest one took, in ms."""
    longest = 0.0
    gc.disable()  # its pauses come in any slice, and are not what is asked here
    while alerts.behind(now):
        began = time.process_time()
        for change in alerts.tick(now, 500):
            to_entry(change, now, "core")
        longest = max(longest, time.process_time() - began)
    gc.enable()
    return longest * 1000


def timed(label: str, action: Callable[[], T], each: int = 1, unit: str = "µs each") -> T:
    """Run an action and print what it took."""
    began = time.process_time()
    outcome = action()
    took = time.process_time() - began
    print(f"{label:<58} {took * (1e6 if 'µs' in unit else 1e3) / each:>10.1f} {unit}")
    return outcome


def say_all(alerts: Alerts, findings: Sequence[Finding], at: float) -> list[Change]:
    """Say findings one by one."""
    return [change for finding in findings for change in alerts.say(finding, "bench", at)]


def ticks(alerts: Alerts, now: float) -> float:
    """Return the median µs of a tick when nothing is due."""
    costs = []
    for step in range(50):
        began = time.perf_counter()
        alerts.tick(now + step * 0.01)
        costs.append((time.perf_counter() - began) * 1e6)
    return median(costs)


def life(count: int) -> None:
    """Measure one number of alerts."""
    print(f"\n{count:,} alerts of {TARGETS:,} targets at {SITES} sites")
    critical = [finding(number, Severity.CRITICAL) for number in range(count)]
    gc.collect()
    tracemalloc.start()
    traced = engine(10_000)
    say_all(traced, [finding(number, Severity.CRITICAL) for number in range(10_000)], START)
    per_alert = tracemalloc.get_traced_memory()[0] / 10_000
    tracemalloc.stop()
    del traced
    alerts = engine(count)
    changes = timed("said at once, fire at once", lambda: say_all(alerts, critical, START), count)
    print(f"{'  changes, of these of incidents':<58} {len(changes):>10,} {len(changes) - count:,}")
    timed("  as entries for the ledger", lambda: [to_entry(each, START, "core") for each in changes], len(changes))
    timed("said again", lambda: say_all(alerts, critical, START + 10), count)
    print(f"{'tick when nothing is due, median':<58} {ticks(alerts, START + 20):>10.1f} µs")
    timed("every one listed, order changed", alerts.alerts, 1, "ms")
    timed("every one listed again", alerts.alerts, 1, "ms")
    timed("incidents listed", alerts.incidents, 1, "ms")
    mute = NewSilence((Matcher("instance", "sw-0[0-4].*", is_regex=True),), START + 30, START + 90, "bench")
    timed("a silence over half of them begins, its first slice", lambda: alerts.silence(mute, "b", START + 30), 1, "ms")
    print(f"{'  its longest slice with its records':<58} {longest_slice(alerts, START + 30):>10.1f} ms")
    timed("  it ends, the first slice", lambda: alerts.end_silence("S1", "b", START + 31), 1, "ms")
    print(f"{'  its longest slice with its records':<58} {longest_slice(alerts, START + 31):>10.1f} ms")
    beginnings = [alert.id[:10] for alert in alerts.alerts()[: min(1000, count // 2)]]
    acknowledge = partial(alerts.acknowledge, author="b", note="", now=START + 31)
    timed("1,000 acknowledged by beginnings of ids", lambda: acknowledge(beginnings), 1, "ms")
    ids = [incident.id for incident in alerts.incidents() if incident.resolved_at is None]
    timed("every incident acknowledged", lambda: alerts.acknowledge(ids, "b", "", START + 32), 1, "ms")
    snapshot = timed("snapshot", alerts.snapshot, 1, "ms")
    text = timed("  as JSON", lambda: msgspec.json.encode(snapshot), 1, "ms")
    print(f"{'  bytes an alert':<58} {len(text) / count:>10.0f} bytes")
    other = engine(count)
    timed("restore", lambda: other.restore(json.loads(text)), 1, "ms")
    timed("all cleared", lambda: [alerts.say(_cleared(f), "bench", START + 40) for f in critical], count)
    timed("the tick that resolves them all", lambda: alerts.tick(START + 200), count)
    print(f"{'memory an alert':<58} {per_alert:>10.0f} bytes")


def _cleared(said: Finding) -> Finding:
    return Finding(said.rule, said.target, said.at, said.severity, said.summary, said.key, cleared=True)


def worst_cases(count: int) -> None:
    """Measure what could be quadratic."""
    print(f"\n{count:,} alerts that go together")
    errors = [finding(number, Severity.ERROR) for number in range(count)]
    alerts = engine(count)
    say_all(alerts, errors, START)
    timed("pending ones that fire in one tick", lambda: alerts.tick(START + 30), count)
    critical = [finding(number, Severity.CRITICAL) for number in range(count)]
    alerts = engine(count, one_site=True)
    timed("at one site, one by one", lambda: say_all(alerts, critical, START), count)
    silenced = engine(count)
    for number in range(200):
        pattern = Matcher("instance", f"host-{number}.*", is_regex=True)
        silenced.silence(NewSilence((pattern,), START, START + 900, "bench"), "b", START)
    timed("under 200 silences with patterns", lambda: say_all(silenced, critical, START), count)


def main() -> None:
    """Measure."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--alerts", type=int, nargs="+", default=[10_000, 100_000])
    for count in parser.parse_args().alerts:
        life(count)
    worst_cases(10_000)


if __name__ == "__main__":
    main()
