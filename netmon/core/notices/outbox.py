"""Makes messages of what people are owed: one each, or one that counts many, as their limits allow. Pure."""

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from netmon.api import Notices, Severity, State
from netmon.core.notices.delivery import channels_of
from netmon.core.notices.limits import Room, room, share
from netmon.core.notices.settings import NotifySettings
from netmon.core.notices.tables import Inbox, Tables
from netmon.core.notices.words import Case, Notice, Owed

Item: TypeAlias = tuple[Case, Owed]

# Incidents of one message. Its record names each twice, in up to 20 bytes: it stays below 512 KiB. What is more goes in
# a message of its own.
_NAMED_MAX = 10_000


class Outbox:
    """Looks into inboxes where something may be due."""

    def __init__(self, settings: NotifySettings, tables: Tables) -> None:
        self._settings = settings
        self._tables = tables

    def post(self, now: float, at_most: int | None = None) -> Iterator[Notice]:
        """Give the notices that are to be queued now; each must be applied before the next is asked for.

        Once it has looked at so many things that people are owed, it leaves the other people for the next time.
        """
        looked = 0
        for person, inbox in list(self._tables.inboxes.items()):
            if self._may_post(person, inbox, now):
                if at_most is not None and looked >= at_most:
                    return
                looked += len(inbox.owed)
                yield from self._post_one(person, inbox, now)

    def behind(self, now: float) -> bool:
        """Tell whether there are inboxes that `post` would look into."""
        return any(self._may_post(person, inbox, now) for person, inbox in self._tables.inboxes.items())

    def _may_post(self, person: str, inbox: Inbox, now: float) -> bool:
        return bool(inbox.owed) and inbox.look_at <= now and person in self._settings.people

    def _post_one(self, person: str, inbox: Inbox, now: float) -> Iterator[Notice]:
        ready, digest, look_at = self._ready(inbox, now)
        for part in _parts(digest):
            yield self._notice(person, part, now, digest=True)
        yield from self._hand_over(person, inbox, [item for item in ready if item[1].why is Notices.HANDOVER], now)
        rest = [item for item in ready if item[1].why is not Notices.HANDOVER]
        single, together = self._share(person, inbox, rest, now) if rest else ([], [])
        for item in single:
            yield self._notice(person, [item], now, why=item[1].why)
        for part in _parts(together):
            yield self._notice(person, part, now, why=part[0][1].why if len(part) == 1 else Notices.DIGEST)
        if any(case.id in inbox.owed for case, _ in ready):
            waits = [free.wait_s for free in self._free(person, inbox, now) if free.wait_s > 0]
            look_at = min(look_at, now + max(min(waits, default=0.0), 1.0))
        inbox.look_at = look_at

    def _hand_over(self, person: str, inbox: Inbox, items: Sequence[Item], now: float) -> Iterator[Notice]:
        """Give what is told together to somebody who came on call, as far as there is room."""
        for part in _parts(items):
            urgent, others = self._free(person, inbox, now)
            if (urgent if any(self._is_urgent(person, item, now) for item in part) else others).messages:
                yield self._notice(person, part, now, why=Notices.HANDOVER)

    def _ready(self, inbox: Inbox, now: float) -> tuple[list[Item], list[Item], float]:
        """Return what may go, what a digest is to be made of, and when more will be ready by itself."""
        ready: list[Item] = []
        digest: list[Item] = []
        look_at = float("inf")
        for incident, owed in inbox.owed.items():
            case = self._tables.cases[incident]
            if case.muted and case.state is not State.RESOLVED:
                continue
            if owed.digest:
                digest.append((case, owed))
            elif owed.due_at <= now:
                ready.append((case, owed))
            else:
                look_at = min(look_at, owed.due_at)
        digest_at = min((owed.due_at for _, owed in digest), default=float("inf"))
        if digest_at <= now or len(digest) >= self._settings.digest.max_incidents:
            return sorted(ready, key=_worst_first), sorted(digest, key=_worst_first), look_at
        return sorted(ready, key=_worst_first), [], min(look_at, digest_at)

    def _share(self, person: str, inbox: Inbox, ready: Sequence[Item], now: float) -> tuple[list[Item], list[Item]]:
        """Return what goes by itself, and what goes together; what is in neither waits for room."""
        for_urgent, for_others = self._free(person, inbox, now)
        urgent: list[Item] = []
        others: list[Item] = []
        for item in ready:
            (urgent if self._is_urgent(person, item, now) else others).append(item)
        single, together = share(urgent, others, for_urgent.messages, for_others.messages)
        needed = len(_parts(together))
        if needed > 1:  # each takes the room of one that would have gone by itself
            messages = len(single) + 1
            kept = max(0, messages - needed)
            together = [*single[kept:], *together][: (messages - kept) * _NAMED_MAX]
            single = single[:kept]
        return single, together

    def _free(self, person: str, inbox: Inbox, now: float) -> tuple[Room, Room]:
        """Return the room for what is urgent, and for everything else."""
        limits = self._settings.limits_of(person)
        most = (limits.max_critical, limits.max_messages)
        urgent, others = (room(inbox.sent_at, len(inbox.open), one, limits.per_s, now) for one in most)
        return urgent, others

    def _is_urgent(self, person: str, item: Item, now: float) -> bool:
        """Tell whether the higher limit holds: what is critical, and what has waited for a whole window."""
        case, owed = item
        waited = now - owed.due_at >= self._settings.limits_of(person).per_s
        return (case.severity is Severity.CRITICAL and case.state is not State.RESOLVED) or waited

    def _notice(
        self,
        person: str,
        items: Sequence[Item],
        now: float,
        *,
        why: Notices = Notices.DIGEST,
        digest: bool = False,
    ) -> Notice:
        _, owed = items[0]  # the worst: its step says by which channels
        channels = channels_of(owed.channels, tuple(self._settings.people[person].channels))
        return Notice(
            id=f"N{self._tables.last_number + 1}",
            person=person,
            channel=channels[0],
            why=why,
            severity=max(case.severity for case, _ in items),
            incidents=tuple(case.id for case, _ in items),
            created_at=min(owed.since for _, owed in items),
            due_at=now,
            give_up_at=now + self._settings.retry.give_up_s,
            digest=digest,
            channels=owed.channels,
            unreached=next((owed.unreached for _, owed in items if owed.unreached), ""),
        )


def _parts(items: Sequence[Item]) -> list[Sequence[Item]]:
    """Return what one message each can tell."""
    return [items[begin : begin + _NAMED_MAX] for begin in range(0, len(items), _NAMED_MAX)]


def _worst_first(item: Item) -> tuple[bool, int, float, str]:
    case, _ = item
    return case.state is State.RESOLVED, -_RANKS[case.severity], case.opened_at, case.id


_RANKS = {severity: rank for rank, severity in enumerate(Severity)}
