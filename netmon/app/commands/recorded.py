"""What the commands share that judge recorded series: where these come from, how they are named and shown."""

import functools
import math
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import click
from pydantic import ValidationError

from netmon.api import ConfigError, PeerError
from netmon.app.asked import duration_s, printable
from netmon.app.client import Exit
from netmon.app.commands.options import CONFIG
from netmon.app.human import LATEST
from netmon.app.systemwords import why
from netmon.app.text import speaking, t
from netmon.app.whereabouts import spoken

if TYPE_CHECKING:  # numpy is for those who ask
    from netmon.api.columns import Floats
    from netmon.app.csvseries import Recording
    from netmon.core.history.prometheus import PrometheusApi

Labels: TypeAlias = tuple[tuple[str, str], ...]

STANDARD_INPUT: Final = "-"

_MAX_SECRET: Final = 4_096  # octets read of a file with a password or token
_MAX_POINTS: Final = 200_000  # of a series: a year of readings three minutes apart
_WEEK_S: Final = 604_800
_STEPS_S: Final = (60.0, 300.0)  # of up to a week; of more
_PAST_STEP_S: Final = 300.0  # the shortest period that a history has
_PAST_AT_ONCE_S: Final = 7 * 86_400.0  # of the past in one question: all series share the size of an answer
_DAY_S: Final = 86_400.0

_OPTIONS: Final = (
    CONFIG,
    click.argument("file", required=False, type=click.Path(allow_dash=True, path_type=str)),
    click.option("--label", "pairs", multiple=True, metavar="NAME=VALUE", help=t("recorded.option.label")),
    click.option("--from-prometheus", "url", metavar="URL", help=t("recorded.option.from_prometheus")),
    click.option("--query", metavar="PROMQL", help=t("recorded.option.query")),
    click.option("--range", "back", metavar="DURATION", help=t("recorded.option.range")),
    click.option("--step", metavar="DURATION", help=t("recorded.option.step")),
    click.option("--user", metavar="NAME", default="", help=t("client.option.user")),
    click.option("--password-file", type=click.Path(path_type=Path), help=t("recorded.option.password_file")),
    click.option("--bearer-token-file", type=click.Path(path_type=Path), help=t("recorded.option.bearer_token_file")),
    click.option("--ca-file", type=click.Path(path_type=Path), help=t("recorded.option.ca_file")),
)


@dataclass(frozen=True, slots=True)
class Source:
    """Where series come from: a file, or a Prometheus."""

    directory: Path  # of the configuration
    file: str | None
    labels: Mapping[str, str]
    url: str | None = None
    query: str | None = None
    back: str | None = None
    step: str | None = None
    user: str = ""
    password_file: Path | None = None
    bearer_token_file: Path | None = None
    ca_file: Path | None = None
    now: float = 0.0  # Unix seconds, the end of what is asked

    @property
    def several(self) -> bool:
        """Tell whether there may be more than one series."""
        return self.url is not None

    def check(self) -> None:
        """Raise UsageError where what was asked makes no sense."""
        if (self.file is None) == (self.url is None):
            raise click.UsageError(t("recorded.one_source"))
        beside = (self.query, self.back, self.step, self.user, self.password_file, self.bearer_token_file, self.ca_file)
        if self.url is None and any(beside):
            raise click.UsageError(t("recorded.only_prometheus"))
        if self.url is not None and not (self.query and self.back):
            raise click.UsageError(t("recorded.query_and_range"))

    def name(self, recording: "Recording") -> str:
        """Return what the series is a quantity of, for `{target}` in texts."""
        if "instance" in recording.labels:
            return recording.labels["instance"]
        return Path(self.file).stem if self.file not in {None, STANDARD_INPUT} and self.file else "-"

    def load(self) -> "list[Recording]":
        """Return the series; notes go to standard error. ConfigError, PeerError, UsageError."""
        return [self._from_file()] if self.url is None else self._from_prometheus()

    def _from_file(self) -> "Recording":
        from netmon.app.csvseries import MAX_BYTES, parse  # noqa: PLC0415  # numpy takes a while

        name = self.file or STANDARD_INPUT
        try:
            if name == STANDARD_INPUT:
                data: bytes = sys.stdin.buffer.read(MAX_BYTES + 1)
            else:
                with Path(name).open("rb") as opened:
                    data = opened.read(MAX_BYTES + 1)
        except OSError as error:
            raise click.UsageError(f"{printable(name)}: {why(error)}") from None
        recording = parse(name, data)
        for note in recording.notes:
            click.echo(printable(note), err=True)
        return replace(recording, labels=self.labels)

    def _from_prometheus(self) -> "list[Recording]":
        return [_recording(*found) for found in self._answer(self.query or "")]

    def limits(self, query: str) -> "dict[Labels, tuple[Floats, Floats]]":
        """Return what a query says of each thing, its times and values, by labels without the metric's name."""
        return {apart(labels): (at, values) for labels, at, values in self._answer(query)}

    def past(self, days: int) -> "dict[Labels, tuple[Floats, Floats]]":
        """Return what a Prometheus remembers of each series before the range: times and values five minutes apart."""
        import numpy as np  # noqa: PLC0415  # it takes a while

        begin = self._range()[0]
        parts: dict[Labels, list[tuple[Floats, Floats]]] = {}
        start = begin - days * _DAY_S
        while start < begin:
            end = min(start + _PAST_AT_ONCE_S, begin)
            for labels, at, values in self._asked(self.query or "", start, end - _PAST_STEP_S, _PAST_STEP_S):
                parts.setdefault(apart(labels), []).append((at, values))
            start = end
        return {
            labels: (np.concatenate([at for at, _ in found]), np.concatenate([values for _, values in found]))
            for labels, found in parts.items()
        }

    def _answer(self, query: str) -> "list[tuple[Mapping[str, str], Floats, Floats]]":
        return self._asked(query, *self._range())

    def _range(self) -> tuple[float, float, float]:
        """Return begin, end and step of what is asked; UsageError where that is too much."""
        back_s = duration_s(self.back or "")
        step_s = duration_s(self.step) if self.step else _STEPS_S[back_s > _WEEK_S]
        if back_s / step_s > _MAX_POINTS:
            least = math.ceil(back_s / _MAX_POINTS)
            raise click.UsageError(t("recorded.points", limit=_MAX_POINTS, step=f"{least}s"))
        end = math.floor(self.now / step_s) * step_s
        return end - back_s, end, step_s

    def _asked(
        self, query: str, start: float, end: float, step_s: float
    ) -> "list[tuple[Mapping[str, str], Floats, Floats]]":
        found = self._api().query_range(query, start, end, step_s)
        return [({**labels, **self.labels}, at, values) for labels, at, values in found if len(at)]

    def _api(self) -> "PrometheusApi":
        from netmon.core.history.prometheus import PrometheusApi  # noqa: PLC0415  # numpy takes a while
        from netmon.core.history.settings import PrometheusSettings  # noqa: PLC0415

        asked: dict[str, Any] = {"url": self.url, "username": self.user, "ca_file": self.ca_file}
        if self.password_file is not None:
            asked["password"] = _secret(self.password_file)
        if self.bearer_token_file is not None:
            asked["bearer_token"] = _secret(self.bearer_token_file)
        try:
            return PrometheusApi.of(PrometheusSettings.model_validate(asked))
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]["msg"]
            raise click.UsageError(first.removeprefix("Value error, ")) from None


