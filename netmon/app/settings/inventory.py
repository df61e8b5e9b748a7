"""What there is: sites, devices, servers, applications, fiber links, mirrors and prefixes. Pure shape; `references`
checks how they hang together.

References are names. Devices, servers and applications share one space of names, since each is an `instance`.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Literal

from pydantic import Field

from collectors.snmp.settings import ProfileSettings
from netmon.app.settings.base import Model
from netmon.app.settings.words import Address, LabelName, Name, Prefix, Url


class Site(Model):
    """A place: an office, a hub, a data center. Its name is the `site` label."""

    name: Name
    title: str = ""
    latitude: float | None = Field(default=None, ge=-90, le=90)  # degrees, WGS 84
    longitude: float | None = Field(default=None, ge=-180, le=180)
    prefixes: tuple[Prefix, ...] = ()  # the networks at this site


class Role(StrEnum):
    """What a device does in the network."""

    CORE = "core"
    DISTRIBUTION = "distribution"
    ACCESS = "access"
    ROUTER = "router"
    FIREWALL = "firewall"
    OLT = "olt"
    WIRELESS = "wireless"
    UPS = "ups"
    PDU = "pdu"
    SENSOR = "sensor"
    OTHER = "other"


class Port(Model):
    """A port of a device, by its ifName or ifDescr. No port means: somewhere on that device."""

    device: str
    port: str = ""


class Device(Model):
    """A switch, router, UPS or the like, polled over SNMP."""

    name: Name
    address: Address
    site: str
    role: Role = Role.ACCESS
    title: str = ""
    collector: Literal["snmp", "none"] = "snmp"  # none: known to the map, not polled
    credential: str = "default"
    interval_s: float | None = Field(default=None, ge=1, le=86_400)  # None: snmp.interval_s
    profiles: Mapping[str, ProfileSettings] = Field(default_factory=dict)
    uplinks: tuple[Port, ...] = ()  # what it is reached through where no link says so; any one of them suffices
    labels: Mapping[LabelName, str] = Field(default_factory=dict)


class Server(Model):
    """A machine that runs applications: polled over SNMP, or `host`, the one that netmon itself runs on."""

    name: Name
    address: Address = "localhost"
    site: str
    title: str = ""
    collector: Literal["snmp", "host", "none"] = "snmp"
    credential: str = "default"
    interval_s: float | None = Field(default=None, ge=1, le=86_400)  # None: snmp.interval_s or host.interval_s
    profiles: Mapping[str, ProfileSettings] = Field(default_factory=dict)
    uplinks: tuple[Port, ...] = ()
    labels: Mapping[LabelName, str] = Field(default_factory=dict)


class Application(Model):
    """A service that people use, and the servers it needs."""

    name: Name
    title: str = ""
    url: Url | None = None
    site: str | None = None
    servers: tuple[str, ...] = ()
    labels: Mapping[LabelName, str] = Field(default_factory=dict)


class Joint(Model):
    """A splice or manhole on a fiber, by its distance from end `a`."""

    name: str = Field(min_length=1)
    km: float = Field(ge=0)
    latitude: float | None = Field(default=None, ge=-90, le=90)
    longitude: float | None = Field(default=None, ge=-180, le=180)


class Link(Model):
    """A fiber between two ports. Distances count from end `a`."""

    name: Name
    title: str = ""
    a: Port
    b: Port
    length_km: float = Field(gt=0, le=20_000)
    capacity_mbps: float | None = Field(default=None, gt=0)  # what may flow; None: the ports' speed
    joints: tuple[Joint, ...] = ()


class Mirror(Model):
    """A copy of a server's data on another server."""

    name: Name
    title: str = ""
    kind: Literal["database", "files", "storage", "machine", "other"]
    primary: str
    replica: str
    max_lag_s: float | None = Field(default=None, gt=0)  # how old the copy may be


class PrefixEntry(Model):
    """A network and where it is, for naming the ends of traffic. `protected` ones are watched for attacks."""

    prefix: Prefix
    site: str | None = None
    title: str = ""
    protected: bool = False


class Inventory(Model):
    """Everything in `inventory/*.yaml`, merged."""

    sites: tuple[Site, ...] = ()
    devices: tuple[Device, ...] = ()
    servers: tuple[Server, ...] = ()
    applications: tuple[Application, ...] = ()
    links: tuple[Link, ...] = ()
    mirrors: tuple[Mirror, ...] = ()
    prefixes: tuple[PrefixEntry, ...] = ()
