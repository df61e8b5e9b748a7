"""10,000 alerts at once: nobody is flooded, nothing is left out, Alertmanager is in step, the API answers."""

import time
from pathlib import Path
from typing import Any

from bench.fault_scenarios.books import check_proof
from bench.fault_scenarios.flood import late_by, longest_block, report_latency
from bench.fault_scenarios.house import CORE, House, Prober, house, wait
from bench.fault_scenarios.report import Outcome
from bench.fault_scenarios.ways_out import Teller, ways_out
from netmon.api import Finding, Severity

SITES, TARGETS = 50, 300
LIMIT, PER_S = 10, 30  # messages a person gets, in so many seconds


class AlertsProber(Prober):
    """Asks for the first page of alerts."""

    def _probe(self) -> None:
        while not self._ending.wait(0.02):
            began = time.perf_counter()
            if self._house.api("GET", "alerts")[0] == 200:
                self.took_s.append(time.perf_counter() - began)


def many_alerts(folder: Path, count: int = 10_000) -> Outcome:
    """Have so many findings said in one call."""
    outcome = Outcome("many alerts")
    with ways_out(folder) as ways, house(folder, devices=0) as here:
        limits = ways.settings(max_messages=LIMIT, per_s=PER_S, max_critical=LIMIT)
        here.configure(limits, _inventory())
        here.start(CORE)
        wait(here.core_answers)
        with Teller(here.state / "link.sock", folder / "teller") as teller:
            late, now = late_by(here), time.time()
            said = [_finding(number, now) for number in range(count)]
            with AlertsProber(here) as prober:
                began = time.monotonic()
                teller.say(said)
                wait(lambda: teller.pending == 0, 120)
                outcome.figure("s until all were committed", time.monotonic() - began)
                wait(lambda: ways.active() >= count, 120)
                in_step_s = time.monotonic() - began
                outcome.figure("s until Alertmanager has all", in_step_s)
                time.sleep(max(0.0, 10 - (time.monotonic() - began)))  # people are told, Alertmanager hears it again
                outcome.figure("longest block of the core's event loop, below s", longest_block(here, late))
            outcome.expect(in_step_s <= 10, f"Alertmanager was in step after {in_step_s:.1f} s, not 10 s")
            report_latency(outcome, prober, "GET alerts")
            took = sorted(prober.took_s)
            p99_s = took[int(len(took) * 0.99)]
            outcome.expect(p99_s < 0.1, f"GET alerts took {p99_s * 1e3:.0f} ms (p99), not 100 ms")
            wait(lambda: here.total(CORE, "netmon_notify_waiting") + here.total(CORE, "netmon_notify_queued") == 0, 180)
            _check_people(outcome, here, ways.direct.posts, began)
            alerts = {each["id"] for each in here.alerts("firing") if each["rule"] == "many"}
            outcome.figure("alerts that fire", len(alerts))
            outcome.expect(len(alerts) == count, f"{len(alerts)} alerts fire, not {count}")
            here.check_alerts(outcome)
            here.keep_checkpoint()
        here.stop(CORE)
        here.keep_checkpoint()
        check_proof(outcome, here.ledger, here.outside)
    return outcome


def _check_people(outcome: Outcome, here: House, posts: list[dict[str, Any]], began: float) -> None:
    took_s = time.monotonic() - began
    status, page = here.api("GET", "incidents?limit=1000")
    incidents = page["incidents"] if status == 200 else []
    told = [post for post in list(posts) if f"{post.get('title')}"]
    text = "\n".join(f"{post.get('title')}\n{post.get('message')}" for post in told)
    named = sum(each["id"] in text for each in incidents)
    folded = here.total(CORE, "netmon_notify_folded_total")
    dropped = here.total(CORE, "netmon_notify_dropped_total")
    outcome.figure("incidents", len(incidents))
    outcome.figure("messages that a person got", len(told))
    outcome.figure("incidents named in them", named)
    outcome.figure("incidents counted in a message for many", folded)
    outcome.figure("left out", dropped)
    most = LIMIT * (took_s // PER_S + 1)
    outcome.expect(len(told) <= most, f"{len(told)} messages in {took_s:.0f} s, not {most:.0f}")
    outcome.expect(dropped == 0, f"{dropped} things were told nobody")
    outcome.expect(named + folded >= len(incidents), "some incidents were neither named nor counted")


def _inventory() -> dict[str, Any]:
    devices = [
        {"name": f"sw-{n}", "address": f"192.0.2.{n % 250 + 1}", "site": f"site-{n % SITES}", "collector": "none"}
        for n in range(TARGETS)
    ]
    return {"sites": [{"name": f"site-{n}"} for n in range(SITES)], "devices": devices}


def _finding(number: int, at: float) -> Finding:
    target, port = f"sw-{number % TARGETS}", number // TARGETS
    severity = (Severity.CRITICAL, Severity.ERROR, Severity.WARNING)[number % 3]
    return Finding(
        "many", target, at, severity, f"port {port} of {target} is down", f"many/{target}/{port}",
        labels={"ifName": f"Te1/{port}"}, expires_s=86_400,
    )  # fmt: skip
