"""Packs of limits as Prometheus alerting rules, and promtool's unit tests of them. Pure: text from packs."""
