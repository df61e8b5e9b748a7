"""Which port a row belongs to: by where its part sits in the device, or by a name that it mentions."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from collectors.snmp import oid
from collectors.snmp.answers import Cell
from collectors.snmp.ber import WireError
from collectors.snmp.came import Came
from collectors.snmp.convert import as_string
from collectors.snmp.plan import PortPlan

IF_ENTRY = (1, 3, 6, 1, 2, 1, 2, 2, 1)  # a pointer to a port is the name of any column of its row, mostly ifIndex's
MAX_DEPTH = 32  # parts inside one another: chassis, slot, card, bay, transceiver, port, sensor; a stack has a few more
MAX_TEXT = 255  # octets of a name that are looked at: SnmpAdminString and DisplayString have no more
MAX_WORDS = 8  # of a port's name that is found inside another; a hostile text is nothing but separators
MIN_MENTIONED = 3  # characters of a name that is found inside another: `1` in `1 fan` is no port

_SEPARATORS = frozenset(" \t-_,;:()[]|")


class Ports:
    """The ports of a device and what leads to them. Made anew whenever names or places changed."""

    def __init__(self, plan: PortPlan, came: Came) -> None:
        self._plan = plan
        self._came = came
        self._by_name = _by_name(came.foreign(column) for column in plan.names)
        self._mapped = dict(_mapped(came.foreign(plan.mapping))) if plan.mapping else {}

    def name(self, index: int) -> str:
        """Return what a port is called; empty where it has no name."""
        row = oid.encode_suffix((index,))
        return next(filter(None, (_text(self._came.foreign(column).get(row)) for column in self._plan.names)), "")

    def around(self, part: int) -> int | None:
        """Return the port that a part is, or that it is inside of; None where there is none.

        RFC 6933: entPhysicalContainedIn is 0 at the outermost part. Agents also send circles.
        """
        seen: set[int] = set()
        while 0 < part <= oid.MAX_ARC and part not in seen and len(seen) < MAX_DEPTH:
            seen.add(part)
            row = oid.encode_suffix((part,))
            found = self._mapped[part] if part in self._mapped else self._called(row)
            if found is not None:
                return found
            outer = self._came.foreign(self._plan.inside).get(row)
            part = outer if isinstance(outer, int) else 0
        return None

    def mentioned(self, texts: Iterable[str]) -> int | None:
        """Return the port whose name one of the texts begins or ends with, the longest such name; None for none."""
        for text in texts:
            for name in _names_in(text[:MAX_TEXT].strip()):
                if name in self._by_name:
                    return self._by_name[name]
        return None

    def _called(self, row: bytes) -> int | None:
        """Return the port that a part is called like."""
        cells = self._came.foreign
        if any(cells(column).get(row) not in values for column, values in self._plan.where):
            return None
        names = (_text(cells(column).get(row)) for column in self._plan.called)
        return next((self._by_name[name] for name in names if name in self._by_name), None)


def _text(cell: Cell | None) -> str:
    return as_string(cell[:MAX_TEXT]).strip() if isinstance(cell, bytes) else ""


def _number(row: bytes) -> int | None:
    """Return an index of one arc."""
    try:
        arcs = oid.suffix_arcs(row)
    except WireError:
        return None
    return arcs[0] if len(arcs) == 1 else None


def _by_name(columns: Iterable[Mapping[bytes, Cell]]) -> dict[str, int]:
    """Return ports by name; a name that a column gives to two ports tells nothing, one of an earlier column wins."""
    found: dict[str, int] = {}
    for column in columns:
        names = [(_text(cell), _number(row)) for row, cell in column.items()]
        counts = Counter(name for name, _ in names)
        own = {name: index for name, index in names if name and index is not None and counts[name] == 1}
        found = own | found
    return found


def _mapped(pointers: Mapping[bytes, Cell]) -> Iterator[tuple[int, int]]:
    """Give (part, port) of entAliasMappingTable, RFC 6933: the row for all logical entities, 0, comes last and wins."""
    for row, cell in sorted(pointers.items(), key=lambda each: each[0], reverse=True):
        if not isinstance(cell, bytes):
            continue
        try:
            place, target = oid.suffix_arcs(row), oid.decode(cell)
        except WireError:
            continue
        if len(place) == 2 and len(target) == len(IF_ENTRY) + 2 and target[:-2] == IF_ENTRY and target[-1]:
            yield place[0], target[-1]


def _names_in(text: str) -> Iterator[str]:
    """Give what may be a port's name at a text's beginning or end, the longest first; the text itself before all."""
    yield text
    ends = [at for at, character in enumerate(text) if character in _SEPARATORS]
    ends = ends if len(ends) < 2 * MAX_WORDS else ends[:MAX_WORDS] + ends[-MAX_WORDS:]
    parts = {text[:at].rstrip() for at in ends} | {text[at + 1 :].lstrip() for at in ends}
    yield from sorted(filter(_is_telling, parts), key=lambda part: (-len(part), part))


def _is_telling(name: str) -> bool:
    return len(name) >= MIN_MENTIONED and any(map(str.isdigit, name))
