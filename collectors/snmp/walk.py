"""Fetch scalars and tables of one device: which requests to send, and what to make of their answers.

Columns of a table go together in one GETBULK (RFC 3416 section 4.2.3), as many columns and rows as the device bears.
A bundle of columns that cannot go on together (too big, or one of them fails) is split and its parts go on alone.
"""

import asyncio
from collections import deque
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from math import ceil

from collectors.snmp import wire
from collectors.snmp.answers import Answers
from collectors.snmp.columns import ColumnWalk, Table, TableMemory, take_page
from collectors.snmp.exchange import Exchange
from collectors.snmp.request import Device, Question
from netmon.api import Missing, PeerAuthFailed, PeerError, Reason

_SCALAR = b"\x00"  # the instance of an object that is no column: RFC 2578 section 7
_SCALARS_AT_ONCE = 32
_COLUMNS_AT_ONCE = 10
_FIRST_ROWS = 16  # asked of a table that was never seen
_REPLY_OCTETS = 16_000  # aimed at: some dozen fragments, of which the loss of one loses all
_OVERHEAD_OCTETS = 200  # of a message around its varbinds, version 3's security parameters included
_EASE = 4  # a device that takes a quarter of the time-out to answer is not asked for more at a time
_SILENT_BUNDLES = 2  # in a row, from a device that did answer before: then the rest is not asked
_NOT_ALLOWED = Missing(Reason.AUTH_FAILED, "the device answers authorizationError: its view does not show us this")
_FELL_SILENT = Missing(Reason.TIMEOUT, "not asked: the device fell silent")


@dataclass(slots=True, eq=False)
class _Bundle:
    """Columns of one table that are asked for together. `limit` is in varbinds, below the device's budget."""

    table: Table
    columns: list[ColumnWalk]
    limit: int = 1 << 30


