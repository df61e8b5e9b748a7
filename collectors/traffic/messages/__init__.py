"""What a sensor reads of the local network's own talk: names, neighbours, leases, routers, spanning tree."""
