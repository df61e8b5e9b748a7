"""`netmon forecast`: when a recorded series reaches a limit."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import click
from rich.console import Console
from rich.text import Text

from netmon.app import human
from netmon.app.asked import printable
from netmon.app.commands.asking import lines
from netmon.app.commands.recorded import Source, finite, no_series, recorded, rfc3339, shown_time
from netmon.app.fitted import Column, Fitted
from netmon.app.telling import told_apart
from netmon.app.text import t

if TYPE_CHECKING:  # numpy is for those who ask
    from netmon.app.csvseries import Recording
    from rules.forecasts.replay import Foretold

_QUANTILES: Final = ("p10", "p50", "p90")
_DATE: Final = 10  # characters of a time that are its date


@click.command("forecast", help=t("forecast.help"), epilog=t("forecast.examples"))
@recorded
@click.option("--limit", type=float, required=True, metavar="NUMBER", help=t("forecast.option.limit"))
@click.option("--falling/--rising", "falling", default=None, help=t("forecast.option.falling"))
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help=t("forecast.option.format"),
)
def command(source: Source, *, limit: float, falling: bool | None, form: str) -> None:
    """Exit 0; 2 for input that cannot be used, 3 where Prometheus does not answer, 5 where it has no such series."""
    finite(limit, "--limit")
    recordings = source.load()
    if not recordings:
        no_series()
    from rules.forecasts.replay import foretell  # noqa: PLC0415  # numpy takes a while

    told = [(one, foretell(one.at, one.values, limit, falling)) for one in recordings]
    if form == "json":
        lines(_object(one, found, limit, several=source.several) for one, found in told)
    else:
        Console().print(_table(told, limit))
    _note(told, limit, guessed=falling is None)


def _note(told: Sequence[tuple["Recording", "Foretold"]], limit: float, *, guessed: bool) -> None:
    """Say on standard error which direction was taken, and where a past was too short to tell."""
    from rules.forecasts.replay import LONG_S, short_past_s  # noqa: PLC0415  # numpy takes a while

    if guessed and any(found.falling for _, found in told):
        click.echo(t("forecast.taken", limit=f"{limit:.6g}"), err=True)
    silent = (short_past_s(one.at, one.values) for one, found in told if found.p10 is None)
    short = [span for span in silent if span is not None]
    if short:
        said = t("forecast.short", past=human.duration(round(min(short))), enough=human.duration(round(LONG_S)))
        click.echo(said, err=True)


def _last(recording: "Recording") -> tuple[float, float] | None:
    """Return time and value of the newest reading that is not missing; None where there is none."""
    import numpy as np  # noqa: PLC0415  # it takes a while

    known = np.flatnonzero(np.isfinite(recording.values))
    return (float(recording.at[known[-1]]), float(recording.values[known[-1]])) if len(known) else None


def _object(recording: "Recording", found: "Foretold", limit: float, *, several: bool) -> Mapping[str, Any]:
    """Return what is foretold of a series as JSON has it."""
    last = _last(recording)
    times = {name: None if (at := getattr(found, name)) is None else rfc3339(round(at)) for name in _QUANTILES}
    labels = {"labels": dict(recording.labels)} if several or recording.labels else {}
    return {
        **labels,
        **times,
        "limit": limit,
        "rising": not found.falling,
        "last": None if last is None else last[1],
        "last_at": None if last is None else rfc3339(last[0]),
        "periods": found.told_by or None,
    }


def _table(told: Sequence[tuple["Recording", "Foretold"]], limit: float) -> Fitted:
    """Return one line for each series, the nearest first."""
    far = float("inf")
    ordered = sorted(told, key=lambda each: far if each[1].p50 is None else each[1].p50)
    lasts = [_last(one) for one, _ in ordered]
    series = [_column("series", [Text(printable(name)) for name in told_apart([one.labels for one, _ in ordered])], 16)]
    columns = [
        _column("last", [Text("-" if last is None else f"{last[1]:.6g}") for last in lasts]),
        _column("last_at", [Text("-" if last is None else shown_time(last[0])) for last in lasts]),
        _column("limit", [_limit(limit, falling=found.falling) for _, found in ordered]),
        _column("left", [_left(found, last) for (_, found), last in zip(ordered, lasts, strict=True)]),
    ]
    times = [_column(name, [_when(getattr(found, name)) for _, found in ordered]) for name in _QUANTILES]
    periods = [Text(t(f"forecast.periods.{found.told_by or 'none'}")) for _, found in ordered]
    dates = [_column(name, [_when(getattr(found, name), _DATE) for _, found in ordered]) for name in _QUANTILES]
    first = series if len(ordered) > 1 else []
    wide = [*first, *columns, *times, _column("periods", periods)]
    narrow = [*first, *columns[-2:], *times]
    return Fitted([wide, narrow, [*first, *columns[-2:], *dates]], [""] * len(ordered))


def _limit(limit: float, *, falling: bool) -> Text:
    return Text(t("forecast.falling" if falling else "forecast.rising", limit=f"{limit:.6g}"))


def _left(found: "Foretold", last: tuple[float, float] | None) -> Text:
    if found.p10 is None or last is None:
        return Text(t("forecast.nothing"), "dim")
    if found.p50 is None:
        return Text(t("forecast.uncertain"))
    left_s = round(found.p50 - last[0])
    return Text(human.duration(left_s) if left_s > 0 else t("forecast.reached"), "bold")


def _when(at: float | None, length: int | None = None) -> Text:
    return Text("-" if at is None else shown_time(at)[:length])


def _column(name: str, cells: Sequence[Text], least: int = 0) -> Column:
    return Column(t(f"forecast.column.{name}"), cells, least)
