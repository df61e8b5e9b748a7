"""`netmon ledger`: prove that nothing was changed, and that a record stands there."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from netmon.api import NetmonError
from netmon.app.commands.options import CONFIG
from netmon.app.settings import configured_language
from netmon.app.systemwords import translated
from netmon.app.text import speaking, t
from netmon.app.whereabouts import states
from netmon.core.ledger import keys, proof, standalone
from netmon.core.ledger.faults import Fault
from netmon.core.ledger.report import Report, Verdict
from netmon.core.ledger.seals import CHECKPOINTS_FILE, LATEST_FILE, notes_in
from netmon.core.ledger.segments import FOLDER
from netmon.core.ledger.verify import verify

EXIT: Final = {Verdict.GOOD: 0, Verdict.BAD: 1, Verdict.UNPROVED: 2}
UNUSABLE: Final = 2
SHOWN_PURGES: Final = 10  # the others are in --json
MAX_FILE_BYTES: Final = 1 << 30  # of checkpoints that a witness kept: three million of them

_FILE: Final = click.Path(path_type=Path, exists=True, dir_okay=False)
_LEDGER: Final = click.option(
    "--ledger", type=click.Path(path_type=Path, exists=True, file_okay=False), help=t("ledger.ledger")
)
_KEY: Final = click.option("--key", "given", multiple=True, metavar="VKEY", help=t("ledger.key"))


@click.group("ledger", help=t("ledger.help"))
def command() -> None:
    """Hold the commands about the ledger's evidence together."""


@command.command("verify", help=t("ledger.verify.help"), epilog=t("ledger.verify.examples"))
@CONFIG
@_LEDGER
@_KEY
@click.option("--checkpoint", "kept", multiple=True, type=_FILE, help=t("ledger.checkpoint"))
@click.option("--json", "as_json", is_flag=True, help=t("ledger.verify.json"))
def verify_command(
    directory: Path, ledger: Path | None, given: Sequence[str], kept: Sequence[Path], *, as_json: bool
) -> None:
    """Exit 0 when nothing is wrong, 1 when something is, 2 when nothing could be judged."""
    with _language(directory), _refusals(UNUSABLE), _progress(sys.stderr.isatty()) as progress:
        place = ledger or _place(directory)
        outside = {str(path): _read(path) for path in kept}
        report = verify(place, checkpoints=outside, public_keys=_keys(given), progress=progress)
    with _language(directory):
        if as_json:
            click.echo(json.dumps(_as_data(report), ensure_ascii=False, indent=2))
        else:
            _show(report)
    sys.exit(EXIT[report.verdict])


@command.command("prove", help=t("ledger.prove.help"), epilog=t("ledger.prove.examples"))
@click.argument("seq", type=click.IntRange(0))
@CONFIG
@_LEDGER
@click.option("--checkpoint", "kept", type=_FILE, help=t("ledger.prove.checkpoint"))
def prove_command(seq: int, directory: Path, ledger: Path | None, kept: Path | None) -> None:
    """Exit 0 when the proof was written, 1 when there is none."""
    with _language(directory), _refusals(1):
        found = notes_in(_read(kept)) if kept is not None else []
        note = found[-1][1] if found else b"" if kept is not None else None
        click.echo(proof.prove(ledger or _place(directory), seq, note).encode(), nl=False)


@command.command("check-proof", help=t("ledger.check.help"))
@click.argument("file", type=_FILE)
@click.option("--key", "given", multiple=True, required=True, metavar="VKEY", help=t("ledger.check.key"))
def check_command(file: Path, given: Sequence[str]) -> None:
    """Exit 0 when the proof proves its record, 1 when it does not, 2 when a key is none."""
    with _refusals(UNUSABLE):
        trusted = [keys.VerifierKey.parse(text) for text in _keys(given)]
    with _refusals(1):
        found, head = proof.check(_read(file), trusted)
        click.echo(t("ledger.check.good", seq=found.index, origin=head.origin, size=head.size), err=True)
        click.echo(found.line)


@command.command("checkpoint", help=t("ledger.latest.help"))
@CONFIG
@_LEDGER
def latest_command(directory: Path, ledger: Path | None) -> None:
    """Exit 0, or 2 when there is none."""
    _cat(directory, ledger, LATEST_FILE, "ledger.latest.none")


@command.command("key", help=t("ledger.showkey.help"))
@CONFIG
@_LEDGER
def key_command(directory: Path, ledger: Path | None) -> None:
    """Exit 0, or 2 when there is none."""
    _cat(directory, ledger, keys.PUBLIC_FILE, "ledger.showkey.none")


@command.command("verifier", help=t("ledger.verifier.help"), epilog=t("ledger.verifier.examples"))
def verifier_command() -> None:
    """Write the standalone verifier to standard output."""
    click.echo(Path(str(standalone.__file__)).read_bytes(), nl=False)


def _cat(directory: Path, ledger: Path | None, name: str, missing: str) -> None:
    with _language(directory), _refusals(UNUSABLE):
        place = ledger or _place(directory)
        if not (place / name).exists():
            click.echo(t(missing, place=place), err=True)
            sys.exit(UNUSABLE)
        click.echo(_read(place / name), nl=False)


