"""The stage of the packets: a network namespace, the sender in it, and the real sensor that looks on.

The sensor is a daemon of its own, `netmon run --role sensor`, with the demonstration's configuration but for its
section `traffic`, which is that of sensor.yaml. It reaches the core through the core's socket: a file, for which
network namespaces do not matter. Nothing of all this is left behind: the sender ends with its input, the namespace with
the last process in it.
"""

import asyncio
import json
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any, Final, cast

import yaml

from netmon.api import ConfigError
from netmon.app.settings import Settings, state_directory
from netmon.app.settings.inventory import Inventory
from netmon.app.settings.words import split_address
from netmon.app.text import t
from netmon.app.traffic.needs import needs_traffic
from netmon.demo.packets.places import Places, written

CONFIG_FILE: Final = "sensor.yaml"
PROGRAMS: Final = {"unshare": "util-linux", "nsenter": "util-linux", "setpriv": "util-linux", "ip": "iproute2"}
"""What it takes, and Debian's packages of it."""
START_S: Final = 15.0
STOP_S: Final = 10.0
_ENDS_WITH_US: Final = ("setpriv", "--pdeathsig", "TERM")
_NETMON: Final = (sys.executable, "-c", "import sys; from netmon.app.cli import main; sys.argv[0] = 'netmon'; main()")


class CannotShowError(Exception):
    """Packets cannot be shown on this machine; the text says why."""


@dataclass(frozen=True, slots=True)
class Happened:
    """What the sender did: an attack `began` or `ended`, in Unix seconds."""

    what: str
    attack: str
    at: float
    frames: int = 0


