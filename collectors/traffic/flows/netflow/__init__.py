"""NetFlow v5, v9 (RFC 3954) and IPFIX (RFC 7011): the octets of exporters become records."""
