"""What a pack of limits declares. Data: the judging is in judge.py, the life of what is found in rule.py."""

import re
import string
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from netmon.api import Severity

_NAME: Final = r"^[a-z][a-z0-9_]*$"
_FIELD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

Name = Annotated[str, Field(pattern=_NAME, max_length=100)]
Metric = Annotated[str, Field(pattern=r"^[a-zA-Z_:][a-zA-Z0-9_:]*$")]
Patterns = dict[str, re.Pattern[str]]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Summary(_Model):
    """One sentence for people, in each language. {target}, {value}, {limit}, {share} and label names are filled in."""

    en: str = Field(min_length=1)
    id: str = Field(min_length=1)

    @field_validator("en", "id")
    @classmethod
    def _placeholders(cls, text: str) -> str:
        for _, name, _, _ in string.Formatter().parse(text):
            if name is not None and not _FIELD.fullmatch(name):
                raise ValueError(
                    f"{{{name}}} is no placeholder; write a label's name, {{target}}, {{value}} or {{limit}}"
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
    severity: Severity
    summary: Summary
    runbook: str = ""


class Limit(_Telling):
    """A metric, and beyond what it is wrong.

    `of_upper_limit` and `of_lower_limit` are shares of the device's own limit for the same thing (1: the limit itself);
    beside them, `over` and `under` hold where a device tells none.
    """

    metric: Metric
    over: float | None = None
    of_upper_limit: float | None = Field(default=None, gt=0)
    under: float | None = None
    of_lower_limit: float | None = Field(default=None, gt=0)
    equals: float | None = None
    ignore_under: float | None = None  # a value below this says that there is nothing to measure
    hysteresis: float = Field(default=0.0, ge=0, lt=1)  # share of the limit by which it must be good again to be over
    for_s: float = Field(default=0.0, ge=0, le=86_400)  # how long it must last
    mean: bool = False  # of all rows with the same labels, as the processors of a machine; else each row by itself
    labels: tuple[str, ...] = ()  # that tell its matters apart; rows that share them are one matter
    match: Patterns = Field(default_factory=dict)  # label → what must be found in it
    unless: Patterns = Field(default_factory=dict)  # label → what must not
    where: dict[Metric, Condition] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_way(self) -> "Limit":
        above = self.over is not None or self.of_upper_limit is not None
        below = self.under is not None or self.of_lower_limit is not None
        if above + below + (self.equals is not None) != 1:
            raise ValueError(
                f"{self.name} needs one direction; write over, under or equals, or a share of its own limit"
            )
        if self.mean and (self.of_upper_limit is not None or self.of_lower_limit is not None or self.where):
            raise ValueError(f"mean in {self.name} speaks of many rows; write over or under, without where")
        return self

    @property
    def above(self) -> bool:
        """Tell whether more is wrong."""
        return self.over is not None or self.of_upper_limit is not None


class Unreachable(_Telling):
    """A target of which nothing could be read, several polls in a row."""

    polls: int = Field(default=2, ge=1, le=100)


class Pack(_Model):
    """One file of declarations. A pack of the configuration replaces ours of the same name."""

    name: Name
    description: str = ""
    unreachable: Unreachable | None = None
    limits: tuple[Limit, ...] = ()

    @model_validator(mode="after")
    def _names(self) -> "Pack":
        names = [limit.name for limit in self.limits] + ([self.unreachable.name] if self.unreachable else [])
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"limits named {', '.join(twice)} stand there twice; give each its own name")
        return self