def recorded(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command a `Source` as its first argument, the options that say it, and exits for what goes wrong.

    A ValueError is the fault of what was asked, in words for people.
    """

    @functools.wraps(command)
    def judging(directory: Path, file: str | None, pairs: tuple[str, ...], **more: Any) -> None:
        with speaking(spoken(directory)):
            where = {name: more.pop(name) for name in Source.__slots__ if name in more} | {"now": time.time()}
            try:
                source = Source(directory, file, _labels(pairs), **where)
                source.check()
                command(source, **more)
            except ConfigError as error:
                click.echo(printable_lines(str(error)), err=True)
                sys.exit(Exit.USAGE)
            except PeerError as error:
                click.echo(printable(t("recorded.prometheus", problem=error)), err=True)
                sys.exit(Exit.USAGE if str(error).startswith("bad_data") else Exit.AWAY)
            except ValueError as error:
                raise click.UsageError(printable(str(error))) from None

    for option in reversed(_OPTIONS):
        judging = option(judging)
    return judging


def apart(labels: Mapping[str, str]) -> Labels:
    """Return what tells a thing from others of its kind: its labels without the metric's name."""
    return tuple(sorted((name, value) for name, value in labels.items() if name != "__name__"))


def finite(number: float | None, option: str) -> float | None:
    """Return a number that was asked for; ValueError where it is none that can be compared."""
    if number is not None and not math.isfinite(number):
        raise ValueError(t("recorded.finite", option=option))
    return number


def rfc3339(at: float) -> str:
    """Return Unix seconds in UTC, with a fraction only where there is one; nothing lies beyond the year 9999."""
    moment = datetime.fromtimestamp(min(at, LATEST), UTC).replace(tzinfo=None)
    return moment.isoformat(timespec="milliseconds" if moment.microsecond else "seconds") + "Z"


def shown_time(at: float) -> str:
    """Return Unix seconds as tables show them."""
    return datetime.fromtimestamp(min(at, LATEST), UTC).strftime("%Y-%m-%d %H:%MZ")


def shown_times(moments: Iterable[float]) -> list[str]:
    """Return Unix seconds as a column of a table shows them: dates alone where all are midnights."""
    shown = [shown_time(at) for at in moments]
    return [text.removesuffix(_MIDNIGHT) for text in shown] if all(map(_is_midnight, shown)) else shown


def _is_midnight(shown: str) -> bool:
    return shown.endswith(_MIDNIGHT)


def series_text(labels: Mapping[str, str]) -> str:
    """Return labels as PromQL writes them."""
    inner = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items() if name != "__name__")
    return f"{labels.get('__name__', '')}{{{inner}}}"


def printable_lines(text: str) -> str:
    """Return several lines that do nothing to a terminal."""
    return "\n".join(printable(line) for line in text.split("\n"))


def no_series() -> None:
    """Exit: Prometheus has nothing of that."""
    click.echo(t("recorded.none"), err=True)
    sys.exit(Exit.UNKNOWN)


_MIDNIGHT: Final = " 00:00Z"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _recording(labels: Mapping[str, str], at: "Floats", values: "Floats") -> "Recording":
    import numpy as np  # noqa: PLC0415  # it takes a while

    from netmon.app.csvseries import Recording  # noqa: PLC0415

    stamps: Sequence[str] = [rfc3339(moment) for moment in at.tolist()]
    texts = [repr(value) for value in values.tolist()]
    return Recording(at, values, np.arange(len(at)), stamps, texts, labels)


def _labels(pairs: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name.isidentifier():
            raise ValueError(t("recorded.label", text=pair))
        found[name] = value
    return found


def _secret(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            return opened.read(_MAX_SECRET).decode().rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(t("recorded.secret_file", file=file, problem=why(error))) from None
