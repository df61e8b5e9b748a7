"""The bodies of metrics pages: planned from the store, written in either format, compressed or not."""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from itertools import chain

from prometheus_client import CollectorRegistry

from exporters.prometheus.compress import Compressed, Gzip, gzipped
from exporters.prometheus.pages import FamilyBook, Plan, gather, make_plan, write, write_ages
from exporters.prometheus.selfmetrics import RegistryText, SelfMetrics
from exporters.prometheus.store import Store, TargetState
from exporters.prometheus.text import EOF, Format

_KEPT_SHARE = 2  # besides the cache, the compressed page in one format may take this part of its bytes


class Bodies:
    """Makes the bodies of `/metrics` (with netmon's own metrics) and of one target's page (without)."""

    def __init__(
        self,
        store: Store,
        registry: CollectorRegistry,
        metrics: SelfMetrics,
        now: Callable[[], float],
    ) -> None:
        self.book = FamilyBook()
        self._store = store
        self._registry = registry
        self._metrics = metrics
        self._now = now
        self._compressed: dict[Format, Compressed] = {}

    def everything(self, form: Format, *, gzip: bool) -> AsyncIterator[bytes]:
        """Give the page of all targets in chunks."""
        return self._everything_gzipped(form) if gzip else self._everything(form)

    async def own(self, form: Format, *, gzip: bool) -> AsyncIterator[bytes]:
        """Give the page of netmon's own metrics alone."""
        async for chunk in _maybe_gzipped(gather(self._own(Plan(), form)), gzip=gzip):
            yield chunk

    async def some(self, states: Sequence[TargetState], form: Format, *, gzip: bool) -> AsyncIterator[bytes]:
        """Give the page of these targets in chunks."""
        plan, _ = await self._plan(states)
        end = chain(write_ages(plan.ages, self._now(), form), _eof(form))
        async for chunk in _maybe_gzipped(_both(write(plan, form), gather(end)), gzip=gzip):
            yield chunk

    async def _everything(self, form: Format) -> AsyncIterator[bytes]:
        plan, _ = await self._plan_everything()
        async for chunk in _both(write(plan, form), self._end(plan, form)):
            yield chunk

    async def _everything_gzipped(self, form: Format) -> AsyncIterator[bytes]:
        """Compress as we go. All but the end is kept, and sent again while no reading changes."""
        plan, generation = await self._plan_everything()
        kept = self._compressed.get(form)
        if kept is not None and kept.generation == generation:
            yield kept.text
            stream = kept.stream
        else:
            stream = Gzip()
            beginning: list[bytes] = []
            room = self._store.cache.limit_bytes // _KEPT_SHARE
            self._compressed.pop(form, None)
            async for chunk in write(plan, form):
                piece = stream.write(chunk)
                yield piece
                room -= len(piece)
                beginning.append(piece)
                if room < 0:
                    beginning.clear()
            piece = stream.pause()
            yield piece
            beginning.append(piece)
            if room >= 0:
                self._compressed = {form: Compressed(generation, b"".join(beginning), stream)}
        async for chunk in gzipped(self._end(plan, form), stream.fork()):
            yield chunk

    async def _plan(self, states: Sequence[TargetState]) -> tuple[Plan, int]:
        """Return the plan of a page, and a generation of the store that is certainly in it."""
        self._store.refresh(states, self._now())
        generation = self._store.generation
        return await make_plan(states, self.book), generation

    async def _plan_everything(self) -> tuple[Plan, int]:
        plan, generation = await self._plan(list(self._store))
        self._metrics.conflicts.set(plan.conflicts)
        self._metrics.repeated.set(plan.repeated)
        self._metrics.malformed.set(plan.malformed)
        self._metrics.families.set(len(plan.families))
        return plan, generation

    def _end(self, plan: Plan, form: Format) -> AsyncIterator[bytes]:
        """Give what is made anew for each page: ages, netmon's own metrics, and the end."""
        return gather(chain(write_ages(plan.ages, self._now(), form), self._own(plan, form)))

    def _own(self, plan: Plan, form: Format) -> Iterator[bytes]:
        text = RegistryText(self._registry, form, plan.taken())
        yield from text
        if text.clashes:
            self._metrics.conflicts.set(plan.conflicts + text.clashes)
        if not text.whole:
            self._metrics.registry_errors.inc()
        yield from _eof(form)


def _eof(form: Format) -> tuple[bytes, ...]:
    return (EOF,) if form is Format.OPENMETRICS else ()


async def _both(first: AsyncIterator[bytes], second: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async for chunk in first:
        yield chunk
    async for chunk in second:
        yield chunk


def _maybe_gzipped(chunks: AsyncIterator[bytes], *, gzip: bool) -> AsyncIterator[bytes]:
    return gzipped(chunks, Gzip()) if gzip else chunks
