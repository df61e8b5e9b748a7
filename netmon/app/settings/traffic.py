"""The `traffic` section of netmon.yaml: what is captured and received, how flows are made and kept, what is judged."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from collectors.traffic.capture.settings import RingSettings
from collectors.traffic.flows.settings import FlowListenSettings
from collectors.traffic.flowtable.settings import FlowTableSettings, PairingSettings
from collectors.traffic.messages.settings import MessageSettings
from collectors.traffic.meter.settings import MeterSettings
from exporters.actions.settings import ActionSettings
from exporters.flowstore.settings import FlowStoreSettings
from exporters.prometheus.settings import ListenAddress
from netmon.app.settings.base import Model
from netmon.app.settings.words import Name
from rules.traffic.settings import DetectorSettings
from rules.traffic.tables.settings import TablesSettings

TunnelName = Literal["gre", "vxlan", "geneve", "ip_in_ip"]


class SensorSettings(RingSettings):
    """One interface whose packets are watched."""

    interface: str = Field(min_length=1, max_length=15)  # as the kernel calls it
    name: Name | None = None  # its `instance` label; None: the host's name and the interface's
    processes: int = Field(default=1, ge=1, le=64)  # that share its packets by flow; more than one where a core is full


class MomentSettings(Model):
    """Captures of the moment at which something was found."""

    enabled: bool = True
    file_bytes: int = Field(default=16_777_216, ge=65_536, le=1 << 30)  # of one capture
    total_bytes: int = Field(default=1_073_741_824, ge=65_536)  # of all; the oldest go first
    interval_s: float = Field(default=10, ge=0, le=86_400)  # not more often: a storm is one moment


class TrafficSettings(Model):
    """Sensors and flow collectors. Nothing is captured or received unless it is named here."""

    sensors: tuple[SensorSettings, ...] = ()
    flows: FlowListenSettings | None = None  # where flows are received; None: nowhere
    tunnels: tuple[TunnelName, ...] = ()  # looked into, for the packets inside
    table: FlowTableSettings = Field(default_factory=FlowTableSettings)
    pairing: PairingSettings = Field(default_factory=PairingSettings)
    messages: MessageSettings = Field(default_factory=MessageSettings)
    tables: TablesSettings = Field(default_factory=TablesSettings)
    window_s: float = Field(default=10, ge=1, le=300)  # of a flow collector; a sensor's is one second
    detectors: DetectorSettings = Field(default_factory=DetectorSettings)
    moments: MomentSettings = Field(default_factory=MomentSettings)
    keep_flows: bool = True  # write flows to files, for `netmon flows`
    store: FlowStoreSettings = Field(default_factory=FlowStoreSettings)
    store_directory: Path | None = None  # None: `flows` in the state directory
    actions: ActionSettings = Field(default_factory=ActionSettings)
    meter: MeterSettings = Field(default_factory=MeterSettings)
    samples_every_s: float = Field(default=10, ge=1, le=300)  # how often metrics of traffic are renewed
    sensor_listen: tuple[ListenAddress, ...] = Field(default=("127.0.0.1:19102",), min_length=1)
    flow_listen: tuple[ListenAddress, ...] = Field(default=("127.0.0.1:19103",), min_length=1)