class Stage:
    """Sender and sensor. Inert until `start`; `told` is called with what happens."""

    def __init__(self, settings: Settings, told: Callable[[Happened], None]) -> None:
        self.happened: list[Happened] = []
        self._settings = settings
        self._told = told
        self._state = state_directory(settings)
        self._sender: asyncio.subprocess.Process | None = None
        self._sensor: asyncio.subprocess.Process | None = None
        self._listening: asyncio.Task[None] | None = None

    @staticmethod
    def wanted(directory: Path) -> bool:
        """Tell whether a configuration has a sensor."""
        return (directory / CONFIG_FILE).exists()

    async def start(self) -> None:
        """Make the namespace, let the day begin, and start the sensor. CannotShowError says why it cannot be."""
        missing = [f"{name} ({package})" for name, package in PROGRAMS.items() if shutil.which(name) is None]
        if missing:
            raise CannotShowError(t("demo.packets.missing", programs=", ".join(missing)))
        try:
            needs_traffic()
            self._sender = await self._start_sender()
            self._sensor = await self._start_sensor(self._sender.pid)
            self._listening = asyncio.create_task(self._listen(self._sender))
        except ConfigError as error:
            raise CannotShowError(str(error)) from None
        finally:
            if self._listening is None:
                await self.stop()

    def begin_story(self, start: float) -> None:
        """Let attacks come from `start` on (Unix seconds)."""
        if self._sender is not None:
            self._say({"start": start})

    async def stop(self) -> None:
        """End both, the sensor first, and wait for them; safe to call twice."""
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.wait([self._listening])
            self._listening = None
        sensor, self._sensor = self._sensor, None
        sender, self._sender = self._sender, None
        if sensor is not None:
            await _end(sensor, sensor.terminate)
        if sender is not None and sender.stdin is not None:
            await _end(sender, sender.stdin.close)

    def ended(self) -> bool:
        """Say whether one of the two ended by itself."""
        return any(one is not None and one.returncode is not None for one in (self._sender, self._sensor))

    def cpu_s(self) -> float | None:
        """Return the CPU seconds that the sensor took so far; None where it is gone."""
        try:
            stat = Path(f"/proc/{self._sensor.pid}/stat").read_text("ascii") if self._sensor else ""
        except OSError:
            return None
        fields = stat.rpartition(")")[2].split()  # proc(5): what follows the name, from field 3 on
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") if fields else None

    @property
    def log(self) -> Path:
        """Return where the sensor's output is."""
        return self._state / "sensor.log"

    async def _start_sender(self) -> asyncio.subprocess.Process:
        private = () if os.geteuid() == 0 else ("--map-root-user",)
        pipe = asyncio.subprocess.PIPE
        program = (sys.executable, "-m", "netmon.demo.packets.sender")
        sender = self._sender = await asyncio.create_subprocess_exec(
            "unshare", *private, "--net", "--", *_ENDS_WITH_US, *program,
            stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True,
        )  # fmt: skip
        self._say(written(places_of(self._settings.inventory)))
        try:
            async with asyncio.timeout(START_S):
                line = await _reader(sender.stdout).readline()
        except TimeoutError:
            line = b""
        if not line:
            if sender.returncode is None and sender.stdin is not None:
                sender.stdin.close()
            said = b""
            with suppress(TimeoutError):  # it neither begins nor ends
                said = await asyncio.wait_for(_reader(sender.stderr).read(), STOP_S)
            problem = said.decode(errors="replace").strip()
            raise CannotShowError(t("demo.packets.no_namespace", problem=problem))
        return sender

    async def _start_sensor(self, beside: int) -> asyncio.subprocess.Process:
        """Start the sensor in the namespace of a process."""
        directory = await asyncio.to_thread(self._configure)
        private = () if os.geteuid() == 0 else ("--user", "--preserve-credentials")
        with self.log.open("wb") as log:
            return await asyncio.create_subprocess_exec(
                "nsenter", "--target", str(beside), *private, "--net", "--", *_ENDS_WITH_US,
                *_NETMON, "run", "--role", "sensor", "--config", str(directory),
                stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def _configure(self) -> Path:
        """Write the sensor's configuration into the state directory; return where it is."""
        ours, directory = self._settings.directory, self._state / "sensor-config"
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        settings = {**_yaml(ours / "netmon.yaml"), **_yaml(ours / CONFIG_FILE)}
        (directory / "netmon.yaml").write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")
        inventory = directory / "inventory"
        inventory.unlink(missing_ok=True)
        inventory.symlink_to((ours / "inventory").absolute())
        return directory

    def _say(self, what: Mapping[str, Any]) -> None:
        if self._sender is not None and self._sender.stdin is not None:
            with suppress(RuntimeError, OSError):  # it has ended, as what it prints or does not print tells
                self._sender.stdin.write(json.dumps(what).encode() + b"\n")

    async def _listen(self, sender: asyncio.subprocess.Process) -> None:
        output = _reader(sender.stdout)
        while line := await output.readline():
            happened = Happened(**json.loads(line))
            self.happened.append(happened)
            self._told(happened)


def places_of(inventory: Inventory) -> Places:
    """Return those of the inventory that can be on the wire: offices with an IPv4 prefix, servers with an address."""
    offices = {
        site.name: prefix
        for site in inventory.sites
        for prefix in site.prefixes[:1]
        if isinstance(prefix, IPv4Network) and prefix.num_addresses > 4
    }
    servers = {}
    for server in inventory.servers:
        try:
            servers[server.name] = IPv4Address(split_address(server.address)[0])
        except ValueError:  # a host name
            continue
    return Places(offices, servers)


def _reader(stream: asyncio.StreamReader | None) -> asyncio.StreamReader:
    """Return a pipe that was asked for, and so is there."""
    return cast("asyncio.StreamReader", stream)


def _yaml(path: Path) -> dict[str, Any]:
    return dict(yaml.safe_load(path.read_text(encoding="utf-8")) or {})


async def _end(process: asyncio.subprocess.Process, politely: Callable[[], None]) -> None:
    """End a process by its own id: politely first."""
    if process.returncode is not None:
        return
    politely()
    try:
        await asyncio.wait_for(process.wait(), STOP_S)
    except TimeoutError:
        process.kill()
        await process.wait()
