"""NetFlow v5, v9 (RFC 3954) and IPFIX (RFC 7011): the octets of exporters become records."""

from collectors.traffic.flows.netflow.counts import Counts, DomainCounts
from collectors.traffic.flows.netflow.decoder import NetFlow
from collectors.traffic.flows.netflow.options import Interface
from collectors.traffic.flows.netflow.settings import NetFlowSettings

__all__ = ["Counts", "DomainCounts", "Interface", "NetFlow", "NetFlowSettings"]
