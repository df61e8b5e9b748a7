"""NetFlow v5, v9 and IPFIX: datagrams in, records out. What the compiled walk stops for is decided here.

Sessions are told apart by the receiver's exporter row and the observation domain. Templates stay until they are
replaced, withdrawn, or crowded out unused: over UDP exporters repeat them at intervals that nobody tells.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from collectors.traffic.flows.datagrams import DATAGRAM, Datagrams
from collectors.traffic.flows.netflow import options, templates
from collectors.traffic.flows.netflow.codes_kernel import VALUES, Count, Stop
from collectors.traffic.flows.netflow.counts import Counts, DomainCounts, domains
from collectors.traffic.flows.netflow.definitions import Definitions
from collectors.traffic.flows.netflow.exporters import Exporter, Exporters, News
from collectors.traffic.flows.netflow.layout import WALK
from collectors.traffic.flows.netflow.options import Interface
from collectors.traffic.flows.netflow.output import Output
from collectors.traffic.flows.netflow.set_kernel import decode_set
from collectors.traffic.flows.netflow.settings import NetFlowSettings
from collectors.traffic.flows.netflow.straight import Straight
from collectors.traffic.flows.netflow.tables import DomainTable, SamplerTable, TemplateTable, known_key
from collectors.traffic.flows.netflow.templates import BadTemplate, Definition
from collectors.traffic.flows.netflow.waiting import WaitingSets
from collectors.traffic.flows.netflow.walk_kernel import walk
from netmon.api.flowcolumns import Lender

_KNOWN: Final = 4_096  # sets that need not be read again: as many as the walk's 12 bits of a key tell apart

_LATE: Final = bytes.fromhex(  # NetFlow 9 (RFC 3954): header, data of template 256, template 256 of IN_BYTES
    "0009 0002 00000000 00000001 00000000 00000000  0100 0008 00000001  0000 000c 0100 0001 0001 0004"
)


class NetFlow:
    """Decodes flow exports of any number of exporters."""

    def __init__(self, settings: NetFlowSettings | None = None) -> None:
        self._settings = settings or NetFlowSettings()
        self._domains, self._templates, self._samplers = DomainTable(), TemplateTable(), SamplerTable()
        self._exporters = Exporters(self._settings, self._domains, self._samplers)
        self._definitions = Definitions(self._settings, self._domains, self._templates, self._exporters)
        self._waiting = WaitingSets(self._settings)
        self._known = np.zeros(_KNOWN, np.uint64)
        self._state = np.zeros(1, WALK)
        self._values = np.zeros(VALUES, np.uint64)
        self._output = Output(self._settings.max_records)
        self._counts = np.zeros(len(Count), np.uint64)
        self._straight = Straight()

    def warm_up(self) -> None:
        """Compile, or load, the loops, in another decoder that is thrown away; its data comes before its template."""
        late, index = np.frombuffer(_LATE, np.uint8).copy(), np.zeros(1, DATAGRAM)
        index["length"], index["exporter"], index["received_ns"] = len(late), 1, 2_000_000_000
        NetFlow(self._settings).decode(Datagrams(late, index))

    @property
    def counts(self) -> Counts:
        """Return what was counted so far."""
        return Counts.of(self._counts, self._domains.losses())

    def domains(self) -> list[DomainCounts]:
        """Return what was counted of each exporter's domains."""
        return domains(self._domains.rows[1 : self._domains.used])

    def interface(self, exporter: int, index: int) -> Interface | None:
        """Return what an exporter calls its interface of this ifIndex, if it told."""
        return self._exporters.of(exporter).interfaces.get(index)

    def name_exporter(self, exporter: int, address: str) -> None:
        """Tell which address a row of the receiver's list has, for the operator's sampling; before its first data."""
        self._exporters.name(exporter, address)

    def forget(self, exporter: int) -> None:
        """Forget an exporter's templates and samplers: its transport session has ended (RFC 7011, 8.1)."""
        for row in self._domains.of(exporter):
            self._clear(row, exporter)

    def _clear(self, row: int, exporter: int) -> None:
        """Forget what a domain told."""
        known, domain = self._exporters.of(exporter), self._domains.rows[row]
        for is_options in (False, True):
            known.templates -= self._templates.withdraw(row, 3 if is_options else 2, options=is_options)
        self._samplers.forget(row)
        known.told.discard(row)
        domain["generation"] += 1
        domain["sequenced"], domain["boot_ms"], domain["rate"] = 0, 0, known.rate

    @property
    def straight(self) -> NDArray[np.uint64] | None:
        """Return the sums (sums_kernel.py) over flows of the last batch that went straight to columns; None: none."""
        return self._straight.sums.copy() if self._state[0]["straight"] else None

    def decode(self, datagrams: Datagrams, lender: Lender | None = None) -> NDArray[np.void]:
        """Return the flow records (RECORD) of a batch: a view that is valid until the next call. Raises nothing.

        `lender`: gives columns to which flows go, those for which they are; the others are in what is returned.
        """
        # The walk is compiled for arrays that are contiguous and may be written; any other would compile it anew.
        buffer = np.require(datagrams.buffer, requirements=["C", "W"])
        index = np.require(datagrams.index, requirements=["C", "W"])
        w = self._state[0]
        w["datagram"], w["at"], w["records"], w["straight"] = 0, 0, 0, 0
        self._straight.begin(lender)
        if len(datagrams):
            self._waiting.expire(int(datagrams.index["received_ns"][0]), self._domains, self._counts)
        while (stop := self._walk(buffer, index)) != Stop.DONE:
            if stop == Stop.OUTPUT:
                self._make_room(buffer)
            elif stop == Stop.COLUMNS:
                self._straight.more()
            elif stop == Stop.DOMAIN:
                self._add_domain()
            else:
                self._read_set(buffer, stop)
        return self._output.records[: int(w["records"])]

    def _walk(self, buffer: NDArray[np.uint8], index: NDArray[np.void]) -> int:
        waiting = self._waiting
        w = self._state[0]
        w["waiting_octets"], w["waiting_sets"] = waiting.octets, waiting.sets
        stop = walk(
            buffer,
            index,
            self._state,
            self._domains.rows,
            self._domains.slots,
            self._domains.owners,
            self._templates.rows,
            self._templates.slots,
            self._templates.ops,
            self._samplers.slots,
            self._known,
            waiting.pool,
            waiting.rows,
            waiting.limits,
            self._values,
            self._output.records,
            self._counts,
            *self._straight.arrays,
        )
        waiting.octets, waiting.sets = int(w["waiting_octets"]), int(w["waiting_sets"])
        return int(stop)

    def _add_domain(self) -> None:
        w = self._state[0]
        exporter, version, number = int(w["exporter"]), int(w["version"]), int(w["id"])
        known, now_ns = self._exporters.of(exporter), int(w["received_ns"])
        rate = known.rate
        w["at"] = 0  # its header is read again
        if self._domains.add(exporter, version, number, rate=rate, most=self._settings.max_domains):
            return
        row = 0
        if known.evictions.left(now_ns):
            known.evictions.take(1)
            row = self._domains.give_up(exporter, now_ns - int(self._settings.domain_idle_s * 1e9))
        if row:
            self._clear(row, exporter)
            self._waiting.drop(row, self._domains, self._counts)
            self._domains.replace(row, version, number, rate)
        else:
            self._pass_datagram(Count.DOMAIN_REFUSED)

    def _make_room(self, buffer: NDArray[np.uint8]) -> None:
        """Double the output; past its limit, drop the set that the walk is at."""
        w = self._state[0]
        if self._output.grow():
            if w["version"] == 5:
                w["at"] = 0  # its header is read again
        elif w["version"] == 5:
            self._pass_datagram(Count.OUTPUT_FULL)
        else:
            self._counts[Count.OUTPUT_FULL] += 1
            w["uncounted"] = 1
            self._pass_set(buffer)

    def _pass_datagram(self, reason: Count) -> None:
        """Let the walk go on behind a datagram of which it read but the header."""
        self._counts[Count.DATAGRAMS] += 1
        self._counts[reason] += 1
        self._state["datagram"] += 1
        self._state["at"] = 0

    def _pass_set(self, buffer: NDArray[np.uint8]) -> bytes:
        """Let the walk go on behind the set that it is at; return that set."""
        w = self._state[0]
        at = int(w["at"])
        length = int(buffer[at + 2]) << 8 | int(buffer[at + 3])
        w["at"] = at + length
        return buffer[at : at + length].tobytes()

    def _read_set(self, buffer: NDArray[np.uint8], stop: int) -> None:
        w = self._state[0]
        row = int(w["domain"])
        exporter = self._exporters.of(int(w["exporter"]))
        octets = self._pass_set(buffer)
        complete = True
        if stop == Stop.OPTIONS:
            complete = self._read_options(octets[4:], row, exporter)
        else:
            complete = self._read_templates(octets, row, exporter)
        if complete:
            generation = int(self._domains.rows[row]["generation"])
            key = known_key(int(w["hash"]), row, generation)
            self._known[key >> 52] = key

    def _read_templates(self, octets: bytes, row: int, exporter: Exporter) -> bool:
        """Take a set's definitions; False where one was refused for want of room, which may be there later."""
        w = self._state[0]
        version, now_ns = int(w["version"]), int(w["received_ns"])
        is_options = octets[1] in (1, 3)
        complete = True
        if not exporter.changes.left(now_ns):  # not even looked at: a flood of templates costs time
            self._counts[Count.TEMPLATE_REFUSED] += 1
            return False
        try:
            for definition in templates.read(
                octets[4:], version, options=is_options, most_fields=self._settings.max_fields
            ):
                if not definition.fields:
                    gone = self._templates.withdraw(row, definition.number, options=is_options)
                    exporter.templates -= gone
                    self._counts[Count.WITHDRAWN] += gone
                    self._domains.rows[row]["generation"] += bool(gone)
                    exporter.changes.take(gone)
                    continue
                news = self._definitions.take(definition, row, exporter, now_ns)
                if news == News.REFUSED:
                    self._counts[Count.TEMPLATE_REFUSED] += 1
                    complete = False
                elif news == News.CHANGED:
                    self._counts[Count.TEMPLATES] += 1
                    self._decode_waiting(row, definition)
        except BadTemplate:
            self._counts[Count.BAD_TEMPLATE] += 1
        return complete

    def _decode_waiting(self, row: int, definition: Definition) -> None:
        """Decode what waited for this template, as far as the output has room."""
        taken = self._waiting.take(row, definition.number, self._domains)
        if not len(taken) or definition.options:
            return
        place = self._templates.find(row, definition.number)
        was = self._state.copy()
        w = self._state[0]
        for entry in taken:
            need = int(entry["length"]) // definition.length
            if not self._output.holds(int(w["records"]) + need):
                self._counts[Count.OUTPUT_FULL] += 1
                continue
            for name in ("received_ns", "export_ns", "uptime_ms", "has_uptime"):
                w[name] = entry[name]
            w["rate"] = 0  # as the domain's is now
            at = int(entry["at"])
            self._counts[Count.WAITED] += np.uint64(
                decode_set(
                    self._waiting.pool,
                    np.uint64(at),
                    np.uint64(at + int(entry["length"])),
                    np.uint64(place),
                    self._templates.rows,
                    self._templates.ops,
                    self._domains.rows,
                    self._state,
                    self._samplers.slots,
                    self._values,
                    self._output.records,
                    self._counts,
                )
            )
        records = int(w["records"])
        self._state[0] = was[0]
        self._state[0]["records"] = records

    def _read_options(self, octets: bytes, row: int, exporter: Exporter) -> bool:
        """Take what a set of options data tells; False where there were too many of them in this second."""
        w = self._state[0]
        template, now_ns = int(w["template"]), int(w["received_ns"])
        if not exporter.options.left(now_ns):
            self._counts[Count.OPTIONS_REFUSED] += 1
            w["uncounted"] = 1
            return False
        definition = self._templates.definitions[template]
        self._templates.rows[template]["used_ns"] = now_ns
        changed, seen = False, 0
        for record in options.records(octets, definition):
            seen += 1
            for told in options.told(record):
                news = self._exporters.take(told, row)
                changed |= news == News.CHANGED
                self._counts[Count.OPTIONS_REFUSED] += news == News.REFUSED
        exporter.options.take(seen)
        self._counts[Count.OPTIONS] += seen
        if w["version"] == 10:
            w["units"] += np.uint64(seen)
            w["options"] += np.uint64(seen)
        self._domains.rows[row]["generation"] += changed
        return True
