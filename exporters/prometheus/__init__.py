"""Prometheus: pages of what was last read, and the server that hands them out."""
