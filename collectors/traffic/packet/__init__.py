"""Packets: octets of frames to records, in compiled loops. Pure: no files, no sockets, no clock."""
