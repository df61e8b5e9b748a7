"""Pages on alerts and incidents: lists, one of them, and what operators do to them."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, TypeAlias

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from exporters.api import shapes
from exporters.api.attention import SHOWN_MAX, of_unusual
from exporters.api.render import of_alert, of_incident
from exporters.api.requests import MAX_PAGE, AlertFilters, Comment, IncidentFilters, Remark, Several
from exporters.api.roles import Caller
from exporters.api.routes import Id, Office, described, written
from exporters.api.select import in_order, page_of_alerts, page_of_incidents, select_alerts, select_incidents
from netmon.api import Alert, Desk

Act: TypeAlias = Callable[[Sequence[str], str, str], Awaitable[Sequence[Alert]]]

_ABOUT = {
    "acknowledge": "Take in hand: nothing is repeated or escalated any more.",
    "unacknowledge": "Put back what was taken in hand.",
    "resolve": "Close by hand. It comes back when its rule says it again.",
}
_NO_REMARK = Remark()


def router(office: Office) -> APIRouter:
    """Return the pages."""
    pages = APIRouter()
    _alerts(pages, office)
    _incidents(pages, office)
    for verb in _ABOUT:
        _actions(pages, office, verb)
    _comments(pages, office)
    return pages


def _alerts(pages: APIRouter, office: Office) -> None:
    reading = [Depends(office.read)]

    @pages.get("/alerts", dependencies=reading, tags=["alerts"], **described(shapes.AlertPage, "A page of alerts."))
    async def list_alerts(filters: Annotated[AlertFilters, Query()]) -> Response:
        """List alerts: those that are open, unless states are given; worst and newest first."""
        found = select_alerts(office.desk.alerts(), filters.wanted())
        page = page_of_alerts(found, filters.limit, filters.cursor)
        return written(shapes.AlertPage(list(map(of_alert, page.things)), page.total, page.next))

    @pages.get("/alerts/{id}", dependencies=reading, tags=["alerts"], **described(shapes.Alert, "The alert."))
    async def get_alert(id: Id) -> Response:  # noqa: A002  # the parameter's public name
        """Show one alert. A beginning of its id is enough where it is unique."""
        return written(of_alert(office.alert(id)))


def _incidents(pages: APIRouter, office: Office) -> None:
    reading = [Depends(office.read)]

    @pages.get(
        "/incidents", dependencies=reading, tags=["incidents"], **described(shapes.IncidentPage, "A page of incidents.")
    )
    async def list_incidents(filters: Annotated[IncidentFilters, Query()]) -> Response:
        """List incidents: those that are open, unless states are given; worst and newest first."""
        found = select_incidents(office.desk.incidents(), filters.wanted())
        page = page_of_incidents(found, filters.limit, filters.cursor)
        return written(shapes.IncidentPage(list(map(of_incident, page.things)), page.total, page.next))

    @pages.get(
        "/incidents/{id}", dependencies=reading, tags=["incidents"], **described(shapes.IncidentWhole, "The incident.")
    )
    async def get_incident(id: Id) -> Response:  # noqa: A002  # the parameter's public name
        """Show one incident, its alerts, and what was unusual at its targets."""
        incident = office.incident(id)
        page = page_of_alerts(in_order(office.desk.alerts_of(incident.id)), MAX_PAGE, "")
        alerts, unusual = list(map(of_alert, page.things)), office.desk.unusual_at(incident.id)
        shown = of_unusual(unusual[:SHOWN_MAX])
        return written(shapes.IncidentWhole(of_incident(incident), alerts, page.total, shown, len(unusual)))


def _actions(pages: APIRouter, office: Office, verb: str) -> None:
    acting = Annotated[Caller, Depends(office.act)]
    changed = described(shapes.Alerts, "The alerts that changed.")
    act = _bound(office.desk, verb)

    @pages.post(f"/alerts/{verb}", tags=["alerts"], operation_id=f"{verb}_several", summary=_ABOUT[verb], **changed)
    async def several(asked: Several, caller: acting) -> Response:
        """Do it to several alerts, and to all alerts of incidents that are named."""
        ids = list(dict.fromkeys(map(office.thing, asked.ids)))
        return _alerts_changed(await act(ids, caller.name, asked.note))

    @pages.post(
        f"/alerts/{{id}}/{verb}", tags=["alerts"], operation_id=f"{verb}_alert", summary=_ABOUT[verb], **changed
    )
    async def one(id: Id, caller: acting, remark: Remark = _NO_REMARK) -> Response:  # noqa: A002  # as above
        """Do it to one alert."""
        return _alerts_changed(await act([office.alert(id).id], caller.name, remark.note))

    @pages.post(
        f"/incidents/{{id}}/{verb}",
        tags=["incidents"],
        operation_id=f"{verb}_incident",
        summary=_ABOUT[verb],
        **changed,
    )
    async def whole(id: Id, caller: acting, remark: Remark = _NO_REMARK) -> Response:  # noqa: A002  # as above
        """Do it to all alerts of an incident."""
        return _alerts_changed(await act([office.incident(id).id], caller.name, remark.note))


def _comments(pages: APIRouter, office: Office) -> None:
    acting = Annotated[Caller, Depends(office.act)]
    done = described(None, "It is in the ledger.", 204)

    @pages.post("/alerts/{id}/comments", tags=["alerts"], **done)
    async def comment_alert(id: Id, asked: Comment, caller: acting) -> Response:  # noqa: A002  # as above
        """Add a remark to an alert, for the record."""
        await office.desk.comment(office.alert(id).id, caller.name, asked.note)
        return Response(status_code=204)

    @pages.post("/incidents/{id}/comments", tags=["incidents"], **done)
    async def comment_incident(id: Id, asked: Comment, caller: acting) -> Response:  # noqa: A002  # as above
        """Add a remark to an incident, for the record."""
        await office.desk.comment(office.incident(id).id, caller.name, asked.note)
        return Response(status_code=204)


def _bound(desk: Desk, verb: str) -> Act:
    acts: dict[str, Act] = {
        "acknowledge": desk.acknowledge,
        "unacknowledge": desk.unacknowledge,
        "resolve": desk.resolve,
    }
    return acts[verb]


def _alerts_changed(alerts: Sequence[Alert]) -> Response:
    return written(shapes.Alerts(list(map(of_alert, alerts))))
