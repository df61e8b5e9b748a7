"""Prometheus: pages of what was last read, and the server that hands them out."""

from exporters.prometheus.exporter import PrometheusExporter
from exporters.prometheus.settings import WebSettings
from exporters.prometheus.webconfig import WebConfig

__all__ = ["PrometheusExporter", "WebConfig", "WebSettings"]
