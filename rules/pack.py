"""What a pack declares: limits, forecasts and anomalies of measures. Data only: each rule judges by its part of it."""

import re
import string
from itertools import pairwise
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from netmon.api import Severity

_NAME: Final = r"^[a-z][a-z0-9_]*$"
_FIELD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

WINDOWED: Final = ("increase", "changes")  # ways of reading that look back over `window_s`

Name = Annotated[str, Field(pattern=_NAME, max_length=100)]
Metric = Annotated[str, Field(pattern=r"^[a-zA-Z_:][a-zA-Z0-9_:]*$")]
Patterns = dict[str, re.Pattern[str]]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Summary(_Model):
    """One sentence for people, in each language. {target}, {value}, {limit}, {share} and label names are filled in.

    A brace itself is written twice: {{ and }}.

    Limits say {window} too, the time that `window_s` is; what forecasts and reachability say besides, their rules tell.
    """

    en: str = Field(min_length=1)
    id: str = Field(min_length=1)

    @field_validator("en", "id")
    @classmethod
    def _placeholders(cls, text: str) -> str:
        try:
            parts = list(string.Formatter().parse(text))
        except ValueError:
            raise ValueError("a brace is open or closed alone; write {{ or }} for a brace itself") from None
        for _, name, form, conversion in parts:
            if name is not None and (form or conversion or not _FIELD.fullmatch(name)):
                written = f"{name}{'!' + conversion if conversion else ''}{':' + form if form else ''}"
                raise ValueError(
                    f"{{{written}}} is no placeholder; write a label's name, {{target}}, {{value}} or {{limit}}"
                )
        return text


class Condition(_Model):
    """What else must be true of the same thing: another metric under the same labels."""

    over: float | None = None
    under: float | None = None
    equals: float | None = None

    @model_validator(mode="after")
    def _one(self) -> "Condition":
        if len(self.model_fields_set) != 1:
            raise ValueError("a condition needs one comparison; write over, under or equals")
        return self

    def holds(self, value: float) -> bool:
        """Tell whether a value is so."""
        if self.over is not None:
            return value > self.over
        if self.under is not None:
            return value < self.under
        return value == self.equals


class _Telling(_Model):
    """What every declaration says of the findings it leads to."""

    name: Name  # the alert's name
    summary: Summary
    runbook: str = ""


class Measure(_Model):
    """What of a metric is looked at, and of which rows.

    `read` says how the values are to be understood. `value`: as they come. `rate`: a counter's growth per second.
    `increase`: its growth within `window_s`. `changes`: how often it changed within `window_s`. `time_left`: the value
    is a Unix time, and what counts are the seconds until then. `scale` multiplies what was read (8: bytes to bits).
    """

    metric: Metric
    read: Literal["value", "rate", "increase", "changes", "time_left"] = "value"
    window_s: float = Field(default=300.0, gt=0, le=86_400)
    scale: float = Field(default=1.0, gt=0)
    labels: tuple[str, ...] = ()  # that tell its matters apart; rows that share them are one matter
    match: Patterns = Field(default_factory=dict)  # label → what must be found in it
    unless: Patterns = Field(default_factory=dict)  # label → what must not
    where: dict[Metric, Condition] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _as_it_is_read(self) -> "Measure":
        if "window_s" in self.model_fields_set and self.read not in WINDOWED:
            raise ValueError(f"window_s says nothing where read is {self.read}; remove it, or read increase or changes")
        if self.scale != 1 and self.read in ("changes", "time_left"):
            raise ValueError(f"scale says nothing where read is {self.read}; remove it")
        return self


class Bound(Measure):
    """A measure, and what it is not to pass.

    `of_upper_limit` and `of_lower_limit` are shares of the device's own limit for the same thing (1: the limit itself);
    beside them, `over` and `under` hold where a device tells none.
    """

    over: float | None = None
    of_upper_limit: float | None = Field(default=None, gt=0)
    under: float | None = None
    of_lower_limit: float | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _of_its_own(self) -> "Bound":
        share = next((name for name in ("of_upper_limit", "of_lower_limit") if getattr(self, name) is not None), None)
        if share is not None and self.read not in ("value", "rate"):
            raise ValueError(f"{share} bounds a value or a rate; where read is {self.read}, write over or under")
        return self

    @property
    def above(self) -> bool:
        """Tell whether more is wrong."""
        return self.over is not None or self.of_upper_limit is not None

    @property
    def below(self) -> bool:
        """Tell whether less is wrong."""
        return self.under is not None or self.of_lower_limit is not None


