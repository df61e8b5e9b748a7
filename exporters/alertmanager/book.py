"""What should stand at every Alertmanager: one posting for each label set that fires. Pure.

Alertmanager knows an alert by its labels alone. Two alerts of ours with the same labels are one there, and fire until
both are over; an alert whose severity changes becomes another one there, and the old one ends.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from exporters.alertmanager.wire import Posting, label_key, render
from netmon.api import Alert, State

_FIRES = frozenset({State.FIRING, State.ACKNOWLEDGED})


class Book:
    """Follows alerts. `dropped` counts those that found no room; they come again with the next look at the desk."""

    def __init__(self, external_url: str | None, max_alerts: int) -> None:
        self.firing: dict[bytes, Posting] = {}
        self.dropped = 0
        self._external_url = external_url
        self._max_alerts = max_alerts
        self._seen: dict[str, Alert] = {}  # as last told, by id
        self._keys: dict[str, bytes] = {}  # of those that fire, by id
        self._members: dict[bytes, dict[str, Alert]] = {}
        self._listed: set[str] = set()  # ids that the desk has shown at least once
        self._said_at: dict[str, float] = {}  # when we were told of one that the desk does not show

    def tell(self, alerts: Iterable[Alert], now: float, at: float) -> list[Posting]:
        """Learn of changes; return what is to be sent. `now` is in Unix seconds, `at` on a clock that never steps."""
        told = list(alerts)
        self._said_at.update((alert.id, at) for alert in told if alert.id not in self._listed)
        return self.look(told, now)

    def look(self, alerts: Iterable[Alert], now: float) -> list[Posting]:
        """Learn how these are; return what is to be sent."""
        changed: dict[bytes, None] = {}
        ended: dict[bytes, Posting] = {}
        for alert in alerts:
            self._take(alert, now, changed, ended)
        return self._renew(changed, ended)

    def settle(self, listed: Collection[str], now: float, at: float) -> list[Posting]:
        """End what the desk showed and shows no more. `listed` are the ids that it shows; all have been looked at.

        What it never showed stays as told, until it was not told again for its `expires_s`.
        """
        ended: dict[bytes, Posting] = {}
        changed: dict[bytes, None] = {}
        for alert_id in [each for each in self._keys if each not in listed and self._is_over(each, at)]:
            self._leave(alert_id, now, changed, ended)
        self._listed = set(listed)
        self._seen = {each: alert for each, alert in self._seen.items() if each in self._listed or each in self._keys}
        self._said_at = {each: at for each, at in self._said_at.items() if each in self._keys and each not in listed}
        return self._renew(changed, ended)

    def _is_over(self, alert_id: str, at: float) -> bool:
        if alert_id in self._listed:
            return True
        expires_s = self._seen[alert_id].expires_s
        return expires_s is not None and at - self._said_at.get(alert_id, at) > expires_s

    def _take(self, alert: Alert, now: float, changed: dict[bytes, None], ended: dict[bytes, Posting]) -> None:
        before = self._seen.get(alert.id)
        if before is alert:
            return
        if before is None and len(self._seen) >= self._max_alerts:
            self.dropped += 1
            return
        self._seen[alert.id] = alert
        known = self._keys.get(alert.id)
        if alert.state not in _FIRES:
            if known is not None:
                self._leave(alert.id, _end(alert, now), changed, ended)
            elif alert.state is State.RESOLVED and (before is None or before.state is not State.RESOLVED):
                self._mention(alert, now, ended)
            return
        same = known is not None and before is not None and before.labels == alert.labels
        key = known if same and known is not None else label_key(alert.labels)
        if known is not None and key != known:
            self._leave(alert.id, now, changed, ended)
        self._keys[alert.id] = key
        self._members.setdefault(key, {})[alert.id] = alert
        changed[key] = None

    def _mention(self, alert: Alert, now: float, ended: dict[bytes, Posting]) -> None:
        """Say that one is over which never fired before our eyes: an earlier life of ours may have sent it."""
        key = label_key(alert.labels)
        if key not in self._members:
            ended[key] = replace(render(alert, key, self._external_url), ends_at=_end(alert, now))

    def _leave(self, alert_id: str, at: float, changed: dict[bytes, None], ended: dict[bytes, Posting]) -> None:
        key = self._keys.pop(alert_id)
        members = self._members[key]
        last = members.pop(alert_id)
        if members:
            changed[key] = None
            return
        del self._members[key]
        changed.pop(key, None)
        posting = self.firing.pop(key, None) or render(last, key, self._external_url)
        ended[key] = replace(posting, ends_at=at)

    def _renew(self, changed: Mapping[bytes, None], ended: dict[bytes, Posting]) -> list[Posting]:
        """Render what changed; one that says the same as before is not sent again."""
        news = []
        for key in changed:
            oldest = min(self._members[key].values(), key=lambda alert: (alert.starts_at, alert.id))
            posting, before = render(oldest, key, self._external_url), self.firing.get(key)
            ended.pop(key, None)
            if before is None or before.body != posting.body or before.starts_at != posting.starts_at:
                self.firing[key] = posting
                news.append(posting)
        return [*news, *ended.values()]


def _end(alert: Alert, now: float) -> float:
    return now if alert.resolved_at is None else alert.resolved_at
