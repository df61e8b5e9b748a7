"""Readings become columns: each series that is worth watching has a slot, and each tick a batch of what it brought."""
