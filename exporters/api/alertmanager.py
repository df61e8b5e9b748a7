"""Pages that Alertmanager has too, so that Prometheus can send its alerts here: `/api/v2/alerts` and `/api/v2/status`.

Prometheus asks for nothing else; it takes any status from 200 to 299 for success and sends firing alerts again anyway.
"""

import asyncio
from typing import Annotated

import msgspec
import structlog
from fastapi import APIRouter, Depends
from prometheus_client import CollectorRegistry, Counter, Gauge
from starlette.requests import Request
from starlette.responses import Response

from exporters.api.problems import ProblemError, unrecorded_alerts
from exporters.api.receive import Posted, Taken, TargetOf, split, take
from exporters.api.render import time_of
from exporters.api.roles import Caller
from exporters.api.routes import Office, described, reference, written
from exporters.api.shapes import Time
from netmon.api import Finding, Receipt, Unrecorded

log = structlog.get_logger(__name__)

PATH = "/api/v2/alerts"
_SLICE = 250  # alerts that are looked at in one go: about 5 ms of the event loop
_INVALID = "invalid"
_MAX_SENDERS = 100  # users with the role are few; it is a label, so there must be an end
_OTHERS = "other"


class VersionInfo(msgspec.Struct):
    """Which program answers."""

    version: str
    revision: str = ""
    branch: str = ""
    buildUser: str = ""  # noqa: N815  # Alertmanager's names
    buildDate: str = ""  # noqa: N815
    goVersion: str = ""  # noqa: N815


class ClusterStatus(msgspec.Struct):
    """There is no cluster."""

    status: str = "disabled"
    peers: list[str] = []


class AlertmanagerConfig(msgspec.Struct):
    """The configuration, which is not shown."""

    original: str = ""


class AlertmanagerStatus(msgspec.Struct):
    """What Alertmanager's clients want to know of one."""

    versionInfo: VersionInfo  # noqa: N815
    uptime: Time
    cluster: ClusterStatus = msgspec.field(default_factory=ClusterStatus)
    config: AlertmanagerConfig = msgspec.field(default_factory=AlertmanagerConfig)


class ReceiveMetrics:
    """What was handed in, and what became of it: received = stored + dropped."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._received = Counter("netmon_api_received_alerts", "Alerts handed in over HTTP.", registry=registry)
        self._stored = Counter("netmon_api_stored_alerts", "Of these, those that are in the ledger.", registry=registry)
        self._dropped = Counter(
            "netmon_api_dropped_alerts", "Of these, those that are not, by reason.", ["reason"], registry=registry
        )
        self._last = Gauge(
            "netmon_api_sender_last_alerts_timestamp_seconds",
            "When this sender last handed in alerts (Unix time).",
            ["sender"],
            registry=registry,
        )
        self._senders: set[str] = set()

    def heard(self, sender: str, now: float) -> None:
        """Note that a sender hands in alerts; beyond `_MAX_SENDERS` they are one, `other`."""
        if sender not in self._senders and len(self._senders) >= _MAX_SENDERS:
            sender = _OTHERS
        else:
            self._senders.add(sender)
        self._last.labels(sender).set(now)

    def count(self, received: int, stored: int, dropped: dict[str, int]) -> None:
        """Count one request."""
        self._received.inc(received)
        self._stored.inc(stored)
        for reason, number in dropped.items():
            self._dropped.labels(reason).inc(number)


def router(office: Office, target_of: TargetOf, metrics: ReceiveMetrics, version: str, started: float) -> APIRouter:
    """Return the pages."""
    pages = APIRouter(tags=["alertmanager"])
    posted = {"type": "array", "items": reference(Posted)}
    body = {"required": True, "content": {"application/json": {"schema": posted}}}

    @pages.post("/alerts", openapi_extra={"requestBody": body}, **described(None, "They are in the ledger."))
    async def receive_alerts(request: Request, caller: Annotated[Caller, Depends(office.send)]) -> Response:
        """Hand in alerts, as Prometheus does."""
        taken, sender = await _take(await request.body(), office, target_of), caller.name or "prometheus"
        metrics.heard(sender, office.now())
        await _submit(office, taken, sender, metrics)
        if taken.faults:
            place, fault = taken.faults[0]
            detail = f"{len(taken.faults)} of {taken.received} alerts are wrong, the first is number {place}: {fault}"
            raise ProblemError(400, "invalid", detail, "The others were taken; mend these and send them again.")
        return Response(status_code=200)

    @pages.get("/status", dependencies=[Depends(office.any)], **described(AlertmanagerStatus, "The status."))
    async def alertmanager_status() -> Response:
        """Tell an Alertmanager's client which program answers."""
        return written(AlertmanagerStatus(VersionInfo(f"netmon {version}"), time_of(started)))

    return pages


async def _take(body: bytes, office: Office, target_of: TargetOf) -> Taken:
    """Look at all alerts of a request, some at a time, so that others are served in between."""
    try:
        alerts = split(body)
    except (ValueError, RecursionError) as error:
        raise ProblemError(400, "malformed", f"The body is no list of alerts: {error}", "Send a JSON list.") from None
    now, findings, faults = office.now(), list[Finding](), list[tuple[int, str]]()
    for start in range(0, len(alerts), _SLICE):
        taken = take(alerts[start : start + _SLICE], now, target_of, office.settings.resolve_timeout_s)
        findings += taken.findings
        faults += [(start + place, fault) for place, fault in taken.faults]
        await asyncio.sleep(0)
    return Taken(len(alerts), findings, faults)


async def _submit(office: Office, taken: Taken, source: str, metrics: ReceiveMetrics) -> None:
    dropped = {_INVALID: len(taken.faults)} if taken.faults else {}
    stored = 0
    try:
        receipt = await office.desk.submit(taken.findings, source) if taken.findings else Receipt(0, 0)
        stored = receipt.stored
        for reason, number in receipt.dropped.items():
            dropped[reason] = dropped.get(reason, 0) + number
    except Unrecorded as error:
        dropped["unrecorded"] = len(taken.findings)
        raise unrecorded_alerts(error) from None
    except BaseException:
        dropped["failed"] = len(taken.findings)
        raise
    finally:
        metrics.count(taken.received, stored, dropped)
    if dropped:
        log.warning("alerts handed in over HTTP were dropped", source=source, dropped=dropped)
