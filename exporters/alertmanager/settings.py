"""What the operator can set for Alertmanagers. Units are in the names."""

import re
from pathlib import Path
from typing import Annotated, TypeAlias
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator


def _url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(f"{url!r} is not a base URL; write it as in http://127.0.0.1:9093")
    if parts.username is not None:
        raise ValueError("the URL holds a user name; write username and password_file beside it instead")
    return url.rstrip("/")


BaseUrl: TypeAlias = Annotated[str, AfterValidator(_url)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AlertmanagerServer(_Model):
    """One Alertmanager: where it is, and how it knows us."""

    url: BaseUrl  # without /api/v2; with the path under which a proxy serves it, if it does
    name: str = ""  # how silences made there are called here, and the label of metrics; empty: host:port
    username: str = ""
    password: SecretStr | None = None
    bearer_token: SecretStr | None = None
    ca_file: Path | None = None  # who signs its certificate; None: the system's authorities
    cert_file: Path | None = None  # our certificate, with its key in key_file or in the same file
    key_file: Path | None = None
    timeout_s: float = Field(default=10, gt=0, le=120)  # of one request; Prometheus waits as long

    @property
    def label(self) -> str:
        """Return its name, or host:port."""
        parts = urlsplit(self.url)
        return self.name or f"{parts.hostname}:{parts.port or {'http': 80, 'https': 443}[parts.scheme]}"

    @model_validator(mode="after")
    def _consistent(self) -> "AlertmanagerServer":
        if bool(self.username) != (self.password is not None):
            raise ValueError("username and password go together: set both or neither")
        if self.username and self.bearer_token is not None:
            raise ValueError("a password and a bearer token cannot be used at once: set one")
        if self.key_file is not None and self.cert_file is None:
            raise ValueError("key_file is set without cert_file: name the certificate that belongs to the key")
        return self


class AlertmanagerSettings(_Model):
    """Which Alertmanagers are kept in step, and how. Without servers, none is."""

    servers: tuple[AlertmanagerServer, ...] = ()
    external_url: BaseUrl | None = None  # where people reach netmon: the link from an alert back to it

    # How often what fires is said again. An alert that is not said again for three times this ends there by itself.
    resend_s: float = Field(default=60, ge=1, le=3_600)
    batch_wait_s: float = Field(default=0.2, ge=0, le=1)  # changes wait this long for others to go with them
    # Prometheus says what was resolved for 15 minutes more, so that an Alertmanager that was killed before it told
    # anybody still does.
    resolved_resend_s: float = Field(default=900, ge=0, le=86_400)
    batch_alerts: int = Field(default=1_000, ge=1, le=100_000)  # in one request
    batch_bytes: int = Field(default=1 << 20, ge=16_384)  # of one request; 1 MiB is what nginx lets through unasked
    retry_max_s: float = Field(default=15, ge=1, le=600)  # the longest pause between attempts while it is away
    max_alerts: int = Field(default=100_000, ge=1)  # kept at once; the core keeps no more either

    silences: bool = True  # carry silences, and maintenance windows as silences, in both directions
    silence_poll_s: float = Field(default=15, ge=1, le=3_600)
    max_silences: int = Field(default=2_000, ge=1)  # taken over from all of them: more is a script gone wrong

    @model_validator(mode="after")
    def _distinct(self) -> "AlertmanagerSettings":
        labels = [server.label for server in self.servers]
        twice = {label for label in labels if labels.count(label) > 1}
        if twice:
            raise ValueError(f"{min(twice)!r} names two servers; give each a name of its own")
        return self


def file_name(label: str) -> str:
    """Return a server's label as part of a file's name."""
    return re.sub(r"[^A-Za-z0-9.-]", "_", label)
