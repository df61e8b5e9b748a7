"""`netmon backtest`: what a rule would have said of a recorded series."""

import csv
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import click
from pydantic import ValidationError
from rich.console import Console
from rich.progress import Progress
from rich.text import Text

from netmon.app import human
from netmon.app.asked import printable
from netmon.app.commands.asking import lines
from netmon.app.commands.recorded import (
    Source,
    apart,
    finite,
    no_series,
    recorded,
    rfc3339,
    series_text,
    shown_times,
)
from netmon.app.fitted import Column, Fitted
from netmon.app.telling import told_apart
from netmon.app.text import language, t
from netmon.app.whereabouts import section

if TYPE_CHECKING:  # numpy is for those who ask
    from netmon.api.columns import Floats
    from netmon.app.csvseries import Recording
    from netmon.app.hindsight import Heard, RuleSettings, Spell, Verdict
    from netmon.app.repolled import Declared

BASELINE: Final = "baseline"

_SHOWN_MAX: Final = 200  # alerts in a table: more than that nobody reads
_DAY_S: Final = 86_400.0
_WEEK_S: Final = 604_800.0
_COLUMNS: Final = ("timestamp", "value", "score", "alert")
_STYLES: Final = {"critical": "bold red", "error": "red", "warning": "yellow", "info": "blue"}


@dataclass(frozen=True, slots=True)
class _Asked:
    """The rule that was asked for."""

    name: str
    declared: "Declared | None"  # None: baseline
    settings: "RuleSettings"
    limit: float | None = None  # the thing's own
    limit_query: str | None = None  # tells it


@dataclass(frozen=True, slots=True)
class _Judged:
    """A series and what was said of it."""

    recording: "Recording"
    verdict: "Verdict"


@click.command("backtest", help=t("backtest.help"), epilog=t("backtest.examples"))
@recorded
@click.option("--rule", default=BASELINE, show_default=True, metavar="NAME", help=t("backtest.option.rule"))
@click.option("--limit", type=float, metavar="NUMBER", help=t("backtest.option.limit"))
@click.option("--limit-query", metavar="PROMQL", help=t("backtest.option.limit_query"))
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "csv", "json"]),
    default="table",
    show_default=True,
    help=t("backtest.option.format"),
)
def command(source: Source, *, rule: str, limit: float | None, limit_query: str | None, form: str) -> None:
    """Exit 0; 2 for input that cannot be used, 3 where Prometheus does not answer, 5 where it has no such series."""
    if limit_query is not None and (limit is not None or not source.several):
        raise ValueError(t("backtest.limit_query"))
    asked = _asked(source, rule, finite(limit, "--limit"), limit_query)
    recordings = source.load()
    if not recordings:
        no_series()
    fitting = [recording for recording in recordings if _fits(asked, recording)]
    judged = _judged(source, asked, fitting)
    if form == "csv":
        _write(judged, several=source.several)
    elif form == "json":
        lines(_object(asked, one) for one in judged)
    else:
        _show(asked, judged)


def _asked(source: Source, name: str, limit: float | None, limit_query: str | None) -> _Asked:
    """Return the rule of a name; ValueError where there is none, or the limit that it needs is not there."""
    from netmon.app import hindsight  # noqa: PLC0415  # numpy takes a while

    settings, limited = _settings(source), limit is not None or limit_query is not None
    if name == BASELINE:
        if limited:
            raise ValueError(t("backtest.limit_unused", rule=name))
        return _Asked(name, None, settings)
    from netmon.app.packs import load_packs  # noqa: PLC0415  # takes half a second
    from netmon.app.settings.problems import did_you_mean  # noqa: PLC0415

    packs = load_packs(source.directory)
    declared = hindsight.find(packs, name)
    if declared is None:
        if any(pack.unreachable is not None and pack.unreachable.name == name for pack in packs):
            raise ValueError(t("backtest.unreachable", rule=name))
        hint = did_you_mean(name, (BASELINE, *hindsight.names(packs)))
        raise ValueError(t("backtest.no_rule", rule=name) + (f" ({hint})" if hint else ""))
    takes, needs = hindsight.takes_limit(declared)
    if limited and not takes:
        raise ValueError(t("backtest.limit_unused", rule=name))
    if needs and not limited:
        raise ValueError(t("backtest.limit_needed", rule=name))
    if declared.where:
        click.echo(t("backtest.assumed", metrics=", ".join(declared.where)), err=True)
    return _Asked(name, declared, settings, limit, limit_query)


