"""What of the actions against attacks can be looked at before anything is started: rules, the program, the file."""

import os
import shutil
import stat
from collections.abc import Callable, Iterator, Sequence
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Final, TypeAlias

from exporters.actions.settings import SEARCHED, ActionSettings, Prefix
from netmon.api import Fault
from netmon.app.settings import Settings
from netmon.app.settings.document import Way
from netmon.app.settings.problems import choose_from, show
from netmon.app.text import t
from netmon.app.traffic.findings import by_name
from rules.traffic.settings import DetectorSettings

Told: TypeAlias = Callable[[Way, str, str], Fault]
"""(way to a setting below `traffic`, what is wrong, what would be right) → the fault at its place in the file."""
Wrong: TypeAlias = tuple[str, str]  # what is wrong, and what would be right
_PROGRAM: Final = ("actions", "script", "command", 0)
_FILE: Final = ("actions", "announcement", "file")


def faults_of_actions(settings: ActionSettings, fault: Told) -> Iterator[Fault]:
    """Give what is surely wrong, whoever looks and whoever netmon runs as."""
    known = by_name()
    for index, name in enumerate(settings.rules):
        if name not in known:
            yield fault(("actions", "rules", index), t("fault.choice", value=show(name)), choose_from([*known], name))
    if not settings.enabled:
        return
    if settings.script is not None and (wrong := _of_program(settings.script.command[0])) is not None:
        yield fault(_PROGRAM, *wrong)
    if settings.announcement is not None and (wrong := _of_file(settings.announcement.file)) is not None:
        yield fault(_FILE, *wrong)


def remarks_on_actions(settings: Settings, fault: Told) -> Iterator[Fault]:
    """Give what may be wrong: the daemon may run as another user, and find what is not there yet."""
    actions = settings.netmon.traffic.actions
    if not actions.enabled:
        return
    yield from _unseen(actions, settings.netmon.traffic.detectors, fault)
    protected = (one.prefix for one in settings.inventory.prefixes if one.protected)
    allowed = actions.allow or tuple(protected)
    if not allowed:
        yield fault(("actions", "allow"), *_said("nobody"))
    yield from _forbidden(actions.never, allowed, fault)
    if actions.script is not None:
        found = _found(actions.script.command[0])
        if found is not None and not os.access(found, os.X_OK):
            yield fault(_PROGRAM, *_said("not_for_us", program=found))
    if actions.announcement is not None:
        folder = actions.announcement.file.parent
        if _mode(folder) == 0:
            yield fault(_FILE, *_said("no_folder", folder=folder))
        elif not os.access(folder, os.W_OK | os.X_OK):
            yield fault(_FILE, *_said("not_writable", folder=folder))


def _forbidden(never: Sequence[Prefix], allowed: Sequence[Prefix], fault: Told) -> Iterator[Fault]:
    """Give the prefixes that forbid all that is allowed, of their version of IP."""
    for index, one in enumerate(never):
        alike = [each for each in allowed if each.version == one.version]
        if alike and all(_holds(one, each) for each in alike):
            yield fault(("actions", "never", index), *_said("forbidden", prefix=one, version=one.version))


def _holds(outer: Prefix, inner: Prefix) -> bool:
    if isinstance(outer, IPv4Network):
        return isinstance(inner, IPv4Network) and inner.subnet_of(outer)
    return isinstance(inner, IPv6Network) and inner.subnet_of(outer)


def _unseen(actions: ActionSettings, detectors: DetectorSettings, fault: Told) -> Iterator[Fault]:
    """Give the rules that nothing looks for: what would find them is switched off."""
    owners = by_name()
    for index, name in enumerate(actions.rules):
        own = getattr(detectors, owners[name])
        kind = getattr(own, name, None)  # a flood's own settings
        off = "" if own.enabled else owners[name]
        if not off and kind is not None and not kind.enabled:
            off = f"{owners[name]}.{name}"
        if off:
            yield fault(("actions", "rules", index), *_said("unseen", rule=name, off=f"traffic.detectors.{off}"))


def _said(text: str, **values: object) -> Wrong:
    return t(f"actions.{text}", **values), t(f"actions.{text}.remedy", **values)


def _found(program: str) -> Path | None:
    """Return the file of a program; None where there is none of that name."""
    path = program if "/" in program else shutil.which(program, mode=os.F_OK, path=SEARCHED)
    return None if path is None else Path(path)


def _of_program(program: str) -> Wrong | None:
    """Return what keeps a program from being run, and what would be right."""
    found = _found(program)
    if found is not None and not found.is_absolute():
        return _said("not_whole", program=program)
    mode = 0 if found is None else _mode(found)
    if mode is None:
        return None
    if found is None or not mode:
        return _said("no_program", program=show(program), searched=SEARCHED)
    if not stat.S_ISREG(mode):
        return _said("no_file", program=found)
    return _of_first_line(found) if mode & 0o111 else _said("not_executable", program=found)


def _mode(path: Path) -> int | None:
    """Return what a path is, as st_mode; 0 where nothing is there, None where whoever looks may not know."""
    try:
        return path.stat().st_mode
    except PermissionError:
        return None
    except (OSError, ValueError):  # ValueError: a NUL in the name
        return 0


def _of_first_line(program: Path) -> Wrong | None:
    """Return what is wrong with the first line of a script: without a shell, it alone tells what runs it."""
    try:
        with program.open("rb") as file:
            head = file.read(256)
    except OSError:  # whoever looks may not
        return None
    if not head.startswith(b"#!"):
        return None if b"\0" in head else _said("no_interpreter", program=program)  # a NUL: it is compiled
    words = head[2:].split(b"\n")[0].split(maxsplit=1)
    interpreter = words[0].decode(errors="replace") if words else ""
    if interpreter and _mode(Path(interpreter)) != 0:
        return None
    return _said("wrong_interpreter", program=program, interpreter=show(interpreter))


def _of_file(file: Path) -> Wrong | None:
    if stat.S_ISDIR(_mode(file) or 0):
        return _said("folder", file=file)
    return _said("in_file", folder=file.parent) if stat.S_ISREG(_mode(file.parent) or 0) else None
