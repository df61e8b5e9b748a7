"""Recorded devices: reads snmpsim's files and answers fetches from memory, as the client would over the network."""

from bisect import bisect_left
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from collectors.snmp import oid
from collectors.snmp.answers import Answers, Cell
from collectors.snmp.client import Agent

FOLDER = Path("../shared/fixtures/librenms")

_OCTETS, _NULL, _OID, _ADDRESS, _OPAQUE = 4, 5, 6, 64, 68


@cache
def names() -> tuple[str, ...]:
    """The recorded devices, empty where the recordings are absent."""
    return tuple(sorted(path.stem for path in (FOLDER / "snmprec").glob("*.snmprec")))


def read_file(path: Path) -> list[tuple[tuple[int, ...], Cell]]:
    """Return the (arcs, value) of a file of `OID|tag|value` lines, in OID order."""
    found = {}
    for line in path.read_bytes().decode("utf-8", "surrogateescape").split("\n")[:-1]:
        number, _, rest = line.partition("|")
        tag, _, value = rest.partition("|")
        cell = _cell(tag, value)
        if cell is not None:
            found[oid.parse(number)] = cell
    return sorted(found.items())


def _cell(tag: str, value: str) -> Cell | None:
    raw = value.encode("utf-8", "surrogateescape")
    if tag.endswith("x"):
        raw = bytes.fromhex(value)
    elif tag.endswith("e"):  # Python's escapes
        raw = raw.decode("unicode_escape").encode("latin-1")
    kind = int(tag.rstrip("xe"))
    if kind in (_OCTETS, _OPAQUE):
        return raw
    if kind == _ADDRESS:
        return raw if tag.endswith("x") else bytes(map(int, value.split(".")))
    if kind == _OID:
        return oid.encode(oid.parse(value)) if value else b""
    if kind == _NULL:
        return None
    return int(value)


class Recording:
    """A device's values; `change` lets a test alter some of them."""

    def __init__(self, values: Sequence[tuple[tuple[int, ...], Cell]]) -> None:
        self._values = dict(values)
        self._order = sorted(self._values)

    def get(self, number: str) -> Cell | None:
        """Return one instance's value."""
        return self._values.get(oid.parse(number))

    def change(self, number: str, cell: Cell | None) -> None:
        """Set one instance, or take it away."""
        arcs = oid.parse(number)
        self._values.pop(arcs, None)
        if cell is not None:
            self._values[arcs] = cell
        self._order = sorted(self._values)

    def under(self, number: str) -> list[tuple[str, Cell]]:
        """Return (OID, value) of everything below this one."""
        arcs = oid.parse(number)
        return [(oid.text(each), self._values[each]) for each in self._order if each[: len(arcs)] == arcs]

    def answer(self, scalars: Sequence[bytes], columns: Sequence[Sequence[bytes]]) -> Answers:
        """Return what a fetch of these brings."""
        answers = Answers()
        for column in scalars:
            cell = self._values.get((*oid.decode(column), 0))
            answers.cells[column] = {} if cell is None else {b"\0": cell}
        for column in (column for group in columns for column in group):
            answers.cells[column] = self._column(oid.decode(column))
        return answers

    def _column(self, arcs: tuple[int, ...]) -> dict[bytes, Cell]:
        cells = {}
        at = bisect_left(self._order, arcs)
        while at < len(self._order) and self._order[at][: len(arcs)] == arcs:
            cells[oid.encode_suffix(self._order[at][len(arcs) :])] = self._values[self._order[at]]
            at += 1
        return cells


@cache
def _values(name: str) -> tuple[tuple[tuple[int, ...], Cell], ...]:
    return tuple(read_file(FOLDER / "snmprec" / f"{name}.snmprec"))


def recording(name: str) -> Recording:
    """Return a recorded device."""
    return Recording(_values(name))


class Memory:
    """Answers fetches from recordings by the agent's name; stands where the client stands."""

    def __init__(self, **devices: Recording) -> None:
        self.devices = devices
        self.asked: list[tuple[str, tuple[bytes, ...], tuple[tuple[bytes, ...], ...]]] = []
        self.boot_counts: dict[str, int] = {}

    async def start(self) -> None:
        """There is nothing to open."""

    async def stop(self) -> None:
        """There is nothing to close."""

    async def fetch(
        self,
        agent: Agent,
        scalars: Sequence[bytes],
        columns: Sequence[Sequence[bytes]],
        deadline: float,  # noqa: ARG002 - memory is never late
    ) -> Answers:
        """Answer from the recording."""
        self.asked.append((agent.name, tuple(scalars), tuple(map(tuple, columns))))
        return self.devices[agent.name].answer(scalars, columns)

    def boots(self, agent_name: str) -> int | None:
        """Return engineBoots where a test set them."""
        return self.boot_counts.get(agent_name)

    def forget(self, name: str) -> None:
        """Nothing is kept."""
