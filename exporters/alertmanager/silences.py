"""Carries silences both ways: asks all Alertmanagers, plans, acts, and remembers which silence there is which here."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from exporters.alertmanager.client import Failure
from exporters.alertmanager.links import Links
from exporters.alertmanager.reconcile import (
    Action,
    Bind,
    End,
    Expire,
    Group,
    Import,
    Link,
    Post,
    Replace,
    groups_of,
    plan,
)
from exporters.alertmanager.sender import Sender
from exporters.alertmanager.silence_wire import (
    Held,
    Wanted,
    author_here,
    author_there,
    encode_silence,
    wanted_of,
)
from netmon.api import Desk, DeskError, Invalid, NewSilence, Rejected, Retryable, Unknown

_SOON_S = 1.0  # a silence that ends sooner is not worth making: it would be refused on the way
_AWAY_TIMEOUT_S = 2.0  # who did not answer the last time shall not hold the others up
_MAX_GIVEN_UP = 10_000  # silences that one side made and the other refused; beyond it all are tried again


@dataclass(frozen=True, slots=True)
class _Look:
    """One group as it is now."""

    group: Group
    senders: Sequence[Sender]  # those of the group that answered
    wanted: Mapping[str, Wanted]


class Silences:
    """Keeps desk and Alertmanagers in step. `round` is called again and again, never twice at once."""

    def __init__(
        self, senders: Sequence[Sender], desk: Desk, links: Links, max_silences: int, now: Callable[[], float]
    ) -> None:
        self._senders = {sender.label: sender for sender in senders}
        self._desk = desk
        self._links = links
        self._max = max_silences
        self._now = now
        self._away: set[str] = set()
        self._anywhere: set[str] = set()  # ids that any server held at the last look
        self._given_up: set[tuple[str, str]] = set()  # what one side will not have: (server or "" for us, which)

    async def round(self) -> None:
        """Look once at all that answer, and do what is to be done."""
        held: dict[str, list[Held]] = {}

        async def ask(sender: Sender) -> None:
            held[sender.label] = await sender.client.silences()

        await self.greet(ask)
        known = {label: sender.status for label, sender in self._senders.items() if sender.status is not None}
        for labels in groups_of({label: (status.name, status.peers) for label, status in known.items()}):
            answered = [self._senders[label] for label in sorted(labels & held.keys())]
            if answered:
                await self._group(labels, answered, held)
        await asyncio.to_thread(self._links.save)

    async def greet(self, then: Callable[[Sender], Awaitable[None]] | None = None) -> None:
        """Ask each how it is, and what else there is to ask."""
        await asyncio.gather(*(self._greet(sender, then) for sender in self._senders.values()))

    async def _greet(self, sender: Sender, then: Callable[[Sender], Awaitable[None]] | None) -> None:
        patience_s = _AWAY_TIMEOUT_S if sender.label in self._away else None
        self._away.add(sender.label)
        try:
            async with asyncio.timeout(patience_s):
                sender.heard(await sender.client.status())
                if then is not None:
                    await then(sender)
        except (Retryable, Rejected) as problem:
            sender.failed(problem)
        except TimeoutError:
            sender.failed(Failure("timeout", f"{sender.label} did not answer in time"))
        else:
            sender.worked()
            self._away.discard(sender.label)

    async def _group(self, labels: frozenset[str], answered: Sequence[Sender], held: Mapping[str, list[Held]]) -> None:
        union = {each.id: each for sender in answered for each in held[sender.label]}
        self._anywhere = {each.id for many in held.values() for each in many}
        started = {sender.label: sender.status.started for sender in answered if sender.status is not None}
        restarted = any(not start or self._links.started.get(label) != start for label, start in started.items())
        if restarted or len(self._given_up) > _MAX_GIVEN_UP:
            self._given_up.clear()
        group = Group(labels, frozenset(started), union, restarted, answered[0].client.clock)
        look = _Look(group, answered, self._wanted())
        for action in plan(group, look.wanted, self._links.of, self._links.token, self._now()):
            if not await self._try(look, action):
                break
        else:
            self._links.started.update(started)
        self._forget(group)
        for sender in answered:
            sender.shares(sum(each.active and each.id in self._links.of for each in held[sender.label]))

    def _wanted(self) -> dict[str, Wanted]:
        return wanted_of(self._desk.silences(), self._desk.maintenances())

    async def _try(self, look: _Look, action: Action) -> bool:
        """Do it; return False where this and all that follows is better tried later."""
        sender = look.senders[0]
        try:
            await self._act(look, action)
        except (Retryable, Rejected, DeskError) as problem:
            sender.failed(problem)
            if isinstance(problem, Rejected) and isinstance(action, Post):
                self._given_up.add((sender.label, action.wanted.key))
            if isinstance(problem, Invalid) and isinstance(action, Import | Replace):
                self._given_up.add(("", f"{action.held.id} {action.held.ends_at}"))
            return isinstance(problem, Rejected | Invalid | Unknown)
        return True

    async def _act(self, look: _Look, action: Action) -> None:
        client, label = look.senders[0].client, look.senders[0].label
        match action:
            case Post(wanted):
                await self._post(look, wanted)
            case Expire(held):
                await client.expire(held.id)
            case Bind(held, key):
                self._links.of[held.id] = Link(key, held.ends_at, label)
            case Import(held):
                await self._import(look, held)
            case Replace(held, key):
                if await self._import(look, held):
                    await self._desk.end_silence(key, label)
            case End(key):
                await self._desk.end_silence(key, label)

    async def _post(self, look: _Look, wanted: Wanted) -> None:
        now, clock, sender = self._now(), look.group.clock, look.senders[0]
        if wanted.ends_at < now + _SOON_S or (sender.label, wanted.key) in self._given_up:
            return
        # It may not begin in the past; one that does begins when it arrives.
        starts_at, ends_at = clock.theirs(max(wanted.starts_at, now)), clock.theirs(wanted.ends_at)
        named = replace(wanted, author=author_there(wanted.author, sender.label))
        made = await sender.client.post_silence(encode_silence(named, self._links.token, starts_at, ends_at))
        self._links.drop([each for each in self._lost(look.group) if self._links.of[each].key == wanted.key])
        self._links.of[made] = Link(wanted.key, ends_at, sender.label)

    async def _import(self, look: _Look, held: Held) -> bool:
        """Make it here; return whether it was."""
        if ("", f"{held.id} {held.ends_at}") in self._given_up:
            return False
        clock, now, sender = look.group.clock, self._now(), look.senders[0]
        if sum(each.foreign and each.ends_at > now for each in self._wanted().values()) >= self._max:
            raise Rejected(f"netmon has taken over {self._max} silences already, as many as max_silences allows")
        reason = held.comment or f"silenced in {sender.label}"
        ends_at = clock.ours(held.ends_at)
        new = NewSilence(held.matchers, clock.ours(held.starts_at), ends_at, reason, origin=sender.label)
        made = await self._desk.silence(new, author_here(held.author, sender.label, self._senders))
        self._links.of[held.id] = Link(made.id, held.ends_at, sender.label)
        return True

    def _lost(self, group: Group) -> list[str]:
        """Return the ids of links to what the servers that answered hold no more, and no other holds either.

        A member of a cluster that just started knows nothing yet: what its peers hold is not lost.
        """
        return [
            held_id
            for held_id, link in self._links.of.items()
            if link.server in group.polled and held_id not in self._anywhere
        ]

    def _forget(self, group: Group) -> None:
        """Drop links whose silence has ended here and is not held there any more."""
        now = self._now()
        alive = {key for key, each in self._wanted().items() if each.ends_at > now}
        self._links.drop([each for each in self._lost(group) if self._links.of[each].key not in alive])
