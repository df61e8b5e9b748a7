"""Runs the operator's program, one after the other for each finding, and ends one that does not end by itself."""

import asyncio
import json
import os
import signal
from collections import Counter, deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, Literal

import structlog

from exporters.actions.settings import SEARCHED, ScriptSettings
from netmon.api import Finding

_ENVIRONMENT: Final = {"PATH": SEARCHED, "LC_ALL": "C.UTF-8"}
"""What the program gets of ours: a way to other programs, and no secrets."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """One run: those of one finding wait for each other."""

    finding: Finding
    action: Literal["begin", "end"]
    by: ScriptSettings

    def told(self) -> bytes:
        """Return the program's standard input."""
        told = {"action": self.action, "finding": as_plain(self.finding)}
        return json.dumps(told, ensure_ascii=False, default=str).encode()


Done = Callable[[Job, str], None]  # a job, and its outcome: success, failure, timeout, not_started


class Scripts:
    """Programs' runs. `done` hears of each, in the event loop."""

    def __init__(self, done: Done) -> None:
        self._done = done
        self._waiting: deque[Job] = deque()
        self._busy: dict[str, asyncio.Task[None]] = {}  # by the finding's key
        self._longest_s = 0.0
        self.outcomes: Counter[str] = Counter(success=0, failure=0, timeout=0, not_started=0, no_room=0)

    def put(self, job: Job) -> bool:
        """Run this when its turn has come; False where too many wait."""
        if len(self._waiting) >= job.by.queue:
            self.outcomes["no_room"] += 1
            return False
        self._longest_s = max(self._longest_s, job.by.timeout_s)
        self._waiting.append(job)
        self._next()
        return True

    async def finish(self) -> None:
        """Wait for what runs and waits, for so long as one run may take; what is left then is not run, and counted."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._longest_s):
                while self._busy:
                    await asyncio.wait(list(self._busy.values()))
        if self._waiting:
            log.warning("programs of actions are not run any more: netmon stops", count=len(self._waiting))
        self.outcomes["not_started"] += len(self._waiting)
        self._waiting.clear()
        running = list(self._busy.values())
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running)

    def _next(self) -> None:
        """Start what may start: the first that waits and whose finding has none running."""
        for job in list(self._waiting):
            if len(self._busy) >= job.by.at_once:
                return
            if job.finding.key not in self._busy:
                self._waiting.remove(job)
                self._busy[job.finding.key] = asyncio.create_task(self._run(job))

    async def _run(self, job: Job) -> None:
        outcome = "failure"
        try:
            outcome = await self._outcome(job)
        finally:
            self.outcomes[outcome] += 1
            del self._busy[job.finding.key]
            self._done(job, outcome)
            self._next()

    async def _outcome(self, job: Job) -> str:
        nowhere = asyncio.subprocess.DEVNULL
        command = job.by.command
        told = log.bind(finding=named(job.finding), action=job.action, program=command[0])
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.PIPE,
                stdout=nowhere,
                stderr=nowhere,
                env=_ENVIRONMENT,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            told.error("an action's program cannot be started", problem=str(error))
            return "not_started"
        try:
            async with asyncio.timeout(job.by.timeout_s):
                await process.communicate(job.told())
        except TimeoutError:
            told.warning("an action's program did not end in time", timeout_s=job.by.timeout_s)
            return "timeout"
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)  # with all that it started
                await process.wait()
        if process.returncode:
            told.warning("an action's program failed", code=process.returncode)
            return "failure"
        told.info("an action's program has run")
        return "success"


def named(finding: Finding) -> str:
    """Return a finding's key as people read it: syn_flood/203.0.113.7."""
    return finding.key.replace("\x1f", "/")


def as_plain(finding: Finding) -> Mapping[str, Any]:
    """Return a finding as a program gets it."""
    return {
        "rule": finding.rule,
        "target": finding.target,
        "at": finding.at,
        "severity": finding.severity.value,
        "summary": finding.summary,
        "key": named(finding),
        "over": finding.cleared,
        "evidence": dict(finding.evidence),
        "labels": dict(finding.labels),
    }
