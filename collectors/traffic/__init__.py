"""Packets from a mirror port and flows from exporters, as the same columns."""
