"""What the life of alerts costs: findings that come at once, repeats, ticks, actions, views, snapshots, memory.

`python -m bench.alerts [--alerts 10000 100000] [--nodes 5000]`. Times are CPU of one thread; the ledger is not in them.
Then what a great outage costs the engine that finds causes: two cuts in the core ring of the network of
`bench.causes` isolate six tenths of it, and all signs of that come at once.
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

from bench.causes import network, outages
from netmon.api import Finding, Incident, Matcher, NewSilence, Severity
from netmon.api.unusual import ANOMALY_PREFIX
from netmon.core.alerts.changes import Change, to_entry
from netmon.core.alerts.engine import Alerts
from netmon.core.alerts.settings import AlertSettings
from netmon.core.alerts.site import BySite
from netmon.core.causes.correlator import ByCause
from netmon.core.causes.explain import explain
from netmon.core.causes.facts import Fact, PortDown, Unreachable
from netmon.core.causes.topology import Topology
from netmon.core.unusual.board import SEEN_MAX, Board
from tests.support.causes import facts, observed

START = 1_760_000_000.0
HELD_S = AlertSettings().resolve_hold_s
AT_ONCE = 500  # alerts whose time has come in one slice, as the core's minder has it
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
    return max(slices(alerts, now)) if alerts.behind(now) else 0.0


def slices(alerts: Alerts, now: float) -> list[float]:
    """Tick at least once and until nothing is left, as the core does; return what each took with its records, in ms."""
    spent: list[float] = []
    gc.disable()  # its pauses come in any slice, and are not what is asked here
    while not spent or alerts.behind(now):
        began = time.process_time()
        for change in alerts.tick(now, AT_ONCE):
            to_entry(change, now, "core")
        spent.append((time.process_time() - began) * 1000)
    gc.enable()
    return spent


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


def sign(fact: Fact) -> Finding:
    """Return what a poller says that is this fact."""
    if isinstance(fact, PortDown):
        key, summary = f"interface_down/{fact.node}/{fact.port}", f"Port {fact.port} of {fact.node} is down"
        labels = {"ifName": fact.port}
        return Finding("interface_down", fact.node, START, Severity.CRITICAL, summary, key, labels=labels)
    if isinstance(fact, Unreachable):
        summary, key = f"{fact.node} cannot be reached", f"device_unreachable/{fact.node}"
        return Finding("device_unreachable", fact.node, START, Severity.CRITICAL, summary, key)
    raise TypeError(f"no outage here tells {fact}")


def outage(count: int) -> None:
    """Measure an outage of six tenths of a network of so many nodes, from the first sign until all is well."""
    topology = network(count)
    told = facts(topology, observed(topology, outages(topology)["two core links"]))
    signs = [sign(fact) for fact in told]
    print(f"\n{len(signs):,} signs at once, of a network of {count:,} nodes")
    settings = AlertSettings(max_alerts=4 * count)
    alerts = Alerts(settings, ByCause(settings, topology), _site_of(topology), lambda _scope: ())
    gc.collect()
    gc.freeze()
    timed("said, one by one", lambda: say_all(alerts, signs, START), len(signs))
    timed("causes of all of them, decided alone", lambda: explain(topology, told, START), 1, "ms")
    shown("the look that finds their causes", slices(alerts, START + 1))
    causes = [each for each in alerts.incidents() if each.cause and each.resolved_at is None]
    print(f"{'  incidents with a cause, alerts in them':<58} {len(causes):>10} {_members(alerts, causes):,}")
    timed("  what follows: redundancy that is lost", lambda: alerts.found(START + 1), 1, "ms")
    dark = {fact.node for fact in told if isinstance(fact, Unreachable)}
    lit = next(edge for edge in topology.edges if edge.fiber and not {edge.a, edge.b} & (dark | {topology.monitor}))
    say_all(alerts, [sign(PortDown("lit", START, lit.a, lit.a_port))], START + 2)
    shown("one more sign, of another cause: the look", slices(alerts, START + 2))
    behind = next(edge for edge in topology.edges if edge.a == "core-4")
    before = {alert.id: alert.incident for alert in alerts.alerts()}
    say_all(alerts, [sign(PortDown("behind", START, behind.a, behind.a_port))], START + 3)
    shown("one from behind the cuts, told late: the look", slices(alerts, START + 3))
    moved = sum(before.get(alert.id, alert.incident) != alert.incident for alert in alerts.alerts())
    print(f"{'  alerts that it moved to another incident':<58} {moved:>10,}")
    shown("a look when nothing changed", slices(alerts, START + 4))
    timed("all of them over, one by one", lambda: say_all(alerts, list(map(_cleared, signs)), START + 5), len(signs))
    shown("the look that sees it", slices(alerts, START + 5))
    shown("the looks that resolve them", slices(alerts, START + 6 + HELD_S))
    print(f"{'  still open':<58} {sum(each.resolved_at is None for each in alerts.alerts()):>10}")


def shown(label: str, spent: Sequence[float]) -> None:
    """Print what slices took together, and the longest of them."""
    print(f"{label:<58} {sum(spent):>10.1f} ms in {len(spent)} slices, the longest {max(spent):.1f} ms")


def _site_of(topology: Topology) -> Callable[[str], str]:
    sites = {node.name: node.site for node in topology.nodes}
    return lambda target: sites.get(target, "")


def _members(alerts: Alerts, incidents: Sequence[Incident]) -> int:
    return sum(len(alerts.alerts_of(incident.id)) for incident in incidents)


def anomaly(number: int) -> tuple[str, float, dict[str, object]]:
    """Return target, time and fields of one of many anomaly events, each of a series of its own."""
    names = ("metric", "labels", "value", "expected", "score")
    metric, labels = "netmon_optical_rx_power_dbm", f"ifName=Gi1/0/{number // TARGETS},ifAlias=to office {number}"
    said = (metric, labels, -20.0 - number, -7.5, 0.75)
    fields = {ANOMALY_PREFIX + name: value for name, value in zip(names, said, strict=True)}
    return f"sw-{number % TARGETS:04d}", START + number, fields


def learned(board: Board) -> Board:
    """Fill a board."""
    for number in range(SEEN_MAX):
        board.learn(*anomaly(number))
    return board


def unusual() -> None:
    """Measure the full board of anomaly events, of which an incident shows its own."""
    print(f"\n{SEEN_MAX:,} anomaly events of {TARGETS:,} targets")
    gc.collect()
    tracemalloc.start()
    board = learned(Board())
    each = tracemalloc.get_traced_memory()[0] / SEEN_MAX
    tracemalloc.stop()
    timed("made and learnt", lambda: learned(Board()), SEEN_MAX)
    some = {f"sw-{number:04d}" for number in range(20)}
    timed("what was unusual at 20 targets", lambda: board.found(0, 1e12, some), 1, "ms")
    timed("in the last 15 of 333 minutes", lambda: board.found(START + SEEN_MAX - 900, 1e12), 1, "ms")
    timed("all of it", lambda: board.found(0, 1e12), 1, "ms")
    text = timed("snapshot as JSON", lambda: msgspec.json.encode(board.snapshot()), 1, "ms")
    timed("restore", lambda: Board().restore(json.loads(text)), 1, "ms")
    print(f"{'memory an event':<58} {each:>10.0f} bytes")
    print(f"{'bytes an event in the snapshot':<58} {len(text) / SEEN_MAX:>10.0f} bytes")


def main() -> None:
    """Measure."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--alerts", type=int, nargs="*", default=[10_000, 100_000])
    parser.add_argument("--nodes", type=int, nargs="*", default=[5_000])
    arguments = parser.parse_args()
    for count in arguments.alerts:
        life(count)
    if arguments.alerts:
        worst_cases(10_000)
    for count in arguments.nodes:
        outage(count)
    unusual()


if __name__ == "__main__":
    main()
