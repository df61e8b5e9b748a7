"""YAML files as plain data that remembers where everything stands.

Read from libyaml's events with YAML 1.2's core schema: `no`, `12:30` and dates stay strings, only `true` and `false`
are booleans, and every key is a string. Anchors, aliases and `<<` work; tags other than the core schema's do not.
A file is the operator's own, yet may be a mistake (a log, a dump), so size, depth and expansion have a cap.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NoReturn

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from netmon.api import ConfigError
from netmon.app.settings.document import Document, fault_at
from netmon.app.settings.files import open_at_once
from netmon.app.settings.scalars import resolve
from netmon.app.systemwords import why

MAX_BYTES: Final = 16 << 20  # an inventory of 5,000 devices takes about 1 MB
MAX_DEPTH: Final = 50  # our deepest setting stands at 7
MAX_NODES: Final = 2_000_000  # keys and values with aliases expanded: 5,000 devices are about 150,000

_Loader: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAG: Final = "tag:yaml.org,2002:"
_SCALAR_TAGS: Final = {None, "!", *(_TAG + name for name in ("str", "int", "float", "bool", "null"))}
_ROOT: Final = ""


def read_yaml(path: Path) -> Document:
    """Read a file. Raises ConfigError where nothing can be made of it; lesser faults are in `Document.faults`."""
    return parse_yaml(read_text(path), str(path))


def read_text(path: Path) -> str:
    """Read a UTF-8 text of at most MAX_BYTES. Raises ConfigError with the place of the first wrong byte."""
    try:
        with open_at_once(path) as stream:
            raw = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise ConfigError(fault_at(str(path), 0, 0, "no_file")) from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise ConfigError(fault_at(str(path), 0, 0, "unreadable", reason=why(error))) from None
    if len(raw) > MAX_BYTES:
        raise ConfigError(fault_at(str(path), 0, 0, "too_big", limit=MAX_BYTES >> 20))
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8-sig", "replace")
        raise ConfigError(
            fault_at(str(path), *_line_column(before), "not_utf8", byte=f"0x{raw[error.start]:02x}")
        ) from None


def parse_yaml(text: str, file: str) -> Document:
    """Turn the text of one YAML document into data. Raises ConfigError where the text is no YAML."""
    builder = _Builder(Document(file))
    try:
        for event in _events(text):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        builder.stop(line, column, _SYNTAX.get(error.problem or "", "syntax"), said=error.problem or "")
    except yaml.reader.ReaderError as error:
        builder.stop(*_forbidden_character(text), "character", code=f"U+{_ordinal(error.character):04X}")
    builder.document.data = builder.root.get(_ROOT)
    return builder.document


def _events(text: str) -> Iterator[Event]:
    loader = _Loader(text)
    try:
        while (event := loader.get_event()) is not None:
            yield event
    finally:
        loader.dispose()


# libyaml's and PyYAML's words for the mistakes that people make → our text.
_SYNTAX: Final = {
    "mapping values are not allowed in this context": "syntax_colon",
    "mapping values are not allowed here": "syntax_colon",
    "found character that cannot start any token": "syntax_token",
    "did not find expected key": "syntax_indent",
    "could not find expected ':'": "syntax_no_colon",
    "did not find expected '-' indicator": "syntax_list_indent",
    "found unexpected end of stream": "syntax_quote",
    "did not find expected ',' or ']'": "syntax_bracket",
    "did not find expected ',' or '}'": "syntax_bracket",
}
# YAML 1.2 section 5.1: what is no c-printable.
_UNPRINTABLE: Final = re.compile("[^\x09\x0a\x0d\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _forbidden_character(text: str) -> tuple[int, int]:
    found = _UNPRINTABLE.search(text)
    return _line_column(text[: found.start()]) if found else (0, 0)


def _ordinal(character: str | int | bytes) -> int:
    if isinstance(character, int):
        return character
    return ord(character[:1]) if character else 0


def _line_column(before: str) -> tuple[int, int]:
    """Return the place just after this text."""
    return before.count("\n") + 1, len(before) - before.rfind("\n")


@dataclass(slots=True)
class _Frame:
    """A mapping or list that is not at its end yet."""

    container: Any
    marks: dict[str | int, tuple[int, int, int, int]]
    is_mapping: bool
    anchor: str | None
    nodes_before: int
    place: tuple[int, int]  # of the container itself
    key: str | None = None  # read, its value is next
    key_place: tuple[int, int] = (1, 1)
    merges: list[tuple[Any, tuple[int, int]]] = field(default_factory=list)


class _Builder:
    """Turns events into data. Iterative, so that depth costs no stack."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.root: dict[str, Any] = {}
        self._stack = [_Frame(self.root, {}, is_mapping=True, anchor=None, nodes_before=0, place=(1, 1), key=_ROOT)]
        self._anchors: dict[str, tuple[Any, int]] = {}  # name → value, its count of nodes
        self._nodes = 0
        self._documents = 0

    def take(self, event: Event) -> None:
        if isinstance(event, ScalarEvent):
            self._scalar(event)
        elif isinstance(event, MappingStartEvent | SequenceStartEvent):
            self._open(event)
        elif isinstance(event, MappingEndEvent | SequenceEndEvent):
            self._close()
        elif isinstance(event, AliasEvent):
            self._alias(event)
        elif isinstance(event, DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                self._stop_at(event, "second_document")

    def stop(self, line: int, column: int, text: str, /, **values: object) -> NoReturn:
        """Give up: nothing sensible can follow this fault."""
        raise ConfigError(*self.document.faults, fault_at(self.document.file, line, column, text, **values)) from None

    def _stop_at(self, event: Event, text: str, /, **values: object) -> NoReturn:
        line, column = _start(event)
        self.stop(line, column, text, **values)

    def _fault(self, place: tuple[int, int], text: str, /, **values: object) -> None:
        line, column = place
        self.document.faults.append(fault_at(self.document.file, line, column, text, **values))

    def _scalar(self, event: ScalarEvent) -> None:
        place, frame, tag = _start(event), self._stack[-1], event.tag
        if tag not in _SCALAR_TAGS:
            self._fault(place, "tag", tag=_short_tag(tag))
        if frame.is_mapping and frame.key is None:
            self._count(event, 1)
            frame.key, frame.key_place = event.value, place
            return
        as_string = tag in {_TAG + "str", "!"} or (tag is None and not event.implicit[0])  # implicit[0]: it is plain
        value = event.value if as_string else resolve(event.value)
        self._add(event, value, place, 1)
        if event.anchor:
            self._anchors[event.anchor] = (value, 1)

    def _open(self, event: MappingStartEvent | SequenceStartEvent) -> None:
        place = _start(event)
        if len(self._stack) > MAX_DEPTH:
            self._stop_at(event, "too_deep", limit=MAX_DEPTH)
        if self._stack[-1].is_mapping and self._stack[-1].key is None:
            self._stop_at(event, "complex_key")
        if event.tag not in (None, "!", _TAG + "map", _TAG + "seq"):
            self._fault(place, "tag", tag=_short_tag(event.tag))
        is_mapping = isinstance(event, MappingStartEvent)
        container: dict[str, Any] | list[Any] = {} if is_mapping else []
        marks = self.document.marks[id(container)] = {}
        self._count(event, 1)
        self._stack.append(_Frame(container, marks, is_mapping, event.anchor, self._nodes, place))

    def _close(self) -> None:
        frame = self._stack.pop()
        for merged, place in frame.merges:
            self._merge(frame, merged, place)
        self._place(frame.container, frame.place)
        if frame.anchor:
            self._anchors[frame.anchor] = (frame.container, self._nodes - frame.nodes_before + 1)

    def _alias(self, event: AliasEvent) -> None:
        place = _start(event)
        if self._stack[-1].is_mapping and self._stack[-1].key is None:
            self._stop_at(event, "complex_key")
        if event.anchor not in self._anchors:  # an alias inside its own anchor's value too: that would be endless
            self._stop_at(event, "alias", name=event.anchor)
        value, size = self._anchors[event.anchor]
        self._add(event, value, place, size)

    def _add(self, event: Event, value: Any, place: tuple[int, int], size: int) -> None:
        self._count(event, size)
        self._place(value, place)

    def _count(self, event: Event, size: int) -> None:
        self._nodes += size
        if self._nodes > MAX_NODES:
            self._stop_at(event, "too_many", limit=MAX_NODES)

    def _place(self, value: Any, place: tuple[int, int]) -> None:
        """Put a finished value where it belongs in the container around it."""
        frame = self._stack[-1]
        if not frame.is_mapping:
            frame.marks[len(frame.container)] = (*place, *place)
            frame.container.append(value)
            return
        key, frame.key = frame.key, None
        if key == "<<":
            frame.merges.append((value, place))
        elif key in frame.container:
            first = frame.marks[key or ""][2:]
            self._fault(frame.key_place, "duplicate_key", key=key, line=first[0], column=first[1])
        else:
            frame.marks[key or ""] = (*place, *frame.key_place)
            frame.container[key] = value

    def _merge(self, frame: _Frame, merged: Any, place: tuple[int, int]) -> None:
        """Fill in what the mapping itself does not say (`<<: *defaults`, or a list of them; earlier ones win)."""
        sources = merged if isinstance(merged, list) else [merged]
        for source in sources:
            if not isinstance(source, dict):
                self._fault(place, "merge")
                return
            for key, value in source.items():
                if key not in frame.container:
                    frame.container[key] = value
                    frame.marks[key] = self.document.marks[id(source)][key]


def _start(event: Event) -> tuple[int, int]:
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark is not None else (0, 0)


def _short_tag(tag: str | None) -> str:
    return (tag or "").replace(_TAG, "!!")
