"""Pages on the core itself: how it is, and what its ledger holds."""

from collections import Counter
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from exporters.api import shapes
from exporters.api.render import of_status
from exporters.api.requests import HistoryFilters
from exporters.api.roles import Caller
from exporters.api.routes import Office, described, written
from netmon.api import State


def router(office: Office, version: str) -> APIRouter:
    """Return the pages."""
    pages = APIRouter()

    @pages.get("/status", tags=["core"], **described(shapes.Status, "How the core is."))
    async def status(caller: Annotated[Caller, Depends(office.read)]) -> Response:
        """Tell how the core is, and who you are to it."""
        counts = Counter(alert.state for alert in office.desk.alerts())
        alerts = {state.value: counts[state] for state in State}
        you = shapes.You(caller.name, list(caller.roles))
        return written(of_status(office.desk.status(), alerts, version, you))

    @pages.get(
        "/history", tags=["core"], dependencies=[Depends(office.ledger)], **described(shapes.History, "Records.")
    )
    async def history(filters: Annotated[HistoryFilters, Query()]) -> Response:
        """Search the ledger. For auditors."""
        records = [dict(record) for record in await office.desk.history(filters.query())]
        last = records[-1].get("seq") if len(records) == filters.limit else None
        return written(shapes.History(records, last if isinstance(last, int) else None))

    return pages
