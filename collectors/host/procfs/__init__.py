"""Parsers of Linux's /proc and /sys: the files' bytes in, tables out. No I/O, no clock, no log.

The same parsers serve this host and, later, servers whose files come over SSH: see `parts.py` for what each one needs.
"""
