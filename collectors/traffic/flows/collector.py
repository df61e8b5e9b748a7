"""The flow collector: every address listened at, every kind of export, one record for all of them."""

import selectors
import time
from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from dataclasses import asdict
from ipaddress import ip_network
from typing import Final

import numpy as np
from numpy.typing import NDArray

from collectors.traffic.flows.datagrams import Datagrams
from collectors.traffic.flows.endpoint import Endpoint
from collectors.traffic.flows.exporters import Exporters, Network
from collectors.traffic.flows.gathering import Gathering
from collectors.traffic.flows.netflow.decoder import NetFlow
from collectors.traffic.flows.netflow.options import Interface
from collectors.traffic.flows.receive import Receiver
from collectors.traffic.flows.settings import FlowListenSettings
from collectors.traffic.flows.sflow.sflow import SFlow, SFlowCounters
from collectors.traffic.flows.stream import StreamServer
from netmon.api.flowcolumns import Lend
from netmon.api.traffic import RECORD, Traffic, empty

_ROW: Final = 0xFFFF  # of a message's exporter: what is above it is the session's number
_ALL: Final = (ip_network("0.0.0.0/0"), ip_network("::/0"))


class FlowSource:
    """Receives and decodes flow exports. `open` before use; `next` belongs to one thread.

    `exporters` tells the names of `Traffic.records["exporter"]`. Where neither the inventory has devices nor the
    settings allow a prefix, everybody is heard and `open_to_all` is true, so that the operator can be told.
    """

    def __init__(
        self,
        settings: FlowListenSettings | None = None,
        names: Mapping[tuple[int, int], str] | None = None,
    ) -> None:
        """Take the settings, and the names of the inventory's devices by address halves."""
        given = self.settings = settings or FlowListenSettings()
        self.open_to_all = not names and not given.allow
        allow: Iterable[Network] = _ALL if self.open_to_all else given.allow
        self.exporters = Exporters(names or {}, allow, given.max_exporters)
        self.netflow = NetFlow(given.netflow)
        self.sflow = SFlow(given.sflow, self.exporters.capacity)
        self._selector = selectors.DefaultSelector()
        ends = given.endpoints
        self.receiver = Receiver(
            [each for each in ends if each.scheme == "udp"],
            self.exporters,
            receive_buffer_bytes=given.receive_buffer_bytes,
            datagram_bytes=given.datagram_bytes,
            batch_datagrams=given.batch_datagrams,
        )
        streams = [each for each in ends if each.scheme != "udp"]
        self.streams = StreamServer(streams, self.exporters, given.stream, self._selector)
        self._named = 0  # rows whose address NetFlow was told
        self._sessions: set[int] = set()  # keys of streams, the same
        self._full = False  # the last batch left more behind
        self._gathering = Gathering(given.gather_s, given.batch_datagrams)

    def open(self) -> None:
        """Listen at all addresses, the loops compiled before. OSError or ConfigError say what cannot be had."""
        self.warm_up()
        self.receiver.open()
        try:
            self.streams.open()
        except BaseException:
            self.receiver.close()
            raise
        for each in self.receiver.sockets:
            self._selector.register(each.socket, selectors.EVENT_READ)
        self._gathering.granted(min((each.granted_bytes for each in self.receiver.sockets), default=0))

    def close(self) -> None:
        """End all connections and listen no more; safe to call twice."""
        for each in self.receiver.sockets:
            self._selector.unregister(each.socket)
        self.receiver.close()
        self.streams.close()
        self._selector.close()

    @property
    def endpoints(self) -> list[Endpoint]:
        """Return the addresses that are listened at, with the ports that the kernel chose."""
        return [each.endpoint for each in self.receiver.sockets] + self.streams.endpoints

    def next(self, timeout_s: float, lend: Lend | None = None) -> Traffic | None:
        """Return the records that came: valid until the next call. None where none did within the time.

        `lend` lends columns: flows for which they are go there, and only their sums are in what is returned.

        Where a batch was not full, the next waits a while after its first datagram (`gathering`), `gather_s` at most,
        so that a batch is worth its calls; a full one is followed at once.
        """
        busy = self._full or self.streams.waiting
        events = self._selector.select(0 if busy else max(timeout_s, 0))
        datagrams = self._full or any(key.data is None for key, _ in events)
        if datagrams and not self._full and (wait_s := self._gathering.wait_s):
            time.sleep(wait_s)
        self.streams.serve(events, time.monotonic())
        parts, beside = self._from_datagrams(lend) if datagrams else ([], None)
        messages = self.streams.take()
        if len(messages):
            parts = [part.copy() for part in parts]  # the decoder's arrays are about to be used again
            parts.append(self._from_streams(messages))
        for key in self.streams.ended():
            self.netflow.forget(key)
            self._sessions.discard(key)
        parts = [part for part in parts if len(part)]
        if not parts:
            return None if beside is None else Traffic(empty(RECORD), beside=beside)
        return Traffic(parts[0] if len(parts) == 1 else np.concatenate(parts), beside=beside)

    def counters(self) -> SFlowCounters:
        """Return the counters of interfaces and processors that sFlow agents sent since the last call."""
        return self.sflow.counters()

    def interface(self, exporter: int, index: int) -> Interface | None:
        """Return what an exporter calls its interface of this ifIndex, if it told, over a datagram or a stream."""
        for key in (exporter, *(key for key in self._sessions if key & _ROW == exporter)):
            told = self.netflow.interface(key, index)
            if told is not None:
                return told
        return None

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        """Return what was seen and what became of it, by part and name.

        `datagrams` (receive.Receiver.counts) and `streams` (stream.COUNTS) are of what came in; `netflow` and `sflow`
        of what the decoders made of it, what they dropped with its reason.
        """
        netflow = asdict(self.netflow.counts)
        netflow.update({f"dropped_{reason}": count for reason, count in netflow.pop("dropped").items()})
        return {
            "datagrams": self.receiver.counts,
            "streams": dict(self.streams.counts),
            "netflow": netflow,
            "sflow": self.sflow.counts,
        }

    def warm_up(self) -> None:
        """Compile, or load, the loops."""
        self.netflow.warm_up()
        self.sflow.warm_up()

    def _from_datagrams(self, lend: Lend | None) -> tuple[list[NDArray[np.void]], NDArray[np.uint64] | None]:
        """Return records, and the sums over flows that went straight to columns."""
        received = self.receiver.receive()
        self._full = received.full
        self._gathering.came(received.came, time.monotonic())
        self._name_new()
        parts, beside = [], None
        if len(received.netflow):
            with nullcontext() if lend is None else lend() as lender:
                parts.append(self.netflow.decode(received.netflow, lender))
            beside = self.netflow.straight
        if len(received.sflow):
            parts.append(self.sflow.decode(received.sflow))
        return parts, beside

    def _from_streams(self, messages: Datagrams) -> NDArray[np.void]:
        """Decode messages of streams: templates belong to a session (RFC 7011, 8), records to its exporter."""
        for key in set(messages.index["exporter"].tolist()) - self._sessions:
            self._sessions.add(key)
            self.netflow.name_exporter(key, self.exporters.address(key & _ROW))
        records = self.netflow.decode(messages)
        records["exporter"] &= _ROW
        return records

    def _name_new(self) -> None:
        """Tell NetFlow the addresses of new exporters: the operator may have set sampling for them."""
        while self._named < len(self.exporters):
            self._named += 1
            self.netflow.name_exporter(self._named, self.exporters.address(self._named))
