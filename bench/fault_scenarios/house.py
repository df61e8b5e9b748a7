"""netmon as a user runs it: a configuration directory, a core, a poller, devices, and somebody else's collector."""

import contextlib
import http.client
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Self

import yaml
from prometheus_client.parser import text_string_to_metric_families

from bench.fault_scenarios.books import read_books
from bench.fault_scenarios.report import Outcome
from tests.support.command import NETMON, environment
from tests.support.processes import free_port

ROOT = Path(__file__).resolve().parents[2]
CORE, POLLER, LOAD = "core", "poller", "load"
Sample = tuple[str, dict[str, str], float]


class House:
    """Everything that runs. Processes are ended by their own ids, whatever happens."""

    def __init__(
        self, folder: Path, settings: Mapping[str, Any] | None = None, *, devices: int = 3, silent_s: float = 5
    ) -> None:
        self.folder = folder
        self.state = folder / "state"
        self.ledger = self.state / "ledger"
        self.config = folder / "etc"
        self.ports = {CORE: free_port(), POLLER: free_port()}
        self.variables: dict[str, str] = {}  # of the daemons' environment
        self.wrap: tuple[str, ...] = ()  # a command in front of the daemons'
        self.load_options: tuple[str, ...] = ("--rate", "1000", "--findings")
        self.spool = folder / "load" / "spool"
        self.outside: list[str] = []  # checkpoints that left this house
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._devices = self._start_devices(devices, silent_s) if devices else None
        self._ports = [] if self._devices is None else _ports_of(self._devices)
        (folder / "load").mkdir(parents=True, exist_ok=True)
        (self.config / "inventory").mkdir(parents=True)
        self.configure(settings or {})

    def configure(self, settings: Mapping[str, Any], inventory: Mapping[str, Any] | None = None) -> None:
        """Write the configuration."""
        main: dict[str, Any] = {
            "state_dir": str(self.state),
            "web": {"listen": [f"127.0.0.1:{self.ports[POLLER]}"]},
            "core": {"listen": [f"127.0.0.1:{self.ports[CORE]}"]},
            "snmp": {"interval_s": 1},
            "host": {"interval_s": 1},
            "credentials": {"default": {"version": "v2c", "community": "public"}},
            "checkpoints": {"interval_s": 1},
            "link": {"heartbeat_s": 1, "dead_after_s": 10},
            "alerts": {
                "pending_for_s": {"info": 0, "warning": 0, "error": 0},
                "resolve_hold_s": 1,
                "flapping": {"window_s": 10, "changes": 100, "quiet_s": 1},
            },
        }
        for name, value in settings.items():
            main[name] = {**main.get(name, {}), **value}
        path = self.config / "netmon.yaml"
        path.write_text(yaml.safe_dump(main), encoding="utf-8")
        path.chmod(0o600)  # there are passwords in it
        devices = [{"name": f"d-{port}", "address": f"127.0.0.1:{port}", "site": "hub"} for port in self._ports]
        items = inventory or {"sites": [{"name": "hub"}], "devices": devices}
        (self.config / "inventory" / "all.yaml").write_text(yaml.safe_dump(items), encoding="utf-8")

    # ── processes ──

    def start(self, who: str) -> None:
        """Start the core, the poller or the load; returns at once."""
        if who == LOAD:
            command = [sys.executable, "-m", "bench.fault_scenarios.load", "--socket", str(self.state / "link.sock")]
            command += ["--spool", str(self.spool), "--folder", str(self.folder / "load"), *self.load_options]
        else:
            command = [*self.wrap, *NETMON, "run", "--role", who, "--config", str(self.config)]
        env = environment(**(self.variables if who != LOAD or "FAKETIME_TIMESTAMP_FILE" in self.variables else {}))
        with (self.folder / f"{who}.log").open("ab") as log:
            self._running[who] = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, cwd=ROOT, env=env
            )

    def pid(self, who: str) -> int:
        """Return a process's id."""
        return self._running[who].pid

    def alive(self, who: str) -> bool:
        """Tell whether it runs."""
        return who in self._running and self._running[who].poll() is None

    def kill(self, who: str) -> None:
        """End it with kill -9."""
        self._running[who].kill()
        self._running[who].wait()

    def stop(self, who: str, within_s: float = 60) -> None:
        """End it as told, and wait for it."""
        process = self._running[who]
        process.terminate()
        process.wait(within_s)

    def signal(self, who: str, number: int) -> None:
        """Send a signal."""
        self._running[who].send_signal(number)

    def close(self) -> None:
        """End whatever still runs."""
        for process in self._running.values():
            if process.poll() is None:
                process.terminate()
        for process in self._running.values():
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self._devices is not None:
            self._devices.communicate(timeout=15)

    @staticmethod
    def _start_devices(count: int, silent_s: float) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "bench.fault_scenarios.devices", str(count), str(silent_s)]
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, text=True)

    # ── what they say ──

    def page(self, who: str, path: str) -> tuple[int, str]:
        """Return status and text of a page; status 0 when nobody answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.ports[who], timeout=10)
        return _ask(connection, "GET", path)

    def api(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Ask the core over its control socket; status 0 when it does not answer."""
        connection = _Unix(self.state / "control.sock")
        status, text = _ask(connection, method, f"/api/v1/{path}", None if body is None else json.dumps(body))
        try:
            return status, json.loads(text) if text else None
        except ValueError:
            return status, text

    def alerts(self, *states: str) -> list[dict[str, Any]]:
        """Return every alert in these states."""
        found: list[dict[str, Any]] = []
        cursor = ""
        while True:
            query = "&".join(
                [f"state={state}" for state in states] + ["limit=1000"] + [f"cursor={cursor}"] * bool(cursor)
            )
            status, page = self.api("GET", f"alerts?{query}")
            if status != 200:
                raise AssertionError(f"the alerts cannot be read: {status} {page}")
            found += page["alerts"]
            if page["next"] is None:
                return found
            cursor = page["next"]

    def samples(self, who: str) -> list[Sample]:
        """Return what a daemon says of itself."""
        status, text = self.page(who, "/-/metrics")
        if status != 200:
            return []
        return [(s.name, s.labels, s.value) for f in text_string_to_metric_families(text) for s in f.samples]

    def total(self, who: str, name: str, **labels: str) -> float:
        """Return the sum of a metric's samples with these labels."""
        return sum(v for n, found, v in self.samples(who) if n == name and labels.items() <= found.items())

    def load_status(self) -> dict[str, float]:
        """Return what the load last said of itself."""
        try:
            return dict(json.loads((self.folder / "load" / "status.json").read_text()))
        except (OSError, ValueError):
            return {}

    def acknowledged(self) -> set[str]:
        """Return the ids of the events that the load was promised."""
        found: set[str] = set()
        for line in (self.folder / "load" / "acknowledged").read_text().splitlines():
            run, first, last = line.split()
            found.update(f"{run}.{number}" for number in range(int(first), int(last) + 1))
        return found

    def core_answers(self) -> bool:
        """Tell whether operators can be served; fails when there is no core any more."""
        if not self.alive(CORE):
            raise AssertionError(f"the core ended by itself:\n{(self.folder / 'core.log').read_text()[-2_000:]}")
        return self.api("GET", "status")[0] == 200

    def keep_checkpoint(self) -> bool:
        """Carry the newest checkpoint out of the house, as a witness does; tell whether one was ever kept."""
        with contextlib.suppress(OSError):
            lines = (self.ledger / "checkpoints.jsonl").read_text().splitlines(keepends=True)
            if lines and lines[-1].endswith("\n") and lines[-1] not in self.outside:
                self.outside.append(lines[-1])
        return bool(self.outside)

    # ── how it ends ──

    def quiet(self, within_s: float = 120) -> None:
        """End the load and wait until nothing moves any more."""
        if self.alive(LOAD):
            self.stop(LOAD, within_s)
        wait(lambda: not self.alive(POLLER) or self.total(POLLER, "netmon_uplink_spooled_records") == 0, within_s)
        wait(lambda: self.total(CORE, "netmon_intake_pending_records") == 0, within_s)
        wait(lambda: self.total(CORE, "netmon_ledger_waiting_records") == 0, within_s)

    def check_identities(self, outcome: Outcome) -> None:
        """Hold both sides' counters against each other: received = stored + dropped + what waits."""
        load = self.load_status()
        ours = load["received_total"] + load["recovered_total"]
        theirs = load["delivered_total"] + load["dropped"] + load["spooled_records"]
        outcome.expect(ours == theirs, f"the load's counters: {ours} came, {theirs} are accounted for")
        if self.alive(POLLER):
            ours = self.total(POLLER, "netmon_uplink_received_total")
            ours += self.total(POLLER, "netmon_uplink_recovered_total")
            theirs = self.total(POLLER, "netmon_uplink_delivered_total")
            theirs += self.total(POLLER, "netmon_uplink_dropped_total")
            theirs += self.total(POLLER, "netmon_uplink_spooled_records")
            outcome.figure("poller: findings taken and accounted for", f"{ours:.0f} = {theirs:.0f}")
            outcome.expect(ours == theirs, f"the poller's counters: {ours} came, {theirs} are accounted for")
        samples = self.samples(CORE)
        for source in sorted(
            {labels["source"] for name, labels, _ in samples if name == "netmon_intake_received_total"}
        ):
            sums = {
                name: sum(v for n, labels, v in samples if n == f"netmon_intake_{name}" and labels["source"] == source)
                for name in ("received_total", "stored_total", "dropped_total", "pending_records")
            }
            rest = sums["stored_total"] + sums["dropped_total"] + sums["pending_records"]
            outcome.figure(f"core: received and accounted for, {source}", f"{sums['received_total']:.0f} = {rest:.0f}")
            outcome.expect(sums["received_total"] == rest, f"the core's counters for {source}: {sums}")

    def check_alerts(self, outcome: Outcome) -> None:
        """Hold the alerts of the API against the last that the ledger says of each."""
        with contextlib.suppress(AssertionError):
            wait(lambda: not self._not_as_recorded()[1], 5)  # what was just decided is shown before it is on disk
        shown, wrong = self._not_as_recorded()
        outcome.figure("alerts, and those not as the ledger says", f"{shown}, {len(wrong)}")
        outcome.expect(not wrong, f"{len(wrong)} alerts are not as the ledger says: {wrong[:3]}")

    def _not_as_recorded(self) -> tuple[int, list[str]]:
        """Compare what did not change while the ledger was read: devices go on to fail meanwhile."""
        states = ("pending", "firing", "acknowledged", "resolved")
        before = {each["id"]: each for each in self.alerts(*states)}
        said = read_books(self.ledger).alerts
        shown = {each["id"]: each for each in self.alerts(*states) if before.get(each["id"]) == each}
        wrong = [
            f"{name}: shown {each[field]}, recorded {said.get(name, {}).get(field, '')}"
            for name, each in shown.items()
            for field in ("state", "severity", "incident")
            if each[field] != said.get(name, {}).get(field, "")
        ]
        wrong += [name for name, each in said.items() if each["state"] != "resolved" and name not in before]
        return len(shown), wrong

    def check_last_word(self, outcome: Outcome) -> None:
        """Hold the alerts against what the load said last: even targets are wrong, odd ones are not."""
        right = {f"load-{number}" for number in range(0, 40, 2)}

        def said() -> set[str]:
            return {each["target"] for each in self.alerts() if each["rule"] == "load_wrong"}

        with contextlib.suppress(AssertionError):
            wait(lambda: said() == right, 10)
        firing = said()
        outcome.expect(firing == right, f"firing and should not: {firing - right}; should and is not: {right - firing}")


