"""How long flows are kept open, and how many of them."""

from pydantic import BaseModel, ConfigDict, Field


class FlowTableSettings(BaseModel):
    """The flow table of a sensor. Memory: about 240 bytes for each of `flows`, 168 for each row of the two lists."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    # Flows open at once: 262,144 are 63 MB, and a 10 Gbit/s office uplink has some 100,000
    flows: int = Field(default=262_144, ge=64, le=16_777_216)
    # TCP without a completed handshake is given up after this long without a packet
    half_open_s: float = Field(default=5.0, gt=0, le=3600)
    # UDP, ICMP, and TCP of which only one side is seen, end after this long without a packet
    idle_s: float = Field(default=15.0, gt=0, le=86_400)
    # The same for established TCP
    established_idle_s: float = Field(default=300.0, gt=0, le=86_400)
    # A flow that goes on is written in parts of this length
    active_s: float = Field(default=60.0, gt=0, le=86_400)
    # Late packets join a closed, reset or refused flow for this long
    closed_s: float = Field(default=2.0, gt=0, le=3600)
    # Flows told at their first packet, between two drains; more are counted
    begun_rows: int = Field(default=65_536, ge=1, le=4_194_304)
    # Flows that ended for want of room or in parts, between two drains; more are counted with their packets and bytes
    ended_rows: int = Field(default=262_144, ge=64, le=16_777_216)
    # The same addresses and ports in two VLANs are two flows; off where a mirror tags each direction differently
    by_vlan: bool = True


class PairingSettings(BaseModel):
    """Joining the two one-way records of a flow of an exporter.

    Memory, as it comes to be used: about 240 bytes for each of `records`, and some 45 for each of `ready_rows`: flows
    that wait for their window's end wait packed, but for 131,072 of them.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    # How long a record waits for its reverse
    wait_s: float = Field(default=5.0, gt=0, le=600)
    # Records that wait at once: 5 s of 200,000 records/s; then the oldest wait no longer
    records: int = Field(default=1_048_576, ge=64, le=16_777_216)
    # Flows ready between two drains: 10 s of 1,000,000 records/s, each two of which are a flow; more are counted with
    # their packets and bytes
    ready_rows: int = Field(default=5_242_880, ge=64, le=16_777_216)
    # Two records join where not more than this lies between the end of one and the start of the other
    apart_s: float = Field(default=60.0, ge=0, le=3600)
    # An exporter reports both directions where at least this share of its records found a partner
    both_ways_share: float = Field(default=0.2, gt=0, le=1)
    # An exporter is judged by its share after this many records
    both_ways_records: int = Field(default=200, ge=1, le=1_000_000)
