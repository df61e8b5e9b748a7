"""What the operator can set for SNMP, and the credentials that devices ask for. Units are in the names."""

from enum import StrEnum
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator


class _Protocol(StrEnum):
    """Names that every vendor spells its own way: SHA256, sha-256, AES, aes128 and AES256C are taken as meant."""

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, str):
            return None
        given = _plain(value)
        given = {"SHA": "SHA1", "AES": "AES128"}.get(given, given)
        return next((member for member in cls if _plain(member.value) == given), None)


def _plain(name: str) -> str:
    return name.upper().replace("-", "").replace("_", "").replace(" ", "")


class AuthProtocol(_Protocol):
    """Message digests of USM: RFC 3414 sections 6 and 7, RFC 7860."""

    MD5 = "MD5"
    SHA1 = "SHA-1"
    SHA224 = "SHA-224"
    SHA256 = "SHA-256"
    SHA384 = "SHA-384"
    SHA512 = "SHA-512"


class PrivProtocol(_Protocol):
    """Ciphers of USM: RFC 3414 section 8, RFC 3826, and the two key extensions for longer AES keys.

    AES-192 and AES-256 extend keys as draft-blumenthal-aes-usm-04 says; the `-C` names as Cisco does (Reeder's draft).
    """

    DES = "DES"
    AES128 = "AES-128"
    AES192 = "AES-192"
    AES256 = "AES-256"
    AES192C = "AES-192-C"
    AES256C = "AES-256-C"


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CommunityCredential(_Model):
    """SNMP v1 or v2c: the community is a password that crosses the wire in the clear."""

    version: Literal["v1", "v2c"] = "v2c"
    community: SecretStr


class UserCredential(_Model):
    """SNMP v3 with the User-based Security Model; the security level follows from which protocols are set."""

    version: Literal["v3"]
    user: str = Field(min_length=1, max_length=32)  # RFC 3414 section 2.4: SnmpAdminString (SIZE(0..32))
    auth_protocol: AuthProtocol | None = None
    auth_password: SecretStr | None = None
    priv_protocol: PrivProtocol | None = None
    priv_password: SecretStr | None = None
    context_name: str = ""

    @model_validator(mode="after")
    def _levels(self) -> "UserCredential":
        for what, protocol, password in (
            ("auth", self.auth_protocol, self.auth_password),
            ("priv", self.priv_protocol, self.priv_password),
        ):
            if (protocol is None) != (password is None):
                raise ValueError(f"{what}_protocol and {what}_password go together: set both or neither")
            if password is not None and len(password.get_secret_value()) < 8:  # RFC 3414 section 11.2
                raise ValueError(f"{what}_password is shorter than 8 characters, which RFC 3414 does not allow")
        if self.priv_protocol is not None and self.auth_protocol is None:
            raise ValueError("privacy needs authentication: set auth_protocol and auth_password too")
        return self


Credential: TypeAlias = Annotated[CommunityCredential | UserCredential, Field(discriminator="version")]


class ProfileSettings(_Model):
    """What the operator changes of one profile."""

    enabled: bool = True
    interval_s: float | None = Field(default=None, ge=1, le=86_400)


class SnmpSettings(_Model):
    """How devices are polled."""

    interval_s: float = Field(default=30, ge=1, le=86_400)
    timeout_s: float = Field(default=1.0, gt=0, le=60)  # of one request; doubled at each retry
    retries: int = Field(default=2, ge=0, le=10)
    max_in_flight: int = Field(
        default=100, ge=1, le=100_000
    )  # requests without an answer yet; 0.25 MB of readings each
    max_in_flight_per_device: int = Field(default=2, ge=1, le=64)  # small control planes answer one at a time
    receive_buffer_bytes: int = Field(default=8 << 20, ge=65_536, le=1 << 30)
    max_rows: int = Field(default=100_000, ge=1)  # of one table: past it the table is cut and says so
    profiles: dict[str, ProfileSettings] = Field(default_factory=dict)
