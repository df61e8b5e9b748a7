"""The HTTP interface: what people and programs read of the core and do to it, and alerts that others hand in.

Nothing is imported here: the settings are read by daemons that have no web framework installed.
"""
