"""The daemon: builds what its role needs, starts it in order, follows its configuration, stops in reverse order."""

import asyncio
import gc
import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
from prometheus_client import CollectorRegistry, Gauge, disable_created_metrics
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

from netmon import __version__
from netmon.api import Collector, Component, ConfigError, Fault, Reading, Target
from netmon.app import logs
from netmon.app.catalog import Role
from netmon.app.clockwatch import ClockWatch
from netmon.app.feed import Feed
from netmon.app.lag import LoopLag
from netmon.app.notify import notify, watchdog_interval_s
from netmon.app.pidfile import PidFile, Reloaded
from netmon.app.schedule import Schedule
from netmon.app.settings import state_directory
from netmon.app.text import speak
from netmon.app.traffic.compiling import compile_apart
from netmon.app.traffic.needs import needs_traffic
from netmon.app.wiring import (
    Built,
    Plan,
    build_collector,
    build_core_part,
    build_exporter,
    build_rules,
    build_uplink,
    change_rules,
    load_plan,
    load_successor,
    role_directory,
    wanted,
    work,
)

if TYPE_CHECKING:
    from netmon.app.corepart import CorePart
    from netmon.app.sight import Eyes
    from netmon.app.traffic.part import TrafficPart
    from rules.limits.rule import Limits

log = structlog.get_logger(__name__)