class Prober:
    """Asks the core's health page every 20 ms, and remembers how long each answer took."""

    def __init__(self, house: House) -> None:
        self.took_s: list[float] = []
        self._house = house
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._probe)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join()

    def _probe(self) -> None:
        while not self._ending.wait(0.02):
            began = time.perf_counter()
            if self._house.page(CORE, "/-/healthy")[0]:
                self.took_s.append(time.perf_counter() - began)


class _Unix(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("netmon", timeout=30)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(30)
        self.sock.connect(str(self._path))


def _ask(connection: http.client.HTTPConnection, method: str, path: str, body: str | None = None) -> tuple[int, str]:
    headers = {"Content-Type": "application/json"} if body is not None else {}
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    except (OSError, http.client.HTTPException):
        return 0, ""
    finally:
        connection.close()


def _ports_of(devices: subprocess.Popen[str]) -> list[int]:
    assert devices.stdout is not None  # noqa: S101 - we asked for a pipe
    return [int(port) for port in devices.stdout.readline().split()]


def wait(condition: Callable[[], object], within_s: float = 60) -> float:
    """Return after how many seconds the condition held; fail when it does not within the time."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > within_s:
            raise AssertionError(f"not within {within_s:g} s")
        time.sleep(0.02)
    return time.monotonic() - began


@contextlib.contextmanager
def house(
    folder: Path, settings: Mapping[str, Any] | None = None, *, devices: int = 3, silent_s: float = 5
) -> Iterator[House]:
    """Make a house; whatever runs in it is ended with the block."""
    made = House(folder, settings, devices=devices, silent_s=silent_s)
    try:
        yield made
    finally:
        made.close()