def _place(directory: Path) -> Path:
    """Return the ledger of this configuration's daemon."""
    places = [state / "ledger" for state in states(directory)]
    there = (place for place in places if (place / FOLDER).exists() or (place / CHECKPOINTS_FILE).exists())
    return next(there, places[0])


def _keys(given: Sequence[str]) -> list[str]:
    """Return the keys that were given, from files where a name of one was. A key has plus signs, a file's name none."""
    found: list[str] = []
    for each in given:
        found += [each] if "+" in each else [key.encode() for key in keys.read_public(Path(each))]
    return found


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        data = file.read(MAX_FILE_BYTES + 1)
    if len(data) > MAX_FILE_BYTES:
        raise OSError(f"{path} is larger than {MAX_FILE_BYTES >> 20} MiB")
    return data


@contextmanager
def _language(directory: Path) -> Iterator[None]:
    with speaking(configured_language(directory)):
        yield


@contextmanager
def _refusals(code: int) -> Iterator[None]:
    """End with this exit status where something cannot be read or proved."""
    try:
        yield
    except (NetmonError, OSError) as error:
        click.echo(translated(str(error)), err=True)
        sys.exit(code)


@contextmanager
def _progress(shown: bool) -> Iterator[Callable[[int, int], None] | None]:
    if not shown:
        yield None
        return
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(t("ledger.verify.progress"), total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def _show(report: Report) -> None:
    console = Console(highlight=False, soft_wrap=True)
    if report.verdict is Verdict.BAD:
        _show_faults(console, report)
    elif report.verdict is Verdict.GOOD:
        console.print(_good(report), style="bold green")
    else:
        console.print(t("ledger.unproved"), style="bold yellow")
    table = Table(show_header=False, box=None, pad_edge=False)
    for name, value in _rows(report):
        table.add_row(t(f"ledger.row.{name}"), value)
    console.print(table)
    _show_purges(console, report)
    for remark in report.remarks:
        console.print(t(f"ledger.remark.{remark.value}"), markup=False)


def _good(report: Report) -> str:
    unsealed = report.records - report.sealed
    if unsealed <= 0:
        return t("ledger.good")
    sealed = t("ledger.good.sealed_at", time=report.sealed_at) if report.sealed_at else t("ledger.good.sealed")
    return t("ledger.good.partly", last=report.sealed - 1, sealed=sealed, count=unsealed)


def _show_purges(console: Console, report: Report) -> None:
    if not report.purges:
        return
    console.print(t("ledger.purges"))
    if report.acts > SHOWN_PURGES:
        console.print("  " + t("ledger.purges.older", count=report.acts - SHOWN_PURGES))
    for purge in report.purges[-SHOWN_PURGES:]:
        console.print("  " + t("ledger.purges.one", **asdict(purge)), markup=False)


def _show_faults(console: Console, report: Report) -> None:
    first = report.first_bad
    others = [fault for fault in report.faults if fault is not first]
    for fault in [*([first] if first else []), *others]:
        console.print(t("ledger.bad", sentence=_sentence(fault)), style="bold red", markup=False)
        if fault.where:
            key = "ledger.where.line" if fault.line else "ledger.where"
            console.print("  " + t(key, where=fault.where, line=fault.line), markup=False)
        if fault.since is not None and fault.seq is not None and fault.since < fault.seq:
            console.print("  " + t("ledger.since", since=fault.since, last=fault.seq - 1), markup=False)
    if report.more_faults:
        console.print(t("ledger.more", count=report.more_faults))


def _sentence(fault: Fault) -> str:
    return t(f"ledger.fault.{fault.wrong.value}", seq=fault.seq, **fault.values)


def _rows(report: Report) -> Iterator[tuple[str, str]]:
    yield "origin", report.origin
    for key in report.keys:
        yield "key", key
    yield "records", f"{report.records}"
    yield "stubs", f"{report.stubs}"
    yield "sealed", f"{report.sealed}"
    yield "outside", f"{report.sealed_outside}"
    yield "unsealed", f"{max(report.records - report.sealed, 0)}"
    yield "checkpoints", t("ledger.row.checkpoints.value", own=report.own, outside=report.outside)


def _as_data(report: Report) -> dict[str, Any]:
    first = report.first_bad
    return {
        "verdict": report.verdict.value,
        "first_bad": first and _fault_as_data(first),
        "origin": report.origin,
        "keys": report.keys,
        "records": report.records,
        "purged": report.stubs,
        "purges": [asdict(purge) for purge in report.purges],
        "sealed": report.sealed,
        "sealed_at": report.sealed_at or None,
        "sealed_outside": report.sealed_outside,
        "checkpoints": {"own": report.own, "outside": report.outside},
        "faults": [_fault_as_data(fault) for fault in report.faults],
        "more_faults": report.more_faults,
        "remarks": [remark.value for remark in report.remarks],
    }


def _fault_as_data(fault: Fault) -> dict[str, Any]:
    return {
        "wrong": fault.wrong.value,
        "seq": fault.seq,
        "since": fault.since,
        "where": fault.where,
        "line": fault.line,
        "sentence": str(fault),
        **{f"value_{name}": value for name, value in fault.values.items()},
    }
