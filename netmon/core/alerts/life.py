"""The life of one alert: what a finding, or time, does to it. Pure."""

from collections.abc import Callable
from dataclasses import astuple, replace
from hashlib import sha256
from ipaddress import ip_address
from math import inf, isfinite
from typing import Final

from netmon.api import Alert, Finding, NetmonError, Value, labels_of
from netmon.api.alerts import State
from netmon.core.alerts.act import Act, severity_text
from netmon.core.alerts.book import Book
from netmon.core.alerts.changes import Timers, What
from netmon.core.alerts.settings import AlertSettings

_MAX_LABELS: Final = 100  # of one finding, and as many pieces of evidence: real ones have a dozen
_MAX_TEXT: Final = 4_000  # characters of each text: a key, a summary, a label's or evidence's value, a link
_MAX_ALL: Final = 60_000  # characters of all of them: a record of the ledger (1 MiB) holds them, six bytes for each
_OWN: Final = "netmon_"  # the rules that tell of netmon itself

SiteOf = Callable[[str], str]


class Refused(NetmonError):
    """A finding was not taken. `reason` is a word for a counter."""

    def __init__(self, reason: str, problem: str) -> None:
        super().__init__(problem)
        self.reason = reason


def alert_id(key: str) -> str:
    """Return the id of the alert of a key."""
    return sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def say(act: Act, finding: Finding, source: str, site_of: SiteOf) -> None:
    """Take what a rule says; raises Refused before anything changes."""
    _check_size(finding)
    identity = alert_id(finding.key)
    old = act.book.alerts.get(identity)
    if old is not None and old.key != finding.key:
        raise Refused("collision", f"the keys {old.key!r} and {finding.key!r} have the same id")
    if finding.cleared:
        _clear(act, old, _finite(finding, act.now))
        return
    finding = _finite(finding, act.now)
    if old is None or old.state is State.RESOLVED:
        _check_room(act.book, old, finding, source)
        _begin(act, identity, finding, source, site_of)
    else:
        _go_on(act, old, finding, source, site_of)
    patience = finding.expires_s if finding.expires_s is not None else act.settings.expires_s
    act.book.patience.set(identity, act.now + patience)


def _check_size(finding: Finding) -> None:
    tables = finding.labels, finding.evidence, finding.summaries
    if max(map(len, tables)) > _MAX_LABELS:
        raise Refused("too_big", f"a finding has at most {_MAX_LABELS} labels, pieces of evidence and languages")
    sizes = [len(finding.rule), len(finding.target), len(finding.key), len(finding.summary), len(finding.runbook)]
    for table in tables:
        sizes += map(len, table)
        sizes += [len(value) if isinstance(value, str) else _digits(value) for value in table.values()]
    if max(sizes) > _MAX_TEXT:
        raise Refused("too_big", f"each text of a finding has at most {_MAX_TEXT} characters")
    if sum(sizes) > _MAX_ALL:
        raise Refused("too_big", f"all texts of a finding have at most {_MAX_ALL} characters")


def _digits(value: Value) -> int:
    """Return how many characters a number takes, about."""
    return value.bit_length() // 3 if isinstance(value, int) else 24


def _check_room(book: Book, old: Alert | None, finding: Finding, source: str) -> None:
    """Refuse what there is no room for. What tells of netmon itself has some of its own."""
    own = finding.rule.startswith(_OWN)
    if old is None and not book.has_room(own=own):
        raise Refused("max_alerts", f"there are {len(book.alerts)} alerts already")
    if not own and book.has_its_share(source):
        raise Refused("source_share", f"{source} has {book.totals.of_source[source]} alerts that are not over already")


