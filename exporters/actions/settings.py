"""What can be set about actions. By default nothing is done, and what is switched on is tried dry first."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from pathlib import Path
from typing import Annotated, Final, Literal, Self, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

Prefix: TypeAlias = IPv4Network | IPv6Network
SEARCHED: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""Where programs without a path are looked for: the PATH that they get."""

_LARGEST: Final = 65_535  # of each half: two octets (RFC 1997)


def _in_two_halves(text: str) -> str:
    if any(int(half) > _LARGEST for half in text.split(":")):
        raise ValueError(f"{text} is no community; write two numbers of at most {_LARGEST}, as in 65535:666")
    return text


Community: TypeAlias = Annotated[str, Field(pattern=r"^[0-9]{1,5}:[0-9]{1,5}$"), AfterValidator(_in_two_halves)]


class ScriptSettings(BaseModel):
    """A program that is run when a finding begins and when it is over, the finding as JSON on its standard input."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    command: tuple[str, ...] = Field(min_length=1)  # the program and its arguments; no shell looks at them
    timeout_s: float = Field(default=30, gt=0, le=600)  # then it is ended with all that it started
    at_once: int = Field(default=4, ge=1, le=64)  # that run at the same time; never two for one finding
    queue: int = Field(default=100, ge=1, le=10_000)  # that wait; more are counted and not run


class AnnouncementSettings(BaseModel):
    """A file of routes for a BGP speaker, replaced as a whole whenever they change."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    file: Path
    route: Literal["flowspec", "blackhole"] = "flowspec"  # drop what the attack looks like, or all to its victim
    format: Literal["exabgp", "bird", "json"] = "exabgp"
    next_hop: IPv4Address = IPv4Address("192.0.2.1")  # of IPv4 blackholes: what your routers send to nowhere
    next_hop_ipv6: IPv6Address = IPv6Address("100::1")  # of IPv6 blackholes: the discard prefix of RFC 6666
    communities: tuple[Community, ...] = ("65535:666",)  # of blackholes: BLACKHOLE of RFC 7999, or your upstream's own

    @field_validator("file")
    @classmethod
    def _stands_anywhere(cls, file: Path) -> Path:
        if not file.is_absolute():
            raise ValueError("give the whole path: a BGP speaker reads it too")
        return file


class ActionSettings(BaseModel):
    """Whether and when something is done. Each action is an event of the category `action`."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    enabled: bool = False
    dry_run: bool = True  # say what would be done, and do nothing
    rules: tuple[str, ...] = ("syn_flood", "udp_flood", "amplification")  # the findings that are acted on
    script: ScriptSettings | None = None
    announcement: AnnouncementSettings | None = None
    allow: tuple[Prefix, ...] = ()  # victims that may be cut off; none: those of the inventory's protected prefixes
    never: tuple[Prefix, ...] = ()  # victims that may not, whatever `allow` says: name servers, the way to your routers
    widest_ipv4: int = Field(default=32, ge=8, le=32)  # the shortest prefix length that is announced for a victim
    widest_ipv6: int = Field(default=128, ge=16, le=128)  # the same for IPv6
    least_s: float = Field(default=60, ge=0, le=86_400)  # an action lasts this long also where its finding is over
    hold_s: float = Field(default=3_600, gt=0, le=604_800)  # and this long at most, also where it is not
    max_active: int = Field(default=20, ge=1, le=1_000)  # at once; further ones are refused and told
    per_minute: int = Field(default=10, ge=1, le=600)  # that begin; further ones are refused and told

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        if self.enabled and self.script is None and self.announcement is None:
            raise ValueError("enabled actions need a script or an announcement; set one of them, or enabled: false")
        if self.least_s > self.hold_s:
            raise ValueError(f"least_s is longer than hold_s; write at most {self.hold_s:.12g}")
        return self
