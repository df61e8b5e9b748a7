"""What is due when: one deadline for each key, quick where most of them are put off again and again. Pure."""

from heapq import heapify, heappop, heappush


class Deadlines:
    """Keys with a deadline each, in Unix seconds.

    Putting one off costs a dict entry and no more: its place in the heap stays where it was, and is looked at again
    when it comes up.
    """

    def __init__(self) -> None:
        self._at: dict[str, float] = {}
        self._queued: dict[str, float] = {}
        self._heap: list[tuple[float, str]] = []

    def __len__(self) -> int:
        return len(self._at)

    def __contains__(self, key: str) -> bool:
        return key in self._at

    def set(self, key: str, at: float) -> None:
        """Give a key its deadline, in place of the one it had."""
        self._at[key] = at
        queued = self._queued.get(key)
        if queued is None or at < queued:
            self._push(at, key)

    def drop(self, key: str) -> None:
        """Let a key have none."""
        self._at.pop(key, None)

    def may_be_due(self, now: float) -> bool:
        """Tell whether `due` is worth a look."""
        return bool(self._heap) and self._heap[0][0] <= now

    def due(self, now: float, at_most: int | None = None) -> list[tuple[float, str]]:
        """Return the deadlines that are past with their keys, in their order, and forget them."""
        found: list[tuple[float, str]] = []
        while self.may_be_due(now) and (at_most is None or len(found) < at_most):
            at, key = heappop(self._heap)
            if self._queued.get(key) != at:
                continue  # it was queued again for earlier
            del self._queued[key]
            deadline = self._at.get(key)
            if deadline is None:
                continue
            if deadline > now:
                self._push(deadline, key)
            else:
                del self._at[key]
                found.append((deadline, key))
        return sorted(found)

    def pop_first(self) -> str | None:
        """Forget the key that is due first, whenever that is, and return it."""
        while self._heap:
            at = self._heap[0][0]
            found = self.due(at)
            for deadline, key in found[1:]:
                self.set(key, deadline)
            if found:
                return found[0][1]
        return None

    def shift(self, delta_s: float) -> None:
        """Move every deadline with the clock."""
        self._rebuild({key: at + delta_s for key, at in self._at.items()})

    def items(self) -> dict[str, float]:
        """Return a copy of them all."""
        return dict(self._at)

    def _push(self, at: float, key: str) -> None:
        if len(self._heap) > 2 * len(self._at) + 64:  # what was dropped or queued again leaves its place behind
            self._rebuild(self._at)
            return
        self._queued[key] = at
        heappush(self._heap, (at, key))

    def _rebuild(self, at: dict[str, float]) -> None:
        self._at = at
        self._queued = dict(at)
        self._heap = [(deadline, key) for key, deadline in at.items()]
        heapify(self._heap)
