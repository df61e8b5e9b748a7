"""The alert that always fires, as a value. Pure."""

from hashlib import sha256

from netmon.api import Alert, CoreStatus, Severity, State

_LASTS = 2  # intervals without a beat after which it ends, should the heartbeat alone stop
_NAME = "Watchdog"  # what the community's rules call it: existing routes match


def watchdog(instance: str, status: CoreStatus, since: float, now: float, interval_s: float) -> Alert:
    """Return the alert as of now. Its labels never change, whatever the status is: they are its identity."""
    key = f"netmon/{_NAME}/{instance}"
    summary, ours = "This alert always fires: netmon watches. Its absence is the alarm.", ""
    bahasa = "Peringatan ini selalu menyala: netmon mengawasi. Jika hilang, itulah tanda bahaya."
    if status.problems:
        ours = "; ".join(status.problems)
        summary, bahasa = f"netmon watches, but is not well: {ours}", f"netmon mengawasi, tetapi bermasalah: {ours}"
    return Alert(
        id=sha256(key.encode()).hexdigest()[:12],
        key=key,
        rule=_NAME,
        target=instance,
        site="",
        severity=Severity.INFO,
        state=State.FIRING,
        summary=summary,
        labels={"alertname": _NAME, "instance": instance, "severity": "none"},
        source=instance,
        starts_at=since,
        updated_at=now,
        fired_at=since,
        summaries={"id": bahasa},
        expires_s=_LASTS * interval_s,
    )