def _settings(source: Source) -> "RuleSettings":
    """Return what the configuration sets the rules to."""
    from netmon.app.hindsight import RuleSettings  # noqa: PLC0415  # numpy takes a while
    from rules.baselines.settings import BaselineSettings  # noqa: PLC0415
    from rules.forecasts.settings import ForecastSettings  # noqa: PLC0415

    try:
        return RuleSettings(
            BaselineSettings.model_validate(section(source.directory, "baselines")),
            ForecastSettings.model_validate(section(source.directory, "forecasts")),
        )
    except ValidationError:
        raise ValueError(t("backtest.settings", directory=source.directory)) from None


def _fits(asked: _Asked, recording: "Recording") -> bool:
    """Tell whether the rule speaks of a series, and say so where it does not, or can see nothing in it."""
    from netmon.app.hindsight import blind_beyond_s, misfit, usual_gap_s  # noqa: PLC0415  # numpy takes a while

    if asked.declared is None:
        return True
    label = misfit(asked.declared, recording.labels)
    if label is not None:
        said = t("backtest.misfit", rule=asked.name, series=series_text(recording.labels), label=label)
        click.echo(printable(said), err=True)
        return False
    gap_s, most_s = usual_gap_s(recording.at), blind_beyond_s(asked.declared)
    if most_s is not None and gap_s > most_s:
        far, most = human.duration(gap_s), human.duration(most_s)
        click.echo(t("backtest.blind", rule=asked.name, gap=far, most=most), err=True)
    return True


def _judged(source: Source, asked: _Asked, recordings: Sequence["Recording"]) -> list[_Judged]:
    """Return what the rule would have said of each series; on a terminal a bar shows how far it is."""
    from netmon.app.hindsight import by_baseline, by_declaration, past_days  # noqa: PLC0415  # numpy takes a while

    if not recordings:
        return []
    limits, console = _limits(source, asked, recordings), Console(stderr=True)
    days = past_days(asked.declared)
    past = source.past(days) if days and source.several else {}
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(asked.name, total=sum(map(len, recordings)))
        heard: Heard = partial(progress.advance, task)
        if asked.declared is None:
            verdicts = by_baseline(recordings, asked.settings.baselines, heard)
        else:
            verdicts = [
                by_declaration(
                    asked.declared,
                    recording,
                    source.name(recording),
                    own,
                    asked.settings,
                    heard,
                    past.get(apart(recording.labels)),
                )
                for recording, own in zip(recordings, limits, strict=True)
            ]
    return [_Judged(recording, verdict) for recording, verdict in zip(recordings, verdicts, strict=True)]


def _limits(source: Source, asked: _Asked, recordings: Sequence["Recording"]) -> "list[Floats]":
    """Return the own limits of each series at its readings, as they were told last; NaN where nothing was."""
    import numpy as np  # noqa: PLC0415  # it takes a while

    fixed = math.nan if asked.limit is None else asked.limit
    limits = [np.full(len(recording), fixed) for recording in recordings]
    told = {} if asked.limit_query is None else source.limits(asked.limit_query)
    for recording, own in zip(recordings, limits, strict=True):
        at, values = told.get(apart(recording.labels), (np.empty(0), np.empty(0)))
        last = np.searchsorted(at, recording.at, side="right") - 1
        own[last >= 0] = values[last[last >= 0]]
        if asked.limit_query is not None and np.isnan(own).all():
            click.echo(printable(t("backtest.no_limit", series=series_text(recording.labels))), err=True)
    return limits


