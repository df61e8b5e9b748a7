"""What the operator can set about witnesses. Units are in the names."""

from pathlib import Path
from typing import Annotated, Literal, TypeAlias
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, StringConstraints, model_validator

DAY_S = 86_400.0


def _url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.fragment:
        raise ValueError(f"{url!r} is not a URL; write it as in https://witness.example.net/netmon")
    if parts.username is not None:
        raise ValueError("the URL holds a user name; write bearer_token_file beside it instead")
    return url


WitnessName: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")]
WitnessUrl: TypeAlias = Annotated[str, AfterValidator(_url)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    name: WitnessName  # the label of its metrics
    timeout_s: float = Field(default=20, gt=0, le=100)  # of one attempt


class SftpWitness(_Model):
    """A file on another host, to which each checkpoint is appended over SFTP: one line of JSON, as checkpoints.jsonl.

    Best with an account there that can do nothing else, and a file that can only grow (chattr +a).
    """

    kind: Literal["sftp"]
    host: str = Field(min_length=1)
    port: int = Field(default=22, ge=1, le=65_535)
    user: str = Field(min_length=1)
    path: str = Field(min_length=1)  # on that host; made where it is not there
    key_file: Path  # our private key, readable by its owner alone
    key_passphrase: SecretStr | None = None
    known_hosts_file: Path | None = None  # as OpenSSH writes it; one of this and host_key
    host_key: str = ""  # the one key that the host may have, as in known_hosts: ssh-ed25519 AAAA…
    interval_s: float = Field(default=300, ge=10, le=7 * DAY_S)

    @model_validator(mode="after")
    def _verifiable(self) -> "SftpWitness":
        if (self.known_hosts_file is None) == (not self.host_key):
            raise ValueError("set known_hosts_file or host_key, one of them: a host that anybody can be is no witness")
        return self


class WebhookWitness(_Model):
    """A URL to which each checkpoint is posted as text/plain."""

    kind: Literal["webhook"]
    url: WitnessUrl
    bearer_token: SecretStr | None = None
    ca_file: Path | None = None  # who signs its certificate; None: the system's authorities
    interval_s: float = Field(default=300, ge=10, le=7 * DAY_S)


class MailWitness(_Model):
    """A letter with the checkpoint, by an apprise URL: mailtos://user:password@mail.example.net?to=auditor@example.net."""

    kind: Literal["mail"]
    apprise_url: SecretStr
    interval_s: float = Field(default=DAY_S, ge=60, le=31 * DAY_S)


AnyWitness: TypeAlias = Annotated[SftpWitness | WebhookWitness | MailWitness, Field(discriminator="kind")]


class WitnessSettings(BaseModel):
    """Who keeps the ledger's checkpoints. Without any, whoever has this host can sign another history."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    witnesses: tuple[AnyWitness, ...] = Field(default=(), max_length=20)

    @model_validator(mode="after")
    def _distinct(self) -> "WitnessSettings":
        names = [witness.name for witness in self.witnesses]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two witnesses are called {twice[0]!r}; give each a name of its own")
        return self