def _finite(finding: Finding, now: float) -> Finding:
    """Return it without NaN and infinities, which neither JSON nor a deadline can hold."""
    if not isfinite(finding.at):
        finding = replace(finding, at=now)
    if finding.expires_s is not None and not 0 <= finding.expires_s < inf:
        finding = replace(finding, expires_s=None)
    if finding.impact is not None and not all(map(isfinite, astuple(finding.impact))):
        finding = replace(finding, impact=None)
    if any(isinstance(value, float) and not isfinite(value) for value in finding.evidence.values()):
        evidence = {
            name: str(value) if isinstance(value, float) and not isfinite(value) else value
            for name, value in finding.evidence.items()
        }
        finding = replace(finding, evidence=evidence)
    return finding


def is_address(target: str) -> bool:
    """Tell whether a target is an IP address: something in the traffic, which the inventory does not name."""
    try:
        ip_address(target)
    except ValueError:
        return False
    return True


def _site(finding: Finding, site_of: SiteOf) -> str:
    """Return where a target is; of an address, what the finding says, which knows its prefix."""
    site = site_of(finding.target)
    return site or (finding.labels.get("site", "") if is_address(finding.target) else "")


def _begin(act: Act, identity: str, finding: Finding, source: str, site_of: SiteOf) -> None:
    flips = _flips(act, act.timers(identity))
    site = _site(finding, site_of)
    labels = labels_of(finding.rule, finding.target, site, finding.severity, finding.labels)
    alert = Alert(
        id=identity,
        key=finding.key,
        rule=finding.rule,
        target=finding.target,
        site=site,
        severity=finding.severity,
        state=State.PENDING,
        summary=finding.summary,
        labels=labels,
        source=source,
        starts_at=min(finding.at, act.now),  # a sender's clock may be ahead
        updated_at=act.now,
        muted_by=act.mutes_over(labels),
        flapping=_flaps(act.settings, flips),
        evidence=finding.evidence,
        summaries=finding.summaries,
        impact=finding.impact,
        runbook=finding.runbook,
        expires_s=finding.expires_s,
    )
    wait_s = 0.0 if alert.flapping or finding.at_once else act.settings.pending_for_s.of(alert.severity)
    if wait_s > 0 or act.correlator.weighs(
        alert
    ):  # signs of a cause fire at the next tick: all at once, judged together
        act.alert(What.PENDING, alert, Timers(fires_at=act.now + wait_s, flips=flips))
    else:
        act.to_fire[identity] = (alert, Timers(flips=flips, quiet_at=_quiet_at(act, alert)))


def _go_on(act: Act, old: Alert, finding: Finding, source: str, site_of: SiteOf) -> None:
    new = replace(
        old,
        updated_at=act.now,
        summary=finding.summary,
        evidence=finding.evidence,
        summaries=finding.summaries,
        impact=finding.impact,
        runbook=finding.runbook,
        expires_s=finding.expires_s,
    )
    act.book.refresh(new)
    if act.timers(old.id).resolves_at is not None:
        new = _return(act, new)
    site = old.site if finding.target == old.target else _site(finding, site_of)
    labels = labels_of(finding.rule, finding.target, site, finding.severity, finding.labels)
    speaker = source if old.source in act.book.away else old.source  # the first that said it, while it is there
    if labels != old.labels or finding.severity is not old.severity or speaker != old.source:
        new = replace(new, rule=finding.rule, target=finding.target, site=site, source=speaker)
        _relabel(act, replace(new, severity=finding.severity, labels=labels, muted_by=act.mutes_over(labels)), old)


def _return(act: Act, alert: Alert) -> Alert:
    """Let an alert that was said to be over fire on: it is said again before anybody was told."""
    flips = _flips(act, act.timers(alert.id))
    flaps = _flaps(act.settings, flips)
    what = What.FLAPPING if flaps and not alert.flapping else What.RETURNED
    new = replace(alert, flapping=alert.flapping or flaps)
    act.alert(what, new, Timers(flips=flips, quiet_at=_quiet_at(act, new)))
    return new


