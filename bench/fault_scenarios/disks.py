"""Disks that are full: the core's, then a collector's spool."""

import contextlib
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from bench.fault_scenarios.books import check, check_proof, read_books
from bench.fault_scenarios.house import CORE, LOAD, POLLER, House, house, wait
from bench.fault_scenarios.operators import Operators
from bench.fault_scenarios.report import Outcome
from bench.fault_scenarios.ways_out import Teller, WaysOut, ways_out
from netmon.api import Finding, Severity

UNWRITABLE = "netmon_ledger_unwritable"


class SmallDisk:
    """A filesystem in memory that can be filled to its last byte."""

    def __init__(self, place: Path, size_mb: int) -> None:
        self._place, self._filler = place, place / "filler"
        place.mkdir(parents=True, mode=0o700)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size_mb}m,mode=700", "tmpfs", place], check=True)

    def fill(self) -> bool:
        """Leave no byte, also none that was freed since. True: it is full."""
        with self._filler.open("ab", buffering=0) as file, contextlib.suppress(OSError):
            while file.write(b"\0" * 4_096):
                pass
        return True

    def free(self) -> None:
        """Make room."""
        self._filler.unlink()

    def close(self) -> None:
        """Take it away."""
        subprocess.run(["umount", "-l", self._place], check=False)


@contextlib.contextmanager
def small_disk(place: Path, size_mb: int) -> Iterator[SmallDisk]:
    """Mount one until the block ends. Needs root, also that of a user namespace (unshare -rm)."""
    disk = SmallDisk(place, size_mb)
    try:
        yield disk
    finally:
        disk.close()


def core_disk_full(folder: Path, full_s: float = 10) -> Outcome:
    """Fill the disk of the core's state under load, look how it does, free it."""
    outcome = Outcome("disk full")
    with (
        small_disk(folder / "state", 64) as disk,
        ways_out(folder) as ways,
        house(folder, ways.settings()) as here,
        Teller(here.state / "link.sock", folder / "teller") as teller,
    ):
        for who in (CORE, POLLER, LOAD):
            here.start(who)
        wait(lambda: here.load_status().get("delivered_total", 0) > 0)
        wait(here.core_answers)
        wait(lambda: here.total(POLLER, "netmon_uplink_connected") == 1)
        here.keep_checkpoint()
        disk.fill()
        began = time.monotonic()
        _while_full(outcome, here, ways, teller, disk)
        time.sleep(max(0.0, full_s - (time.monotonic() - began)))
        disk.fill()
        outcome.expect(here.total(CORE, "netmon_ledger_healthy") == 0, "the disk had room again, so this was no test")
        disk.free()
        outcome.figure("s from room to healthy", wait(lambda: here.page(CORE, "/-/healthy")[0] == 200, 30))
        wait(lambda: here.load_status().get("spooled_records", 1e9) < 500, 60)
        outcome.figure("s until Alertmanager knows that it is over", wait(lambda: not ways.firing(UNWRITABLE), 90))
        operators = Operators(here)
        outcome.expect(operators.one("after it", 10) in {200, 201}, f"an action afterwards: {operators.last_refusal}")
        here.quiet()
        here.check_identities(outcome)
        here.check_last_word(outcome)
        books = read_books(here.ledger)
        here.check_alerts(outcome)
        outcome.expect(books.actions["while full"] == 0, "an action that was refused is in the ledger")
        check(outcome, books, here.acknowledged())
        here.stop(CORE)
        here.keep_checkpoint()
        check_proof(outcome, here.ledger, here.outside)
    return outcome


def _while_full(outcome: Outcome, here: House, ways: WaysOut, teller: Teller, disk: SmallDisk) -> None:
    full = wait(lambda: disk.fill() and here.total(CORE, "netmon_ledger_healthy") == 0, 30)
    outcome.figure("s until the metric says so", full)
    outcome.figure("s until the health page says 503", full + wait(lambda: here.page(CORE, "/-/healthy")[0] == 503, 10))
    began = time.monotonic()
    now = time.time()
    teller.say([Finding("said_while_full", "sw-x", now, Severity.CRITICAL, "said while full", "full/x", expires_s=600)])
    for rule in (UNWRITABLE, "said_while_full"):
        wait(lambda rule=rule: ways.firing(rule), 30)  # type: ignore[misc]  # bound early
        outcome.figure(f"s until Alertmanager has {rule}", full + time.monotonic() - began)
    wait(lambda: any("cannot be written" in str(post) for post in list(ways.direct.posts)), 30)
    outcome.figure("s until the person on call is told of the disk", full + time.monotonic() - began)
    wait(lambda: any("said while full" in str(post) for post in list(ways.direct.posts)), 30)
    operators = Operators(here)
    outcome.expect(operators.one("while full", 10) == 503, f"an operator was not refused: {operators.refused}")
    outcome.figure("what an operator is told", str(operators.last_refusal))
    before = here.total(POLLER, "netmon_polls_total")
    wait(lambda: here.total(POLLER, "netmon_polls_total") > before, 10)
    here.kill(CORE)
    here.start(CORE)
    outcome.figure(
        "s for a core that starts while the disk is full", wait(lambda: disk.fill() and here.core_answers(), 30)
    )
    outcome.expect(here.page(CORE, "/-/healthy")[0] == 503, "a core that started on a full disk says that it is well")


def spool_disk_full(folder: Path, full_s: float = 5) -> Outcome:
    """Fill the disk of a collector's spool while the core is away; free it; let the core return."""
    outcome = Outcome("spool's disk full")
    with small_disk(folder / "load" / "spool", 8) as disk, house(folder, devices=0) as here:
        here.start(CORE)
        here.start(LOAD)
        wait(lambda: here.load_status().get("delivered_total", 0) > 0)
        wait(here.core_answers)
        disk.fill()
        before = here.load_status()["secured"]
        wait(lambda: here.load_status()["secured"] > before + 1_000, 10)
        outcome.figure(
            "acknowledged while the core is there and the spool is full", here.load_status()["secured"] - before
        )
        here.kill(CORE)
        wait(lambda: disk.fill() and here.load_status().get("writable") == 0, 20)
        stuck = here.load_status()["secured"]
        time.sleep(full_s)
        disk.fill()
        outcome.figure("acknowledged while neither is there", here.load_status()["secured"] - stuck)
        disk.free()
        outcome.figure("s from room to acknowledged", wait(lambda: here.load_status()["secured"] > stuck + 1_000, 30))
        here.start(CORE)
        wait(lambda: here.load_status().get("spooled_records", 1e9) < 500, 60)
        here.quiet()
        here.check_identities(outcome)
        here.check_last_word(outcome)
        outcome.figure("dropped, counted", here.load_status()["dropped"])
        check(outcome, read_books(here.ledger), here.acknowledged())
    return outcome
