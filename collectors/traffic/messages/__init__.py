"""What a sensor reads of the local network's own talk: names, neighbours, leases, routers, spanning tree."""

from collectors.traffic.messages.messages import Drained, Messages
from collectors.traffic.messages.settings import MessageSettings

__all__ = ["Drained", "MessageSettings", "Messages"]
