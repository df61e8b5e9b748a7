"""Secrets and paths in netmon.yaml: where a `SecretStr` comes from, and what a relative path is relative to.

A secret field `x` is given as `x_file: path`, as `x: ${NAME}`, or inline where nobody but the file's owner and group
can read the file. Which fields are secrets, and which are paths, the schema says.
"""

import os
import stat
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr

from netmon.api import Fault
from netmon.app.settings import schema
from netmon.app.settings.document import Document, Way
from netmon.app.settings.environment import is_reference
from netmon.app.settings.files import open_at_once
from netmon.app.systemwords import why

MAX_SECRET_BYTES: Final = 65_536  # a private key is under 10 kB
_FILE: Final = "_file"
_UNKNOWN: Final = "a secret that could not be read"  # long enough for every field, so that one cause is one fault


def others_can_read(path: Path) -> bool:
    """Tell whether users other than the owner and the group have any right on a file, or nobody can say."""
    try:
        return bool(path.stat().st_mode & stat.S_IRWXO)
    except OSError:
        return True


def exposed(document: Document, model: Any) -> Iterator[Fault]:
    """Give a fault for each secret that stands in the file itself. Run before references are replaced."""
    for here, key, path, types in _fields(document.data, model):
        value = here[key]
        if SecretStr in types and value not in ("", None) and not (isinstance(value, str) and is_reference(value)):
            yield document.fault(path, "secret_exposed", name=key, file=document.file)


@dataclass(frozen=True, slots=True)
class Filling:
    """Puts secrets from files where `x_file` names them and makes paths absolute; after references were replaced.

    `skip` has the ways to values that are wrong already, and stay as they are.
    """

    document: Document
    directory: Path
    skip: Collection[Way]

    def run(self, model: Any) -> Iterator[Fault]:
        """Give a fault for each secret that cannot be had or that others can read."""
        for here, key, path, types in _fields(self.document.data, model):
            if _SecretFile in types:
                yield from self._from_file(here, key, path)
            elif SecretStr in types and path in self.skip:
                here[key] = _UNKNOWN
            elif SecretStr in types and here[key] == "":
                yield self.document.fault(path, "secret_empty", name=key)
                here[key] = _UNKNOWN
            elif Path in types and isinstance(here[key], str) and here[key] and path not in self.skip:
                here[key] = str(self.directory / here[key])

    def _from_file(self, here: dict[str, Any], key: str, path: Way) -> Iterator[Fault]:
        """Put what the file holds where the secret itself would stand, with the place of the file's name."""
        name = key.removesuffix(_FILE)
        if name in here:
            yield self.document.fault(path, "secret_twice", key=True, name=name)
            del here[key]
            return
        marks = self.document.marks[id(here)]
        given, marks[name], here[name] = here.pop(key), marks[key], _UNKNOWN
        if path in self.skip:
            return
        at = (*path[:-1], name)
        if not isinstance(given, str) or not given:
            yield self.document.fault(at, "secret_path", name=key)
            return
        file = self.directory / given
        try:
            here[name] = read_secret(file)
        except _Refused as refused:
            yield self.document.fault(at, refused.text, file=file, reason=refused.reason, limit=MAX_SECRET_BYTES >> 10)


def read_secret(path: Path) -> str:
    """Return what a secret's file holds, without one newline at its end.

    Raises _Refused with the name of the text that says why not.
    """
    try:
        with open_at_once(path) as stream:
            status = os.fstat(stream.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise _Refused("secret_not_a_file")
            if status.st_mode & stat.S_IRWXO:
                raise _Refused("secret_file_exposed")
            raw = stream.read(MAX_SECRET_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise _Refused("secret_unreadable", why(error)) from None
    if len(raw) > MAX_SECRET_BYTES:
        raise _Refused("secret_too_big")
    try:
        secret = raw.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise _Refused("secret_not_utf8") from None
    if not secret:
        raise _Refused("secret_file_empty")
    return secret


class _SecretFile:
    """The type of `x_file` beside a secret field `x`, which the schema itself does not have."""


class _Refused(Exception):
    """Why a secret was not taken from its file: the name of our text, and the system's words."""

    def __init__(self, text: str, reason: str = "") -> None:
        super().__init__(text)
        self.text = text
        self.reason = reason


def _fields(data: Any, model: Any) -> Iterator[tuple[Any, Any, Way, list[Any]]]:
    """Give every (container, key, path, types that may stand there), each container once however it is reached."""
    done: set[int] = set()
    waiting: list[tuple[Any, Way, list[Any]]] = [(data, (), list(schema.alternatives(model)))]
    while waiting:
        here, path, types = waiting.pop()
        if not isinstance(here, dict | list) or id(here) in done:
            continue
        done.add(id(here))
        for key, value in list(here.items() if isinstance(here, dict) else enumerate(here)):
            inner = schema.inside(types, key)
            if not inner and isinstance(key, str) and key.endswith(_FILE):
                inner = [_SecretFile] if SecretStr in schema.inside(types, key.removesuffix(_FILE)) else []
            yield here, key, (*path, key), inner
            if inner:
                waiting.append((value, (*path, key), inner))
