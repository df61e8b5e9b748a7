"""What is known of exporters: their domains, templates and samplers, in the arrays that the compiled walk looks into.

Arrays grow by doubling up to a limit; searches are by open addressing, at most half full. Rows are given up only all at
once (`TemplateTable.prune`), since that is rare and the walk then needs no tombstones.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from collectors.traffic.flows.netflow.codes_kernel import PROGRAM, Kind
from collectors.traffic.flows.netflow.counts import losses
from collectors.traffic.flows.netflow.layout import DOMAIN, EXPORTER, OP, SAMPLER, TEMPLATE
from collectors.traffic.flows.netflow.program import Program, version_5
from collectors.traffic.flows.netflow.templates import Definition

_M64: Final = 0xFFFF_FFFF_FFFF_FFFF
_MIX: Final = 0x9E37_79B9_7F4A_7C15
MOST_TEMPLATES: Final = 65_536  # of all exporters: 64 MB of programs; a large network has some 16 for each of 1,000
MOST_DOMAINS: Final = 16_384  # of all exporters: 2 MB
MOST_SAMPLERS: Final = 65_536  # of all exporters: 1 MB


def place(key: int, mask: int) -> int:
    """Return where a key's search begins: the same as the compiled walk's."""
    x = ((key ^ (key >> 29)) * _MIX) & _M64
    return (x ^ (x >> 32)) & mask


def known_key(hashed: int, domain: int, generation: int) -> int:
    """Return the number of a set that was read, in the table of those that need not be read again."""
    return ((hashed ^ (domain << 32) ^ generation) * _MIX) & _M64


def _grown(array: NDArray[np.void], rows: int) -> NDArray[np.void]:
    larger = np.zeros(rows, array.dtype)
    larger[: len(array)] = array
    return larger


def _enter(slots: NDArray[np.uint32], key: int, row: int) -> None:
    mask = len(slots) - 1
    k = place(key, mask)
    while slots[k]:
        k = (k + 1) & mask
    slots[k] = row


class DomainTable:
    """Domains of all exporters, and their exporters. Row 0 of either is nobody's."""

    def __init__(self) -> None:
        self.rows = np.zeros(64, DOMAIN)
        self.slots = np.zeros(128, np.uint32)
        self.owners = np.zeros(64, EXPORTER)
        self.used = 1
        self._replaced = losses(self.rows[:0])  # of domains that gave way
        self._owner: dict[int, int] = {}  # exporter → row of `owners`
        self._of: dict[int, list[int]] = {}  # exporter → rows

    def of(self, exporter: int) -> list[int]:
        """Return the rows of an exporter's domains."""
        return self._of.get(exporter, [])

    def losses(self) -> NDArray[np.uint64]:
        """Return what all domains lost, those too that gave way: see `counts.losses`."""
        return self._replaced + losses(self.rows[1 : self.used])

    def add(self, exporter: int, version: int, number: int, *, rate: int, most: int) -> int:
        """Return the row of a new domain; 0 where there is no room."""
        rows = self._of.setdefault(exporter, [])
        if len(rows) >= most or self.used >= MOST_DOMAINS:
            return 0
        if self.used == len(self.rows):
            self.rows = _grown(self.rows, 2 * self.used)
            self.slots = np.zeros(4 * self.used, np.uint32)
            self._index()
        row = self.used
        self.used += 1
        entry = self.rows[row]
        entry["exporter"], entry["version"], entry["id"], entry["rate"] = exporter, version, number, rate
        entry["owner"] = self._owner.get(exporter) or self._add_owner(exporter)
        rows.append(row)
        _enter(self.slots, self._key(row), row)
        return row

    def give_up(self, exporter: int, before_ns: int) -> int:
        """Give up the domain of an exporter that was silent longest, and since before; return its row, or 0."""
        rows = self.of(exporter)
        row = min(rows, key=lambda row: int(self.rows[row]["seen_ns"]), default=0)
        return row if row and int(self.rows[row]["seen_ns"]) < before_ns else 0

    def replace(self, row: int, version: int, number: int, rate: int) -> None:
        """Let a row that was given up stand for another domain of the same exporter."""
        exporter, owner = self.rows[row]["exporter"].copy(), self.rows[row]["owner"].copy()
        generation = int(self.rows[row]["generation"]) + 1
        self._replaced += losses(self.rows[row : row + 1])
        self.rows[row] = np.zeros(1, DOMAIN)[0]
        entry = self.rows[row]
        entry["exporter"], entry["owner"], entry["generation"] = exporter, owner, generation
        entry["version"], entry["id"], entry["rate"] = version, number, rate
        self._index()

    def _index(self) -> None:
        self.slots = np.zeros(len(self.slots), np.uint32)
        for row in range(1, self.used):
            _enter(self.slots, self._key(row), row)

    def _add_owner(self, exporter: int) -> int:
        row = len(self._owner) + 1
        if row == len(self.owners):
            self.owners = _grown(self.owners, 2 * row)
        self._owner[exporter] = row
        return row

    def _key(self, row: int) -> int:
        entry = self.rows[row]
        return (int(entry["exporter"]) << 36) ^ (int(entry["version"]) << 32) ^ int(entry["id"])


