"""Guessing of passwords, as seen from flows: log-ins that fail look alike, again and again."""
