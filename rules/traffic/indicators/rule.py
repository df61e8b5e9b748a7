"""Who of ours meets what a list of indicators names: one finding for a list, its entry and a host of ours."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from netmon.api import Finding, Severity, Value
from netmon.api.networks import Networks
from netmon.api.traffic import MAPPED, FlowState, Second, address_text
from rules.traffic.episode import Episodes, Seen
from rules.traffic.indicators.lists import Indicators
from rules.traffic.indicators.settings import IndicatorSettings
from rules.traffic.telling import octets, protocol, service

Records: TypeAlias = NDArray[np.void]
Flags: TypeAlias = NDArray[np.bool_]
_Evidence: TypeAlias = Mapping[str, str | Value]

_ANSWERED: Final = (FlowState.ANSWERED, FlowState.ESTABLISHED, FlowState.CLOSED, FlowState.RESET)
_QUESTIONS_ONLY: Final = 0
_NOTED: Final = ("state", "bytes", "reply_bytes", "reply_packets", "protocol", "destination_port")
_PORTED: Final = (6, 17, 132)


@dataclass(slots=True)
class _Meeting:
    """A host of ours and an entry of a list, in one window."""

    indicators: Indicators
    number: int
    host: tuple[int, int]
    other: str  # the address or the name that is listed
    outbound: bool
    answered: bool = False
    counts: dict[str, int] = field(default_factory=lambda: {"flows": 0, "bytes": 0, "questions": 0})
    port: str = ""


class ListedPeers:
    """T1071 and what else lists stand for. `adopt` gives it other lists, from its next window on."""

    name = "indicators"
    judges_flows = True

    def __init__(self, settings: IndicatorSettings, networks: Networks) -> None:
        """Know no lists yet: files are read by others."""
        self._settings = settings
        self._networks = networks
        self._lists: tuple[Indicators, ...] = ()
        self._episodes: dict[str, Episodes] = {}  # by technique
        self.dropped = 0  # hits in a window beyond the cap

    def adopt(self, lists: Sequence[Indicators]) -> None:
        """Judge by these lists from the next window on. May be called from another thread."""
        self._lists = tuple(lists)

    def observe(self, second: Second) -> Iterator[Finding]:
        """Judge the flows and the names of one window."""
        lists = self._lists if self._settings.enabled else ()
        met: dict[tuple[str, int, tuple[int, int], str], _Meeting] = {}
        for indicators in lists:
            for flows, begun in ((second.begun, True), (second.ended, False)):
                self._flows(indicators, flows, met, counted=begun == second.live)
            if indicators.has_names:
                self._names(indicators, second, met)
        for meeting in met.values():
            yield from self._tell(meeting, second)
        for episodes in self._episodes.values():
            yield from episodes.tick(second.end)

    def finish(self, now: float) -> Iterator[Finding]:
        """Close what goes on with its totals: nobody looks any more."""
        for episodes in self._episodes.values():
            yield from episodes.finish(now)

    def save(self) -> Mapping[str, NDArray[np.generic]]:
        """Return nothing: who goes on meeting is seen again."""
        return {}

    def restore(self, arrays: Mapping[str, NDArray[np.generic]]) -> None:
        """Take nothing."""

    def _flows(
        self,
        indicators: Indicators,
        flows: Records,
        met: dict[tuple[str, int, tuple[int, int], str], _Meeting],
        *,
        counted: bool,
    ) -> None:
        """Note flows one of whose ends is listed. `counted`: whether these rows are what flows are counted by."""
        if not len(flows):
            return
        for listed, ours in (("destination", "source"), ("source", "destination")):
            found = indicators.find_ends(flows, listed, self._networks)
            hits = np.flatnonzero(found >= 0)
            if not len(hits):
                continue
            hits = hits[~_special(flows[f"{listed}_hi"][hits], flows[f"{listed}_lo"][hits])]
            self.dropped += max(len(hits) - self._settings.hits_per_window, 0)
            hits = hits[: self._settings.hits_per_window]
            fields = (*_halves(ours), *_halves(listed), *_NOTED)
            columns = (found[hits].tolist(), *(flows[name][hits].tolist() for name in fields))
            for number, hi, lo, other_hi, other_lo, *noted in zip(*columns, strict=True):
                host, key = (hi, lo), (indicators.settings.name, number, (hi, lo), "")
                meeting = met.get(key)
                if meeting is None:
                    other = address_text(other_hi, other_lo)
                    meeting = met[key] = _Meeting(indicators, number, host, other, outbound=listed == "destination")
                _note(meeting, noted, counted=counted)

    def _names(
        self,
        indicators: Indicators,
        second: Second,
        met: dict[tuple[str, int, tuple[int, int], str], _Meeting],
    ) -> None:
        rows = second.dns
        found = indicators.find_names(rows["name"], rows["name_length"])
        hits = np.flatnonzero(found >= 0)
        self.dropped += max(len(hits) - self._settings.hits_per_window, 0)
        for row in hits[: self._settings.hits_per_window].tolist():
            asked = rows[row]
            host = (int(asked["client_hi"]), int(asked["client_lo"]))
            key = (indicators.settings.name, int(found[row]), host, "name")
            meeting = met.get(key)
            if meeting is None:
                name = bytes(asked["name"]).decode("ascii", "replace")
                meeting = met[key] = _Meeting(indicators, int(found[row]), host, name, outbound=True, port="53 (DNS)")
            meeting.counts["questions"] += int(asked["response"] == _QUESTIONS_ONLY)

    def _tell(self, meeting: _Meeting, second: Second) -> Iterator[Finding]:
        settings = meeting.indicators.settings
        entry = meeting.indicators.entry(meeting.number)
        listed_began = not meeting.outbound
        spoken = meeting.outbound or meeting.answered
        host, key = address_text(*meeting.host), f"{settings.name}/{entry.text}/{address_text(*meeting.host)}"
        episodes = self._episodes.get(settings.technique)
        if episodes is None:
            episodes = self._episodes[settings.technique] = Episodes(
                self.name, settings.technique, quiet_s=self._settings.quiet_s, repeat_s=self._settings.repeat_s
            )
        seen = Seen(
            key=key,
            target=self._networks.name_of(*meeting.host),
            severity=Severity(settings.severity if spoken else settings.unanswered),
            source=meeting.other if listed_began else host,
            victim=host if listed_began else meeting.other,
            text=_TEXT,
            counts=meeting.counts,
            evidence={
                "list": settings.name,
                "entry": entry.text,
                "entry_kind": entry.kind,
                "line": entry.line,
                "host": self._networks.name_of(*meeting.host),
                "listed": meeting.other,
                "began": "listed" if listed_began else "host",
                "answered": "yes" if meeting.answered else "not seen",
                "port": meeting.port,
            },
            labels={"list": settings.name, "entry": entry.text},
        )
        yield from episodes.see(seen, second.end)


def _halves(side: str) -> tuple[str, str]:
    return f"{side}_hi", f"{side}_lo"


def _note(meeting: _Meeting, noted: Sequence[int], *, counted: bool) -> None:
    """Add a flow, its fields of `_NOTED`, to a meeting: bytes of both ways, told when it is over."""
    state, octets, reply_octets, replies, number, port = noted
    meeting.counts["flows"] += int(counted)
    if state != FlowState.BEGUN:
        meeting.counts["bytes"] += octets + reply_octets
        meeting.answered |= state in _ANSWERED or replies > 0
    if not meeting.port:
        name = protocol(number)
        meeting.port = f"{name} {service(port)}" if number in _PORTED else name


def _special(hi: NDArray[np.uint64], lo: NDArray[np.uint64]) -> Flags:
    """Tell which addresses are nobody's on the Internet: unspecified, loopback, link-local, multicast, broadcast."""
    four = (hi == 0) & (lo >> np.uint64(32) == np.uint64(MAPPED >> 32))
    first, second = (lo >> np.uint64(24)) & np.uint64(255), (lo >> np.uint64(16)) & np.uint64(255)
    odd_four = (first == 0) | (first == 127) | (first >= 224) | ((first == 169) & (second == 254))
    top = hi >> np.uint64(48)
    odd_six = (top >= 0xFE80) | ((hi == 0) & (lo <= 1))
    odd: Flags = np.where(four, odd_four, odd_six)
    return odd


