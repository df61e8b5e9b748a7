"""Pages on what keeps alerts from disturbing people: silences and maintenance windows."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from exporters.api import shapes
from exporters.api.covering import covered
from exporters.api.near import near_ids
from exporters.api.problems import unknown
from exporters.api.render import of_maintenance, of_silence, status_of
from exporters.api.requests import MaintenanceAsked, SilenceAsked, WindowFilters
from exporters.api.roles import Caller
from exporters.api.routes import Id, Office, described, written
from netmon.api import Unknown


def router(office: Office) -> APIRouter:
    """Return the pages."""
    pages = APIRouter()
    _silences(pages, office)
    _maintenances(pages, office)
    return pages


def _silences(pages: APIRouter, office: Office) -> None:
    acting = Annotated[Caller, Depends(office.act)]

    @pages.get(
        "/silences",
        dependencies=[Depends(office.read)],
        tags=["silences"],
        **described(shapes.Silences, "The silences."),
    )
    async def list_silences(filters: Annotated[WindowFilters, Query()]) -> Response:
        """List silences that are active or will be, and those that ended lately; what ends last comes first."""
        now = office.now()
        known = sorted(office.desk.silences(), key=lambda each: (-each.ends_at, each.id))
        shown = [each for each in known if not filters.status or status_of(each, now) in filters.status]
        return written(shapes.Silences([of_silence(each, now) for each in shown]))

    @pages.post("/silences", tags=["silences"], **described(shapes.Silence, "The new silence.", 201))
    async def make_silence(asked: SilenceAsked, caller: acting) -> Response:
        """Keep what matches all matchers from disturbing people, for a time."""
        made = await office.desk.silence(asked.silence(office.now()), caller.name)
        made_shape = of_silence(made, office.now())  # not before: the desk's clock has gone on, and `now` is its start
        made_shape.covers = covered(office.desk.alerts(), [made.matchers])
        return written(made_shape, 201)

    @pages.delete("/silences/{id}", tags=["silences"], **described(shapes.Silence, "The silence, ended."))
    async def end_silence(id: Id, caller: acting) -> Response:  # noqa: A002  # the parameter's public name
        """End a silence now."""
        try:
            ended = await office.desk.end_silence(id, caller.name)
        except Unknown:
            raise unknown("silence", id, near_ids(id, (each.id for each in office.desk.silences()))) from None
        return written(of_silence(ended, office.now()))


def _maintenances(pages: APIRouter, office: Office) -> None:
    acting = Annotated[Caller, Depends(office.act)]

    @pages.get(
        "/maintenances",
        dependencies=[Depends(office.read)],
        tags=["maintenances"],
        **described(shapes.Maintenances, "The windows."),
    )
    async def list_maintenances(filters: Annotated[WindowFilters, Query()]) -> Response:
        """List windows that are open or will be, and those that ended lately; what ends last comes first."""
        now = office.now()
        known = sorted(office.desk.maintenances(), key=lambda each: (-each.ends_at, each.id))
        shown = [each for each in known if not filters.status or status_of(each, now) in filters.status]
        return written(shapes.Maintenances([of_maintenance(each, now) for each in shown]))

    @pages.post("/maintenances", tags=["maintenances"], **described(shapes.Maintenance, "The new window.", 201))
    async def make_maintenance(asked: MaintenanceAsked, caller: acting) -> Response:
        """Announce work on sites, links or devices."""
        made = await office.desk.maintain(asked.maintenance(office.now()), caller.name)
        made_shape = of_maintenance(made, office.now())  # not before, as above
        made_shape.covers = covered(office.desk.alerts(), made.scope)
        return written(made_shape, 201)

    @pages.delete("/maintenances/{id}", tags=["maintenances"], **described(shapes.Maintenance, "The window, ended."))
    async def end_maintenance(id: Id, caller: acting) -> Response:  # noqa: A002  # the parameter's public name
        """End a maintenance window now."""
        try:
            ended = await office.desk.end_maintenance(id, caller.name)
        except Unknown:
            near = near_ids(id, (each.id for each in office.desk.maintenances()))
            raise unknown("maintenance", id, near) from None
        return written(of_maintenance(ended, office.now()))
