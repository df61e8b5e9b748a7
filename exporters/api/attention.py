"""The page on what is unusual: what draws attention without waking anybody."""

from collections.abc import Iterable
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Depends, Query
from msgspec import Meta
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from exporters.api.render import time_of
from exporters.api.requests import MAX_PAGE, Names, Time
from exporters.api.routes import Office, described, written
from exporters.api.select import named
from exporters.api.shapes import Time as Moment
from exporters.api.shapes import Unusual
from netmon.api.unusual import Unusual as Found

NOW_S: Final = 900.0  # what is unusual now: as long as a series must be ordinary again to be usual (baselines.calm_s)
SHOWN_MAX: Final = 20  # of an incident: its page is about its alerts
_AHEAD_S: Final = 300.0  # how far another daemon's clock may be ahead of ours


class Attention(msgspec.Struct):
    """Series that are unlike their own past, the most unusual first."""

    since: Moment
    unusual: list[Unusual]
    total: Annotated[int, Meta(description="How many match in all.")]


class AttentionFilters(BaseModel):
    """What is unusual where, and since when."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    since: Time | None = Field(default=None, description="From then on; without it, for 15 minutes.")
    target: Names = Field(default_factory=list, description="Any of these targets; a trailing * stands for any ending.")
    limit: int = Field(default=100, ge=1, le=MAX_PAGE, description="How many.")


def router(office: Office) -> APIRouter:
    """Return the page."""
    pages = APIRouter()
    reading = [Depends(office.read)]

    @pages.get("/attention", dependencies=reading, tags=["attention"], **described(Attention, "What is unusual."))
    async def list_attention(filters: Annotated[AttentionFilters, Query()]) -> Response:
        """List what is unusual now across the network: no alerts, and nobody is told of it."""
        now = office.now()
        since = now - NOW_S if filters.since is None else filters.since.timestamp()
        found = office.desk.unusual(since, now + _AHEAD_S)
        if filters.target:
            wanted = named(filters.target)
            found = [each for each in found if wanted(each.target)]
        return written(Attention(time_of(since), of_unusual(found[: filters.limit]), len(found)))

    return pages


def of_unusual(found: Iterable[Found]) -> list[Unusual]:
    """Return the shapes of what was unusual."""
    return [
        Unusual(
            each.target,
            each.metric,
            each.labels,
            time_of(each.at),
            each.value,
            each.expected,
            each.score,
            each.times,
        )
        for each in found
    ]
