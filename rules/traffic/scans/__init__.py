"""Scans of our addresses and by them: who looks for open ports and for hosts."""