def _write(judged: Sequence[_Judged], *, several: bool) -> None:
    """Write every reading in the order of its file."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow((*_COLUMNS, "series") if several else _COLUMNS)
    for one in judged:
        recording, verdict = one.recording, one.verdict
        series = (series_text(recording.labels),) if several else ()
        scores, alerts, places = verdict.scores.tolist(), verdict.alerts.tolist(), recording.rows.argsort().tolist()
        for stamp, text, place in zip(recording.stamps, recording.texts, places, strict=True):
            score = scores[place]
            writer.writerow((stamp, text, "" if math.isnan(score) else repr(score), int(alerts[place]), *series))


def _object(asked: _Asked, one: _Judged) -> dict[str, Any]:
    """Return what is said of a series as JSON has it."""
    recording = one.recording
    return {
        "rule": asked.name,
        "labels": dict(recording.labels),
        "from": rfc3339(float(recording.at[0])),
        "to": rfc3339(float(recording.at[-1])),
        "readings": len(recording),
        "missing": _missing(recording),
        "alerts": [
            {
                "began": rfc3339(spell.began),
                "ended": None if spell.ended is None else rfc3339(spell.ended),
                "severity": None if spell.severity is None else spell.severity.value,
                "value": None if math.isnan(spell.value) else spell.value,
                "score": spell.score,
                "expected": None if spell.expected is None else rfc3339(spell.expected),
                "summary": (spell.summaries or {}).get(language()),
            }
            for spell in one.verdict.spells
        ],
    }


def _missing(recording: "Recording") -> int:
    return sum(map(math.isnan, recording.values.tolist()))


def _show(asked: _Asked, judged: Sequence[_Judged]) -> None:
    """Print the alerts as a table, and how many they are."""
    said = [(one, spell) for one in judged for spell in one.verdict.spells]
    said.sort(key=lambda each: each[1].began)
    if said:
        count = len(said)
        caption = t("backtest.more", shown=_SHOWN_MAX, total=count) if count > _SHOWN_MAX else ""
        Console().print(_table(asked, said[:_SHOWN_MAX], caption, several=len(judged) > 1))
    spans_s = sum(float(one.recording.at[-1] - one.recording.at[0]) for one in judged)
    readings = sum(len(one.recording) for one in judged)
    told = t("backtest.alerts" if len(said) != 1 else "backtest.alert", count=len(said), rule=asked.name)
    if spans_s >= _DAY_S * max(1, len(judged)):  # of less than a day a week says nothing
        told += t("backtest.weekly", weekly=f"{len(said) * _WEEK_S / spans_s:.2g}")
    missing = sum(_missing(one.recording) for one in judged)
    told += t("backtest.readings", readings=readings, missing=missing, span=human.duration(round(spans_s)))
    if len(judged) > 1:
        told += t("backtest.series", some=sum(bool(one.verdict.spells) for one in judged), all=len(judged))
    click.echo(told)


def _table(asked: _Asked, said: Sequence[tuple[_Judged, "Spell"]], caption: str, *, several: bool) -> Fitted:
    spells = [spell for _, spell in said]
    began = _column("began", [Text(shown) for shown in shown_times(spell.began for spell in spells)])
    lasted = _column("lasted", [_lasted(spell) for spell in spells])
    series = [Text(printable(name)) for name in told_apart([one.recording.labels for one, _ in said])]
    form = [began, lasted]
    if asked.declared is None:
        form += [
            _column("score", [Text(f"{spell.score:.2f}") for spell in spells]),
            _column("value", [Text(f"{spell.value:.6g}") for spell in spells]),
        ]
    else:
        severities = [spell.severity.value if spell.severity else "" for spell in spells]
        shown = [Text(t(f"alerts.severity.{each}"), _STYLES[each]) if each else Text("") for each in severities]
        summaries = [Text(printable((spell.summaries or {}).get(language(), ""))) for spell in spells]
        form += [_column("severity", shown), _column("summary", summaries, 24)]
    if several:
        form.append(_column("series", series, 16))
    return Fitted([form], [""] * len(said), caption)


def _lasted(spell: "Spell") -> Text:
    return Text(t("backtest.lasts") if spell.ended is None else human.duration(round(spell.ended - spell.began)))


def _column(name: str, cells: Sequence[Text], least: int = 0) -> Column:
    return Column(t(f"backtest.column.{name}"), cells, least)
