"""Something that is wrong, said or not yet: since when, when it is said again, when nobody knows it any more."""

from dataclasses import dataclass, field
from typing import Final

from netmon.api import Value
from rules.limits.tables import Row

_LATE_POLLS: Final = 2  # that may fail before a finding expires
_FORGET_AFTER: Final = 2  # times what it takes to expire: nobody knows it any more


@dataclass(slots=True)
class Matter:
    """Something that is beyond its limit, said or not yet."""

    name: str  # of its limit
    target: str
    values: Row  # of the labels that tell it apart
    since: float  # Unix seconds, as all here
    seen: float  # when it was last judged
    gap_s: float = 0.0  # between the last two times
    said: float | None = None
    before: dict[str, Value] = field(default_factory=dict)  # evidence of the time when all was well

    @property
    def key(self) -> str:
        """Return what makes its findings one matter."""
        return "/".join((self.name, self.target, *self.values))

    def see(self, at: float) -> None:
        """Note that it was judged again. A clock that was set back moves everything with it."""
        if at < self.seen:
            back = self.seen - at
            self.since -= back
            self.said = None if self.said is None else self.said - back
        elif at > self.seen:
            self.gap_s = at - self.seen
        self.seen = at

    def is_due(self, repeat_s: float) -> bool:
        """Tell whether it is to be said now."""
        return self.said is None or self.seen - self.said >= repeat_s

    def expires_s(self, repeat_s: float) -> float:
        """Return how long what is said of it holds without being said again."""
        return 3 * repeat_s + _LATE_POLLS * self.gap_s

    def is_forgotten(self, now: float, repeat_s: float) -> bool:
        """Tell whether it has expired everywhere."""
        return now - self.seen > _FORGET_AFTER * self.expires_s(repeat_s)
