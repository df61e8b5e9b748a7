"""What incidents are called: made from their alerts when one opens, and anew when the title holds no longer. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from netmon.api import Alert, Incident
from netmon.core.alerts.act import Act
from netmon.core.alerts.changes import What
from netmon.core.alerts.tally import OPEN, Tally

OVERFLOW: Final = "overflow"
"""The key of the incident that collects what fires when there are too many."""

_OVERFLOW_TITLES: Final = {
    "en": "More incidents than netmon can follow: further alerts are collected here",
    "id": "Insiden melebihi yang dapat diikuti netmon: peringatan selebihnya dikumpulkan di sini",
}


def titled(act: Act, incident: Incident, alerts: list[Alert]) -> Incident:
    """Return an incident with the title that its key and these alerts make; one with a known cause keeps its own."""
    if incident.cause:
        return incident
    titles = _OVERFLOW_TITLES if incident.key == OVERFLOW else act.correlator.title(incident.key, alerts)
    title = titles["en"]
    return replace(incident, title=title, titles=other_than_english(titles), title_of=_speaks_of(title, alerts))


def other_than_english(titles: Mapping[str, str]) -> dict[str, str]:
    """Return titles by language without the English one, which has a field of its own."""
    return {language: title for language, title in titles.items() if language != "en"}


def retitle(act: Act, incident: Incident, tally: Tally, *, worse: bool) -> None:
    """Look for a better title when what it speaks of is over, when things got `worse`, and when the alerts doubled."""
    due = worse or _is_out_of_date(act, incident) or _has_doubled(act, incident, tally)
    if incident.key == OVERFLOW or not due:
        return
    better = titled(act, incident, [alert for alert in act.book.members(incident.id) if alert.state in OPEN])
    if better != incident:
        act.incident(What.RETITLED, better)


def _speaks_of(title: str, alerts: Iterable[Alert]) -> str:
    """Return the id of the alert whose summary a title repeats; empty where it repeats none."""
    told = [alert for alert in alerts if alert.summary and alert.summary in title]
    return max(told, key=lambda alert: len(alert.summary)).id if told else ""


def _is_out_of_date(act: Act, incident: Incident) -> bool:
    """Tell whether the alert of which the title speaks is over, or is elsewhere by now."""
    if not incident.title_of:
        return False
    alert = act.book.alerts.get(incident.title_of)
    return alert is None or alert.state not in OPEN or alert.incident != incident.id


def _has_doubled(act: Act, incident: Incident, tally: Tally) -> bool:
    before = act.sizes.get(incident.id)
    return before is not None and len(tally.members).bit_length() > before.bit_length()
