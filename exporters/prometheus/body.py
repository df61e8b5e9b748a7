"""The bodies of metrics pages: planned from the store, written in either format, compressed or not."""

from collections.abc import AsyncIterator, Callable, Collection, Sequence

from prometheus_client import CollectorRegistry

from exporters.prometheus.compress import Compressed, Gzip
from exporters.prometheus.pages import FamilyBook, Plan, make_plan, write, write_ages
from exporters.prometheus.selfmetrics import SelfMetrics, render_registry
from exporters.prometheus.store import Store, TargetState
from exporters.prometheus.text import EOF, Format

_KEPT_SHARE = 4  # of the cache's bytes, one in this many may hold the compressed page


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
        text = self._registry_text(form, ())[0] + _eof(form)
        yield await Gzip().end(text) if gzip else text

    async def some(self, states: Sequence[TargetState], form: Format, *, gzip: bool) -> AsyncIterator[bytes]:
        """Give the page of these targets in chunks."""
        stream = Gzip() if gzip else None
        plan, _ = await self._plan(states)
        async for chunk in write(plan, form):
            yield chunk if stream is None else await stream.write(chunk)
        end = write_ages(plan.ages, self._now(), form) + _eof(form)
        yield end if stream is None else await stream.end(end)

    async def _everything(self, form: Format) -> AsyncIterator[bytes]:
        plan, _ = await self._plan_everything()
        async for chunk in write(plan, form):
            yield chunk
        yield self._end(plan, form)

    async def _everything_gzipped(self, form: Format) -> AsyncIterator[bytes]:
        """Compress as we go. All but the end is kept, and sent again while no reading changes."""
        plan, generation = await self._plan_everything()
        kept = self._compressed.get(form)
        if kept is None or kept.generation != generation:
            self._compressed.pop(form, None)
            stream = Gzip()
            pieces: list[bytes] = []
            async for chunk in write(plan, form):
                pieces.append(await stream.write(chunk))
                yield pieces[-1]
            kept = Compressed(generation, (b"".join(pieces),), stream)
            if len(kept.pieces[0]) <= self._store.cache.limit_bytes // _KEPT_SHARE:
                self._compressed[form] = kept
        else:
            for piece in kept.pieces:
                yield piece
        yield await kept.stream.fork().end(self._end(plan, form))

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

    def _end(self, plan: Plan, form: Format) -> bytes:
        """Return what is made anew for each page: ages, netmon's own metrics, and the end."""
        own, clashes = self._registry_text(form, plan.taken())
        if clashes:
            self._metrics.conflicts.set(plan.conflicts + clashes)
        return write_ages(plan.ages, self._now(), form) + own + _eof(form)

    def _registry_text(self, form: Format, taken: Collection[str]) -> tuple[bytes, int]:
        text, clashes, whole = render_registry(self._registry, form, taken)
        if not whole:
            self._metrics.registry_errors.inc()
        return text, clashes


def _eof(form: Format) -> bytes:
    return EOF if form is Format.OPENMETRICS else b""