class TemplateTable:
    """Templates of all domains with their programs. Row 0 is v5's layout."""

    def __init__(self) -> None:
        self.rows = np.zeros(64, TEMPLATE)
        self.ops = np.zeros(64 * PROGRAM, OP)
        self.slots = np.zeros(128, np.uint32)
        self.used = 1
        self.definitions: dict[int, Definition] = {}  # by row; withdrawn ones have none
        self._row: dict[int, dict[int, int]] = {}  # domain → template number → row
        self._write(0, version_5(), 0, 0)

    def find(self, domain: int, number: int) -> int:
        """Return the row of a template; 0 where there is none."""
        return self._row.get(domain, {}).get(number, 0)

    def put(self, domain: int, definition: Definition, program: Program, now_ns: int) -> int:
        """Take a definition, in place of an earlier one of its number; return its row, 0 where there is no room."""
        row = self.find(domain, definition.number)
        if row == 0:
            if self.used >= MOST_TEMPLATES:
                return 0
            if self.used == len(self.rows):
                self._grow(2 * self.used)
            row = self.used
            self.used += 1
            self._row.setdefault(domain, {})[definition.number] = row
            _enter(self.slots, domain << 16 | definition.number, row)
        self._write(row, program, domain, now_ns)
        self.definitions[row] = definition
        return row

    def withdraw(self, domain: int, number: int, *, options: bool) -> int:
        """Forget a template, or all of a kind (numbers 2 and 3); return how many were forgotten."""
        rows = [self.find(domain, number)]
        if number < 256:
            rows = list(self._row.get(domain, {}).values())
        gone = [row for row in rows if row in self.definitions and self.definitions[row].options == options]
        for row in gone:
            self.rows[row]["kind"] = Kind.ABSENT
            del self.definitions[row]
        return len(gone)

    def prune(self, before_ns: int) -> None:
        """Give up the places of templates that were withdrawn, or not used since."""
        kept = [0]
        rows = self.rows[1 : self.used]
        kept += (1 + np.flatnonzero((rows["kind"] != Kind.ABSENT) & (rows["used_ns"] >= before_ns))).tolist()
        definitions = {new: self.definitions[old] for new, old in enumerate(kept) if old}
        rows, ops = self.rows[kept], self.ops.reshape(-1, PROGRAM)[kept].reshape(-1)
        self.rows = _grown(rows, len(self.rows))
        self.ops = _grown(ops, len(self.ops))
        self.used, self.definitions = len(kept), definitions
        self._row = {}
        for row in range(1, self.used):
            self._row.setdefault(int(self.rows[row]["domain"]), {})[int(self.rows[row]["id"])] = row
        self._index()

    def _grow(self, rows: int) -> None:
        self.rows = _grown(self.rows, rows)
        self.ops = _grown(self.ops, rows * PROGRAM)
        self._index()

    def _index(self) -> None:
        self.slots = np.zeros(2 * len(self.rows), np.uint32)
        for row in range(1, self.used):
            _enter(self.slots, int(self.rows[row]["domain"]) << 16 | int(self.rows[row]["id"]), row)

    def _write(self, row: int, program: Program, domain: int, now_ns: int) -> None:
        self.rows[row] = program.row[0]
        self.rows[row]["domain"], self.rows[row]["used_ns"] = domain, now_ns
        self.ops[row * PROGRAM : row * PROGRAM + len(program.ops)] = program.ops


class SamplerTable:
    """Samplers by domain and number."""

    def __init__(self) -> None:
        self.slots = np.zeros(64, SAMPLER)
        self._rates: dict[int, dict[int, int]] = {}  # domain → sampler → rate
        self._used = 0

    def of(self, domain: int) -> dict[int, int]:
        """Return a domain's samplers and their rates."""
        return self._rates.get(domain, {})

    def put(self, domain: int, number: int, rate: int) -> bool:
        """Keep a sampler's rate; False where there is no room."""
        rates = self._rates.setdefault(domain, {})
        if number not in rates:
            if self._used >= MOST_SAMPLERS:
                return False
            self._used += 1
        rates[number] = rate
        if self._used * 2 > len(self.slots):
            self.slots = np.zeros(2 * len(self.slots), SAMPLER)
            for owner, told in self._rates.items():
                for sampler, one_in in told.items():
                    self._enter(owner, sampler, one_in)
        else:
            self._enter(domain, number, rate)
        return True

    def forget(self, domain: int) -> None:
        """Forget a domain's samplers: flows that name them are taken as those that name none."""
        gone = self._rates.pop(domain, {})
        self._used -= len(gone)
        self.slots[:] = 0
        for owner, told in self._rates.items():
            for sampler, rate in told.items():
                self._enter(owner, sampler, rate)

    def _enter(self, domain: int, number: int, rate: int) -> None:
        mask = len(self.slots) - 1
        k = place(((domain << 40) ^ number) & _M64, mask)
        while self.slots[k]["rate"] and (self.slots[k]["domain"] != domain or self.slots[k]["id"] != number):
            k = (k + 1) & mask
        self.slots[k] = (number, domain, rate)
