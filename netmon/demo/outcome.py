"""What the core says of a run, asked as operators ask it: over the control socket, and of the ledger itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeAlias

from netmon.api.predictions import Outcome as OutcomeOf
from netmon.app.client import Client
from netmon.app.commands.alerts import pages
from netmon.app.text import t
from netmon.core.ledger.report import Report
from netmon.core.ledger.verify import verify

Thing: TypeAlias = Mapping[str, Any]

MAX_THINGS: Final = 1_000  # alerts, and incidents: the story makes fewer than ten
_OPEN: Final = ("pending", "firing", "acknowledged")
_TOLD: Final = ("firing", "acknowledged", "resolved")


@dataclass(frozen=True, slots=True)
class Outcome:
    """Alerts, incidents and predictions of one run as the interface gives them, those that are open first."""

    alerts: Sequence[Thing] = ()
    incidents: Sequence[Thing] = ()
    predictions: Sequence[Thing] = ()
    account: Sequence[Thing] = ()  # of each rule that foretells

    @property
    def acknowledged(self) -> Mapping[str, str]:
        """Return incident → who took it in hand, also where it is over by now."""
        taken = {one["incident"]: one["acknowledged_by"] for one in self.alerts if one["acknowledged_by"]}
        return taken | {one["id"]: one["acknowledged_by"] for one in self.incidents if one["acknowledged_by"]}


def close_earlier(client: Client, before: float) -> frozenset[str]:
    """Close what an earlier run left open; return its incidents. Its world ended with it, and nobody can say so now.

    `before` is in Unix seconds. RefusedError when the core does not answer.
    """
    left = [one for one in _all(client, "alerts", _OPEN) if at(one["starts_at"]) < before]
    if left:
        client.post("alerts/resolve", {"ids": [one["id"] for one in left], "note": t("demo.earlier.note")})
    return frozenset(one["id"] for one in _all(client, "incidents", _TOLD) if at(one["opened_at"]) < before)


def outcome(client: Client, since: float) -> Outcome:
    """Return what fired from `since` on (Unix seconds). RefusedError when the core does not answer."""
    begin = datetime.fromtimestamp(since, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    made = {"outcome": [one.value for one in OutcomeOf], "since": begin, "limit": MAX_THINGS}
    lasting = {"outcome": [OutcomeOf.OPEN.value], "limit": MAX_THINGS}  # earlier runs foretold weeks as well
    predictions = {
        one["id"]: one for query in (lasting, made) for one in client.get("predictions", query)["predictions"]
    }
    return Outcome(
        tuple(one for one in _all(client, "alerts", _TOLD) if one["fired_at"] and at(one["fired_at"]) >= since),
        tuple(one for one in _all(client, "incidents", _TOLD) if at(one["opened_at"]) >= since),
        tuple(predictions.values()),
        tuple(client.get("predictions/report", {"since": begin})["rules"]),
    )


def current(client: Client) -> list[Thing]:
    """Return the alerts that fire or were over lately. RefusedError when the core does not answer."""
    return _all(client, "alerts", _TOLD)


def verified(state: Path) -> Report:
    """Verify the ledger of a core that has stopped. NetmonError or OSError where it cannot be read."""
    return verify(state / "ledger")


def _all(client: Client, what: str, states: Sequence[str]) -> list[Thing]:
    found: list[Thing] = pages(client, what, {"state": states}, MAX_THINGS)[what]
    return found


def at(text: str) -> float:
    """Return a time of the interface in Unix seconds."""
    return datetime.fromisoformat(text).timestamp()
