"""From files to settings, or to every fault in them. Nothing here has an effect outside, so a reload can try first."""

import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar, cast

from pydantic import BaseModel, Field, ValidationError

from netmon.api import ConfigError, Fault
from netmon.app.settings import references, secrets, together
from netmon.app.settings.base import Model
from netmon.app.settings.document import Document, Way, fault_at, inside
from netmon.app.settings.environment import Expansion
from netmon.app.settings.inventory import (
    Application,
    Device,
    Inventory,
    Link,
    Mirror,
    PrefixEntry,
    Server,
    Site,
)
from netmon.app.settings.model import NetmonSettings, Settings
from netmon.app.settings.problems import choose_from, faults_of
from netmon.app.settings.references import Entry
from netmon.app.settings.unread import Unread
from netmon.app.settings.yamlfile import parse_yaml, read_text, read_yaml
from netmon.app.systemwords import why
from netmon.app.text import Language, speaking

MAIN_FILE: Final = "netmon.yaml"
INVENTORY_FOLDER: Final = "inventory"

_Model = TypeVar("_Model", bound=BaseModel)
_LANGUAGE: Final = re.compile(r"^language:[ \t]*[\"']?(en|id)\b", re.MULTILINE)
_SECTIONS: Final[Mapping[str, type[Model]]] = {
    "sites": Site,
    "devices": Device,
    "servers": Server,
    "applications": Application,
    "links": Link,
    "mirrors": Mirror,
    "prefixes": PrefixEntry,
}


class _InventoryFile(Model):
    """The outer shape of one inventory file; each item is validated by itself."""

    sites: list[Any] = Field(default_factory=list)
    devices: list[Any] = Field(default_factory=list)
    servers: list[Any] = Field(default_factory=list)
    applications: list[Any] = Field(default_factory=list)
    links: list[Any] = Field(default_factory=list)
    mirrors: list[Any] = Field(default_factory=list)
    prefixes: list[Any] = Field(default_factory=list)


def load_file(path: Path, model: type[_Model]) -> _Model:
    """Return the model that one YAML file describes. Raises ConfigError with every fault in it.

    Here `${NAME}` and `x_file` mean nothing special: they are netmon.yaml's.
    """
    document = read_yaml(path)
    made = _validate(document, model)
    if made is None:
        raise ConfigError(*document.faults)
    return made


def load_directory(
    directory: Path,
    environment: Mapping[str, str] | None = None,
    profiles: Collection[str] | None = None,
    understands: together.Understands | None = None,
) -> Settings:
    """Return the settings in a directory: netmon.yaml and inventory/*.yaml.

    Raises ConfigError with every fault of all files. Relative paths in netmon.yaml are relative to the directory.
    `environment` is what `${NAME}` refers to, the process's own unless given. `profiles` are the names of the SNMP
    profiles that there are; settings of others are faults if it is given. `understands` tells whether messages can be
    sent to a URL; without it, URLs are taken as they are.
    """
    return _Loading(directory, os.environ if environment is None else environment, profiles, understands).run()


def enter(directory: Path) -> None:
    """Raise ConfigError where nothing in the directory can be reached: that is one fault, not one for each file."""
    try:
        (directory / MAIN_FILE).stat()
    except NotADirectoryError:
        raise ConfigError(fault_at(str(directory), 0, 0, "not_a_directory")) from None
    except PermissionError as error:
        raise ConfigError(fault_at(str(directory), 0, 0, "unreadable", reason=why(error))) from None
    except (OSError, ValueError):  # ValueError: a NUL in the name
        return  # told where it is read


def configured_language(directory: Path) -> Language | None:
    """Return the language that a directory's netmon.yaml asks for, however wrong the rest of it is."""
    try:
        return _language(read_text(directory / MAIN_FILE))
    except ConfigError:
        return None


