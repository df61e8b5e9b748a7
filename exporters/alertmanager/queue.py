"""What one Alertmanager has still to be told, and what it may believe to fire. Pure.

Nothing leaves the queue before that Alertmanager has taken it. A resolved alert goes only to one that may know it as
firing: those are in `known`, which the journal keeps over our own death.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from exporters.alertmanager.wire import Posting

_REFUSED_S = 600.0  # what it refused is tried again after this, in case it was not the alert's fault


@dataclass(slots=True)
class _Known:
    """A label set that it may believe to fire; `ended` and `taken_at` once it took the news that it does not."""

    posting: Posting
    ended: Posting | None = None
    taken_at: float = 0.0


class Queue:
    """`pending` never holds more than one posting for each label set, so it is bounded by the book and `known`.

    `at` is in seconds on a clock that never steps.
    """

    def __init__(self, resolved_resend_s: float) -> None:
        self.pending: dict[bytes, Posting] = {}
        self._known: dict[bytes, _Known] = {}
        self._refused: dict[bytes, tuple[Posting, float]] = {}
        self._resolved_resend_s = resolved_resend_s

    @property
    def known(self) -> list[Posting]:
        """Return what it may believe to fire, as it was told."""
        return [known.posting for known in self._known.values()]

    def adopt(self, known: Iterable[Posting]) -> None:
        """Take over what an earlier life of ours has told."""
        for posting in known:
            self._known.setdefault(posting.key, _Known(posting))

    def end_strangers(self, firing: Mapping[bytes, Posting], now: float) -> None:
        """End what an earlier life told as firing and what neither fires nor is known to be resolved today."""
        for key, known in self._known.items():
            if key not in firing and key not in self.pending and known.ended is None:
                self.pending[key] = replace(known.posting, ends_at=now)

    def want(self, postings: Iterable[Posting]) -> None:
        """Take what changed."""
        for posting in postings:
            if posting.ends_at is None or posting.key in self._known:
                self.pending[posting.key] = posting
            else:
                self.pending.pop(posting.key, None)

    def want_all(self, firing: Mapping[bytes, Posting], at: float) -> list[bytes]:
        """Say everything again; return the keys that need not be known any more."""
        refused = {key: (posting, until) for key, (posting, until) in self._refused.items() if until > at}
        self._refused = {key: each for key, each in refused.items() if firing.get(key) is each[0]}
        self.pending.update((key, posting) for key, posting in firing.items() if key not in self._refused)
        gone = []
        for key, known in self._known.items():
            if known.ended is None or key in firing:
                continue
            if at - known.taken_at >= self._resolved_resend_s:
                gone.append(key)
            else:
                self.pending.setdefault(key, known.ended)
        for key in gone:
            del self._known[key]
        return gone

    def batch(self, limit: int) -> list[Posting]:
        """Return the first of what is pending; it stays so until it is taken."""
        return [posting for posting, _ in zip(self.pending.values(), range(limit), strict=False)]

    def sending(self, batch: Iterable[Posting]) -> list[Posting]:
        """Note that these are on their way; return those that it will know from now on."""
        news = []
        for posting in batch:
            if posting.ends_at is not None:
                continue
            if posting.key not in self._known:
                news.append(posting)
            self._known[posting.key] = _Known(posting)
        return news

    def taken(self, batch: Iterable[Posting], at: float) -> None:
        """Note that it has these."""
        for posting in batch:
            if self.pending.get(posting.key) is posting:
                del self.pending[posting.key]
            known = self._known.get(posting.key)
            if posting.ends_at is not None and known is not None:
                if known.ended is None:
                    known.taken_at = at
                known.ended = posting

    def refused(self, posting: Posting, at: float) -> None:
        """Note that it will not have this one, so that it is not tried each time."""
        if self.pending.get(posting.key) is posting:
            del self.pending[posting.key]
        if posting.ends_at is None:
            self._refused[posting.key] = (posting, at + _REFUSED_S)
        else:
            self._known.pop(posting.key, None)
