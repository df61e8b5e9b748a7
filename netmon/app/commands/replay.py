"""`netmon replay`: a capture file through everything that a sensor has."""

import json
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any, Final

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TimeRemainingColumn
from rich.text import Text

from netmon.api import ConfigError, Finding
from netmon.app import human, logs
from netmon.app.asked import printable
from netmon.app.faultwords import in_words
from netmon.app.fitted import Column, Fitted
from netmon.app.human import shown_second
from netmon.app.text import language, speaking, t
from netmon.app.traffic.compiling import compile_apart
from netmon.app.traffic.needs import needs_traffic, say_compiling
from netmon.app.whereabouts import spoken

if TYPE_CHECKING:  # numba is for those who ask
    from netmon.app.traffic.replaying import Replay

USAGE: Final = 2
_INTERRUPTED: Final = 130  # as shells say it of Ctrl-C


@click.command("replay", help=t("replay.help"), epilog=t("replay.examples"))
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--json", "as_json", is_flag=True, help=t("traffic.option.json"))
@click.option(
    "--speed", type=click.Choice(["max", "real"]), default="max", show_default=True, help=t("replay.option.speed")
)
@click.option(
    "--config",
    "directory",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help=t("traffic.option.config"),
)
@click.option("--store", type=click.Path(path_type=Path, file_okay=False), help=t("traffic.option.store"))
def command(file: Path, *, as_json: bool, speed: str, directory: Path | None, store: Path | None) -> None:
    """Exit 0; 2 where the file or the configuration cannot be used; 130 where it was stopped before the end."""
    logs.configure(level="warning")  # to standard error: findings are alone on the other
    with speaking(None if directory is None else spoken(directory)):
        _replay(file, directory, store, as_json=as_json, real_time=speed == "real")


def _replay(file: Path, directory: Path | None, store: Path | None, *, as_json: bool, real_time: bool) -> None:
    try:
        needs_traffic()
        say_compiling()
        compile_apart()
        from netmon.app.traffic.replaying import open_replay  # noqa: PLC0415 - numba takes a while

        replay = open_replay(file, directory, store)
        replay.again = lambda: click.echo(t("replay.again", store=printable(str(store))), err=True)
        told = _Told(as_json=as_json)
        with _progress(replay, file) as step, _asked_to_stop() as stop:
            for finding, begins in replay.run(real_time=real_time, sleep=stop.wait, stopped=stop.is_set):
                told.take(finding, begins=begins)
                step()
    except ConfigError as error:
        click.echo(str(in_words(error)), err=True)
        sys.exit(USAGE)
    told.finish()
    _summary(replay)
    if replay.seen.findings:
        click.echo(t("traffic.what_to_do"), err=True)
    if stop.is_set():
        click.echo(t("replay.stopped"), err=True)
        sys.exit(_INTERRUPTED)


@contextmanager
def _asked_to_stop() -> Iterator[Event]:
    """Give what is set by Ctrl-C or SIGTERM: what was found so far is told then. The second time ends all at once."""
    stop = Event()
    before: dict[int, Any] = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def ask(number: int, frame: object) -> None:
        del frame
        stop.set()
        signal.signal(number, before[number])

    for number in before:
        signal.signal(number, ask)
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@dataclass(slots=True)
class _Told:
    """What was found, as it is shown: a line of JSON each, or one table at the end."""

    as_json: bool
    over: list[Finding] = field(default_factory=list)

    def take(self, finding: Finding, *, begins: bool) -> None:
        from netmon.app.traffic.outcomes import as_json  # noqa: PLC0415 - with the rest of traffic

        if begins:
            return
        self.over.append(finding)
        if self.as_json:
            click.echo(json.dumps(as_json(finding, language()), ensure_ascii=False, default=str))

    def finish(self) -> None:
        if self.as_json:
            return
        if not self.over:
            click.echo(t("replay.nothing"))
            return
        Console().print(_table(sorted(self.over, key=lambda one: float(one.evidence["start"]))))


@contextmanager
def _progress(replay: "Replay", file: Path) -> Iterator["_Step"]:
    """Show how far the file was read, on a terminal."""
    console = Console(stderr=True)
    if not console.is_terminal or replay.progress is None:
        yield _Step(None, None, replay)
        return
    with Progress(
        "{task.description}", BarColumn(), DownloadColumn(), TimeRemainingColumn(), console=console, transient=True
    ) as bar:
        yield _Step(bar, bar.add_task(file.name, total=replay.progress[1]), replay)


@dataclass(slots=True)
class _Step:
    bar: Progress | None
    task: TaskID | None
    replay: "Replay"

    def __call__(self) -> None:
        progress = self.replay.progress
        if self.bar is not None and self.task is not None and progress is not None:
            self.bar.update(self.task, completed=progress[0])


def _table(findings: list[Finding]) -> Fitted:
    def column(name: str, cells: list[str], least: int = 0) -> Column:
        return Column(t(f"replay.column.{name}"), [Text(printable(cell)) for cell in cells], least)

    evidence = [finding.evidence for finding in findings]
    rule = column("rule", [finding.rule for finding in findings])
    severity = column("severity", [finding.severity.value for finding in findings])
    start = column("start", [shown_second(float(one["start"])) for one in evidence])
    lasted = column("lasted", [human.duration(round(float(one["end"]) - float(one["start"]))) for one in evidence])
    source = column("source", [str(one["source"]) for one in evidence])
    target = column("target", [str(one["target"]) for one in evidence])
    technique = column("technique", [str(one["technique"]) for one in evidence])
    spoken = language()
    what = column("what", [one.summaries.get(spoken, one.summary) for one in findings], 30)
    return Fitted(
        [
            [severity, rule, start, lasted, source, target, technique, what],
            [severity, start, lasted, technique, what],
            [severity, start, what],
            [rule, target],
        ],
        [""] * len(findings),
    )


def _summary(replay: "Replay") -> None:
    """Say on standard error what the file held."""
    seen = replay.seen
    words = {
        "packets": f"{seen.packets:,}",
        "bytes": human.scaled(seen.bytes, "B"),
        "flows": f"{seen.flows:,}",
        "span": human.duration(round(seen.span_s)),
        "took": f"{seen.took_s:.1f} s",
        "rate": f"{seen.packets / max(seen.took_s, 1e-9):,.0f}",
    }
    spoken = language()
    words = {name: human.written(word, spoken) for name, word in words.items()}
    click.echo(t("replay.summary.packets", **words), err=True)
    for name, counts in (("odd", seen.odd), ("left", seen.left), ("findings", seen.findings)):
        if counts:
            listed = [f"{what} {human.written(f'{count:,}', spoken)}" for what, count in sorted(counts.items())]
            click.echo(t(f"replay.summary.{name}", counts=", ".join(listed)), err=True)