@dataclass(slots=True)
class _Loading:
    """One attempt to load a directory, collecting faults on its way."""

    directory: Path
    environment: Mapping[str, str]
    profiles: Collection[str] | None
    understands: together.Understands | None
    faults: list[Fault] = field(default_factory=list)
    unread: list[Path] = field(default_factory=list)  # inventory files of which something could not be read

    def run(self) -> Settings:
        main_file = self.directory / MAIN_FILE
        enter(self.directory)
        text = self._attempt(read_text, main_file)
        with speaking(_language(text or "")):
            main = self._attempt(parse_yaml, text, str(main_file)) if text is not None else None
            netmon = self._netmon(main) if main else None
            entries = [entry for path in self._inventory_files() for entry in self._entries(path)]
            credentials = _credentials(main)
            unread = Unread(self.unread, [] if credentials is not None else [main_file])
            self.faults += references.check(entries, credentials or (), unread.may_define)
            self.faults += self._unknown_profiles(main, entries)
            if main is not None:
                self.faults += together.check_scopes(main, entries, unread.may_define)
            if main is not None and netmon is not None:
                wrong = {(fault.line, fault.column) for fault in main.faults}  # what could not be read has one fault
                found = together.check(main, netmon, load_file, self.understands)
                self.faults += [fault for fault in found if (fault.line, fault.column) not in wrong]
            if self.faults or netmon is None:
                raise ConfigError(*self.faults)
        return Settings(self.directory, netmon, _inventory(entries))

    def _attempt(self, read: Any, *arguments: Any) -> Any:
        """Return what `read` does, or None with its faults kept."""
        try:
            return read(*arguments)
        except ConfigError as error:
            self.faults += error.faults
            return None

    def _netmon(self, document: Document) -> NetmonSettings | None:
        if secrets.others_can_read(Path(document.file)):
            document.faults += secrets.exposed(document, NetmonSettings)
        expansion = Expansion(document, self.environment)
        document.faults += expansion.run()
        document.faults += secrets.Filling(document, self.directory, expansion.failed).run(NetmonSettings)
        made = _validate(document, NetmonSettings)
        self.faults += document.faults
        return made

    def _unknown_profiles(self, main: Document | None, entries: list[Entry]) -> Iterator[Fault]:
        """Give the settings of SNMP profiles that do not exist."""
        if self.profiles is None:
            return
        places: list[tuple[Document, Way]] = [(main, ("snmp", "profiles"))] if main else []
        places += [(e.document, (*e.path, "profiles")) for e in entries if e.section in ("devices", "servers")]
        for document, path in places:
            overrides = inside(document.data, path)
            for name in overrides if isinstance(overrides, dict) else ():
                if name not in self.profiles:
                    remedy = choose_from(sorted(self.profiles), name)
                    yield document.fault((*path, name), "unknown_profile", key=True, value=name, remedy=remedy)

    def _inventory_files(self) -> list[Path]:
        """Return the inventory's files in the order of their names; it need not exist."""
        folder = self.directory / INVENTORY_FOLDER
        try:
            paths = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
        except FileNotFoundError:
            return []
        except OSError as error:
            self.faults.append(fault_at(str(folder), 0, 0, "unreadable", reason=why(error)))
            return []
        misnamed = [path for path in paths if path.suffix == ".yml"]
        self.faults += (fault_at(str(path), 0, 0, "yml", right=path.stem) for path in misnamed)
        self.unread += misnamed
        return [path for path in paths if path.suffix == ".yaml"]

    def _entries(self, path: Path) -> list[Entry]:
        document = self._attempt(read_yaml, path)
        if document is None:
            self.unread.append(path)
            return []
        entries = []
        if _validate(document, _InventoryFile) is None:
            self.unread.append(path)
        if isinstance(document.data, dict):
            for section, model in _SECTIONS.items():
                items = document.data.get(section)
                for index, raw in enumerate(items if isinstance(items, list) else ()):
                    item = _validate(document, model, raw, (section, index))
                    entries.append(Entry(section, document, (section, index), raw, item))
        self.faults += document.faults
        return entries


_WHOLE: Final = object()


def _validate(
    document: Document, model: type[_Model], data: Any = _WHOLE, base: tuple[str | int, ...] = ()
) -> _Model | None:
    """Return the model made of the data, or None with the faults put to the document's.

    A place that has a fault already gets no second: what was not replaced or read cannot be right.
    """
    if data is _WHOLE:
        data = {} if document.data is None else document.data
    places = {(fault.line, fault.column) for fault in document.faults} if document.faults else set()
    try:
        made = model.model_validate(data)
    except ValidationError as error:
        found = faults_of(error, document, model, base)
        document.faults += [fault for fault in found if (fault.line, fault.column) not in places]
        return None
    return made


def _language(text: str) -> Language | None:
    """Return the language that netmon.yaml asks for, known before the rest of it is, since its faults need one."""
    found = _LANGUAGE.search(text)
    return cast("Language", found[1]) if found else None


def _credentials(main: Document | None) -> Iterable[str] | None:
    """Return the names of credentials, right or wrong in themselves; None where they cannot be known."""
    data = main.data if main else []
    credentials = data.get("credentials", {}) if isinstance(data, dict) else () if data is None else None
    return credentials if credentials is None or isinstance(credentials, dict | tuple) else None


def _inventory(entries: list[Entry]) -> Inventory:
    """Return the inventory of items that were all found right."""
    made = {section: tuple(entry.item for entry in entries if entry.section == section) for section in _SECTIONS}
    return Inventory.model_construct(**cast("dict[str, Any]", made))
