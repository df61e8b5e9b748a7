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


class Outbox:
    """Looks into inboxes where something may be due."""

    def __init__(self, settings: NotifySettings, tables: Tables) -> None:
        self._settings = settings
        self._tables = tables

    def post(self, now: float) -> Iterator[Notice]:
        """Give the notices that are to be queued now; each must be applied before the next is asked for."""
        for person, inbox in list(self._tables.inboxes.items()):
            if inbox.owed and inbox.look_at <= now and person in self._settings.people:
                yield from self._post_one(person, inbox, now)

    def _post_one(self, person: str, inbox: Inbox, now: float) -> Iterator[Notice]:
        ready, digest, look_at = self._ready(inbox, now)
        if digest:
            yield self._notice(person, digest, now, digest=True)
        handed = [item for item in ready if item[1].why is Notices.HANDOVER]
        if handed:
            free = self._free(person, inbox, now)[
                0 if any(self._is_urgent(person, item, now) for item in handed) else 1
            ]
            if free.messages:
                yield self._notice(person, handed, now, why=Notices.HANDOVER)
            else:
                look_at = min(look_at, now + max(free.wait_s, 1.0))
        rest = [item for item in ready if item[1].why is not Notices.HANDOVER]
        if rest:
            single, together, wait_s = self._share(person, inbox, rest, now)
            for item in single:
                yield self._notice(person, [item], now, why=item[1].why)
            if together:
                yield self._notice(
                    person, together, now, why=together[0][1].why if len(together) == 1 else Notices.DIGEST
                )
            if len(single) + len(together) < len(rest):
                look_at = min(look_at, now + wait_s)
        inbox.look_at = look_at

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

    def _share(
        self, person: str, inbox: Inbox, ready: Sequence[Item], now: float
    ) -> tuple[list[Item], list[Item], float]:
        """Return what goes by itself, what goes together, and after how long there is room for what is left."""
        for_urgent, for_others = self._free(person, inbox, now)
        urgent: list[Item] = []
        others: list[Item] = []
        for item in ready:
            (urgent if self._is_urgent(person, item, now) else others).append(item)
        single, together = share(urgent, others, for_urgent.messages, for_others.messages)
        waits = [free.wait_s for free in (for_urgent, for_others) if free.wait_s > 0]
        return single, together, max(min(waits, default=0.0), 1.0)

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


def _worst_first(item: Item) -> tuple[bool, int, float, str]:
    case, _ = item
    return case.state is State.RESOLVED, -_RANKS[case.severity], case.opened_at, case.id


_RANKS = {severity: rank for rank, severity in enumerate(Severity)}
