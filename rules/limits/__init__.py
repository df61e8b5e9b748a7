"""Judges readings by fixed limits and by the devices' own; what the limits are stands in packs of YAML."""