class Limit(_Telling, Bound):
    """A measure, and beyond what it is wrong."""

    severity: Severity
    equals: float | None = None
    bound_by: Metric | None = None  # the metric that the shares are of, where it is not the device's own limit
    ignore_under: float | None = None  # a value below this says that there is nothing to measure
    hysteresis: float = Field(default=0.0, ge=0, lt=1)  # share of the limit by which it must be good again to be over
    for_s: float = Field(default=0.0, ge=0, le=86_400)  # how long it must last
    mean: bool = False  # of all rows with the same labels, as the processors of a machine; else each row by itself
    # Other metrics of the target that go into the finding's evidence, of rows whose labels agree where both have them:
    # what they say now, and as `<metric>.before` what they said last while all was well.
    evidence: tuple[Metric, ...] = ()

    @model_validator(mode="after")
    def _one_way(self) -> "Limit":
        if self.above + self.below + (self.equals is not None) != 1:
            raise ValueError(
                f"{self.name} needs one direction; write over, under or equals, or a share of its own limit"
            )
        if self.mean and (self.of_upper_limit is not None or self.of_lower_limit is not None or self.where):
            raise ValueError(f"mean in {self.name} speaks of many rows; write over or under, without where")
        if self.equals is not None and (self.hysteresis or self.ignore_under is not None):
            wrong = "hysteresis" if self.hysteresis else "ignore_under"
            raise ValueError(f"{wrong} says nothing beside equals; remove it")
        if self.bound_by is not None and self.of_upper_limit is None and self.of_lower_limit is None:
            raise ValueError("bound_by needs a share of it; write of_upper_limit or of_lower_limit")
        return self


class Tier(_Model):
    """How much it matters when a limit is expected to be reached within a time."""

    within_s: float = Field(gt=0)
    severity: Severity


class Forecast(_Telling, Bound):
    """A measure whose way to its limit is foretold.

    `horizons`: `minutes` looks ahead from single polls, `hours` from five-minute means, `days` from whole days. What
    swings with the day, as the load of a link does, says nothing over hours. A value that is itself the time left
    (`read: time_left`, or `remaining`: seconds that a battery lasts) needs no trend.
    `hysteresis`: once the limit was reached, nothing is foretold until the value is good again by that share of it.
    """

    horizons: tuple[Literal["minutes", "hours", "days"], ...] = ("minutes", "hours", "days")
    remaining: bool = False
    ignore_under: float | None = None  # a value below this says that there is nothing to measure: it is no reading
    hysteresis: float = Field(default=0.02, ge=0, lt=1)
    tiers: tuple[Tier, ...] = Field(min_length=1)  # the shortest that fits counts

    @model_validator(mode="after")
    def _one_way(self) -> "Forecast":
        itself = self.remaining or self.read == "time_left"
        if itself and (self.above or self.below):
            raise ValueError(f"{self.name} tells by itself how long is left; remove its limit")
        if itself and self.ignore_under is not None:
            raise ValueError(f"{self.name} tells by itself how long is left; remove ignore_under")
        if self.above + self.below + itself != 1:
            raise ValueError(f"{self.name} needs one direction; write over, under, or a share of its own limit")
        for near, far in pairwise(self.tiers):
            if near.within_s >= far.within_s or near.severity < far.severity:
                raise ValueError("tiers do not rise; write the shortest within_s first, none milder than a later one")
        return self


class Anomaly(_Telling, Measure):
    """A measure whose unusual behaviour is worth an alert by itself. What is not declared only draws attention."""

    severity: Severity
    for_s: float = Field(default=0.0, ge=0, le=86_400)


class Unreachable(_Telling):
    """A target of which nothing could be read, several polls in a row."""

    severity: Severity
    polls: int = Field(default=2, ge=1, le=100)


class Pack(_Model):
    """One file of declarations. A pack of the configuration replaces ours of the same name."""

    name: Name
    description: str = ""
    unreachable: Unreachable | None = None
    limits: tuple[Limit, ...] = ()
    forecasts: tuple[Forecast, ...] = ()
    anomalies: tuple[Anomaly, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of all that is declared here."""
        declared = (*self.limits, *self.forecasts, *self.anomalies, *((self.unreachable,) if self.unreachable else ()))
        return tuple(one.name for one in declared)
