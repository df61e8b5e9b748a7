"""Which information element goes to which slot of the compiled walk: the numbers of IANA's IPFIX registry.

NetFlow v9's field types are the same numbers (RFC 3954, 8; RFC 7012, 4). Where several elements tell the same thing,
the one of the lowest rank in the template is taken. Elements that are not here are skipped by their length.
"""

from dataclasses import dataclass
from typing import Final

from collectors.traffic.flows.netflow.codes_kernel import Clock, Slot

REVERSE: Final = 29305  # the enterprise number whose elements are IANA's, of the flow's other direction (RFC 5103, 6.1)


@dataclass(frozen=True, slots=True)
class Element:
    """Where a field goes: its slot, its rank among those for the same slot, and the longest number it may be."""

    slot: Slot
    rank: int = 0
    longest: int = 8
    clock: Clock = Clock.NONE


ELEMENTS: Final[dict[int, Element]] = {
    1: Element(Slot.BYTES),  # octetDeltaCount
    85: Element(Slot.BYTES, 1),  # octetTotalCount
    231: Element(Slot.BYTES, 2),  # initiatorOctets (Cisco ASA)
    352: Element(Slot.BYTES, 3),  # layer2OctetDeltaCount
    353: Element(Slot.BYTES, 4),  # layer2OctetTotalCount
    23: Element(Slot.BYTES, 5),  # postOctetDeltaCount: all that an egress monitor tells
    171: Element(Slot.BYTES, 6),  # postOctetTotalCount
    2: Element(Slot.PACKETS),  # packetDeltaCount
    86: Element(Slot.PACKETS, 1),  # packetTotalCount
    298: Element(Slot.PACKETS, 2),  # initiatorPackets
    24: Element(Slot.PACKETS, 5),  # postPacketDeltaCount
    172: Element(Slot.PACKETS, 6),  # postPacketTotalCount
    232: Element(Slot.REPLY_BYTES, 2),  # responderOctets
    299: Element(Slot.REPLY_PACKETS, 2),  # responderPackets
    4: Element(Slot.PROTOCOL),  # protocolIdentifier
    5: Element(Slot.TOS),  # ipClassOfService
    6: Element(Slot.FLAGS),  # tcpControlBits
    7: Element(Slot.SOURCE_PORT),  # sourceTransportPort
    180: Element(Slot.SOURCE_PORT, 1),  # udpSourcePort
    182: Element(Slot.SOURCE_PORT, 2),  # tcpSourcePort
    11: Element(Slot.DESTINATION_PORT),  # destinationTransportPort
    181: Element(Slot.DESTINATION_PORT, 1),  # udpDestinationPort
    183: Element(Slot.DESTINATION_PORT, 2),  # tcpDestinationPort
    10: Element(Slot.IN_INTERFACE),  # ingressInterface
    252: Element(Slot.IN_INTERFACE, 1),  # ingressPhysicalInterface
    14: Element(Slot.OUT_INTERFACE),  # egressInterface
    253: Element(Slot.OUT_INTERFACE, 1),  # egressPhysicalInterface
    16: Element(Slot.SOURCE_AS),  # bgpSourceAsNumber
    17: Element(Slot.DESTINATION_AS),  # bgpDestinationAsNumber
    32: Element(Slot.ICMP),  # icmpTypeCodeIPv4
    139: Element(Slot.ICMP, 1),  # icmpTypeCodeIPv6
    176: Element(Slot.ICMP, 2),  # icmpTypeIPv4, its code in 177
    178: Element(Slot.ICMP, 3),  # icmpTypeIPv6, its code in 179
    177: Element(Slot.ICMP_CODE),
    179: Element(Slot.ICMP_CODE, 1),
    192: Element(Slot.TTL),  # ipTTL
    52: Element(Slot.TTL, 1),  # minimumTTL
    243: Element(Slot.VLAN),  # dot1qVlanId
    58: Element(Slot.VLAN, 1),  # vlanId
    254: Element(Slot.VLAN, 2),  # postDot1qVlanId
    59: Element(Slot.VLAN, 3),  # postVlanId
    245: Element(Slot.INNER_VLAN),  # dot1qCustomerVlanId
    56: Element(Slot.SOURCE_MAC),  # sourceMacAddress
    81: Element(Slot.SOURCE_MAC, 1),  # postSourceMacAddress
    80: Element(Slot.DESTINATION_MAC),  # destinationMacAddress
    57: Element(Slot.DESTINATION_MAC, 1),  # postDestinationMacAddress
    70: Element(Slot.MPLS, longest=3),  # mplsTopLabelStackSection: label, experimental, bottom of stack
    200: Element(Slot.MPLS_TTL),  # mplsTopLabelTTL
    61: Element(Slot.DIRECTION),  # flowDirection
    136: Element(Slot.END_REASON),  # flowEndReason
    256: Element(Slot.ETHERTYPE),  # ethernetType
    60: Element(Slot.IP_VERSION),  # ipVersion
    88: Element(Slot.FRAGMENT_OFFSET),  # fragmentOffset
    302: Element(Slot.SAMPLER),  # selectorId
    48: Element(Slot.SAMPLER, 1),  # samplerId
    50: Element(Slot.RATE),  # samplerRandomInterval
    34: Element(Slot.RATE, 1),  # samplingInterval
    305: Element(Slot.INTERVAL),  # samplingPacketInterval
    306: Element(Slot.SPACE),  # samplingPacketSpace
    233: Element(Slot.EVENT),  # firewallEvent
    40005: Element(Slot.EVENT, 1),  # the same, in Cisco ASA's first releases
    160: Element(Slot.BOOT),  # systemInitTimeMilliseconds
    156: Element(Slot.START, 0, clock=Clock.NANOSECONDS),  # flowStartNanoseconds
    154: Element(Slot.START, 1, clock=Clock.MICROSECONDS),
    152: Element(Slot.START, 2, clock=Clock.MILLISECONDS),
    158: Element(Slot.START, 3, clock=Clock.DELTA),  # flowStartDeltaMicroseconds
    22: Element(Slot.START, 4, clock=Clock.UPTIME),  # flowStartSysUpTime
    150: Element(Slot.START, 5, clock=Clock.SECONDS),
    161: Element(Slot.START, 8, clock=Clock.LASTED_MS),  # flowDurationMilliseconds
    162: Element(Slot.START, 7, clock=Clock.LASTED_US),
    157: Element(Slot.END, 0, clock=Clock.NANOSECONDS),  # flowEndNanoseconds
    155: Element(Slot.END, 1, clock=Clock.MICROSECONDS),
    153: Element(Slot.END, 2, clock=Clock.MILLISECONDS),
    159: Element(Slot.END, 3, clock=Clock.DELTA),  # flowEndDeltaMicroseconds
    21: Element(Slot.END, 4, clock=Clock.UPTIME),  # flowEndSysUpTime
    151: Element(Slot.END, 5, clock=Clock.SECONDS),
    325: Element(Slot.END, 6, clock=Clock.NANOSECONDS),  # observationTimeNanoseconds: of an event (firewalls)
    324: Element(Slot.END, 7, clock=Clock.MICROSECONDS),
    323: Element(Slot.END, 8, clock=Clock.MILLISECONDS),
    322: Element(Slot.END, 9, clock=Clock.SECONDS),
}

REVERSED: Final[dict[int, Element]] = {  # below the enterprise number REVERSE
    1: Element(Slot.REPLY_BYTES),
    85: Element(Slot.REPLY_BYTES, 1),
    352: Element(Slot.REPLY_BYTES, 3),
    2: Element(Slot.REPLY_PACKETS),
    86: Element(Slot.REPLY_PACKETS, 1),
    6: Element(Slot.REPLY_FLAGS),
}

ADDRESSES: Final[dict[int, tuple[tuple[int, Slot], ...]]] = {  # element → (octets, slot), …
    8: ((4, Slot.SOURCE4),),  # sourceIPv4Address
    12: ((4, Slot.DESTINATION4),),  # destinationIPv4Address
    27: ((8, Slot.SOURCE_HI), (8, Slot.SOURCE_LO)),  # sourceIPv6Address
    28: ((8, Slot.DESTINATION_HI), (8, Slot.DESTINATION_LO)),  # destinationIPv6Address
}
