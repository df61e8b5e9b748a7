"""Pages on predictions: what is foretold, and what became of what was foretold before."""

from typing import Annotated

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
from netmon.api.predictions import Outcome, Predicted, RuleAccount


class Prediction(msgspec.Struct):
    """A prediction as it was made, and what became of it."""

    id: str
    rule: str
    target: str
    series: Annotated[str, Meta(description="The metric and its labels.")]
    made_at: Moment
    bound: Annotated[float, Meta(description="What is not to be passed, in the unit of the series.")]
    value: Annotated[float, Meta(description="When it was made.")]
    horizon: Annotated[str, Meta(description="What it was made from: minutes, hours or days.")]
    severity: str
    p10: Annotated[Moment, Meta(description="Beginning of the 80% interval.")]
    p50: Annotated[Moment, Meta(description="The median.")]
    p90: Annotated[Moment, Meta(description="End of the 80% interval.")]
    outcome: Outcome
    scored_at: Moment | None
    reached_at: Annotated[Moment | None, Meta(description="When the limit was reached; null where it was not.")]


class Predictions(msgspec.Struct):
    """Predictions: open ones, the nearest first, then the latest that were scored."""

    predictions: list[Prediction]
    total: Annotated[int, Meta(description="How many match in all.")]


class Score(msgspec.Struct):
    """What became of one rule's predictions."""

    rule: str
    open: int
    hit: Annotated[int, Meta(description="Reached between p10 and p90.")]
    early: Annotated[int, Meta(description="Reached after p90.")]
    late: Annotated[int, Meta(description="Reached before p10.")]
    false: Annotated[int, Meta(description="Not reached.")]
    averted: Annotated[int, Meta(description="The value made a clear step away before its time. Counts for nothing.")]
    void: Annotated[int, Meta(description="Could not be judged. Counts for nothing.")]
    missed: Annotated[int, Meta(description="Limits that were reached without a prediction in time.")]
    foretold: Annotated[int, Meta(description="Limits that were reached and foretold in time.")]
    precision: Annotated[float | None, Meta(description="hit / (hit + early + late + false)")]
    recall: Annotated[float | None, Meta(description="foretold / (foretold + missed)")]
    median_lead_s: Annotated[float | None, Meta(description="From the prediction to the limit.")]
    median_error_s: Annotated[float | None, Meta(description="Between p50 and the limit, in either direction.")]


class Report(msgspec.Struct):
    """The account of each rule."""

    since: Moment | None
    rules: list[Score]


class PredictionFilters(BaseModel):
    """Which predictions."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    outcome: list[Outcome] = Field(
        default_factory=list, max_length=10, description="Any of these; without it, those that are open."
    )
    rule: Names = Field(default_factory=list, description="Any of these rules; a trailing * stands for any ending.")
    target: Names = Field(default_factory=list, description="Any of these targets; a trailing * as above.")
    since: Time | None = Field(default=None, description="Made from then on.")
    limit: int = Field(default=100, ge=1, le=MAX_PAGE, description="How many.")

    def wants(self, each: Predicted) -> bool:
        """Tell whether a prediction is one of these."""
        late_enough = self.since is None or each.made_at >= self.since.timestamp()
        right_rule = not self.rule or named(self.rule)(each.rule)
        return late_enough and right_rule and (not self.target or named(self.target)(each.target))


class ReportFilters(BaseModel):
    """Which time the account is of."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    since: Time | None = Field(default=None, description="Only what was scored from then on.")


def router(office: Office) -> APIRouter:
    """Return the pages."""
    pages = APIRouter()
    reading = [Depends(office.read)]

    @pages.get("/predictions", dependencies=reading, tags=["predictions"], **described(Predictions, "The predictions."))
    async def list_predictions(filters: Annotated[PredictionFilters, Query()]) -> Response:
        """List predictions: those that are open, unless outcomes are given."""
        known = office.desk.predictions(filters.outcome or (Outcome.OPEN,))
        found = [each for each in known if filters.wants(each)]
        return written(Predictions(list(map(_prediction, found[: filters.limit])), len(found)))

    @pages.get("/predictions/report", dependencies=reading, tags=["predictions"], **described(Report, "The account."))
    async def prediction_report(filters: Annotated[ReportFilters, Query()]) -> Response:
        """Give the account of what rules predicted: how often they were right, how early, and what they missed."""
        since = None if filters.since is None else filters.since.timestamp()
        scores = list(map(_score, office.desk.prediction_accounts(since)))
        return written(Report(None if since is None else time_of(since), scores))

    return pages


def _prediction(made: Predicted) -> Prediction:
    return Prediction(
        made.id,
        made.rule,
        made.target,
        made.series,
        time_of(made.made_at),
        made.bound,
        made.value,
        made.horizon,
        made.severity,
        time_of(made.p10),
        time_of(made.p50),
        time_of(made.p90),
        made.outcome,
        None if made.scored_at is None else time_of(made.scored_at),
        None if made.reached_at is None else time_of(made.reached_at),
    )


def _score(account: RuleAccount) -> Score:
    return Score(
        account.rule,
        account.open,
        account.hit,
        account.early,
        account.late,
        account.false,
        account.averted,
        account.void,
        account.missed,
        account.foretold,
        account.precision,
        account.recall,
        account.median_lead_s,
        account.median_error_s,
    )
