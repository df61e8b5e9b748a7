"""Files in Prometheus's text format that cron jobs leave for us, as node_exporter's textfile collector takes them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample as Line

from collectors.host.procfs.shape import GAUGE, Malformed, scalars, table
from netmon.api import Family, Kind, Missing, Reason, Table, Value

_KINDS = {"counter": Kind.COUNTER, "gauge": Kind.GAUGE}  # histograms and summaries travel as their untyped series
_MTIME = (Family("node_textfile_mtime_seconds", GAUGE, "When the file was last written, in Unix seconds.", "textfile"),)
_ERROR = (Family("node_textfile_scrape_error", GAUGE, "1 when a file could not be taken, else 0.", "textfile"),)


@dataclass(frozen=True, slots=True)
class Written:
    """A file: its text, and when it was last written, in Unix seconds."""

    text: bytes
    at: float


def parse_textfiles(files: Mapping[str, Written | Missing], taken: Iterable[str], at: float) -> tuple[Table, ...]:
    """Return the tables of all files; the time of one that cannot be taken is missing, with the reason.

    `taken` are names that netmon emits itself: a file must not speak for it, nor must two files tell of one metric. A
    file with timestamps is refused, as it would show old values as new.
    """
    tables: list[Table] = []
    names = set(taken)
    times: list[Value | Missing] = []
    for path, file in files.items():
        if isinstance(file, Missing):
            times.append(file)
            continue
        try:
            found = _one(path, file.text, at, names)
        except Malformed as error:
            times.append(Missing(Reason.MALFORMED, str(error)))
            continue
        names.update(of.families[0].name for of in found)
        tables += found
        times.append(file.at)
    failed = int(any(isinstance(time, Missing) for time in times))
    return (
        *tables,
        table(at, _MTIME, ("file",), [(f"/{path}",) for path in files], [times]),
        scalars(at, _ERROR, [failed]),
    )


def _one(path: str, text: bytes, at: float, names: set[str]) -> list[Table]:
    """Parse one file into tables of one family and one set of label names each."""
    groups: dict[tuple[Family, tuple[str, ...]], dict[tuple[str, ...], float]] = {}
    try:
        for metric in text_string_to_metric_families(text.decode("utf-8")):
            kind = _KINDS.get(metric.type, Kind.UNTYPED)
            for line in metric.samples:
                _check(path, line, names)
                of = Family(line.name, kind, metric.documentation, f"/{path}")
                labels = tuple(sorted(line.labels.items()))
                group = groups.setdefault((of, tuple(name for name, _ in labels)), {})
                row = tuple(value for _, value in labels)
                if row in group:
                    raise Malformed(path, f"tells {line.name}{line.labels} twice")
                group[row] = float(line.value)
    except (ValueError, IndexError, KeyError, TypeError) as error:  # what the parser raises for a bad line
        raise Malformed(path, str(error)) from error
    return [
        Table((of,), labels, tuple(rows), tuple("/".join(row) for row in rows), (tuple(rows.values()),), at)
        for (of, labels), rows in groups.items()
    ]


def _check(path: str, line: Line, names: set[str]) -> None:
    if line.timestamp is not None:
        raise Malformed(path, f"{line.name} has a timestamp; write values without one")
    if line.name in names or line.name.startswith("netmon_"):
        raise Malformed(path, f"{line.name} is already told by netmon or another file; give it another name")
