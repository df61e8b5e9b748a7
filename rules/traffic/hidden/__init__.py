"""Detectors of hidden channels over flows: beacons, tunnels in ICMP echo, data carried out, services never seen."""
