"""Which definitions of templates are taken: within an exporter's bounds, and where the table has room."""

from typing import Final

import numpy as np

from collectors.traffic.flows.netflow import program
from collectors.traffic.flows.netflow.exporters import Exporter, Exporters, News
from collectors.traffic.flows.netflow.settings import NetFlowSettings
from collectors.traffic.flows.netflow.tables import DomainTable, TemplateTable
from collectors.traffic.flows.netflow.templates import BadTemplate, Definition

_PRUNE_NS: Final = 60_000_000_000  # at most once a minute: it costs 50 ms where the tables are full


class Definitions:
    """Takes definitions into the table of templates."""

    def __init__(
        self, settings: NetFlowSettings, domains: DomainTable, templates: TemplateTable, exporters: Exporters
    ) -> None:
        self._settings = settings
        self._domains, self._templates, self._exporters = domains, templates, exporters
        self._pruned_ns = 0

    def take(self, definition: Definition, domain: int, exporter: Exporter, now_ns: int) -> News:
        """Take a definition for a domain (its row), in place of an earlier one of its number."""
        known = self._templates.definitions.get(self._templates.find(domain, definition.number))
        if known == definition:
            return News.SAME
        if not exporter.changes.left(now_ns):
            return News.REFUSED
        exporter.changes.take(1)
        try:
            assembled = program.assemble(definition)
        except BadTemplate:  # more steps than there is room for
            return News.REFUSED
        if known is None and exporter.templates >= self._settings.max_templates:
            self._prune(now_ns)
            if exporter.templates >= self._settings.max_templates:
                return News.REFUSED
        place = self._templates.put(domain, definition, assembled, now_ns)
        if not place:
            self._prune(now_ns)
            place = self._templates.put(domain, definition, assembled, now_ns)
        if not place:
            return News.REFUSED
        exporter.templates += known is None
        self._domains.rows[domain]["generation"] += 1
        return News.CHANGED

    def _prune(self, now_ns: int) -> None:
        """Give up templates that were long not used, and count anew what each exporter has."""
        if 0 <= now_ns - self._pruned_ns < _PRUNE_NS:
            return
        self._pruned_ns = now_ns
        self._templates.prune(max(0, now_ns - int(self._settings.template_lifetime_s * 1e9)))
        self._domains.rows["generation"] += 1
        self._exporters.clear_templates()
        owners = self._domains.rows["exporter"][self._templates.rows["domain"][1 : self._templates.used]]
        for owner, count in zip(*np.unique(owners, return_counts=True), strict=True):
            self._exporters.of(int(owner)).templates = int(count)