def _relabel(act: Act, new: Alert, old: Alert) -> None:
    timers, note = act.timers(old.id), None
    what = What.UPDATED
    if new.severity is not old.severity:
        what = What.RAISED if new.severity > old.severity else What.LOWERED
        note = severity_text(old.severity, new.severity)
        if timers.fires_at is not None:
            waits = act.settings.pending_for_s
            timers = replace(timers, fires_at=timers.fires_at + waits.of(new.severity) - waits.of(old.severity))
    if what is What.RAISED and new.state is State.ACKNOWLEDGED:
        note = f"{note}; the acknowledgement by {new.acknowledged_by} no longer holds"
        new = replace(new, state=State.FIRING, acknowledged_at=None, acknowledged_by="", note="")
        if not new.muted_by:
            act.news.add(new.incident)
    act.alert(what, new, timers, note)
    if timers.fires_at is not None and timers.fires_at <= act.now and not act.correlator.weighs(new):
        fire(act, new.id)


def _clear(act: Act, old: Alert | None, finding: Finding) -> None:
    """Its source says that it is over; one that sums up its matter then has the last word on it."""
    if old is None or old.state is State.RESOLVED:
        return
    if finding.at_once and finding.summary:
        old = replace(old, summary=finding.summary, summaries=finding.summaries, evidence=finding.evidence)
    timers = act.timers(old.id)
    if timers.resolves_at is not None:
        return
    flips = _flips(act, timers)
    hold_s = act.settings.resolve_hold_s
    if old.flapping:
        hold_s = max(hold_s, act.settings.flapping.quiet_s)
    if old.state is State.PENDING or hold_s == 0:
        end(act, replace(old, updated_at=act.now), "cleared", flips)
    else:
        act.alert(What.CLEARING, old, Timers(resolves_at=act.now + hold_s, flips=flips))


def end(act: Act, alert: Alert, why: str, flips: tuple[float, ...] | None = None) -> None:
    """Resolve an alert, or drop it where nobody was told."""
    what = What.DROPPED if alert.state is State.PENDING else What.RESOLVED
    kept = act.timers(alert.id).flips if flips is None else flips
    over = replace(alert, state=State.RESOLVED, resolved_at=act.now, why_resolved=why, flapping=False)
    act.alert(what, over, Timers(flips=kept))


def expire(act: Act, identity: str) -> None:
    """End an alert that was not said for too long."""
    alert = act.book.alerts[identity]
    act.to_fire.pop(identity, None)
    if alert.state is not State.RESOLVED:
        end(act, alert, "expired")


def wake(act: Act, identity: str) -> None:
    """Do what an alert waited for."""
    alert, timers = act.book.alerts[identity], act.timers(identity)
    if timers.fires_at is not None and timers.fires_at <= act.now:
        fire(act, identity)
    elif timers.resolves_at is not None and timers.resolves_at <= act.now:
        end(act, alert, "cleared")
    elif timers.quiet_at is not None and timers.quiet_at <= act.now:
        act.alert(What.STEADY, replace(alert, flapping=False), Timers(flips=timers.flips))


def fire(act: Act, identity: str) -> None:
    """Let a pending alert fire when the act is done."""
    alert = act.book.alerts[identity]
    act.to_fire[identity] = (alert, Timers(flips=act.timers(identity).flips, quiet_at=_quiet_at(act, alert)))


def _quiet_at(act: Act, alert: Alert) -> float | None:
    return act.now + act.settings.flapping.quiet_s if alert.flapping else None


def _flips(act: Act, timers: Timers) -> tuple[float, ...]:
    """Return when it came and went within the window, with now."""
    flapping = act.settings.flapping
    recent = [at for at in timers.flips if abs(act.now - at) < flapping.window_s]
    return (*recent[-flapping.changes :], act.now)


def _flaps(settings: AlertSettings, flips: tuple[float, ...]) -> bool:
    return len(flips) > settings.flapping.changes


def wait_anew(book: Book, settings: AlertSettings, now: float) -> None:
    """Let pending alerts last for their time while somebody listens: what ends them may be on its way."""
    for identity, timers in list(book.timers.items()):
        if timers.fires_at is not None:
            wait_s = settings.pending_for_s.of(book.alerts[identity].severity)
            book.set_timers(identity, replace(timers, fires_at=now + wait_s))
