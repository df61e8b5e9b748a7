"""Alertmanager: alerts to one or several of them, silences both ways.

Nothing is imported here: the settings are read by daemons that have no HTTP client installed.
"""
