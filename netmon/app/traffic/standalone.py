"""A sensor or a flow collector by itself, without a core: findings to the terminal, metrics where asked for."""

import asyncio
import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import click
from prometheus_client import CollectorRegistry
from rich.console import Console
from rich.text import Text

from exporters.prometheus.exporter import PrometheusExporter
from exporters.prometheus.settings import WebSettings
from netmon.api import Event, Finding, Reading, Severity, Target
from netmon.app import human
from netmon.app.asked import printable
from netmon.app.human import shown_second
from netmon.app.text import language, t
from netmon.app.traffic.outcomes import Outcomes, as_json, last_words
from netmon.app.traffic.part import TrafficPart
from netmon.app.traffic.stopping import Stop
from netmon.app.traffic.stream import Stream

_STYLES = {Severity.INFO: "", Severity.WARNING: "yellow", Severity.ERROR: "red", Severity.CRITICAL: "bold red"}


class Told:
    """Shows findings as they come: a line when one begins, and a line of JSON, or of words, when it is over."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._outcomes = Outcomes()
        self._console = Console(file=sys.stdout, soft_wrap=True)

    def send(self, things: Sequence[Finding | Event]) -> None:
        """Take findings, in the event loop."""
        findings = [thing for thing in things if isinstance(thing, Finding)]
        for begins, finding in self._outcomes.take(findings):
            self._show(finding, begins=begins)

    def finish(self, closed: Sequence[Finding] = ()) -> None:
        """Show what is not over, by the last words of detectors (`closed`) where they have some on it."""
        for finding in self._outcomes.rest(closed):
            self._show(finding, begins=False)
        if self._outcomes.by_rule:
            click.echo(t("traffic.what_to_do"), err=True)

    def _show(self, finding: Finding, *, begins: bool) -> None:
        if self._as_json:
            event = {"event": "begins" if begins else "ends", **as_json(finding, language())}
            click.echo(json.dumps(event, ensure_ascii=False, default=str))
            return
        summary = finding.summaries.get(language(), finding.summary)
        word = t("traffic.begins" if begins else "traffic.ends")
        line = Text.assemble(
            (shown_second(finding.at), "dim"),
            " ",
            (f"{finding.severity.value:8}", _STYLES[finding.severity]),
            f" {word} {finding.rule}: {printable(summary)}",
        )
        self._console.print(line)
        packets = finding.evidence.get("pcap")
        if begins and packets:
            self._console.print(Text(f"  {t('traffic.packets_kept', path=printable(str(packets)))}", style="dim"))


@dataclass(frozen=True, slots=True)
class How:
    """How one runs by itself."""

    listen: tuple[str, ...] = ()  # where metrics are served; empty: nowhere
    seconds: float | None = None  # how long; None: until told to stop


async def watch(part: TrafficPart, told: Told, how: How, registry: CollectorRegistry, stop: Stop) -> None:
    """Run until told to stop, or for so long; then close all and show what is left."""
    exporter = PrometheusExporter(WebSettings(listen=how.listen), registry) if how.listen else None
    if exporter is not None:
        exporter.retarget(part.targets)
        await exporter.start()
        part.follow(exporter.put)
    click.echo(t("traffic.listening", sources=", ".join(stream.source.where for stream in part.streams)), err=True)
    try:
        await part.start()
        try:
            async with asyncio.timeout(how.seconds):
                await stop.wait()
        except TimeoutError:
            pass
    finally:
        await part.stop()
        if exporter is not None:
            await exporter.stop()
    await asyncio.sleep(0)
    rules = [rule for stream in part.streams for rule in stream.built.judges.rules]
    told.finish(list(last_words(rules, time.time())))


def nowhere(target: Target, job: str, reading: Reading) -> None:
    """Take readings that nobody asked for."""
    del target, job, reading


def summary(part: TrafficPart, began: float) -> None:
    """Say on standard error what each stream saw, and what was dropped and why."""
    for stream in part.streams:
        _tell(stream, began)
    kept = _listed(part.kept)
    if kept:
        click.echo(t("traffic.summary.files", counts=kept), err=True)


def _tell(stream: Stream, began: float) -> None:
    """Say what one stream saw."""
    tallies = stream.tallies
    key = "traffic.summary.packets" if stream.source.live else "traffic.summary.flows"
    words = {
        "source": stream.source.name,
        "records": _whole(sum(tallies.verdicts().values())),
        "packets": _whole(tallies.packets),
        "bytes": human.written(human.scaled(tallies.bytes, "B"), language()),
        "took": human.duration(round(time.monotonic() - began)),
    }
    click.echo(t(key, **words), err=True)
    for part, counts in stream.counts.items():
        listed = _listed(counts())
        if listed:
            click.echo(f"  {part}: {listed}", err=True)
    odd = _listed(tallies.odd())
    if odd:
        click.echo("  " + t("replay.summary.odd", counts=odd), err=True)


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {_whole(count)}" for name, count in counts.items() if count)


def _whole(count: int) -> str:
    return human.written(f"{count:,}", language())
