"""The wall clock is stepped by an hour, forward and back, under load."""

import time
from collections import Counter
from pathlib import Path

from bench.fault_scenarios.books import check, check_proof, read_books
from bench.fault_scenarios.house import CORE, LOAD, POLLER, House, house, wait
from bench.fault_scenarios.report import Outcome
from bench.fault_scenarios.ways_out import Teller, WaysOut, ways_out
from netmon.api import Finding, Severity


def find_library() -> Path | None:
    """Return libfaketime for threads, None where it is not installed."""
    return next(iter(sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))), None)


def clock_steps(folder: Path, look_s: float = 20) -> Outcome:
    """Step the clock of core, poller and load; nothing that a step does not mean may happen."""
    outcome = Outcome("clock steps")
    library = find_library()
    if library is None:
        outcome.expect(False, "libfaketime is not installed")
        return outcome
    folder.mkdir(parents=True, exist_ok=True)
    offset = folder / "offset"
    offset.write_text("+0\n")
    slow = {"alerts": {"pending_for_s": {"info": 0, "warning": 600, "error": 0}, "resolve_hold_s": 1}}
    with (
        ways_out(folder) as ways,
        house(folder, {**ways.settings(), **slow}, silent_s=0) as here,
        Teller(here.state / "link.sock", folder / "teller") as teller,
    ):
        here.load_options = ("--rate", "500")
        here.variables = {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(offset),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        for who in (CORE, POLLER, LOAD):
            here.start(who)
        wait(lambda: here.load_status().get("delivered_total", 0) > 0)
        wait(here.core_answers)
        wait(lambda: here.total(POLLER, "netmon_uplink_connected") == 1)
        _say(teller)
        wait(lambda: ways.firing("steady") == {"steady/sw-1", "steady/sw-2"}, 30)
        wait(lambda: sum("steady" in str(post) for post in list(ways.direct.posts)) >= 1, 30)
        wait(lambda: here.total(POLLER, "netmon_polls_total") > _FIRST_POLLS, 30)
        time.sleep(2)
        before = here.alerts("pending", "firing")
        messages, told = _messages(ways.direct.posts), ways.counts("firing") + ways.counts("resolved")
        pace = _pace(here, look_s)
        for name, text in (("+1 h", "+3600\n"), ("-1 h", "+0\n")):
            steps = here.total(CORE, "netmon_clock_steps_total")
            new = folder / "offset.new"
            new.write_text(text)
            new.replace(offset)
            took_s = wait(lambda steps=steps: here.total(CORE, "netmon_clock_steps_total") > steps, 30)  # type: ignore[misc]
            outcome.figure(f"{name}: s until it is noticed", took_s)
            _say(teller)
            after = _pace(here, look_s)
            outcome.figure(f"{name}: polls/s, before and after", f"{pace:.2f}, {after:.2f}")
            some = _CHANCE / look_s
            steady = 0.7 * pace - some < after < 1.5 * pace + some
            outcome.expect(steady, f"{name}: polling went on at another pace: {pace:.2f}/s, then {after:.2f}/s")
            outcome.expect(_same(before, here.alerts("pending", "firing")), f"{name}: alerts changed")
            _nobody_is_told(outcome, name, ways, messages, told)
        here.quiet()
        here.check_identities(outcome)
        books = read_books(here.ledger)
        outcome.figure("steps recorded", books.systems["clock stepped"])
        outcome.expect(books.systems["clock stepped"] == 2, "not both steps are in the ledger")
        silent = books.systems["source went silent"]
        outcome.expect(not silent, f"{silent} sources were taken to be silent")
        here.check_alerts(outcome)
        check(outcome, books, here.acknowledged())
        here.stop(CORE)
        here.keep_checkpoint()
        check_proof(outcome, here.ledger, here.outside)
    return outcome


def _nobody_is_told(outcome: Outcome, name: str, ways: WaysOut, messages: int, told: Counter[str]) -> None:
    now = _messages(ways.direct.posts)
    outcome.figure(f"{name}: messages to people because of it", now - messages)
    outcome.expect(now == messages, f"{name}: people were told something: {ways.titles()[-3:]}")
    firing = ways.firing("steady")
    outcome.expect(firing == {"steady/sw-1", "steady/sw-2"}, f"{name}: Alertmanager has {firing}")
    seen = ways.counts("firing") + ways.counts("resolved") - told
    told_anew = {key: count for key, count in seen.items() if key.startswith(("steady", "waiting"))}
    outcome.expect(not told_anew, f"{name}: Alertmanager told {told_anew}")


_FIRST_POLLS = 30  # until all are met and the timetable runs evenly
_CHANCE = 3  # polls that fall into a look, or beside it, by chance: a timetable that waits an hour has none at all


def _say(teller: Teller) -> None:
    """Two that fire, one of which expires within the hour; one that waits ten minutes before it fires."""
    now, error, warning = time.time(), Severity.ERROR, Severity.WARNING
    teller.say(
        [
            Finding("steady", "sw-1", now, error, "steady on sw-1", "steady/1", expires_s=600),
            Finding("steady", "sw-2", now, error, "steady on sw-2", "steady/2", expires_s=86_400),
            Finding("waiting", "sw-3", now, warning, "waiting on sw-3", "waiting/3", expires_s=86_400),
        ]
    )


def _pace(here: House, for_s: float) -> float:
    before, began = here.total(POLLER, "netmon_polls_total"), time.monotonic()
    time.sleep(for_s)
    return (here.total(POLLER, "netmon_polls_total") - before) / (time.monotonic() - began)


def _messages(posts: list[dict[str, object]]) -> int:
    return sum("steady" in str(post) or "waiting" in str(post) for post in list(posts))


def _same(before: list[dict[str, object]], after: list[dict[str, object]]) -> bool:
    def ours(alerts: list[dict[str, object]]) -> set[tuple[object, ...]]:
        return {(a["id"], a["state"], a["incident"]) for a in alerts if a["rule"] in {"steady", "waiting"}}

    return ours(before) == ours(after) and len(ours(before)) == 3
