"""The dead man's switch: an alert that always fires, and URLs that are asked again and again.

Nothing is imported here: the settings are read by daemons that have no HTTP client installed.
"""
