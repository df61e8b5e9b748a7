"""Floods on our addresses and from them, each kind in a file of its own."""
