"""What the operator can set for the dead man's switch. Units are in the names."""

from typing import Annotated, Literal, TypeAlias
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr


def _url(url: SecretStr) -> SecretStr:
    parts = urlsplit(url.get_secret_value())
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("this is not a URL to ask; write it as in https://ping.example.net/3f2c…")
    return url


PingUrl: TypeAlias = Annotated[SecretStr, AfterValidator(_url)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PingSettings(_Model):
    """A service that calls somebody when it is not asked for longer than agreed. Who knows the URL can silence it."""

    url: PingUrl
    method: Literal["GET", "HEAD", "POST"] = "GET"  # POST carries what is wrong, one sentence a line
    interval_s: float = Field(default=60, ge=1, le=86_400)
    timeout_s: float = Field(default=10, gt=0, le=120)
    # What to do while the core says that it is not well. stop: be silent, so that the service calls somebody when its
    # patience ends; fail: ask <url>/fail, which services in the manner of healthchecks take for an alarm at once;
    # ping: go on, because alerts tell of it.
    unhealthy: Literal["stop", "fail", "ping"] = "stop"


class HeartbeatSettings(_Model):
    """The heartbeat: an alert that always fires, and URLs that are asked again and again."""

    # An alert `Watchdog` (severity `none`, as the community's rules have it) to every Alertmanager. Route it to a
    # service that calls somebody when it stays away.
    watchdog: bool = True
    interval_s: float = Field(default=60, ge=1, le=3_600)
    # While the core says that it is not well: tell: go on and say so in the alert, since Alertmanager is reached and
    # told of it; stop: let the alert end.
    unhealthy: Literal["tell", "stop"] = "tell"
    pings: tuple[PingSettings, ...] = ()
