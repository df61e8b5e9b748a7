"""What the forecasts and their account are set to."""

from pydantic import BaseModel, ConfigDict, Field


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class AccountSettings(_Model):
    """How predictions are scored."""

    min_lead_s: float = Field(default=600.0, ge=0)  # a warning later than this before the event counts as none
    grace_share: float = Field(default=0.5, ge=0)  # of the time to p90: how long after it a prediction may come true
    turned_share: float = Field(default=0.5, gt=0)  # of the distance to the limit: a step away by as much averts it
    rearm_s: float = Field(default=604_800.0, gt=0)  # good for a week, workdays and all, and reaching it again is news
    open_max: int = Field(default=20_000, ge=1)  # predictions not scored yet; some 0.5 kB each


class ForecastSettings(_Model):
    """How far and how often it is looked ahead, and how what was said is held on to."""

    series_max: int = Field(
        default=250_000, ge=1
    )  # with a declared limit; 1.3 kB each, 2.6 where columns have just grown
    matters_max: int = Field(default=10_000, ge=1)  # open at a time; more than that nobody reads
    minutes_ahead_s: float = Field(default=3_600.0, gt=0)
    hours_ahead_s: float = Field(default=28_800.0, gt=0)  # as long as the history of five-minute means
    days_ahead: int = Field(default=180, ge=1, le=1_000)
    poll_gap_s: float = Field(default=15.0, ge=0)  # polls nearer than this to the one before are not kept
    look_every_s: float = Field(default=60.0, gt=0)  # of the looks at a series' polls
    days_again_s: float = Field(default=3_600.0, gt=0)  # of the looks at whole days, where the limit is in reach
    screens_per_tick: int = Field(default=5_000, ge=1)  # series looked at roughly: some 25 ms
    full_per_tick: int = Field(default=200, ge=1)  # series looked at thoroughly: some 40 ms
    looks: int = Field(default=2, ge=1)  # in a row, at single polls, that must agree before anything is said
    repeat_s: float = Field(default=900.0, gt=0)  # how often what lasts is said again
    moved_share: float = Field(default=0.2, gt=0)  # of the time left: it is said again when the median moved as much
    clear_share: float = Field(default=1.5, ge=1)  # times a tier: beyond that it is over
    quiet_s: float = Field(default=3_600.0, ge=0)  # after a limit was reached; from days nothing for account.rearm_s
    handover_s: float = Field(default=120.0, ge=0)  # a limit's alert has a for_s: nobody is to hear "over" before it
    account: AccountSettings = AccountSettings()
