"""Exporters carry metrics, alerts and evidence out. They decide nothing."""
