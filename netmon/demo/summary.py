"""What a run of the demo came to, read from the daemon's own metrics page, and how it is shown."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from prometheus_client.parser import text_string_to_metric_families
from rich.console import Console
from rich.table import Table
from rich.text import Text

from netmon.api import Reason
from netmon.app.asked import printable
from netmon.app.human import scaled, written
from netmon.app.text import language, t
from netmon.core.ledger.report import Report, Verdict
from netmon.demo.chronicle import tell, tell_attacks
from netmon.demo.named import named
from netmon.demo.outcome import Outcome
from netmon.demo.packets.stage import Happened

MAX_FAILURES_SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class Failure:
    """A part of a target that was not read, or a whole target (`part` is empty), and why.

    What a target does not have (no ZFS, no battery) is no failure.
    """

    instance: str
    part: str
    reason: str


@dataclass(frozen=True, slots=True)
class PageFacts:
    """What the page says. Targets are `instance` labels; CPU in seconds since the process began."""

    reached: tuple[str, ...]
    unreached: tuple[str, ...]
    series: int
    values_a_round: int
    polls: int
    cpu_s: float
    failures: tuple[Failure, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """What the page cannot know: how long, and what the simulated devices did inside the same process."""

    seconds: float
    expected: tuple[str, ...]  # targets of the inventory
    cpu_before_s: float  # of the process, before it began to poll
    varbinds: int
    simulation_cpu_s: float
    silenced: tuple[str, ...] = ()  # targets that the story kept from answering for a while
    delivered: Mapping[str, int] = field(default_factory=dict)  # messages that arrived, by person
    happened: Sequence[Happened] = ()  # attacks that began and ended
    sensor_cpu_s: float | None = None  # its compiling and starting among it; None: there was no sensor


def read_page(text: str) -> PageFacts:
    """Return what a metrics page (text format 0.0.4) says of the daemon and its targets."""
    up: dict[str, bool] = {}
    failures: list[Failure] = []
    series, totals = 0, dict.fromkeys(_TOTALS, 0.0)
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            series += 1
            if sample.name == "netmon_up":
                instance = sample.labels["instance"]
                up[instance] = up.get(instance, True) and sample.value == 1
            elif sample.name == "netmon_collect_failure" and sample.labels["reason"] != Reason.NOT_SUPPORTED:
                failures.append(_failure(sample.labels))
            elif sample.name in totals:
                totals[sample.name] += sample.value
    return PageFacts(
        reached=tuple(sorted(name for name, good in up.items() if good)),
        unreached=tuple(sorted(name for name, good in up.items() if not good)),
        series=series,
        values_a_round=int(totals["netmon_collect_samples"]),
        polls=int(totals["netmon_polls_total"]),
        cpu_s=totals["process_cpu_seconds_total"],
        failures=tuple(failures),
    )


_TOTALS: Final = ("netmon_collect_samples", "netmon_polls_total", "process_cpu_seconds_total")


def _failure(labels: Mapping[str, str]) -> Failure:
    return Failure(labels["instance"], labels.get("part", ""), labels.get("reason", ""))


def missed(facts: PageFacts, run: Run) -> tuple[str, ...]:
    """Return the targets of the inventory that were not read, and should have been."""
    return tuple(name for name in _unread(facts, run) if name not in run.silenced)


def complete(facts: PageFacts, run: Run, report: Report) -> bool:
    """Say whether all went as it should."""
    return not missed(facts, run) and report.verdict is Verdict.GOOD


def _unread(facts: PageFacts, run: Run) -> tuple[str, ...]:
    return tuple(name for name in run.expected if name not in facts.reached)


def show(console: Console, facts: PageFacts, run: Run, found: Outcome, report: Report) -> None:
    """Print the summary."""
    tell(console, found)
    tell_attacks(console, tuple(named(run.happened, found.alerts)))
    table = Table(title=t("demo.summary.title", seconds=f"{run.seconds:.0f}"), show_header=False, title_justify="left")
    for key, value in (*_rows(facts, run), *_core_rows(run, found, report)):
        table.add_row(t(f"demo.summary.{key}"), Text(printable(value)))
    console.print(table)
    for failure in _failures(facts, run)[:MAX_FAILURES_SHOWN]:
        line = t("demo.summary.failure", instance=failure.instance, part=failure.part or "-", reason=failure.reason)
        console.print(line, markup=False, soft_wrap=True)
    for name in _unread(facts, run):
        key = "silenced" if name in run.silenced else "missed"
        console.print(t(f"demo.summary.{key}", instance=name), markup=False, soft_wrap=True)
    if (bad := report.first_bad) is not None:
        sentence = t(f"ledger.fault.{bad.wrong.value}", seq=bad.seq, **bad.values)
        console.print(sentence, style="bold red", markup=False, soft_wrap=True)


def _failures(facts: PageFacts, run: Run) -> tuple[Failure, ...]:
    return tuple(failure for failure in facts.failures if failure.instance not in run.silenced)


def _rows(facts: PageFacts, run: Run) -> Iterable[tuple[str, str]]:
    whole = f"{len(run.expected) - len(_unread(facts, run))} / {len(run.expected)}"
    daemon_cpu = facts.cpu_s - run.cpu_before_s - run.simulation_cpu_s
    used = None if run.sensor_cpu_s is None else 100 * run.sensor_cpu_s / run.seconds
    sensor = [] if used is None else [("cpu_sensor", _said(f"{used:.1f} %"))]
    return (
        ("targets", whole),
        ("series", _said(f"{facts.series:,}")),
        ("values", _said(f"{facts.values_a_round:,}")),
        ("polls", _said(f"{facts.polls:,}")),
        ("varbinds", _said(scaled(run.varbinds / run.seconds, "/s"))),
        ("cpu_daemon", _said(f"{100 * daemon_cpu / run.seconds:.1f} %")),
        ("cpu_simulation", _said(f"{100 * run.simulation_cpu_s / run.seconds:.1f} %")),
        *sensor,
        ("failures", str(len(_failures(facts, run)))),
    )


def _said(number: str) -> str:
    return written(number, language())


def _core_rows(run: Run, found: Outcome, report: Report) -> Iterable[tuple[str, str]]:
    hands = ", ".join(f"{incident}: {who}" for incident, who in sorted(found.acknowledged.items()))
    return (
        ("messages", ", ".join(f"{person}: {count}" for person, count in run.delivered.items())),
        ("hands", hands or t("demo.summary.nobody")),
        ("ledger", t("demo.summary.records", count=_said(f"{report.records:,}"), sealed=_said(f"{report.sealed:,}"))),
        ("verdict", t(f"demo.summary.verdict.{report.verdict.value}")),
    )
