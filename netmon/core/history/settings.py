"""What the operator can set for the history of quantities with a limit: section `history`. Units are in the names."""

import re
from ipaddress import ip_address
from pathlib import Path
from typing import Final, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.6.2
_HEADER_VALUE: Final = re.compile(r"[\x20-\x7e]*")


class _Model(BaseModel):
    # Input never stands in an error: it may be a URL with a password in it.
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, hide_input_in_errors=True)


class PrometheusSettings(_Model):
    """A Prometheus (or what answers its query API) that knows the past, and how gently it is asked."""

    url: str  # up to what stands before /api/v1
    username: str = ""
    password: SecretStr | None = None
    bearer_token: SecretStr | None = None
    headers: dict[str, SecretStr] = Field(default_factory=dict)  # such as X-Scope-OrgID
    ca_file: Path | None = None  # of an authority that this host does not know by itself
    timeout_s: float = Field(default=60, gt=0, le=600)  # of one question
    max_answer_bytes: int = Field(
        default=32 << 20, ge=1 << 16, le=1 << 30
    )  # of one answer; a bigger one is asked in halves

    window_days: int = Field(default=56, ge=1, le=400)  # how far back the first start reads: eight weeks show the week
    series_at_once: int = Field(default=1_000, ge=1, le=10_000)  # in one question; 288 inner points a day for each
    days_at_once: int = Field(default=7, ge=1, le=60)
    # Prometheus rests this many times as long as its last answer took, so that people's own questions come through.
    rest_ratio: float = Field(default=1, ge=0, le=100)
    begin_after_s: float = Field(default=120, ge=0, le=86_400)  # after the start, when every target was polled

    @field_validator("url")
    @classmethod
    def _url(cls, url: str) -> str:
        try:
            parts = urlsplit(url)
            good = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        except ValueError:  # a port that is no number
            good = False
        if not good or parts.username is not None or parts.query or parts.fragment:
            raise ValueError("not the address of a Prometheus; write it as in https://prometheus.example:9090")
        return url.rstrip("/")

    @field_validator("headers")
    @classmethod
    def _headers(cls, headers: dict[str, SecretStr]) -> dict[str, SecretStr]:
        for name, value in headers.items():
            if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(value.get_secret_value()):
                raise ValueError(f"{name!r} is no header; write a name as in X-Scope-OrgID, and one line of ASCII")
        return headers

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        if self.bearer_token is not None and (self.username or self.password is not None):
            raise ValueError("username and bearer_token are two ways in; keep one")
        if bool(self.username) != (self.password is not None):
            raise ValueError("username and password belong together; give both or none")
        secret = self.password is not None or self.bearer_token is not None
        if secret and self.url.startswith("http:") and not _is_here(urlsplit(self.url).hostname or ""):
            raise ValueError("everybody on the way could read the secret; write https")
        return self


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class HistorySettings(_Model):
    """How much of the past is kept, and where an older past can be had."""

    keep_days: int = Field(default=400, ge=1, le=3_660)  # a year and the same month of the year before
    days_max_bytes: int = Field(default=1_000_000_000, ge=1 << 16)  # 24 bytes a series and day: 100,000 for 416 days
    # Five-minute periods. A day is made of them when it is over, so that a day and the hours around it must be there.
    keep_hours: int = Field(default=26, ge=26, le=24 * 31)
    hours_max_bytes: int = Field(
        default=1_000_000_000, ge=1 << 16
    )  # 24 bytes a series and period: 100,000 for 34 hours
    grace_s: float = Field(default=60, ge=0, le=300)  # how long after its end values of a period are still taken

    # Quantities with a name on disk, those that left included until their last record went. A name takes some 300 bytes
    # of memory.
    series_max: int = Field(default=250_000, ge=100, le=5_000_000)
    # Values of one period kept in memory until it closes, 8 bytes each: 100,000 quantities read every 4 seconds.
    values_max: int = Field(default=8_000_000, ge=1_000, le=100_000_000)
    waiting_max: int = Field(default=12, ge=1, le=288)  # periods that wait for a disk that cannot be written: an hour

    prometheus: PrometheusSettings | None = None
