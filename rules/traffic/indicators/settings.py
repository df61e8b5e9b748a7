"""What can be set about indicator lists. No numpy here: every daemon reads all settings."""

from typing import Literal

from pydantic import Field, field_validator

from rules.traffic.detector import DetectorBase, Model

SeverityName = Literal["info", "warning", "error", "critical"]


class IndicatorList(Model):
    """One file of addresses, prefixes and domains that stand for something bad."""

    name: str = Field(min_length=1, max_length=100)  # as findings call it
    file: str = Field(min_length=1)  # its path; read again when it changes
    severity: SeverityName = "error"  # where our host spoke with what is listed, or asked for its name
    unanswered: SeverityName = "info"  # where what is listed only knocked, and nobody of ours answered
    technique: str = Field(default="T1071", pattern=r"^T\d{4}(\.\d{3})?$")  # MITRE ATT&CK


class IndicatorSettings(DetectorBase):
    """Settings of the rule indicators."""

    lists: tuple[IndicatorList, ...] = ()
    max_entries: int = Field(default=4_000_000, ge=1, le=20_000_000)  # of one list: 60 bytes each and its line
    max_file_bytes: int = Field(default=268_435_456, ge=1)  # of one list; a longer file is not taken
    reload_s: float = Field(default=10.0, ge=1)  # how often is looked whether a file changed
    hits_per_window: int = Field(default=10_000, ge=1)  # told apart at most; more are counted
    quiet_s: float = Field(default=900.0, gt=0)  # over when host and entry did not meet for so long
    repeat_s: float = Field(default=300.0, gt=0)  # how often one that lasts is said again

    @field_validator("lists")
    @classmethod
    def _named_apart(cls, lists: tuple[IndicatorList, ...]) -> tuple[IndicatorList, ...]:
        if len({one.name for one in lists}) < len(lists):
            raise ValueError("two lists have one name; give each its own")
        return lists