class Fetch:
    """One poll of one device."""

    def __init__(self, exchange: Exchange, device: Device, deadline: float) -> None:
        self.answers = Answers()
        self._exchange = exchange
        self._device = device
        self._settings = exchange.settings
        self._metrics = exchange.metrics
        self._clock = exchange.clock
        self._deadline = deadline
        self._bundles: deque[_Bundle] = deque()
        self._answered = False
        self._silent = 0  # bundles in a row that got no answer
        self._next = wire.PduType.GETNEXT if device.security.version == wire.Version.V1 else wire.PduType.GETBULK

    async def run(self, scalars: Sequence[bytes], groups: Sequence[Sequence[bytes]]) -> Answers:
        """Fetch all of it. PeerError only when nothing at all was answered, or the device refuses our credentials."""
        self._exchange.flight.begin(self._device.lane)
        for at in range(0, len(scalars), _SCALARS_AT_ONCE):
            await self._scalars(list(scalars[at : at + _SCALARS_AT_ONCE]))
        tables = [self._table(group) for group in groups if group]
        self._bundles.extend(_Bundle(table, list(table.columns)) for table in tables)
        if self._bundles and not self._answered:  # alone: whether it lives, and for version 3 the engine's data
            await self._step(self._bundles.popleft())
        workers = min(self._settings.max_in_flight_per_device, len(self._bundles))
        if workers == 1:
            await self._work()
        elif workers:
            await _together([self._work() for _ in range(workers)])
        for table in tables:
            self._finish(table)
        return self.answers

    def _table(self, group: Sequence[bytes]) -> Table:
        memory = self._device.tables.setdefault(group[0], TableMemory())
        return Table(group, memory, self._settings.max_rows)

    def _finish(self, table: Table) -> None:
        for column in table.columns:
            self.answers.cells[column.oid] = column.cells
            if column.problem is not None:
                self.answers.problems[column.oid] = column.problem
        table.remember()

    async def _scalars(self, objects: list[bytes]) -> None:
        """GET these; what cannot be had together is asked for in halves."""
        while objects:
            if self._given_up:
                self.answers.problems.update(dict.fromkeys(objects, _FELL_SILENT))
                return
            try:
                pdu = await self._ask(Question(wire.PduType.GET, [each + _SCALAR for each in objects]))
            except PeerError as error:
                self._lose(error)
                self.answers.problems.update(dict.fromkeys(objects, self._why(error)))
                return
            if not pdu.error_status:
                self._keep_scalars(objects, pdu.varbinds)
                return
            if pdu.error_status == wire.ErrorStatus.AUTHORIZATION_ERROR:
                self.answers.problems.update(dict.fromkeys(objects, _NOT_ALLOWED))
                return
            blamed = pdu.error_index - 1
            if pdu.error_status == wire.ErrorStatus.TOO_BIG or not 0 <= blamed < len(objects):
                if len(objects) > 1:
                    half = len(objects) // 2
                    await self._scalars(objects[half:])
                    objects = objects[:half]
                    continue
                blamed = 0
            column = objects.pop(blamed)
            self.answers.cells[column] = {}
            if pdu.error_status != wire.ErrorStatus.NO_SUCH_NAME:  # RFC 1157's way to say that it is not there
                self.answers.problems[column] = Missing(Reason.REFUSED, _error_text(pdu.error_status))

    def _keep_scalars(self, objects: Sequence[bytes], varbinds: wire.VarBinds) -> None:
        for column, value in zip(objects, varbinds.values, strict=False):
            self.answers.cells[column] = {} if value is None else {_SCALAR: value}
        for column in objects[len(varbinds.values) :]:
            self.answers.problems[column] = Missing(Reason.TRUNCATED, "the answer ends before it")

    async def _work(self) -> None:
        while self._bundles:
            await self._step(self._bundles.popleft())

    async def _step(self, bundle: _Bundle) -> None:
        """Walk a bundle to its end, leaving to others what is split off."""
        while True:
            bundle.columns = [column for column in bundle.columns if not column.done]
            if not bundle.columns:
                return
            if self._given_up:
                _end(bundle.columns, _FELL_SILENT)
                return
            rows = self._plan(bundle)
            question = Question(self._next, [column.at for column in bundle.columns], rows)
            try:
                pdu = await self._ask(question)
            except PeerError as error:
                self._lose(error)
                missing = self._why(error)
                if missing.reason is not Reason.DEADLINE:
                    self._device.budget.doubt(question.asked)
                _end(bundle.columns, missing)
                return
            self._silent = 0
            if pdu.error_status:
                self._failed(bundle, question.asked, pdu)
            else:
                self._page(bundle, question, pdu.varbinds)

    def _plan(self, bundle: _Bundle) -> int:
        """Return how many rows to ask for, after splitting off the columns for which there is no room."""
        memory = bundle.table.memory
        size = min(self._device.budget.varbinds, bundle.limit)
        if memory.octets_per_varbind:
            octets = min(_REPLY_OCTETS, self._device.security.max_octets) - _OVERHEAD_OCTETS
            size = min(size, max(1, int(octets / memory.octets_per_varbind)))
        left = bundle.table.rows - min(column.count for column in bundle.columns)
        wanted = left + 1 if left > 0 else _FIRST_ROWS  # one more row than are left shows the end
        columns = len(bundle.columns)
        width = min(size, max(_COLUMNS_AT_ONCE, size // wanted))
        if self._next == wire.PduType.GETNEXT:
            width = min(size, 2 * _COLUMNS_AT_ONCE)
        if columns > width:
            width = ceil(columns / ceil(columns / width))
            self._split(bundle, width)
        if self._next == wire.PduType.GETNEXT:
            return 1
        rows = size // min(columns, width)
        return ceil(wanted / ceil(wanted / rows)) if left > 0 else min(rows, wanted)

    def _split(self, bundle: _Bundle, width: int) -> None:
        self._bundles.append(_Bundle(bundle.table, bundle.columns[width:], bundle.limit))
        del bundle.columns[width:]

    def _page(self, bundle: _Bundle, question: Question, varbinds: wire.VarBinds) -> None:
        """Take an answer without error."""
        got = len(varbinds.oids)
        if not got:
            self._metrics.truncated += 1
            self._too_big(bundle, question.asked, "an empty answer")
            return
        memory = bundle.table.memory
        memory.octets_per_varbind = max(question.octets / got, 0.9 * memory.octets_per_varbind)
        if got < question.asked and varbinds.tags[-1] != wire.Tag.END_OF_MIB_VIEW:
            self._metrics.truncated += 1
            self._device.budget.failed(question.asked, got)  # agents that cut an answer have often worked out all of it
            if got < len(bundle.columns):
                bundle.limit = got  # there is no room for one row: the columns beyond go on alone
        elif question.took_s < self._settings.timeout_s / _EASE:
            self._device.budget.succeeded()
        take_page(bundle.columns, varbinds)

    def _failed(self, bundle: _Bundle, asked: int, pdu: wire.Pdu) -> None:
        """Take an answer with an error-status: RFC 1157 section 4.1.2, RFC 3416 section 4.2."""
        columns = bundle.columns
        if pdu.error_status == wire.ErrorStatus.TOO_BIG:
            self._metrics.truncated += 1
            self._too_big(bundle, asked, "tooBig")
            return
        if pdu.error_status == wire.ErrorStatus.AUTHORIZATION_ERROR:
            _end(columns, _NOT_ALLOWED)
            return
        blamed = pdu.error_index - 1
        if len(columns) == 1:
            blamed = 0
        if not 0 <= blamed < len(columns):
            self._split(bundle, ceil(len(columns) / 2))
        elif pdu.error_status == wire.ErrorStatus.NO_SUCH_NAME:
            columns[blamed].end()
        elif len(columns) > 1:
            self._bundles.append(_Bundle(bundle.table, [columns.pop(blamed)], bundle.limit))
        elif asked > 1:
            bundle.limit = asked // 2  # what comes before the bad row can still be had
        else:
            columns[0].end(Reason.REFUSED, _error_text(pdu.error_status))

    def _too_big(self, bundle: _Bundle, asked: int, what: str) -> None:
        self._device.budget.failed(asked)
        bundle.limit = asked // 2
        if not bundle.limit:
            bundle.limit = 1
            bundle.columns[0].end(Reason.REFUSED, f"{what}, even for one value")

    @property
    def _given_up(self) -> bool:
        return self._silent >= _SILENT_BUNDLES

    async def _ask(self, question: Question) -> wire.Pdu:
        pdu = await self._exchange.ask(self._device, question, self._deadline)
        self._answered = True
        return pdu

    def _lose(self, error: PeerError) -> None:
        """Take a request's failure: the device's as a whole unless it answered another."""
        if not self._answered or isinstance(error, PeerAuthFailed):
            raise error
        self._silent += 1

    def _why(self, error: PeerError) -> Missing:
        if self._clock() >= self._deadline:
            return Missing(Reason.DEADLINE, "the poll's time ended before this was complete")
        return error.missing()


def _end(columns: Sequence[ColumnWalk], missing: Missing) -> None:
    for column in columns:
        column.end(missing.reason, missing.detail)


async def _together(work: Sequence[Coroutine[None, None, None]]) -> None:
    """Run these at once; the first error ends them all and is raised as it is."""
    tasks = [asyncio.ensure_future(each) for each in work]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)  # their places in flight are given back


def _error_text(status: int) -> str:
    try:
        name = wire.ErrorStatus(status).name
    except ValueError:
        return f"the device answers error-status {status}"
    first, *rest = name.lower().split("_")
    return f"the device answers {first}{''.join(part.title() for part in rest)}"