_NAME_MAX: Final = 60  # letters of a name that a summary shows: data carried out in names fills all 253


def _listed(evidence: _Evidence, as_entry: str) -> str:
    """Return what is listed, with the entry that lists it where it is another: a prefix, a domain above."""
    listed, entry = str(evidence["listed"]), str(evidence["entry"])
    if len(listed) > _NAME_MAX:
        listed = f"…{listed[-_NAME_MAX:]}"
    return listed if listed == entry else f"{listed}{as_entry.format(entry)}"


def _english(evidence: _Evidence) -> str:
    named = evidence["entry_kind"] == "domain"
    listed = f"{_listed(evidence, ' ({})')}, which is on the list {evidence['list']}"
    if evidence["began"] == "listed":
        spoken = "was answered by" if evidence["answered"] == "yes" else "knocked at"
        met = f"{listed}, {spoken} {evidence['host']}"
    else:
        met = f"{evidence['host']} {'asked for' if named else 'contacted'} {listed}"
    much = "" if named else f", {octets(float(evidence.get('total_bytes', 0)))}"
    return f"{met} ({evidence['port']}{much})"


def _indonesian(evidence: _Evidence) -> str:
    named = evidence["entry_kind"] == "domain"
    listed = f"{_listed(evidence, ' ({})')}, yang ada di daftar {evidence['list']}"
    if evidence["began"] == "listed":
        spoken = "dijawab oleh" if evidence["answered"] == "yes" else "mencoba menghubungi"
        met = f"{listed}, {spoken} {evidence['host']}"
    else:
        met = f"{evidence['host']} {'menanyakan' if named else 'menghubungi'} {listed}"
    much = "" if named else f", {octets(float(evidence.get('total_bytes', 0)), 'id')}"
    return f"{met} ({evidence['port']}{much})"


_TEXT: Final[Mapping[str, Callable[[_Evidence], str]]] = {"en": _english, "id": _indonesian}
