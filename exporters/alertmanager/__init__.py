"""Alertmanager: alerts to one or several of them, silences both ways."""

from exporters.alertmanager.exporter import AlertmanagerExporter
from exporters.alertmanager.settings import AlertmanagerServer, AlertmanagerSettings

__all__ = ["AlertmanagerExporter", "AlertmanagerServer", "AlertmanagerSettings"]
