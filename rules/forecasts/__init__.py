"""Foretells when a declared limit will be reached, says so early, and keeps account of what it said."""