class Daemon:
    """One netmon daemon over one configuration directory. Inert until `start` or `run`."""

    def __init__(self, directory: Path, role: Role = Role.ALL) -> None:
        self.directory = directory
        self.role = role
        self.registry = CollectorRegistry()
        self._repeats = logs.Repeats(self.registry)
        self._stopping = asyncio.Event()
        self._changing = asyncio.Lock()
        self._started: list[Component] = []
        self._reloads = 0
        self._work: list[tuple[Target, Collector]] = []
        self._adopted = False  # whether the timetable is there
        self._core: CorePart | None = None
        self._feed: Feed | None = None
        self._eyes: Eyes | None = None
        self._traffic: TrafficPart | None = None
        self._rules: tuple[Limits, ...] = ()
        self._metrics = _SelfMetrics(self.registry, role)

    async def run(self) -> None:
        """Start, obey signals until told to stop, stop. ConfigError when the configuration cannot be used."""
        loop = asyncio.get_running_loop()
        reloads: set[asyncio.Task[bool]] = set()

        def hangup() -> None:
            task = loop.create_task(self.reload())
            reloads.add(task)
            task.add_done_callback(reloads.discard)

        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stopping.set)
        loop.add_signal_handler(signal.SIGHUP, hangup)  # one that comes during the start is obeyed after it
        async with self._changing:
            await self.start()
        gc.collect()
        gc.freeze()  # modules and settings stay: looking through them again blocks the loop for 30 ms a time
        watchdog = loop.create_task(_keep_watchdog_fed())
        notify("READY=1")
        try:
            await self._stopping.wait()
        finally:
            notify("STOPPING=1")
            watchdog.cancel()
            await self.stop()
            loop.remove_signal_handler(signal.SIGHUP)

    async def start(self) -> None:
        """Read the configuration, build, and start everything in order; what had started is stopped when one fails."""
        plan = await asyncio.to_thread(load_plan, self.directory, tells=self.role.keeps)
        settings = plan.settings.netmon
        speak(settings.language)
        logs.configure(settings.log.format, settings.log.level, self._repeats)
        self._state = state_directory(plan.settings)
        pid_file = PidFile(self._state, self.role.daemon_name)
        pid_file.take()
        self._started.append(_Releases(pid_file))
        try:
            self._core = build_core_part(plan, self._state, self.role, self.registry)
            if self._core is not None:
                await self._begin(self._core)
            if self.role.collects:
                await self._begin_feed(plan)
            self._built = {name: await self._launch(build_collector(name, plan)) for name in wanted(self.role)}
            self._exporter = build_exporter(plan, self.role, self.registry, self._core.mounts if self._core else {})
            self._exporter.ready = self.is_ready
            if self._core is not None:
                self._exporter.healthy = self._core.healthy
            self._schedule = Schedule(settings.scheduler, self.registry, self._take)
            await self._begin(self._exporter)
            await self._begin(LoopLag(self.registry))
            await self._begin(self._schedule)
            await self._begin(ClockWatch([self._schedule.clock_stepped]))
            self._traffic = await asyncio.to_thread(self._build_traffic, plan)  # loops may have to be compiled
            self._adopt(plan)
            if self._traffic is not None:
                await self._begin(self._traffic)
        except BaseException:
            await self.stop()
            raise
        log.info(
            "started",
            version=__version__,
            role=self.role.value,
            directory=str(self.directory),
            listen=" ".join(self._exporter.addresses),
            targets=len({target.name for target, _ in self._work}),
            pid=os.getpid(),
        )

    async def _begin_feed(self, plan: Plan) -> None:
        from netmon.app.sight import build_eyes  # noqa: PLC0415 - numpy, which a core has no use for

        uplink = self._core.uplink if self._core else build_uplink(plan, self._state, self.role, self.registry)
        self._uplink = uplink
        self._rules = build_rules(plan)
        self._feed = Feed(self._rules, uplink, self.registry)
        await self._begin(uplink)
        await self._begin(self._feed)
        self._eyes = build_eyes(plan, role_directory(self._state, self.role), uplink, self.registry)
        await self._begin(self._eyes.foresight)
        if self._eyes.fill is not None:
            await self._begin(self._eyes.fill)

    def _build_traffic(self, plan: Plan) -> "TrafficPart | None":
        traffic = plan.settings.netmon.traffic
        if not (self.role.captures and traffic.sensors) and not (self.role.takes_flows and traffic.flows):
            return None
        needs_traffic()
        compile_apart()
        from netmon.app.traffic.assembly import build_part  # noqa: PLC0415 - numba, for those who see traffic

        place = role_directory(self._state, self.role)
        return build_part(plan.settings, self.role, place, self._uplink, self._take, self.registry)

    async def _begin(self, component: Component) -> None:
        await component.start()
        self._started.append(component)

    async def stop(self) -> None:
        """Stop in reverse order. A component that fails to stop is logged and keeps none of the others from it."""
        while self._started:
            component = self._started.pop()
            try:
                await component.stop()
            except Exception:
                log.exception("a component failed to stop", component=type(component).__name__)
        log.info("stopped")

    @property
    def addresses(self) -> list[str]:
        """Return where the pages are served, as `host:port`."""
        return self._exporter.addresses

    def is_ready(self) -> bool:
        """Tell whether every target was tried at least once."""
        return self._adopted and self._schedule.first_round_done

    async def reload(self) -> bool:
        """Read the configuration again and change over to it, or stay as we are; return whether we changed."""
        async with self._changing:
            notify(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")
            self._reloads += 1
            faults: tuple[Fault, ...] = ()
            try:
                await self._change_over(await asyncio.to_thread(load_successor, self._plan))
            except ConfigError as error:
                faults = error.faults
            except Exception as error:  # a bug must not leave us silent about what became of the reload
                log.exception("a reload failed in an unforeseen way", reload=self._reloads)
                problem, remedy = f"netmon failed: {type(error).__name__}", "report it with the traceback in the log"
                faults = (Fault(str(self.directory), 0, 0, problem, remedy),)
            self._report(faults)
            notify("READY=1")
            return not faults

    def _report(self, faults: tuple[Fault, ...]) -> None:
        for fault in faults:
            log.error("configuration fault", fault=str(fault), reload=self._reloads)
        if faults:
            text = "reload refused; the old configuration stays in use"
            log.error(text, faults=len(faults), reload=self._reloads)
        else:
            log.info("reloaded", directory=str(self.directory))
        self._metrics.reloaded(ok=not faults)
        outcome = Reloaded(os.getpid(), self._reloads, not faults, tuple(map(str, faults)))
        try:
            outcome.write(self._state, self.role.daemon_name)
        except OSError as error:
            log.error("the outcome of a reload could not be written", file=str(self._state), error=str(error))  # noqa: TRY400  # no traceback helps here

    async def _change_over(self, plan: Plan) -> None:
        """Start what changed beside what runs, and only then let go of what it replaces."""
        fresh: dict[str, Built] = {}
        try:
            for name in wanted(self.role):
                if not self._plan.same_for(name, plan):
                    fresh[name] = await self._launch(build_collector(name, plan))
            if self._core is not None:
                await self._core.change(plan.settings)
        except BaseException:
            for built in fresh.values():
                await self._retire(built)
            raise
        change_rules(self._rules, plan)
        if self._traffic is not None:
            self._traffic.configure(plan.settings)
        if self._eyes is not None:
            self._eyes.configure(plan)
        old = [self._built[name] for name in fresh]
        self._built |= fresh
        settings = plan.settings.netmon
        speak(settings.language)
        logs.configure(settings.log.format, settings.log.level, self._repeats)
        self._schedule.configure(settings.scheduler)
        self._adopt(plan)
        for built in old:
            await self._schedule.finish(built.collector)
            await self._retire(built)

    async def _launch(self, built: Built) -> Built:
        await built.collector.start()
        self._started.append(built.collector)
        self.registry.register(built.registry)
        return built

    async def _retire(self, built: Built) -> None:
        self.registry.unregister(built.registry)
        self._started.remove(built.collector)
        await built.collector.stop()

    def _adopt(self, plan: Plan) -> None:
        """Bring timetable, pages and memories in line with the inventory."""
        jobs = work(plan, {name: built.collector for name, built in self._built.items()})
        names = {target.name for target, _ in jobs}
        gone = {target.name for target, _ in self._work} - names
        self._plan, self._work = plan.without_inventory(), jobs
        seen = self._traffic.targets if self._traffic is not None else []
        self._exporter.retarget([*((target, collector.job) for target, collector in jobs), *seen])
        for target, collector in jobs:
            self._exporter.expect(target.name, collector.name, collector.plan(target))
        self._schedule.replace(jobs)
        self._adopted = True
        for name in gone:
            for built in self._built.values():
                built.collector.forget(name)
            if self._eyes is not None:
                self._eyes.foresight.forget(name)

    def _take(self, target: Target, job: str, reading: Reading) -> None:
        self._exporter.put(target, job, reading)
        if self._feed is not None:
            self._feed.see(reading)
        if self._eyes is not None:
            self._eyes.foresight.see(reading)


class _Releases:
    """The pid file as the first component: released last."""

    def __init__(self, pid_file: PidFile) -> None:
        self._pid_file = pid_file

    async def start(self) -> None:
        """Do nothing: it was taken before anything else was built."""

    async def stop(self) -> None:
        """Let another daemon have the state directory."""
        self._pid_file.release()


class _SelfMetrics:
    """What a daemon says of itself beside what its components say."""

    def __init__(self, registry: CollectorRegistry, role: Role) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for each counter is noise
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        GCCollector(registry=registry)
        build = Gauge("netmon_build_info", "The running version and role", ["version", "role"], registry=registry)
        build.labels(__version__, role.value).set(1)
        self._ok = Gauge("netmon_config_last_reload_successful", "Whether the last reload was taken", registry=registry)
        self._at = Gauge(
            "netmon_config_last_reload_success_timestamp_seconds",
            "When the configuration in use was read, in Unix seconds",
            registry=registry,
        )
        self.reloaded(ok=True)

    def reloaded(self, *, ok: bool) -> None:
        """Note the outcome of a reload (the start is the first one)."""
        self._ok.set(ok)
        if ok:
            self._at.set(time.time())


async def _keep_watchdog_fed() -> None:
    """Tell systemd that the event loop still turns; a loop that hangs is then restarted."""
    interval_s = watchdog_interval_s()
    while interval_s is not None:
        notify("WATCHDOG=1")
        await asyncio.sleep(interval_s)
