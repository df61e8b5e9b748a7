"""Silences as Alertmanager's API v2 shows and takes them (gettableSilence, postableSilence), and what its status says.

Pure. A silence of ours carries `[netmon:ID@TOKEN]` at the end of its comment, so that it is known again when we were
killed between making it and noting so. ID is percent-encoded, as that of a calendar's window may hold anything; TOKEN
tells two netmons apart that use one Alertmanager.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote, unquote

import msgspec

from exporters.alertmanager.wire import clean, label_name, timestamp, unix_seconds
from netmon.api import Maintenance, Matcher, Silence

_MARK = re.compile(r"\s*\[netmon:([^\]@\s]+)@([0-9a-f]+)\]\s*$")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_MAX_TEXT = 1_000  # characters of a comment that others wrote and we keep
_MAX_AUTHOR = 200


@dataclass(frozen=True, slots=True)
class Wanted:
    """A silence that every Alertmanager should have. `key` is the silence's id, or window/number for maintenance."""

    key: str
    matchers: tuple[Matcher, ...]
    starts_at: float
    ends_at: float
    author: str
    comment: str
    foreign: bool = False  # made in an Alertmanager, not here

    @property
    def maintenance(self) -> bool:
        """Tell whether it stands for one part of a maintenance window."""
        return "/" in self.key


@dataclass(frozen=True, slots=True)
class Held:
    """A silence as an Alertmanager holds it. Times are its own."""

    id: str
    active: bool  # now or later; False: ended
    matchers: tuple[Matcher, ...]
    starts_at: float
    ends_at: float
    author: str
    comment: str
    key: str = ""  # of what is ours, by its mark
    token: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    """What an Alertmanager says of itself. `name` and `peers` are empty where it belongs to no cluster."""

    started: str
    name: str
    peers: frozenset[str]


def wanted_of(silences: Iterable[Silence], works: Iterable[Maintenance]) -> dict[str, Wanted]:
    """Return what should be silent there, by key, the ended ones among it."""
    found = [
        Wanted(each.id, each.matchers, each.starts_at, each.ends_at, each.author, each.reason, each.origin != "netmon")
        for each in silences
    ]
    for work in works:
        comment = ": ".join(text for text in (work.title, work.reason) if text)
        for number, matchers in enumerate(work.scope):
            key = f"{work.id}/{number}"
            found.append(Wanted(key, matchers, work.starts_at, work.ends_at, work.author, comment))
    return {each.key: each for each in found}


def author_here(said: str, label: str, labels: Iterable[str]) -> str:
    """Return who made, for our ledger, what the Alertmanager called `label` says that `said` made.

    Anybody who reaches it may write any name there: what it says is told apart from what our own operators do. What we
    added ourselves when we carried a silence from one of our Alertmanagers (`labels`) to another is not added to.
    """
    endings = [f" (via {each})" for each in labels]
    name = said
    while found := next((each for each in endings if name.endswith(each)), ""):
        name = name.removesuffix(found).rstrip()
    return f"{name} (via {label})" if name else label


def author_there(author: str, label: str) -> str:
    """Return the name under which a silence is made in the Alertmanager called `label`: its own, where it came from."""
    return author.removesuffix(f" (via {label})")


def comparable(matchers: Iterable[Matcher]) -> frozenset[tuple[str, str, bool, bool]]:
    """Return matchers so that the same conditions are equal on both sides."""
    return frozenset((label_name(each.name), each.value, each.is_regex, each.is_equal) for each in matchers)


def encode_silence(wanted: Wanted, token: str, starts_at: float, ends_at: float) -> bytes:
    """Return a new silence to post; the times are theirs."""
    return msgspec.json.encode(
        {
            "matchers": [
                {
                    "name": label_name(each.name),
                    "value": clean(each.value),
                    "isRegex": each.is_regex,
                    "isEqual": each.is_equal,
                }
                for each in wanted.matchers
            ],
            "startsAt": timestamp(starts_at),
            "endsAt": timestamp(ends_at),
            "createdBy": clean(wanted.author) or "netmon",
            "comment": f"{clean(wanted.comment)} [netmon:{quote(wanted.key)}@{token}]".strip(),
        }
    )


class _Matcher(msgspec.Struct, rename="camel"):
    name: str
    value: str
    is_regex: bool
    is_equal: bool = True  # absent before Alertmanager 0.22


class _State(msgspec.Struct):
    state: str


class _Gettable(msgspec.Struct, rename="camel"):
    id: str
    status: _State
    matchers: list[_Matcher]
    starts_at: str
    ends_at: str
    created_by: str = ""
    comment: str = ""


class _Peer(msgspec.Struct):
    name: str = ""


class _Cluster(msgspec.Struct):
    name: str = ""
    peers: list[_Peer] | None = None


class _Status(msgspec.Struct):
    uptime: str = ""  # when it was started, for all its name
    cluster: _Cluster = msgspec.field(default_factory=_Cluster)


class _Made(msgspec.Struct):
    silence_id: str = msgspec.field(name="silenceID")


def decode_silences(body: bytes) -> list[Held]:
    """Return the silences of `GET /api/v2/silences`; ValueError where it is no such list."""
    return [_held(item) for item in msgspec.json.decode(body, type=list[_Gettable])]


def _held(item: _Gettable) -> Held:
    comment = _CONTROL.sub(" ", item.comment)
    mark = _MARK.search(comment)
    return Held(
        id=item.id,
        active=item.status.state != "expired",
        matchers=tuple(Matcher(each.name, each.value, each.is_regex, each.is_equal) for each in item.matchers),
        starts_at=unix_seconds(item.starts_at),
        ends_at=unix_seconds(item.ends_at),
        author=_CONTROL.sub(" ", item.created_by)[:_MAX_AUTHOR].strip(),
        comment=_MARK.sub("", comment)[:_MAX_TEXT].strip(),
        key=unquote(mark[1]) if mark else "",
        token=mark[2] if mark else "",
    )


def decode_status(body: bytes) -> Status:
    """Return what `GET /api/v2/status` says; ValueError where it is no such thing."""
    found = msgspec.json.decode(body, type=_Status)
    return Status(found.uptime, found.cluster.name, frozenset(peer.name for peer in found.cluster.peers or ()))


def decode_silence_id(body: bytes) -> str:
    """Return the id in the answer to a silence that was posted; ValueError where there is none."""
    return msgspec.json.decode(body, type=_Made).silence_id
